import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyBits } from './copy-bits.ts';

function bitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
}

test('copies any run of bits and fills the last byte with zeros', () => {
  const cases = fc.uint8Array({ minLength: 0, maxLength: 12 }).chain((bytes) =>
    fc.nat({ max: 8 * bytes.length }).chain((firstBit) =>
      fc.record({
        bytes: fc.constant(bytes),
        firstBit: fc.constant(firstBit),
        lengthBits: fc.nat({ max: 8 * bytes.length - firstBit }),
      }),
    ),
  );
  fc.assert(
    fc.property(cases, ({ bytes, firstBit, lengthBits }) => {
      const before = bytes.slice();
      const copy = copyBits(bytes, firstBit, lengthBits);
      const expected = bitsOf(bytes).slice(firstBit, firstBit + lengthBits);
      expect(bitsOf(copy)).toBe(expected.padEnd(8 * copy.length, '0'));
      expect(copy.length).toBe(Math.ceil(lengthBits / 8));
      expect(bytes).toEqual(before);
    }),
  );
});

test('refuses more bits than there are', () => {
  expect(() => copyBits(new Uint8Array(2), 3, 14)).toThrow(RangeError);
});
