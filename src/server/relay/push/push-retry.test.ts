import { expect, test } from 'vitest';
import { PushRetry } from './push-retry.ts';

test('lal’s way: every second, for ever', () => {
  const retry = new PushRetry(-1, 1000);
  for (let tries = 0; tries < 2000; tries += 1) expect(retry.failed(0)).toBe(1000);
  expect(retry.failures).toBe(2000);
});

test('pauses grow up to the limit, and begin anew after a push that held', () => {
  const retry = new PushRetry(-1, 5000);
  expect([0, 0, 0, 0, 0].map((upMs) => retry.failed(upMs))).toEqual([1000, 2000, 4000, 5000, 5000]);
  // Who accepts and closes has not held.
  expect(retry.failed(9999)).toBe(5000);
  expect(retry.failed(10_000)).toBe(1000);
  expect(retry.failed(0)).toBe(2000);
});

test('tries are counted, and given back by a push that held', () => {
  const retry = new PushRetry(2, 1000);
  expect([retry.failed(0), retry.failed(0), retry.failed(60_000), retry.failed(0)]).toEqual([
    1000, 1000, 1000, 1000,
  ]);
  expect(retry.failed(0)).toBeUndefined();
  expect(new PushRetry(0, 1000).failed(0)).toBeUndefined();
});
