import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex } from '../testing/hex.ts';
import { crc32Mpeg } from './crc32-mpeg.ts';

test('gives the check value of the catalogues', () => {
  expect(crc32Mpeg(new TextEncoder().encode('123456789'))).toBe(0x0376_e6e7);
});

test('of nothing is all ones', () => {
  expect(crc32Mpeg(new Uint8Array(0))).toBe(0xffff_ffff);
});

test("is 0 over ffmpeg's program association section, CRC included", () => {
  expect(crc32Mpeg(hex('00b00d0001c100000001f0002ab104b2'))).toBe(0);
});

test('looks at the given range only', () => {
  expect(crc32Mpeg(hex('ff 313233343536373839 ff'), 1, 10)).toBe(0x0376_e6e7);
});

test('is 0 over any block followed by its own CRC', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (block) => {
      const crc = crc32Mpeg(block);
      expect(crc32Mpeg(Uint8Array.of(...block, crc >>> 24, crc >>> 16, crc >>> 8, crc))).toBe(0);
    }),
  );
});
