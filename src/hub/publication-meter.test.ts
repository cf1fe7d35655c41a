import { beforeEach, describe, expect, test } from 'vitest';
import type { Track } from '../media/track.ts';
import { audioTrack, frameOf, scriptTrack, videoTrack } from '../testing/hub-kit.ts';
import { PublicationMeter } from './publication-meter.ts';

const video = videoTrack();
const audio = audioTrack();

let meter: PublicationMeter;

beforeEach(() => {
  meter = new PublicationMeter();
});

function add(track: Track, timeMs: number, arrivedMs = timeMs, isKey?: boolean): void {
  const frame = frameOf(track, timeMs, isKey === undefined ? {} : { isKey });
  meter.add({ ...frame, discontinuity: false, arrivedMs });
}

describe('groups of pictures', () => {
  test('are measured from key picture to key picture, in frames of that track and media time', () => {
    for (let index = 0; index < 26; index += 1) {
      add(video, index * 40, index, index % 25 === 0);
      add(audio, index * 40, index);
    }
    expect(meter.lastGop).toEqual({ frames: 25, durationMs: 1000 });
    expect(meter.keyArrivedMs).toBe(25);
    add(video, 1040, 26, true);
    expect(meter.lastGop).toEqual({ frames: 1, durationMs: 40 });
    expect(meter.longestGopMs).toBe(1000);
  });

  test('are unknown before the second key picture, and what comes before the first belongs to none', () => {
    add(video, 0, 0, false);
    add(video, 40, 40, true);
    add(video, 80, 80, false);
    expect(meter.lastGop).toBeUndefined();
    add(video, 120, 120, true);
    expect(meter.lastGop).toEqual({ frames: 2, durationMs: 80 });
  });

  test('are those of the first video track', () => {
    const other = { ...video, id: 9 };
    for (const timeMs of [0, 40, 80]) {
      add(video, timeMs, timeMs, timeMs !== 40);
      add(other, timeMs, timeMs, true);
    }
    expect(meter.lastGop).toEqual({ frames: 2, durationMs: 80 });
  });
});

describe('gaps', () => {
  test('are pauses of all media that last more than a second', () => {
    for (const arrivedMs of [0, 1000, 2001, 2500, 6000]) add(audio, arrivedMs, arrivedMs);
    expect([meter.gaps, meter.longestGapMs, meter.lastArrivedMs]).toEqual([2, 3500, 6000]);
  });

  test('are not closed by data, nor opened while one track goes on', () => {
    for (let second = 0; second < 5; second += 1) add(second % 2 === 0 ? audio : video, 0, second * 900);
    expect(meter.gaps).toBe(0);
    add(scriptTrack(), 0, 4500);
    add(audio, 0, 5500);
    expect(meter.gaps).toBe(1);
  });
});

describe('the offset of sound and picture', () => {
  test('is unknown until both have come', () => {
    expect(meter.audioOffsetMs).toBeUndefined();
    add(video, 0);
    expect(meter.audioOffsetMs).toBeUndefined();
    add(audio, 0);
    expect(meter.audioOffsetMs).toBe(0);
  });

  test.each([0, 300, -300])('%i ms is found, whatever the network does to both alike', (offsetMs) => {
    let burstMs = 0;
    for (let timeMs = 0; timeMs < 10_000; timeMs += 20) {
      // What is held up comes at once.
      if (timeMs % 400 === 0) burstMs = timeMs + 380;
      if (timeMs % 40 === 0) add(video, timeMs, burstMs);
      add(audio, timeMs, burstMs + offsetMs);
    }
    expect(meter.audioOffsetMs).toBeGreaterThan(offsetMs - 40);
    expect(meter.audioOffsetMs).toBeLessThan(offsetMs + 40);
  });
});

test('bytes are those of all frames', () => {
  for (const track of [video, audio, scriptTrack()]) add(track, 0);
  expect(meter.bytes).toBe(30);
});
