import { expect, test } from 'vitest';
import { RateWindow } from './rate-window.ts';

test('the rate is that of the last five seconds, or of as many as there have been', () => {
  const window = new RateWindow();
  expect(window.perSec).toBe(0);
  window.sample(10);
  expect(window.perSec).toBe(10);
  window.sample(30);
  expect(window.perSec).toBe(15);
  for (const total of [30, 30, 30, 30]) window.sample(total);
  expect(window.perSec).toBe(4);
  window.sample(30);
  expect(window.perSec).toBe(0);
});

test('a total that begins anew begins a new window', () => {
  const window = new RateWindow();
  for (const total of [100, 200, 300]) window.sample(total);
  window.sample(25);
  expect(window.perSec).toBe(25);
});
