import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitString } from '../testing/bit-string.ts';
import { codeOf } from '../testing/coded-error.ts';
import { hex } from '../testing/hex.ts';
import { BitReader } from './bit-reader.ts';

test('reads the most significant bit first', () => {
  const reader = new BitReader(hex('a5')); // 1010 0101
  expect(reader.flag()).toBe(true);
  expect(reader.flag()).toBe(false);
  expect(reader.bits(3)).toBe(0b100);
  expect(reader.bits(3)).toBe(0b101);
  expect(reader.remaining).toBe(0);
});

test('reads fields across bytes and 32 bits unsigned', () => {
  const reader = new BitReader(hex('0fffffffff'));
  expect(reader.bits(4)).toBe(0);
  expect(reader.bits(32)).toBe(0xffffffff);
  expect(reader.position).toBe(36);
});

test('reads no bits as 0 without moving, also at the end', () => {
  const reader = new BitReader(new Uint8Array(0));
  expect(reader.bits(0)).toBe(0);
  expect(reader.position).toBe(0);
});

test('reads a mixture of widths as it was written', () => {
  const field = fc
    .integer({ min: 0, max: 32 })
    .chain((count) => fc.tuple(fc.constant(count), fc.integer({ min: 0, max: 2 ** count - 1 })));
  fc.assert(
    fc.property(fc.array(field, { maxLength: 40 }), (fields) => {
      const bits = new BitString();
      for (const [count, value] of fields) bits.u(count, value);
      const reader = new BitReader(bits.bytes());
      for (const [count, value] of fields) expect(reader.bits(count)).toBe(value);
    }),
  );
});

// The table of ISO/IEC 14496-10, 9.1.
test.each([
  ['1', 0, 0],
  ['010', 1, 1],
  ['011', 2, -1],
  ['00100', 3, 2],
  ['00101', 4, -2],
  ['00110', 5, 3],
  ['00111', 6, -3],
  ['0001000', 7, 4],
])('reads the Exp-Golomb code %s as %i and %i', (code, unsigned, signed) => {
  const bytes = Uint8Array.of(Number.parseInt(code.padEnd(8, '0'), 2));
  const reader = new BitReader(bytes);
  expect(reader.ue()).toBe(unsigned);
  expect(reader.position).toBe(code.length);
  expect(new BitReader(bytes).se()).toBe(signed);
});

test('reads every 32-bit Exp-Golomb code as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 2 }), fc.integer(), (unsigned, signed) => {
      const reader = new BitReader(new BitString().ue(unsigned).se(signed).bytes());
      expect(reader.ue()).toBe(unsigned);
      expect(reader.se()).toBe(signed);
    }),
  );
});

test('refuses an Exp-Golomb code longer than 32 bits', () => {
  expect(codeOf(() => new BitReader(new Uint8Array(100)).ue())).toBe('ERR_EXP_GOLOMB');
});

test('refuses to read, skip or decode past the end', () => {
  const reader = new BitReader(hex('01'));
  reader.skip(3);
  expect(codeOf(() => reader.bits(6))).toBe('ERR_TRUNCATED');
  expect(codeOf(() => reader.skip(6))).toBe('ERR_TRUNCATED');
  expect(reader.position).toBe(3);
  reader.skip(5);
  expect(codeOf(() => reader.flag())).toBe('ERR_TRUNCATED');
  expect(codeOf(() => new BitReader(hex('01')).ue())).toBe('ERR_TRUNCATED');
});
