import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { H264_RECORDS } from '../../testing/record-vectors.ts';
import {
  parseAvcDecoderConfigurationRecord,
  serializeAvcDecoderConfigurationRecord,
} from './avc-decoder-configuration-record.ts';

test.each(H264_RECORDS)('writes the record of $name as it was read', ({ record }) => {
  const before = record.slice();
  expect(serializeAvcDecoderConfigurationRecord(parseAvcDecoderConfigurationRecord(record))).toEqual(record);
  expect(record).toEqual(before);
});

test('reads every field', () => {
  const record = hex('01 64 00 1f ff e1 0002 6764 01 0002 68ee fe f9 fa 01 0002 6d01');
  expect(parseAvcDecoderConfigurationRecord(record)).toEqual({
    profileIndication: 0x64,
    profileCompatibility: 0,
    levelIndication: 0x1f,
    lengthSize: 4,
    sequenceParameterSets: [hex('6764')],
    pictureParameterSets: [hex('68ee')],
    highProfileFields: {
      chromaFormat: 2,
      bitDepthLuma: 9,
      bitDepthChroma: 10,
      sequenceParameterSetExtensions: [hex('6d01')],
    },
  });
});

test('reads several SPS and PPS in one record and leaves out empty ones', () => {
  const record = hex('01 42 00 1f ff e3 0001 67 0000 0002 6701 03 0000 0001 68 0002 6801');
  const parsed = parseAvcDecoderConfigurationRecord(record);
  expect(parsed.sequenceParameterSets.map(toHex)).toEqual(['67', '6701']);
  expect(parsed.pictureParameterSets.map(toHex)).toEqual(['68', '6801']);
});

test('reads a record without any set', () => {
  const parsed = parseAvcDecoderConfigurationRecord(hex('01 42 00 1f ff e0 00'));
  expect(parsed.sequenceParameterSets).toEqual([]);
  expect(parsed.pictureParameterSets).toEqual([]);
});

test.each([
  ['ff', 4],
  ['03', 4],
  ['fe', 4],
  ['fd', 2],
  ['fc', 1],
])('reads length size byte %s as %i bytes', (byte, lengthSize) => {
  expect(parseAvcDecoderConfigurationRecord(hex(`0142001f${byte}e000`)).lengthSize).toBe(lengthSize);
});

test('does without the High profile fields, and ignores them where they are cut off', () => {
  const start = '01 64 00 1f ff e0 00';
  expect(parseAvcDecoderConfigurationRecord(hex(start)).highProfileFields).toBeUndefined();
  expect(parseAvcDecoderConfigurationRecord(hex(`${start} fd f8 f8`)).highProfileFields).toBeUndefined();
  const cut = parseAvcDecoderConfigurationRecord(hex(`${start} fd f8 f8 02 0001 6d 0009 6d`));
  expect(cut.highProfileFields?.sequenceParameterSetExtensions.map(toHex)).toEqual(['6d']);
});

test('ignores bytes behind the record', () => {
  const parsed = parseAvcDecoderConfigurationRecord(hex('01 42 00 1f ff e0 00 aabbccddee'));
  expect(parsed.highProfileFields).toBeUndefined();
});

test('refuses a record that is cut off anywhere before its last PPS', () => {
  const record = hex('01 42 00 1f ff e1 0002 6742 01 0002 68ce');
  for (let length = 0; length < record.length; length += 1) {
    expect(codeOf(() => parseAvcDecoderConfigurationRecord(record.subarray(0, length)))).toBe(
      'ERR_H264_RECORD',
    );
  }
});

test('refuses another version, Annex B among them', () => {
  expect(codeOf(() => parseAvcDecoderConfigurationRecord(hex('00 00 00 01 67 42 00 1f')))).toBe(
    'ERR_H264_RECORD',
  );
});

test('refuses to write more or longer sets than a record can hold', () => {
  const record = parseAvcDecoderConfigurationRecord(hex('01 42 00 1f ff e0 00'));
  const sets = (count: number): Uint8Array[] => Array.from({ length: count }, () => hex('67'));
  expect(() =>
    serializeAvcDecoderConfigurationRecord({ ...record, sequenceParameterSets: sets(32) }),
  ).toThrow(RangeError);
  expect(() =>
    serializeAvcDecoderConfigurationRecord({ ...record, pictureParameterSets: [new Uint8Array(0x10000)] }),
  ).toThrow(RangeError);
});

test('damaged records parse and can be written again, or end in a coded error', () => {
  const vectors = H264_RECORDS.map(({ record }) => record);
  fc.assert(
    fc.property(damagedBytes(vectors), (bytes) => {
      const code = codeOf(() => {
        const parsed = parseAvcDecoderConfigurationRecord(bytes);
        const again = parseAvcDecoderConfigurationRecord(serializeAvcDecoderConfigurationRecord(parsed));
        expect(again).toEqual(parsed);
      });
      expect([undefined, 'ERR_H264_RECORD']).toContain(code);
    }),
    { numRuns: 2000 },
  );
});
