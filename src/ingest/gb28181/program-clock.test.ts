import { beforeEach, describe, expect, test } from 'vitest';
import { ProgramClock, type ProgramTime, type ProgramTrackClock } from './program-clock.ts';

const START = 90_000;
const MODULUS = 2 ** 33;

let clock: ProgramClock;
let video: ProgramTrackClock;
let audio: ProgramTrackClock;

beforeEach(() => {
  clock = new ProgramClock();
  video = clock.addTrack();
  audio = clock.addTrack();
});

interface Options {
  readonly dts?: number;
  readonly rtp?: number;
  readonly ms?: number;
}

function timeOf(
  track: ProgramTrackClock,
  pts: number | undefined,
  options: Options = {},
): ProgramTime | undefined {
  const { dts, rtp, ms = 0 } = options;
  return track.timeOf({ ptsTicks: pts, dtsTicks: dts }, { rtpTicks: rtp, arrivedMs: ms });
}

function ptsOf(track: ProgramTrackClock, pts: number | undefined, options: Options = {}): number | undefined {
  return timeOf(track, pts, options)?.ptsTicks;
}

describe('presentation times', () => {
  test('keep their distances, within and between streams; the first is a second', () => {
    expect(timeOf(video, 700_000, { dts: 692_800 })).toMatchObject({
      ptsTicks: START,
      dtsTicks: START - 7200,
    });
    expect(ptsOf(audio, 699_000)).toBe(START - 1000);
    expect(ptsOf(video, 703_600)).toBe(START + 3600);
  });

  test('run on over the wrap, whichever of the streams comes there first', () => {
    expect(ptsOf(video, MODULUS - 100)).toBe(START);
    expect(timeOf(video, 3500, { dts: MODULUS - 100 })).toMatchObject({
      ptsTicks: START + 3600,
      dtsTicks: START,
    });
    expect(ptsOf(audio, MODULUS - 50)).toBe(START + 50);
    expect(ptsOf(audio, 1000)).toBe(START + 1100);
    expect(ptsOf(video, 7100)).toBe(START + 7200);
  });

  test('that are not there leave a time open', () => {
    ptsOf(video, 0, { rtp: 0 });
    expect(timeOf(video, undefined, { rtp: 3600 })).toBeUndefined();
    expect(timeOf(audio, undefined)).toBeUndefined();
  });

  test('of a stream that are ten seconds off are not of the same clock', () => {
    ptsOf(video, 1_000_000, { ms: 100 });
    expect(ptsOf(audio, 5, { ms: 120 })).toBe(START + 20 * 90);
    expect(ptsOf(audio, 1925, { ms: 140 })).toBe(START + 20 * 90 + 1920);
    expect(clock.ownClocks).toBe(1);
  });

  test('may leap: the timeline behind this has the last word', () => {
    ptsOf(video, 1_000_000);
    expect(ptsOf(video, 0)).toBe(START - 1_000_000);
    expect(clock.ownClocks).toBe(0);
  });
});

describe('times of RTP', () => {
  test('count where there are no others; streams lie to each other as they arrive', () => {
    expect(timeOf(video, undefined, { rtp: 5000, ms: 10 })).toEqual({
      ptsTicks: START,
      dtsTicks: undefined,
      rtpTicks: 5000,
    });
    expect(ptsOf(video, undefined, { rtp: 8600, ms: 50 })).toBe(START + 3600);
    expect(ptsOf(audio, undefined, { rtp: 77, ms: 60 })).toBe(START + 3600 + 900);
  });

  test('give way to presentation times', () => {
    ptsOf(video, undefined, { rtp: 0, ms: 0 });
    expect(ptsOf(video, 123_456, { rtp: 3600, ms: 40 })).toBe(START + 3600);
    expect(timeOf(video, undefined, { rtp: 7200, ms: 80 })).toBeUndefined();
  });

  test('count instead of a presentation time that stands still, from then on', () => {
    let last: number | undefined;
    for (let index = 0; index <= 30; index += 1) {
      last = ptsOf(video, 42, { rtp: 3600 * index, ms: 40 * index });
      if (index < 25) expect(last).toBe(START);
    }
    expect(last).toBe(START + 6 * 3600);
    expect(ptsOf(video, 43, { rtp: 3600 * 31, ms: 40 * 31 })).toBe(START + 7 * 3600);
  });

  test('do not count instead of one that stands still within a frame', () => {
    for (let index = 0; index < 60; index += 1) expect(ptsOf(video, 42, { rtp: 9 })).toBe(START);
  });
});

test('another source goes on by arrival', () => {
  ptsOf(video, 1000, { ms: 0 });
  ptsOf(audio, 1900, { ms: 10 });
  clock.restart();
  expect(ptsOf(video, 9_000_000, { ms: 510 })).toBe(START + 900 + 500 * 90);
  expect(ptsOf(audio, 9_000_100, { ms: 511 })).toBe(START + 900 + 500 * 90 + 100);
  expect(clock.ownClocks).toBe(0);
});
