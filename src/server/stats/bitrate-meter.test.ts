import { expect, test } from 'vitest';
import { BitrateMeter } from './bitrate-meter.ts';

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
