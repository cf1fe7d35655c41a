import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { H265_RECORDS } from '../../testing/record-vectors.ts';
import {
  parseHevcDecoderConfigurationRecord,
  serializeHevcDecoderConfigurationRecord,
} from './hevc-decoder-configuration-record.ts';

/** The fixed part with a value of its own in each field, and no arrays. */
const FIXED = '01 a2 60000000 900102030405 5d f123 fe fd fa fb 1900 9f';

test.each(H265_RECORDS)('writes the record of $name as it was read', ({ record }) => {
  const before = record.slice();
  expect(serializeHevcDecoderConfigurationRecord(parseHevcDecoderConfigurationRecord(record))).toEqual(
    record,
  );
  expect(record).toEqual(before);
});

test('reads every field', () => {
  expect(parseHevcDecoderConfigurationRecord(hex(`${FIXED} 01 a0 0001 0003 400155`))).toEqual({
    generalProfileSpace: 2,
    generalTierFlag: true,
    generalProfileIdc: 2,
    generalProfileCompatibilityFlags: 0x60000000,
    generalConstraintIndicatorFlags: hex('900102030405'),
    generalLevelIdc: 93,
    minSpatialSegmentationIdc: 0x123,
    parallelismType: 2,
    chromaFormat: 1,
    bitDepthLuma: 10,
    bitDepthChroma: 11,
    avgFrameRate: 0x1900,
    constantFrameRate: 2,
    numTemporalLayers: 3,
    temporalIdNested: true,
    lengthSize: 4,
    arrays: [{ arrayCompleteness: true, nalUnitType: 32, nalUnits: [hex('400155')] }],
  });
});

test('reads arrays of any type, also twice the same, and leaves out empty units', () => {
  const arrays = '03 21 0002 0001 42 0000 27 0001 0002 4e01 21 0001 0001 43';
  const record = parseHevcDecoderConfigurationRecord(hex(`${FIXED} ${arrays}`));
  expect(record.arrays.map((array) => array.nalUnitType)).toEqual([33, 39, 33]);
  expect(record.arrays[0]!.nalUnits).toEqual([hex('42')]);
});

test('ignores bytes behind the record', () => {
  expect(parseHevcDecoderConfigurationRecord(hex(`${FIXED} 00 aabbcc`)).arrays).toEqual([]);
});

test('accepts version 0 of early writers', () => {
  const record = hex(`${FIXED} 00`);
  record[0] = 0;
  expect(parseHevcDecoderConfigurationRecord(record).generalLevelIdc).toBe(93);
});

test('refuses Annex B in place of a record', () => {
  expect(codeOf(() => parseHevcDecoderConfigurationRecord(hex(`00000001 4001 ${FIXED}`)))).toBe(
    'ERR_H265_RECORD',
  );
});

test('refuses a record that is cut off anywhere', () => {
  const record = hex(`${FIXED} 02 20 0001 0002 4001 21 0001 0002 4201`);
  for (let length = 0; length < record.length; length += 1) {
    expect(codeOf(() => parseHevcDecoderConfigurationRecord(record.subarray(0, length)))).toBe(
      'ERR_H265_RECORD',
    );
  }
});

test('refuses to write what a record cannot hold', () => {
  const record = parseHevcDecoderConfigurationRecord(hex(`${FIXED} 00`));
  const array = { arrayCompleteness: false, nalUnitType: 33, nalUnits: [new Uint8Array(0x10000)] };
  expect(() => serializeHevcDecoderConfigurationRecord({ ...record, arrays: [array] })).toThrow(RangeError);
  const short = { ...record, generalConstraintIndicatorFlags: new Uint8Array(5) };
  expect(() => serializeHevcDecoderConfigurationRecord(short)).toThrow(RangeError);
});

test('damaged records parse and can be written again, or end in a coded error', () => {
  const vectors = H265_RECORDS.map(({ record }) => record);
  fc.assert(
    fc.property(damagedBytes(vectors), (bytes) => {
      const code = codeOf(() => {
        const parsed = parseHevcDecoderConfigurationRecord(bytes);
        const again = parseHevcDecoderConfigurationRecord(serializeHevcDecoderConfigurationRecord(parsed));
        expect(again).toEqual(parsed);
      });
      expect([undefined, 'ERR_H265_RECORD']).toContain(code);
    }),
    { numRuns: 2000 },
  );
});
