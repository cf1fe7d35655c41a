import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RtpTimestampUnwrapper } from './timestamp-unwrapper.ts';

function unwrapAll(...timestamps: number[]): number[] {
  const unwrapper = new RtpTimestampUnwrapper();
  return timestamps.map((timestamp) => unwrapper.unwrap(timestamp));
}

test('starts with the first timestamp as it is', () => {
  expect(unwrapAll(0xffff_fff0)).toEqual([0xffff_fff0]);
});

test('goes on over the wrap, and back over it', () => {
  const wrap = 2 ** 32;
  expect(unwrapAll(0xffff_fff0, 5, 0xffff_fff8, 20)).toEqual([0xffff_fff0, wrap + 5, 0xffff_fff8, wrap + 20]);
});

test('goes below zero when a stream that begins near it steps back', () => {
  expect(unwrapAll(100, 0xffff_ff00, 200)).toEqual([100, -256, 200]);
});

test('follows any steps of less than 2^31 ticks over any number of wraps', () => {
  const steps = fc.array(fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), steps, fc.boolean(), (start, moves, isForward) => {
      const unwrapper = new RtpTimestampUnwrapper();
      let time = start;
      expect(unwrapper.unwrap(start)).toBe(start);
      for (const move of moves) {
        time += isForward ? Math.abs(move) : move;
        expect(unwrapper.unwrap(Number(BigInt.asUintN(32, BigInt(time))))).toBe(time);
      }
    }),
  );
});
