import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { joinAnnexB, splitAnnexB, splitAtStartCodes } from './annex-b.ts';
import { MAX_NAL_UNITS_PER_ACCESS_UNIT } from './length-prefixed.ts';

test.each([
  ['4-byte start codes', '00000001 6742 00000001 68ce', ['6742', '68ce']],
  ['3-byte start codes', '000001 6742 000001 68ce', ['6742', '68ce']],
  ['both mixed', '00000001 6742 000001 68ce 00000001 6588', ['6742', '68ce', '6588']],
  ['trailing zeros', '000001 6742 0000 000001 68ce 000000', ['6742', '68ce']],
  ['bytes before the first start code', 'aabb 000001 6742', ['6742']],
  ['empty units', '000001 000001 6742 000001', ['6742']],
  ['emulation prevention', '000001 6500000301 000001 41', ['6500000301', '41']],
  ['a start code right behind a 1', '000001 01 000001 01', ['01', '01']],
  ['no start code', '00000267', []],
  ['nothing', '', []],
])('splits a byte stream with %s', (_name, data, nalUnits) => {
  expect(splitAnnexB(hex(data)).map(toHex)).toEqual(nalUnits);
});

test('splits into views, not copies', () => {
  const data = hex('000001 6742');
  expect(splitAnnexB(data)[0]!.buffer).toBe(data.buffer);
});

test.each([
  ['a start code in front', '00000001 6742', ['6742']],
  ['units behind it', '6742 00000001 68ce 000001 6588', ['6742', '68ce', '6588']],
  ['a start code at its end', '6742 000001', ['6742']],
  ['start codes alone', '000001 000001', []],
])('takes apart a unit with %s', (_name, data, nalUnits) => {
  expect(splitAtStartCodes(hex(data))?.map(toHex)).toEqual(nalUnits);
});

test('a unit without start codes is left alone, whatever zeros it has', () => {
  for (const nal of ['', '6742', '67 0000 03 01', '65 0000', '0000', '0001']) {
    expect(splitAtStartCodes(hex(nal))).toBeUndefined();
  }
});

test('refuses more NAL units than any encoder makes', () => {
  const unit = hex('00000165');
  const data = Uint8Array.from({ length: 4 * (MAX_NAL_UNITS_PER_ACCESS_UNIT + 1) }, (_, at) => unit[at % 4]!);
  expect(codeOf(() => splitAnnexB(data))).toBe('ERR_NAL_COUNT');
});

test('what it joins, it splits, as long as NAL units keep their rules', () => {
  // No zeros at all: neither start codes inside a unit nor a zero at its end.
  const nalUnit = fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(fc.array(nalUnit, { maxLength: 10 }), (arrays) => {
      const nalUnits = arrays.map((bytes) => Uint8Array.from(bytes));
      expect(splitAnnexB(joinAnnexB(nalUnits))).toEqual(nalUnits);
    }),
  );
});

test('finds the same units as a search byte by byte', () => {
  const bytes = fc.array(fc.constantFrom(0, 0, 0, 1, 1, 3, 0x65), { maxLength: 60 });
  fc.assert(
    fc.property(bytes, (array) => {
      const text = toHex(Uint8Array.from(array));
      const pairs = text.match(/../g)?.join(' ') ?? '';
      const expected = pairs
        .split('00 00 01')
        .slice(1)
        .map((unit) => unit.trim().replace(/(?:^| )00(?: 00)*$/, ''))
        .filter((unit) => unit !== '')
        .map((unit) => unit.replaceAll(' ', ''));
      expect(splitAnnexB(Uint8Array.from(array)).map(toHex)).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});
