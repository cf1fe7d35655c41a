import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import {
  MAX_NAL_UNITS_PER_ACCESS_UNIT,
  joinLengthPrefixed,
  normalizeLengthPrefixed,
  splitLengthPrefixed,
} from './length-prefixed.ts';

const isDelimiter = (firstByte: number): boolean => firstByte === 9;

test.each([
  [4, '00000002 0102 00000001 03'],
  [2, '0002 0102 0001 03'],
  [1, '02 0102 01 03'],
] as const)('splits NAL units with lengths of %i bytes', (lengthSize, data) => {
  expect(splitLengthPrefixed(hex(data), lengthSize).map(toHex)).toEqual(['0102', '03']);
});

test('splits into views, not copies', () => {
  const data = hex('00000002 0102');
  expect(splitLengthPrefixed(data)[0]!.buffer).toBe(data.buffer);
});

test('finds nothing in an empty access unit', () => {
  expect(splitLengthPrefixed(new Uint8Array(0))).toEqual([]);
});

test('skips zero-length units wherever they stand', () => {
  const data = hex('00000000 00000001 05 00000000 00000001 06 00000000');
  expect(splitLengthPrefixed(data).map(toHex)).toEqual(['05', '06']);
});

test.each([
  ['length field cut off', '00000001 05 0000'],
  ['last unit cut off', '00000001 05 00000003 0102'],
  ['length of 4 GiB', 'ffffffff 05'],
  ['length of 2 GiB', '80000000 05'],
])('refuses an access unit with its %s', (_name, data) => {
  expect(codeOf(() => splitLengthPrefixed(hex(data)))).toBe('ERR_NAL_TRUNCATED');
  expect(codeOf(() => normalizeLengthPrefixed(hex(data), 4, isDelimiter))).toBe('ERR_NAL_TRUNCATED');
});

test('refuses more NAL units than any encoder makes', () => {
  const units = (count: number): Uint8Array => new Uint8Array(2 * count).fill(1);
  expect(splitLengthPrefixed(units(MAX_NAL_UNITS_PER_ACCESS_UNIT), 1)).toHaveLength(
    MAX_NAL_UNITS_PER_ACCESS_UNIT,
  );
  const tooMany = units(MAX_NAL_UNITS_PER_ACCESS_UNIT + 1);
  expect(codeOf(() => splitLengthPrefixed(tooMany, 1))).toBe('ERR_NAL_COUNT');
  expect(codeOf(() => normalizeLengthPrefixed(tooMany, 1, isDelimiter))).toBe('ERR_NAL_COUNT');
});

test('what it joins, it splits', () => {
  const nalUnit = fc.uint8Array({ minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(fc.array(nalUnit, { maxLength: 10 }), (nalUnits) => {
      expect(splitLengthPrefixed(joinLengthPrefixed(nalUnits))).toEqual(nalUnits);
    }),
  );
});

test('an access unit that is in order already comes back as the same object', () => {
  const data = hex('00000002 0102 00000001 03');
  expect(normalizeLengthPrefixed(data, 4, isDelimiter)).toBe(data);
});

test('drops delimiters and zero-length units and leaves the input as it was', () => {
  const data = hex('00000002 09f0 00000000 00000002 6588 00000002 09f0 00000001 41');
  const before = data.slice();
  expect(toHex(normalizeLengthPrefixed(data, 4, isDelimiter))).toBe('0000000265880000000141');
  expect(data).toEqual(before);
});

test('an access unit of delimiters alone becomes empty', () => {
  expect(normalizeLengthPrefixed(hex('00000002 09f0'), 4, isDelimiter)).toHaveLength(0);
});

test.each([1, 2] as const)('widens lengths of %i bytes to 4', (lengthSize) => {
  const data = lengthSize === 1 ? hex('02 6588 01 41') : hex('0002 6588 0001 41');
  expect(toHex(normalizeLengthPrefixed(data, lengthSize, isDelimiter))).toBe('0000000265880000000141');
});

test('normalizing says the same as splitting, filtering and joining', () => {
  const lengthSize = fc.constantFrom(1 as const, 2 as const, 4 as const);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), lengthSize, (data, size) => {
      const code = codeOf(() => splitLengthPrefixed(data, size));
      expect(codeOf(() => normalizeLengthPrefixed(data, size, isDelimiter))).toBe(code);
      if (code !== undefined) return;
      const kept = splitLengthPrefixed(data, size).filter((nal) => !isDelimiter(nal[0]!));
      expect(normalizeLengthPrefixed(data, size, isDelimiter)).toEqual(joinLengthPrefixed(kept));
    }),
    { numRuns: 1000 },
  );
});
