import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { audioTrack, frameOf, scriptTrack, videoTrack } from '../testing/hub-kit.ts';
import { Timeline } from './timeline.ts';

const video = videoTrack();
const audio = audioTrack();

function stampAll(
  timeline: Timeline,
  track: typeof video,
  times: number[],
  arrived = (index: number): number => index * 40,
): number[] {
  return times.map((time, index) => timeline.stamp(frameOf(track, time), arrived(index)).dtsUs / 1000);
}

test('times of a regular source pass unchanged, whatever they start at', () => {
  const timeline = new Timeline();
  expect(stampAll(timeline, video, [90_000, 90_040, 90_080])).toEqual([90_000, 90_040, 90_080]);
  expect(timeline.counters).toEqual({ jumpsRepaired: 0, nonMonotonicFrames: 0 });
});

test('tracks with different start times keep their distance', () => {
  const timeline = new Timeline();
  expect(timeline.stamp(frameOf(video, 5000), 0).dtsUs).toBe(5_000_000);
  expect(timeline.stamp(frameOf(audio, 100), 0).dtsUs).toBe(100_000);
  expect(timeline.stamp(frameOf(audio, 121), 1).dtsUs).toBe(121_000);
});

test('presentation times keep their distance to decoding times, also a negative one', () => {
  const timeline = new Timeline();
  const frame = timeline.stamp({ ...frameOf(video, 1000), ptsUs: 960_000 }, 0);
  expect(frame.ptsUs - frame.dtsUs).toBe(-40_000);
});

test('a small step back is raised to the frame before, and counted', () => {
  const timeline = new Timeline();
  expect(stampAll(timeline, video, [1000, 1040, 1020, 1080])).toEqual([1000, 1040, 1040, 1080]);
  expect(timeline.counters.nonMonotonicFrames).toBe(1);
});

test('a clock that starts again is continued without a gap, for both tracks by the same amount', () => {
  const timeline = new Timeline();
  const dts = (track: typeof video, time: number, at: number): number =>
    timeline.stamp(frameOf(track, time), at).dtsUs / 1000;
  dts(video, 10_000, 0);
  dts(audio, 10_005, 5);
  dts(video, 10_040, 40);
  dts(audio, 10_045, 45);
  const videoAfter = dts(video, 0, 80);
  const audioAfter = dts(audio, 5, 85);
  expect(videoAfter).toBe(10_080);
  expect(audioAfter - videoAfter).toBe(5);
  expect(dts(video, 40, 120)).toBe(10_120);
  expect(timeline.counters.jumpsRepaired).toBe(1);
});

test('a leap forward that time does not explain is closed and marked', () => {
  const timeline = new Timeline();
  stampAll(timeline, video, [0, 40]);
  const frame = timeline.stamp(frameOf(video, 3_600_000), 80);
  expect(frame.dtsUs).toBe(80_000);
  expect(frame.discontinuity).toBe(true);
});

test('a pause of the publisher is kept as it is', () => {
  const timeline = new Timeline();
  timeline.stamp(frameOf(video, 0), 0);
  expect(timeline.stamp(frameOf(video, 60_000), 60_000).dtsUs).toBe(60_000_000);
  expect(timeline.counters.jumpsRepaired).toBe(0);
});

test('a track that rests while another runs is not taken for a jump', () => {
  const timeline = new Timeline();
  timeline.stamp(frameOf(audio, 0), 0);
  stampAll(
    timeline,
    video,
    Array.from({ length: 1000 }, (_, index) => index * 40),
    () => 1,
  );
  expect(timeline.stamp(frameOf(audio, 39_990), 2).dtsUs).toBe(39_990_000);
  expect(timeline.counters.jumpsRepaired).toBe(0);
});

test('metadata with time 0 in mid-stream neither jumps nor goes back', () => {
  const timeline = new Timeline();
  stampAll(timeline, video, [5000, 5040]);
  expect(timeline.stamp(frameOf(scriptTrack(), 0), 50).dtsUs).toBe(0);
  timeline.stamp(frameOf(scriptTrack(), 700), 51);
  expect(timeline.stamp(frameOf(scriptTrack(), 0), 52).dtsUs).toBe(700_000);
  expect(timeline.counters).toEqual({ jumpsRepaired: 0, nonMonotonicFrames: 0 });
});

test('whatever a source does, decoding times never go back within a track', () => {
  const step = fc.record({
    time: fc.integer({ min: -1e9, max: 1e9 }),
    isVideo: fc.boolean(),
    gapMs: fc.nat(20_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const timeline = new Timeline();
      const last = new Map<number, number>();
      let nowMs = 0;
      for (const { time, isVideo, gapMs } of steps) {
        nowMs += gapMs;
        const frame = timeline.stamp(frameOf(isVideo ? video : audio, time), nowMs);
        expect(Number.isSafeInteger(frame.dtsUs)).toBe(true);
        expect(frame.dtsUs).toBeGreaterThanOrEqual(last.get(frame.track.id) ?? -Infinity);
        last.set(frame.track.id, frame.dtsUs);
      }
    }),
  );
});

test('a track follows another over a leap forward that for itself is just below the limit', () => {
  const timeline = new Timeline();
  const dts = (track: typeof video, time: number, at: number): number =>
    timeline.stamp(frameOf(track, time), at).dtsUs / 1000;
  dts(video, 0, 0);
  dts(audio, 30, 30);
  dts(video, 40, 40);
  const videoAfter = dts(video, 10_100, 80);
  expect(dts(audio, 10_070, 85) - videoAfter).toBe(-30);
  expect(timeline.counters.jumpsRepaired).toBe(1);
});

test('a step back of a millisecond is disorder, also on a track that did not follow another to a new clock', () => {
  const timeline = new Timeline();
  const dts = (track: typeof video, time: number, at: number): number =>
    timeline.stamp(frameOf(track, time), at).dtsUs / 1000;
  dts(video, 1000, 0);
  dts(audio, 1000, 0);
  dts(audio, 900_000, 20);
  dts(video, 1040, 40);
  expect(dts(video, 1039, 41)).toBe(1040);
  expect(dts(video, 1080, 80)).toBe(1080);
  expect(timeline.counters).toEqual({ jumpsRepaired: 1, nonMonotonicFrames: 1 });
});

test('metadata with time 0 after a leap forward does not come before the beginning of time', () => {
  const timeline = new Timeline();
  stampAll(timeline, video, [0, 40, 3_600_000]);
  expect(timeline.stamp(frameOf(scriptTrack(), 0), 100).dtsUs).toBe(0);
});

test('a track that comes back on a third clock does not leap to it', () => {
  const timeline = new Timeline();
  const dts = (track: typeof video, time: number, at: number): number =>
    timeline.stamp(frameOf(track, time), at).dtsUs / 1000;
  dts(video, 5_000_000, 0);
  dts(audio, 5_000_000, 0);
  dts(video, 0, 40);
  expect(dts(audio, 9_000_000, 45)).toBeLessThan(5_001_000);
  expect(timeline.counters.jumpsRepaired).toBe(2);
});

describe('a publication that goes on from another', () => {
  const last = { headUs: 10_000_000, arrivedMs: 500 };

  test('lies behind its head by the time that passed, with all tracks moved by one shift', () => {
    const timeline = new Timeline(last);
    const first = timeline.stamp({ ...frameOf(video, 90_000), ptsUs: 90_080_000 }, 3500);
    expect([first.dtsUs, first.ptsUs, first.discontinuity]).toEqual([13_000_000, 13_080_000, false]);
    expect(timeline.stamp(frameOf(audio, 89_975), 3500).dtsUs).toBe(12_975_000);
    expect(timeline.stamp(frameOf(video, 90_040), 3540).dtsUs).toBe(13_040_000);
    expect(timeline.counters).toEqual({ jumpsRepaired: 0, nonMonotonicFrames: 0 });
  });

  test('never goes back behind it, also when it begins at once and tracks begin apart', () => {
    const timeline = new Timeline(last);
    expect(timeline.stamp(frameOf(video, 300), 500).dtsUs).toBe(10_020_000);
    expect(timeline.stamp(frameOf(audio, 0), 500).dtsUs).toBe(10_000_000);
    expect(timeline.stamp(frameOf(audio, 290), 520).dtsUs).toBe(10_010_000);
    expect(timeline.counters.nonMonotonicFrames).toBe(1);
  });

  test('has its metadata where it begins, whatever time it carries, and is not moved by it', () => {
    const timeline = new Timeline(last);
    const script = scriptTrack();
    expect(timeline.stamp(frameOf(script, 0), 1500.25).dtsUs).toBe(11_000_250);
    expect(timeline.stamp(frameOf(video, 7000), 2500).dtsUs).toBe(12_000_000);
    expect(timeline.stamp(frameOf(script, 0), 3000).dtsUs).toBe(11_000_250);
    expect(timeline.stamp(frameOf(script, 7500), 3000).dtsUs).toBe(12_500_000);
  });

  test('is handed on as it was found when it never sent any media', () => {
    const timeline = new Timeline(last);
    timeline.stamp(frameOf(scriptTrack(), 0), 1500);
    expect(timeline.end).toEqual(last);
    timeline.stamp(frameOf(video, 0), 2500);
    timeline.stamp(frameOf(video, 40), 2540);
    timeline.stamp(frameOf(audio, 20), 2570);
    expect(timeline.end).toEqual({ headUs: 12_040_000, arrivedMs: 2540 });
    expect(new Timeline().end).toBeUndefined();
  });
});
