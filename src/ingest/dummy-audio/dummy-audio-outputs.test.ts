import { expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { LiveStream } from '../../hub/live-stream.ts';
import { EveryOutput, type SeenFrame } from '../../testing/every-output.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { aacTrack, framesOf, h264Track } from '../../testing/ts-kit.ts';
import { DummyAudio } from './dummy-audio.ts';
import { silentTrack } from './silence.ts';

const FRAME_MS = 64 / 3;
const PAUSE_MS = 2500;

/** Two seconds, a pause, two seconds; then, with a leap of the clock, two seconds that have real audio in their second half. */
function play(input: DummyAudio, clock: FakeClock): void {
  input.setTrack(h264Track);
  const parts = [
    framesOf(h264Track, undefined, 2),
    framesOf(h264Track, undefined, 2, { startMs: 2000 + PAUSE_MS }),
    framesOf(h264Track, undefined, 1, { startMs: 70_000_000 }),
    framesOf(h264Track, aacTrack, 1, { startMs: 70_001_000 }),
  ];
  for (const [index, frames] of parts.entries()) {
    if (index === 3) input.setTrack(aacTrack);
    let lastUs = frames[0]!.dtsUs;
    for (const frame of frames) {
      clock.advance((frame.dtsUs - lastUs) / 1000);
      lastUs = frame.dtsUs;
      input.write(frame);
    }
    clock.advance(index === 0 ? PAUSE_MS : 40);
  }
}

function timesOf(frames: readonly SeenFrame[], kind: SeenFrame['kind']): number[] {
  return frames.filter((frame) => frame.kind === kind).map(({ ptsMs }) => ptsMs);
}

function steps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - times[index]!);
}

test('every output gets silence without a break beside pictures out of order, over pauses and leaps, and then real audio', () => {
  const clock = new FakeClock();
  const gopCache = { maxGops: 1, maxFramesPerGop: 0, maxBytes: 1e9 };
  const stream = new LiveStream('a', new FlushScheduler(clock, 60), { gopCache });
  const outputs = new EveryOutput(stream, [h264Track, silentTrack(9)], clock);
  const publication = stream.publish()!;
  const input = new DummyAudio(publication, 150);
  play(input, clock);
  input.end();

  expect(publication.counters).toEqual({ jumpsRepaired: 1, nonMonotonicFrames: 0 });
  const { frames, headers } = outputs.flv;
  expect(headers).toEqual(['video', 'audio', 'audio']);
  expect(outputs.rtmp.frames).toEqual(frames);
  const pictures = timesOf(frames, 'video');
  const audio = timesOf(frames, 'audio');
  expect(pictures).toHaveLength(150);
  // Pictures are shown 80 ms after they are decoded.
  expect(audio[0]).toBe(pictures[0]! - 80);
  expect(Math.abs(audio.at(-1)! - (pictures.at(-1)! - 80))).toBeLessThan(40);
  // Whole milliseconds on the wire; where the clock leapt, and where real audio begins, there may be less than a frame between.
  const longer = steps(audio).filter((step) => step < 21 || step > 22);
  expect(longer.length).toBeLessThanOrEqual(2);
  for (const step of longer) {
    expect(step).toBeGreaterThan(22);
    expect(step).toBeLessThan(2 * FRAME_MS + 40);
  }

  expect(outputs.tsReport.problems).toEqual([]);
  expect(new Set(outputs.tsReport.tables.map(({ version }) => version))).toEqual(new Set([0]));
  expect(timesOf(outputs.tsFrames, 'audio')).toHaveLength(audio.length);
  const rtp = outputs.rtspTimesMs(1, 48_000);
  expect(rtp).toHaveLength(audio.length);
  for (const [index, step] of steps(rtp).entries()) {
    expect(Math.abs(step - steps(audio)[index]!)).toBeLessThan(1);
  }
});
