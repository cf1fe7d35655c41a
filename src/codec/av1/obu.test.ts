import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { Av1ObuType, removeTemporalDelimiters, serializeLeb128, serializeObu, splitObus } from './obu.ts';

const DELIMITER = '1200';
/** What libaom wrote for a 322 x 242 test picture. */
const SEQUENCE_HEADER = '0a0b 0000 0004 3d07 c4da f900 40';
const FRAME = '3204 a0b010b4';
/** Temporal layer 1, spatial layer 2. */
const FRAME_WITH_EXTENSION = '36 30 02 aabb';
const FRAME_WITHOUT_SIZE = '30 ccdd';

test('splits a temporal unit', () => {
  const data = hex(DELIMITER + SEQUENCE_HEADER + FRAME + FRAME_WITH_EXTENSION + FRAME_WITHOUT_SIZE);
  const obus = splitObus(data);
  expect(obus.map((obu) => obu.type)).toEqual([
    Av1ObuType.temporalDelimiter,
    Av1ObuType.sequenceHeader,
    Av1ObuType.frame,
    Av1ObuType.frame,
    Av1ObuType.frame,
  ]);
  expect(obus.map((obu) => toHex(obu.payload))).toEqual([
    '',
    '000000043d07c4daf90040',
    'a0b010b4',
    'aabb',
    'ccdd',
  ]);
  expect(obus[3]).toMatchObject({ temporalId: 1, spatialId: 2 });
  expect(obus[4]).toMatchObject({ temporalId: 0, spatialId: 0 });
  expect(obus[0]!.bytes.buffer).toBe(data.buffer);
});

test('reads sizes of several bytes, also with superfluous ones', () => {
  const payload = new Uint8Array(200).fill(7);
  expect(splitObus(serializeObu(Av1ObuType.frame, payload))[0]!.payload).toEqual(payload);
  expect(splitObus(hex('32 8480808000 a0b010b4'))[0]!.payload).toEqual(hex('a0b010b4'));
});

test.each([
  ['a set forbidden bit', '92 00'],
  ['an extension header cut off', '36'],
  ['a size cut off', '32 80'],
  ['a size past the end', '32 05 01020304'],
  ['a size longer than 8 bytes', '32 808080808080808000'],
  ['a size above 32 bits', '32 ffffffffffffff7f'],
])('refuses %s', (_name, data) => {
  expect(codeOf(() => splitObus(hex(data)))).toBe('ERR_AV1_OBU');
  expect(codeOf(() => removeTemporalDelimiters(hex(data)))).toBe('ERR_AV1_OBU');
});

test('refuses more units than any encoder makes', () => {
  const data = Uint8Array.from({ length: 2 * 16_385 }, (_, at) => (at % 2 === 0 ? 0x32 : 0));
  expect(codeOf(() => splitObus(data))).toBe('ERR_AV1_OBU');
});

test('a temporal unit without delimiter comes back as the same object', () => {
  const data = hex(SEQUENCE_HEADER + FRAME);
  expect(removeTemporalDelimiters(data)).toBe(data);
  const empty = new Uint8Array(0);
  expect(removeTemporalDelimiters(empty)).toBe(empty);
});

test('a delimiter in front is cut off without a copy', () => {
  const data = hex(DELIMITER + DELIMITER + SEQUENCE_HEADER + FRAME);
  const rest = removeTemporalDelimiters(data);
  expect(rest).toEqual(hex(SEQUENCE_HEADER + FRAME));
  expect(rest.buffer).toBe(data.buffer);
});

test('delimiters elsewhere are dropped from a copy', () => {
  const data = hex(DELIMITER + FRAME + DELIMITER + FRAME_WITHOUT_SIZE);
  const before = data.slice();
  expect(removeTemporalDelimiters(data)).toEqual(hex(FRAME + FRAME_WITHOUT_SIZE));
  expect(data).toEqual(before);
});

test('a temporal unit of delimiters alone becomes empty', () => {
  expect(removeTemporalDelimiters(hex(DELIMITER + DELIMITER))).toHaveLength(0);
});

test.each([
  [0, '00'],
  [127, '7f'],
  [128, '8001'],
  [16_384, '808001'],
  [0xffffffff, 'ffffffff0f'],
])('writes %i as leb128 %s', (value, bytes) => {
  expect(toHex(serializeLeb128(value))).toBe(bytes);
});

test('damaged temporal units split into all their bytes or end in the coded error', () => {
  const vectors = [DELIMITER + SEQUENCE_HEADER + FRAME + FRAME_WITH_EXTENSION, FRAME + FRAME_WITHOUT_SIZE];
  fc.assert(
    fc.property(damagedBytes(vectors.map(hex)), (bytes) => {
      const code = codeOf(() => {
        const obus = splitObus(bytes);
        expect(obus.map((obu) => toHex(obu.bytes)).join('')).toBe(toHex(bytes));
        const kept = obus.filter((obu) => obu.type !== Av1ObuType.temporalDelimiter);
        expect(toHex(removeTemporalDelimiters(bytes))).toBe(kept.map((obu) => toHex(obu.bytes)).join(''));
      });
      expect([undefined, 'ERR_AV1_OBU']).toContain(code);
    }),
    { numRuns: 2000 },
  );
});
