import { expect, test } from 'vitest';
import { BitrateMeter } from './bitrate-meter.ts';

test('the window may be another', () => {
  const meter = new BitrateMeter(30);
  meter.sample(30 * 128 * 500);
  expect(meter.kbits).toBe(500);
});

test('shows the last window in units of 1024 bits, rounded down', () => {
  const meter = new BitrateMeter();
  expect(meter.kbits).toBe(0);
  meter.sample(640_000);
  expect(meter.kbits).toBe(1000);
  meter.sample(640_000 + 1279);
  expect(meter.kbits).toBe(1);
  meter.sample(640_000 + 1279);
  expect(meter.kbits).toBe(0);
});
