import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { FlushScheduler } from './flush-scheduler.ts';

function windowOf(viewers: number, utilisations: number[] = [], maxWindowMs = 60): number {
  const scheduler = new FlushScheduler(new FakeClock(), maxWindowMs);
  scheduler.viewers = viewers;
  for (const utilisation of utilisations) scheduler.adaptTo(utilisation);
  return scheduler.windowMs;
}

test('few viewers are served at once, more wait for each other', () => {
  expect([0, 1, 47, 48, 199, 200, 10_000].map((viewers) => windowOf(viewers))).toEqual([
    0, 0, 0, 20, 20, 40, 40,
  ]);
});

test('a busy event loop widens the window step by step up to the ceiling, a calm one narrows it again', () => {
  expect(windowOf(48, [0.9])).toBe(40);
  expect(windowOf(48, [0.9, 0.9])).toBe(60);
  expect(windowOf(48, [0.9, 0.9, 0.9, 0.9, 0.9])).toBe(60);
  expect(windowOf(48, [0.9, 0.9, 0.2])).toBe(40);
  expect(windowOf(48, [0.9, 0.9, 0.2, 0.2, 0.2, 0.2])).toBe(20);
});

test('between busy and calm nothing changes', () => {
  expect(windowOf(48, [0.9, 0.6, 0.6])).toBe(40);
});

test('no window is wider than the ceiling, and a ceiling of 0 switches joining off', () => {
  expect(windowOf(500, [], 25)).toBe(25);
  expect(windowOf(500, [0.9, 0.9], 0)).toBe(0);
});

test('the event loop of this process is measured when nobody says otherwise', () => {
  const scheduler = new FlushScheduler(new FakeClock(), 60);
  scheduler.viewers = 48;
  scheduler.adapt();
  expect([20, 40]).toContain(scheduler.windowMs);
});
