import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../testing/hex.ts';
import {
  TIMESTAMP_MODULUS,
  TimestampUnwrapper,
  readTimestamp,
  ticksToUs,
  usToTicks,
  writeProgramClockReference,
  writeTimestamp,
} from './timestamp.ts';

function written(prefix: number, ticks: number): Uint8Array {
  const bytes = new Uint8Array(5);
  writeTimestamp(bytes, 0, prefix, ticks);
  return bytes;
}

test.each([
  [0, '2100010001'],
  [63_000, '210003ec31'],
  [126_000, '210007d861'],
  [2 ** 30 - 1, '21ffffffff'],
  [2 ** 30, '2300010001'],
  [2 ** 32, '2900010001'],
  [2 ** 33 - 1, '2fffffffff'],
  [2 ** 33, '2100010001'],
  [-1, '2fffffffff'],
])('writes %i ticks as %s', (ticks, digits) => {
  expect(toHex(written(2, ticks))).toBe(digits);
});

test('reads what it wrote, modulo 2^33, whatever the prefix', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.constantFrom(1, 2, 3), (ticks, prefix) => {
      const bytes = written(prefix, ticks);
      expect(bytes[0]! >>> 4).toBe(prefix);
      expect(readTimestamp(bytes, 0)).toBe(Number(BigInt.asUintN(33, BigInt(ticks))));
    }),
  );
});

test('writes a clock reference: 33 bits, six ones, no extension', () => {
  const bytes = new Uint8Array(6);
  writeProgramClockReference(bytes, 0, 2 ** 33 - 2);
  expect(toHex(bytes)).toBe('ffffffff7e00');
  writeProgramClockReference(bytes, 0, 1);
  expect(toHex(bytes)).toBe('00000000fe00');
});

test('ticks survive the way through microseconds, milliseconds the way through ticks', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), (value) => {
      expect(usToTicks(ticksToUs(value))).toBe(value);
      expect(ticksToUs(usToTicks(value * 1000))).toBe(value * 1000);
    }),
  );
});

test('unwraps times over any number of wraps, forwards and a little backwards', () => {
  const steps = fc.array(fc.integer({ min: -90_000, max: 2 ** 31 }), { maxLength: 100 });
  fc.assert(
    fc.property(fc.nat(2 ** 31), steps, (start, moves) => {
      const unwrapper = new TimestampUnwrapper();
      let time = start;
      expect(unwrapper.unwrap(start)).toBe(start);
      for (const move of moves) {
        time += move;
        const wrapped = ((time % TIMESTAMP_MODULUS) + TIMESTAMP_MODULUS) % TIMESTAMP_MODULUS;
        expect(unwrapper.unwrap(wrapped)).toBe(time);
      }
    }),
  );
});
