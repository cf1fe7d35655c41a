import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FlvTagType } from '../container/flv/flv-types.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FlvLoop } from './flv-loop.ts';

const demo = new Uint8Array(readFileSync(new URL('../../assets/demo.flv', import.meta.url)));

interface Received {
  type: number;
  timestampMs: number;
  atMs: number;
  body: Uint8Array;
}

function playDemo(): { loop: FlvLoop; clock: FakeClock; received: Received[] } {
  const clock = new FakeClock();
  const received: Received[] = [];
  const ingest = {
    receive: (type: number, timestampMs: number, body: Uint8Array) =>
      void received.push({ type, timestampMs, atMs: clock.monotonicMs(), body }),
  };
  return { loop: new FlvLoop(demo, ingest, clock), clock, received };
}

test('metadata and decoder configuration come first, once; then frames at their own pace', () => {
  const { loop, clock, received } = playDemo();
  loop.start();
  expect(received.slice(0, 3).map(({ type, body }) => [type, body[1]])).toEqual([
    [FlvTagType.script, 0],
    [FlvTagType.video, 0],
    [FlvTagType.audio, 0],
  ]);
  clock.advance(100_000);
  expect(received.slice(3).every(({ body }) => body[1] === 1)).toBe(true);
  const late = received.map(({ atMs, timestampMs }) => atMs - timestampMs);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...late)).toBeLessThanOrEqual(10);
  expect(received.at(-1)!.timestampMs).toBeGreaterThan(99_900);
});

test('the loop has no seam: every frame distance is the same across rounds', () => {
  const { loop, clock, received } = playDemo();
  loop.start();
  clock.advance(72_000);
  for (const [type, distances] of [
    [FlvTagType.video, [40]],
    [FlvTagType.audio, [21, 22]],
  ] as const) {
    const times = received
      .filter((tag) => tag.type === type && tag.body[1] === 1)
      .map((tag) => tag.timestampMs);
    const found = new Set(times.slice(1).map((time, index) => time - times[index]!));
    expect([...found].sort((a, b) => a - b)).toEqual(distances);
    expect(times.length).toBeGreaterThan(1700);
  }
  const times = received.map(({ timestampMs }) => timestampMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('stopping stops, at once', () => {
  const { loop, clock, received } = playDemo();
  loop.start();
  clock.advance(1000);
  loop.stop();
  const count = received.length;
  clock.advance(10_000);
  expect(received).toHaveLength(count);
  expect(clock.pendingTimers).toBe(0);
});

test('a machine that slept for hours goes on with the present, not with all of the past', () => {
  const clock = new FakeClock();
  const times: number[] = [];
  let sleptMs = 0;
  const sleepy = {
    monotonicMs: () => clock.monotonicMs() + sleptMs,
    after: (delayMs: number, task: () => void) => clock.after(delayMs, task),
  };
  const loop = new FlvLoop(demo, { receive: (_type, timestampMs) => void times.push(timestampMs) }, sleepy);
  loop.start();
  clock.advance(1000);
  const before = times.length;
  sleptMs = 36_000_000;
  clock.advance(1000);
  expect(times.length - before).toBeLessThan(2000);
  expect(times.at(-1)).toBeGreaterThan(36_001_900);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});
