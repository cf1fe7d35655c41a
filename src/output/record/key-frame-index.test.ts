import { expect, test } from 'vitest';
import { KeyFrameIndex } from './key-frame-index.ts';

test('key frames are listed as they come while there is room', () => {
  const index = new KeyFrameIndex(8);
  for (let n = 0; n < 7; n += 1) index.add({ timeMs: n * 1000, position: n * 10 });
  expect(index.entries.map(({ timeMs }) => timeMs)).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000]);
});

test.each([8, 100, 1000, 12_345])(
  '%i key frames are listed evenly, from the first on, within the room',
  (count) => {
    const index = new KeyFrameIndex(64);
    for (let n = 0; n < count; n += 1) index.add({ timeMs: n, position: n });
    const times = index.entries.map(({ timeMs }) => timeMs);
    expect(times.length).toBeLessThan(64);
    expect(times[0]).toBe(0);
    const steps = new Set(times.slice(1).map((time, at) => time - times[at]!));
    expect(steps.size).toBe(1);
    const [step] = steps;
    expect(count - 1 - times.at(-1)!).toBeLessThan(step!);
    if (count >= 64) expect(times.length).toBeGreaterThanOrEqual(32);
  },
);

test('a time that goes back is not listed', () => {
  const index = new KeyFrameIndex(8);
  index.add({ timeMs: 1000, position: 0 });
  index.add({ timeMs: 5, position: 1 });
  index.add({ timeMs: 2000, position: 2 });
  expect(index.entries.map(({ position }) => position)).toEqual([0, 2]);
});
