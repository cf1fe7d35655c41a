/**
 * One stream to many viewers, from frame to sink, and the packagers by themselves: `node bench/fanout.bench.ts`.
 * The sinks only count, so what is measured is our own part; the kernel's price per write comes on top and is measured
 * with real sockets elsewhere.
 */
import { Bench } from 'tinybench';
import { FlvTagToFrames } from '../src/container/flv/tag-to-frames.ts';
import { FlushScheduler } from '../src/hub/flush-scheduler.ts';
import { LiveStream, type OutputVariant } from '../src/hub/live-stream.ts';
import type { PackagerOutput } from '../src/hub/packager.ts';
import type { Publication } from '../src/hub/publication.ts';
import type { Framing } from '../src/hub/subscription.ts';
import { Timeline } from '../src/media/timeline.ts';
import type { SourceFrame } from '../src/media/media-frame.ts';
import type { Track } from '../src/media/track.ts';
import { flvOutput } from '../src/output/flv-output.ts';
import { rtmpOutput } from '../src/output/rtmp-output.ts';
import { webSocketFraming } from '../src/session/websocket/framing.ts';
import { FakeClock } from '../src/testing/fake-clock.ts';
import { AAC_RECORD, AVC_RECORD, hex } from '../src/testing/flv-vectors.ts';
import { roomyLimits } from '../src/testing/hub-kit.ts';

/** One second of 2 Mbit/s: 25 video frames, 47 audio frames. */
const VIDEO_FRAMES = 25;
const AUDIO_FRAMES = 47;
const VIEWERS = [1, 50, 500];

const OPTIONS = { gopCache: { maxGops: 1, maxFramesPerGop: 0, maxBytes: 64 * 1024 * 1024 }, flushBytes: 0 };
const rtmp = rtmpOutput('source', OPTIONS);
const flv = flvOutput('source', OPTIONS);

/** The formats that viewers ask for. */
const FORMATS: readonly { name: string; variant: OutputVariant; framing?: Framing }[] = [
  { name: 'RTMP', variant: rtmp },
  { name: 'HTTP-FLV', variant: flv },
  { name: 'WebSocket-FLV', variant: flv, framing: webSocketFraming },
];

function trackOf(type: 8 | 9, header: string): Track {
  const reader = new FlvTagToFrames();
  reader.read({ type, timestampMs: 0, body: hex(header) });
  const event = reader.takeEvents()[0];
  if (event?.type !== 'track') throw new Error('no track in the sequence header');
  return event.track;
}

const video = trackOf(9, `1700000000${AVC_RECORD}`);
const audio = trackOf(8, `af00${AAC_RECORD}`);

function oneSecond(): SourceFrame[] {
  const frames: SourceFrame[] = [];
  for (let index = 0; index < VIDEO_FRAMES; index += 1) {
    const data = new Uint8Array(index === 0 ? 60_000 : 7000).fill(0x5a);
    const dtsUs = index * 40_000;
    frames.push({ track: video, dtsUs, ptsUs: dtsUs + 80_000, isKey: index === 0, data });
  }
  for (let index = 0; index < AUDIO_FRAMES; index += 1) {
    const dtsUs = Math.round((index * 1000) / AUDIO_FRAMES) * 1000;
    frames.push({ track: audio, dtsUs, ptsUs: dtsUs, isKey: true, data: new Uint8Array(340).fill(0x21) });
  }
  return frames.sort((a, b) => a.dtsUs - b.dtsUs);
}

const SECOND = oneSecond();
const SECOND_BYTES = SECOND.reduce((sum, { data }) => sum + data.length, 0);

/** A stream with viewers whose sinks take everything. */
class Scene {
  readonly #clock = new FakeClock();
  readonly #publication: Publication;
  #seconds = 0;
  /** Bytes and calls that arrived at all sinks. */
  bytes = 0;
  writes = 0;

  constructor(viewers: number, variant: OutputVariant, framing?: Framing) {
    const stream = new LiveStream('bench', new FlushScheduler(this.#clock, 60), {
      gopCache: OPTIONS.gopCache,
    });
    for (let index = 0; index < viewers; index += 1) {
      const sink = {
        queuedBytes: 0,
        write: (bytes: Uint8Array): boolean => {
          this.bytes += bytes.length;
          this.writes += 1;
          return true;
        },
        end() {},
      };
      stream.attach(variant, sink, roomyLimits, framing);
    }
    this.#publication = stream.publish()!;
    this.#publication.setTrack(video);
    this.#publication.setTrack(audio);
  }

  /** Plays one second, with flushes where the clock puts them. */
  playSecond(): void {
    const startUs = this.#seconds * 1_000_000;
    this.#seconds += 1;
    let nowUs = 0;
    for (const frame of SECOND) {
      this.#clock.advance((frame.dtsUs - nowUs) / 1000);
      nowUs = frame.dtsUs;
      this.#publication.write({ ...frame, dtsUs: startUs + frame.dtsUs, ptsUs: startUs + frame.ptsUs });
    }
    this.#clock.advance((1_000_000 - nowUs) / 1000);
  }
}

/** Takes a packager's bytes into one block, again and again. */
class BlockOutput implements PackagerOutput {
  readonly bytes: Uint8Array = new Uint8Array(4 * SECOND_BYTES);
  #length = 0;

  beginUnit(): void {}

  reserve(length: number): number {
    if (this.#length + length > this.bytes.length) this.#length = 0;
    const at = this.#length;
    this.#length += length;
    return at;
  }
}

const bench = new Bench({
  name: `one second of ${SECOND_BYTES} bytes in ${SECOND.length} frames`,
  time: 1000,
  warmupTime: 200,
});
const writesOf = new Map<string, number>();

for (const { name, variant, framing } of FORMATS) {
  for (const viewers of VIEWERS) {
    const scene = new Scene(viewers, variant, framing);
    scene.playSecond();
    const before = scene.writes;
    scene.playSecond();
    const task = `${name}, ${viewers} viewers`;
    writesOf.set(task, (scene.writes - before) / viewers);
    bench.add(task, () => scene.playSecond());
  }
}

for (const { name, variant, framing } of FORMATS.slice(0, 2)) {
  if (framing !== undefined) continue;
  const packager = variant.createPackager();
  const out = new BlockOutput();
  const timeline = new Timeline();
  const frames = SECOND.map((frame) => timeline.stamp(frame, 0));
  bench.add(`${name}, packager alone`, () => {
    for (const frame of frames) packager.writeFrame(frame, out);
  });
}

await bench.run();
console.log(bench.name);
console.table(
  bench.tasks.map((task) => {
    const { result } = task;
    if (!('latency' in result)) return { task: task.name, state: result.state };
    return {
      task: task.name,
      'ms/second of stream': result.latency.mean.toFixed(3),
      'writes/viewer': writesOf.get(task.name)?.toFixed(0) ?? '',
      'margin of error': `±${result.latency.rme.toFixed(1)} %`,
    };
  }),
);
