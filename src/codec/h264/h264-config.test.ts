import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { H264_RECORDS } from '../../testing/record-vectors.ts';
import { normalizeH264AccessUnit } from './access-unit.ts';
import { parseAvcDecoderConfigurationRecord } from './avc-decoder-configuration-record.ts';
import {
  h264ConfigFromNalUnits,
  h264ConfigFromParameterSets,
  h264ConfigFromRecord,
  withH264ParameterSets,
} from './h264-config.ts';
import { H264NalUnitType, h264NalUnitType } from './nal-unit-type.ts';

const BASELINE = h264ConfigFromRecord(H264_RECORDS[0]!.record);
const HIGH = h264ConfigFromRecord(H264_RECORDS[1]!.record);
const IDR = hex('6588 8400');
/** An SPS and a PPS with ids that no vector uses. */
const SPS_1 = hex('67 42c00d 5080');
const PPS_1 = hex('68 5888');

test.each(H264_RECORDS)('tells codec string and size of $name', ({ record, codecString, width, height }) => {
  expect(h264ConfigFromRecord(record)).toMatchObject({
    kind: 'video',
    codec: 'h264',
    codecString,
    width,
    height,
  });
});

test('keeps a record with 4-byte lengths verbatim, odd reserved bits and trailing bytes included', () => {
  const record = Uint8Array.from([...H264_RECORDS[0]!.record, 0xaa, 0xbb]);
  record[4] = 0x03;
  record[5] = 0x01;
  const config = h264ConfigFromRecord(record);
  expect(config.description).toBe(record);
  expect(config.width).toBe(320);
});

test.each([0xfc, 0xfd, 0xfe])('rewrites length size byte %i to 4-byte lengths in a copy', (byte) => {
  const record = Buffer.from(H264_RECORDS[0]!.record);
  record[4] = byte;
  const config = h264ConfigFromRecord(record);
  expect(config.description).toEqual(H264_RECORDS[0]!.record);
  expect(record[4]).toBe(byte);
});

test('the sets among NAL units make a config as soon as both kinds are there', () => {
  const { sequenceParameterSets: sps, pictureParameterSets: pps } = HIGH;
  expect(h264ConfigFromNalUnits([IDR, ...sps])).toBeUndefined();
  expect(h264ConfigFromNalUnits([IDR, ...pps])).toBeUndefined();
  expect(h264ConfigFromNalUnits([...pps, IDR, ...sps])).toEqual(h264ConfigFromParameterSets(sps, pps));
});

test('a record without sets gives a config without size', () => {
  const config = h264ConfigFromRecord(hex('01 64 00 1f ff e0 00'));
  expect(config).toMatchObject({ codecString: 'avc1.64001f', width: 0, height: 0 });
});

test('a record whose SPS makes no sense gives a config without size', () => {
  const config = h264ConfigFromRecord(hex('01 64 00 1f ff e1 0002 67ff 00'));
  expect(config).toMatchObject({ codecString: 'avc1.64001f', width: 0, height: 0 });
});

test('refuses a broken record', () => {
  expect(codeOf(() => h264ConfigFromRecord(hex('01 64 00')))).toBe('ERR_H264_RECORD');
  expect(codeOf(() => h264ConfigFromRecord(new Uint8Array(0)))).toBe('ERR_H264_RECORD');
});

test.each(H264_RECORDS)('builds the record of $name from its parameter sets as ffmpeg does', ({ record }) => {
  const { sequenceParameterSets, pictureParameterSets } = h264ConfigFromRecord(record);
  const config = h264ConfigFromParameterSets(sequenceParameterSets, pictureParameterSets);
  expect(config).toEqual(h264ConfigFromRecord(record));
});

test('refuses parameter sets without a usable SPS', () => {
  expect(codeOf(() => h264ConfigFromParameterSets([], HIGH.pictureParameterSets))).toBe('ERR_H264_SPS');
  expect(codeOf(() => h264ConfigFromParameterSets([hex('67')], []))).toBe('ERR_H264_SPS');
});

test('an access unit without parameter sets, or with the known ones, gives the same object', () => {
  const known = [...HIGH.sequenceParameterSets, ...HIGH.pictureParameterSets].map((set) => set.slice());
  expect(withH264ParameterSets(HIGH, [])).toBe(HIGH);
  expect(withH264ParameterSets(HIGH, [IDR, hex('06 05'), new Uint8Array(0)])).toBe(HIGH);
  expect(withH264ParameterSets(HIGH, [hex('09f0'), ...known, IDR])).toBe(HIGH);
});

test('a known set with zeros behind it gives the same object', () => {
  const padded = Uint8Array.from([...HIGH.sequenceParameterSets[0]!, 0, 0]);
  expect(withH264ParameterSets(HIGH, [padded, IDR])).toBe(HIGH);
});

test('sets that change and change back within an access unit give the same object', () => {
  const [sps] = HIGH.sequenceParameterSets;
  const [otherSps] = BASELINE.sequenceParameterSets;
  expect(withH264ParameterSets(HIGH, [otherSps!, sps!, IDR])).toBe(HIGH);
});

test('an in-band SPS with a known id replaces the old one, size and profile with it', () => {
  const config = withH264ParameterSets(HIGH, [...BASELINE.sequenceParameterSets, IDR]);
  expect(config).toMatchObject({ codecString: 'avc1.42c00d', width: 320, height: 240 });
  expect(config.sequenceParameterSets).toEqual(BASELINE.sequenceParameterSets);
  expect(config.pictureParameterSets).toEqual(HIGH.pictureParameterSets);
  const record = parseAvcDecoderConfigurationRecord(config.description);
  expect(record).toMatchObject({ profileIndication: 66, lengthSize: 4, highProfileFields: undefined });
  expect(record.sequenceParameterSets).toEqual(config.sequenceParameterSets);
  expect(HIGH.width).toBe(322);
});

test('in-band sets with new ids stand behind the old ones', () => {
  const config = withH264ParameterSets(HIGH, [SPS_1, PPS_1, IDR]);
  expect(config.sequenceParameterSets).toEqual([...HIGH.sequenceParameterSets, SPS_1]);
  expect(config.pictureParameterSets).toEqual([...HIGH.pictureParameterSets, PPS_1]);
  expect(config).toMatchObject({ width: 322, height: 242, codecString: HIGH.codecString });
});

test('a set that came in-band stays known', () => {
  const config = withH264ParameterSets(HIGH, [SPS_1, PPS_1]);
  expect(withH264ParameterSets(config, [SPS_1, PPS_1, IDR])).toBe(config);
});

test('in-band sets complete an empty record', () => {
  const empty = h264ConfigFromRecord(hex('01 64 00 1f ff e0 00'));
  const onlyPps = withH264ParameterSets(empty, HIGH.pictureParameterSets);
  expect(onlyPps).toMatchObject({ codecString: 'avc1.64001f', width: 0 });
  const config = withH264ParameterSets(onlyPps, HIGH.sequenceParameterSets);
  expect(config).toEqual(HIGH);
});

test('a rebuilt record keeps the SPS extensions of the old one', () => {
  const record = hex(`${toHex(HIGH.description).slice(0, -2)} 01 0002 6d01`);
  const config = withH264ParameterSets(h264ConfigFromRecord(record), [PPS_1]);
  const { highProfileFields } = parseAvcDecoderConfigurationRecord(config.description);
  expect(highProfileFields?.sequenceParameterSetExtensions).toEqual([hex('6d01')]);
});

test('the new config owns copies, so the frame can go', () => {
  const frame = Buffer.from(SPS_1);
  const config = withH264ParameterSets(HIGH, [frame]);
  frame.fill(0);
  expect(config.sequenceParameterSets[1]).toEqual(SPS_1);
});

test('unreadable in-band sets are ignored', () => {
  expect(withH264ParameterSets(HIGH, [hex('67'), hex('6742'), hex('68'), hex('6700000000')])).toBe(HIGH);
});

test('more SPS than a record can hold push the oldest out', () => {
  let config = HIGH;
  for (let id = 0; id < 32; id += 1) {
    // profile, constraints, level, then ue(id) and a stop bit
    const code = (id + 1).toString(2);
    const bits = `${'0'.repeat(code.length - 1)}${code}1`.padEnd(16, '0');
    const tail = [Number.parseInt(bits.slice(0, 8), 2), Number.parseInt(bits.slice(8), 2)];
    config = withH264ParameterSets(config, [Uint8Array.of(0x67, 0x42, 0xc0, 0x0d, ...tail)]);
  }
  expect(config.sequenceParameterSets).toHaveLength(31);
  expect(h264ConfigFromRecord(config.description).sequenceParameterSets).toHaveLength(31);
});

test('tells NAL unit types', () => {
  expect(h264NalUnitType(IDR)).toBe(H264NalUnitType.idr);
  expect(h264NalUnitType(hex('09f0'))).toBe(H264NalUnitType.accessUnitDelimiter);
  expect(h264NalUnitType(new Uint8Array(0))).toBe(0);
});

test('an access unit loses its delimiter and keeps its parameter sets', () => {
  const data = hex('00000002 09f0 00000002 6742 00000002 68ce 00000002 6588');
  expect(toHex(normalizeH264AccessUnit(data))).toBe('0000000267420000000268ce000000026588');
  const withoutDelimiter = hex('00000002 6742 00000002 6588');
  expect(normalizeH264AccessUnit(withoutDelimiter)).toBe(withoutDelimiter);
});

test('damaged records and sets give a config with a sound record, or a coded error', () => {
  const vectors = H264_RECORDS.map(({ record }) => record);
  const nalUnits = vectors.flatMap((record) => {
    const { sequenceParameterSets, pictureParameterSets } = h264ConfigFromRecord(record);
    return [...sequenceParameterSets, ...pictureParameterSets];
  });
  fc.assert(
    fc.property(damagedBytes(vectors), fc.array(damagedBytes(nalUnits), { maxLength: 5 }), (record, sets) => {
      const code = codeOf(() => {
        const config = withH264ParameterSets(h264ConfigFromRecord(record), sets);
        const again = h264ConfigFromRecord(config.description);
        expect(again.sequenceParameterSets).toEqual(config.sequenceParameterSets);
        expect(again.pictureParameterSets).toEqual(config.pictureParameterSets);
        expect(again.codecString).toBe(config.codecString);
      });
      expect([undefined, 'ERR_H264_RECORD']).toContain(code);
    }),
    { numRuns: 2000 },
  );
});
