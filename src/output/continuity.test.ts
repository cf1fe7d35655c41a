import { beforeEach, describe, expect, test } from 'vitest';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { LiveStream } from '../hub/live-stream.ts';
import type { Publication } from '../hub/publication.ts';
import type { MediaFrame, SourceFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';
import { EveryOutput, type SeenFrame } from '../testing/every-output.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { scriptTrack } from '../testing/hub-kit.ts';
import { rtpPacketsOf, senderReportsOf } from '../testing/rtsp-media-kit.ts';
import { aacTrack, framesOf, h264HighTrack, h264Track } from '../testing/ts-kit.ts';

const GRACE_MS = 10_000;
const ROUND_SEC = 4;
const PAUSE_MS = 3000;
/** The second publisher's clock has nothing to do with the first one's. */
const SECOND_START_MS = 7_000_000;
const script = scriptTrack();

let clock: FakeClock;
let stream: LiveStream;
let outputs: EveryOutput;
/** What was sent, with the times that it should have. */
let sent: SourceFrame[];

beforeEach(() => {
  clock = new FakeClock();
  const gopCache = { maxGops: 1, maxFramesPerGop: 0, maxBytes: 1e9 };
  stream = new LiveStream('a', new FlushScheduler(clock, 60), { gopCache, graceMs: GRACE_MS });
  outputs = new EveryOutput(stream, [h264Track, aacTrack], clock);
  sent = [];
});

/** Sends frames when their time has come, pictures that are shown later than they are decoded among them. */
function publish(frames: readonly MediaFrame[], video: Track = h264Track): Publication {
  const publication = stream.publish()!;
  for (const track of [script, video, aacTrack]) publication.setTrack(track);
  const metadata = Uint8Array.of(2, 0, 1, 0x61);
  publication.write({ track: script, dtsUs: 0, ptsUs: 0, isKey: true, data: metadata });
  const startMs = clock.monotonicMs();
  for (const frame of frames) {
    const dueMs = startMs + (frame.dtsUs - frames[0]!.dtsUs) / 1000;
    clock.advance(Math.max(0, dueMs - clock.monotonicMs()));
    publication.write(frame);
  }
  return publication;
}

function round(startMs: number, video: Track = h264Track): MediaFrame[] {
  return framesOf(video, aacTrack, ROUND_SEC, { startMs });
}

/** The first publisher leaves; the second comes when `PAUSE_MS` have passed since the newest frame. */
function publishTwice(pauseMs = PAUSE_MS, video: Track = h264Track): void {
  const first = round(0);
  const second = round(SECOND_START_MS, video);
  publish(first).end();
  clock.advance(pauseMs);
  publish(second, video).end();
  const shiftUs = first.at(-1)!.dtsUs + pauseMs * 1000 - second[0]!.dtsUs;
  const moved = second.map((frame) => ({ ...frame, ptsUs: frame.ptsUs + shiftUs }));
  sent = [...first, ...moved];
}

/** Times of one kind, from that of the first frame of the picture on. */
function times(frames: readonly { kind: Track['kind']; ptsMs: number }[], kind: Track['kind']): number[] {
  const startMs = frames.find((frame) => frame.kind === 'video')!.ptsMs;
  return frames.filter((frame) => frame.kind === kind).map(({ ptsMs }) => ptsMs - startMs);
}

function sentTimes(kind: Track['kind']): number[] {
  return times(
    sent.map(({ track, ptsUs }) => ({ kind: track.kind, ptsMs: ptsUs / 1000 })),
    kind,
  );
}

function expectClose(actual: readonly number[], expected: readonly number[], toleranceMs: number): void {
  expect(actual).toHaveLength(expected.length);
  const worstMs = Math.max(...actual.map((time, index) => Math.abs(time - expected[index]!)));
  expect(worstMs).toBeLessThanOrEqual(toleranceMs);
}

function dataOf(frames: readonly SeenFrame[], kind: Track['kind']): Uint8Array[] {
  return frames.filter((frame) => frame.kind === kind).map(({ data }) => data);
}

describe('a publisher that returns in time', () => {
  test.each(['rtmp', 'flv'] as const)(
    'goes on in %s with its times, to the millisecond, and no headers',
    (format) => {
      publishTwice();
      const { frames, headers } = outputs[format];
      expect(headers).toEqual(['data', 'video', 'audio']);
      for (const kind of ['video', 'audio'] as const) {
        expect(times(frames, kind)).toEqual(sentTimes(kind));
        const own = sent.filter(({ track }) => track.kind === kind);
        expect(dataOf(frames, kind)).toEqual(own.map(({ data }) => data));
      }
    },
  );

  test('goes on in the transport stream after a pause of its length, without a break', () => {
    publishTwice();
    const { problems, tables, pes, maxPcrIntervalMs } = outputs.tsReport;
    expect(problems).toEqual([]);
    expect(new Set(tables.map(({ version }) => version))).toEqual(new Set([0]));
    expect(pes.some(({ isDiscontinuous }) => isDiscontinuous)).toBe(false);
    expect(maxPcrIntervalMs).toBeGreaterThan(PAUSE_MS - 100);
    expect(maxPcrIntervalMs).toBeLessThan(PAUSE_MS + 100);
    const frames = outputs.tsFrames;
    expectClose(times(frames, 'video'), sentTimes('video'), 0.02);
    // Those that share a packet have their times from its first.
    expectClose(times(frames, 'audio'), sentTimes('audio'), 1);
  });

  test('goes on in RTP: times, numbers and reports', () => {
    publishTwice();
    expectClose(outputs.rtspTimesMs(0, 90_000), sentTimes('video'), 0.02);
    const [firstAudioMs] = sentTimes('audio');
    const audio = sentTimes('audio').map((time) => time - firstAudioMs!);
    expectClose(outputs.rtspTimesMs(1, 48_000), audio, 0.03);
    for (const slot of [0, 1]) {
      const packets = rtpPacketsOf(slot, outputs.rtspPackets);
      for (const [index, { sequenceNumber, ssrc }] of packets.entries()) {
        expect(sequenceNumber).toBe((packets[0]!.sequenceNumber + index) & 0xffff);
        expect(ssrc).toBe(packets[0]!.ssrc);
      }
    }
    const offsets = senderReportsOf(0, outputs.rtspPackets).map(
      ({ rtpTimestamp, ntpSeconds, ntpFraction }) => {
        const wallMs = (ntpSeconds + ntpFraction / 2 ** 32) * 1000;
        return wallMs - rtpTimestamp / 90;
      },
    );
    expect(offsets.length).toBeGreaterThan(2);
    for (const offset of offsets) expect(Math.abs(offset - offsets[0]!)).toBeLessThan(1);
  });

  test('goes on in RTP as everywhere else when it begins in the middle of a group, and in one go', () => {
    const first = round(0);
    publish(first).end();
    clock.advance(PAUSE_MS);
    const publication = stream.publish()!;
    publication.setTrack(h264Track);
    publication.setTrack(aacTrack);
    const second = round(0).slice(20);
    for (const frame of second) publication.write(frame);
    publication.end();
    const shiftUs = first.at(-1)!.dtsUs + PAUSE_MS * 1000 - second[0]!.dtsUs;
    const shown = second.slice(second.findIndex(({ track, isKey }) => track.kind === 'video' && isKey));
    const isFirst = ({ kind }: SeenFrame): boolean => kind === 'video';
    const flvTimes = times(outputs.flv.frames, 'video');
    expect(outputs.flv.frames.find(isFirst)!.ptsMs).toBe(80);
    expect(flvTimes.at(-1)).toBe(
      (shown.findLast(({ track }) => track.kind === 'video')!.dtsUs + shiftUs) / 1000,
    );
    expectClose(outputs.rtspTimesMs(0, 90_000), flvTimes, 0.02);
  });

  test('with other parameters sends them, and only them, where they count', () => {
    publishTwice(PAUSE_MS, h264HighTrack);
    for (const { headers, frames } of [outputs.rtmp, outputs.flv]) {
      expect(headers).toEqual(['data', 'video', 'audio', 'data', 'video', 'audio']);
      expect(times(frames, 'video')).toEqual(sentTimes('video'));
    }
    expect(outputs.tsReport.problems).toEqual([]);
    expectClose(times(outputs.tsFrames, 'video'), sentTimes('video'), 0.02);
    expectClose(outputs.rtspTimesMs(0, 90_000), sentTimes('video'), 0.02);
  });
});

test('a publisher that returns too late starts anew', () => {
  publishTwice(GRACE_MS);
  const { frames, headers } = outputs.flv;
  expect(headers).toEqual(['data', 'video', 'audio', 'data', 'video', 'audio']);
  expect(frames.at(-1)!.ptsMs).toBeGreaterThan(SECOND_START_MS);
  // Formats with one clock for a viewer's life go on as they can: next to the end, or after the pause.
  expect(outputs.tsReport.problems).toEqual([]);
  const tsTimes = times(outputs.tsFrames, 'video');
  expect(tsTimes.at(-1)! - tsTimes[0]!).toBeLessThan(2 * ROUND_SEC * 1000 + 500);
  expect(outputs.rtspTimesMs(0, 90_000).at(-1)! / 1000).toBeCloseTo(2 * ROUND_SEC + GRACE_MS / 1000, 0);
});
