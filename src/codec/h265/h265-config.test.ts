import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { H265_RECORDS } from '../../testing/record-vectors.ts';
import { normalizeH265AccessUnit } from './access-unit.ts';
import {
  h265ConfigFromNalUnits,
  h265ConfigFromParameterSets,
  h265ConfigFromRecord,
  withH265ParameterSets,
} from './h265-config.ts';
import { parseHevcDecoderConfigurationRecord } from './hevc-decoder-configuration-record.ts';
import { H265NalUnitType, h265LayerId, h265NalUnitType, isH265Irap } from './nal-unit-type.ts';
import type { H265Config } from '../codec-config.ts';

const MAIN = h265ConfigFromRecord(H265_RECORDS[0]!.record);
const MAIN_10 = h265ConfigFromRecord(H265_RECORDS[1]!.record);
const IDR = hex('2601 af');
/** A PPS with an id that no vector uses. */
const PPS_1 = hex('4401 5888');
/** The record's fixed part, saying Main at level 3.1, and no arrays. */
const EMPTY_RECORD = hex('01 01 60000000 900000000000 5d f000 fc fd f8 f8 0000 0f 00');

function setsOf(config: H265Config): Uint8Array[] {
  return [config.videoParameterSets, config.sequenceParameterSets, config.pictureParameterSets].flat();
}

test.each(H265_RECORDS)('tells codec string and size of $name', ({ record, codecString, width, height }) => {
  const config = h265ConfigFromRecord(record);
  expect(config).toMatchObject({ kind: 'video', codec: 'h265', codecString, width, height });
  expect(config.description).toBe(record);
  expect(setsOf(config)).toHaveLength(3);
});

test.each(H265_RECORDS)('builds the record of $name from its parameter sets as ffmpeg does', ({ record }) => {
  const config = h265ConfigFromRecord(record);
  const built = h265ConfigFromParameterSets(
    config.videoParameterSets,
    config.sequenceParameterSets,
    config.pictureParameterSets,
  );
  expect(built).toEqual(config);
});

test('spells profile space, compatibility, tier and constraints as the codec string wants them', () => {
  const record = EMPTY_RECORD.slice();
  record.set(hex('42 80000001 000000000000'), 1);
  expect(h265ConfigFromRecord(record).codecString).toBe('hev1.A2.80000001.L93');
  record.set(hex('e1 60000000 b00000000001'), 1);
  expect(h265ConfigFromRecord(record).codecString).toBe('hev1.C1.6.H93.B0.0.0.0.0.1');
});

test.each([0x0c, 0x0d, 0x0e])('rewrites length size byte %i to 4-byte lengths in a copy', (byte) => {
  const record = Buffer.from(EMPTY_RECORD);
  record[21] = byte;
  expect(h265ConfigFromRecord(record).description).toEqual(EMPTY_RECORD);
  expect(record[21]).toBe(byte);
});

test('a record without sets gives a config without size', () => {
  expect(h265ConfigFromRecord(EMPTY_RECORD)).toMatchObject({
    codecString: 'hev1.1.6.L93.90',
    width: 0,
    height: 0,
    sequenceParameterSets: [],
  });
});

test('refuses a broken record', () => {
  expect(codeOf(() => h265ConfigFromRecord(EMPTY_RECORD.subarray(0, 22)))).toBe('ERR_H265_RECORD');
  expect(codeOf(() => h265ConfigFromRecord(new Uint8Array(0)))).toBe('ERR_H265_RECORD');
});

test('refuses parameter sets without a usable SPS', () => {
  const { videoParameterSets, pictureParameterSets } = MAIN;
  const from = (sps: Uint8Array[]): unknown =>
    h265ConfigFromParameterSets(videoParameterSets, sps, pictureParameterSets);
  expect(codeOf(() => from([]))).toBe('ERR_H265_SPS');
  expect(codeOf(() => from([hex('4201')]))).toBe('ERR_H265_SPS');
});

test('the sets among NAL units make a config as soon as all kinds of the base layer are there', () => {
  const { videoParameterSets: vps, sequenceParameterSets: sps, pictureParameterSets: pps } = MAIN;
  expect(h265ConfigFromNalUnits([...vps, ...sps, IDR])).toBeUndefined();
  expect(h265ConfigFromNalUnits([...vps, ...pps])).toBeUndefined();
  const otherLayer = pps[0]!.slice();
  otherLayer[1]! |= 0x08;
  expect(h265ConfigFromNalUnits([...vps, ...sps, otherLayer])).toBeUndefined();
  expect(h265ConfigFromNalUnits([...vps, IDR, ...sps, ...pps])).toEqual(
    h265ConfigFromParameterSets(vps, sps, pps),
  );
});

test('an access unit without parameter sets, or with the known ones, gives the same object', () => {
  const known = setsOf(MAIN).map((set) => set.slice());
  expect(withH265ParameterSets(MAIN, [])).toBe(MAIN);
  expect(withH265ParameterSets(MAIN, [IDR, hex('4e0105'), new Uint8Array(0)])).toBe(MAIN);
  expect(withH265ParameterSets(MAIN, [hex('460150'), ...known, IDR])).toBe(MAIN);
});

test('in-band sets with known ids replace the old ones, size and profile with them', () => {
  const config = withH265ParameterSets(MAIN, [...setsOf(MAIN_10), IDR]);
  expect(config).toEqual({ ...MAIN_10, description: config.description });
  expect(config.description).toEqual(H265_RECORDS[1]!.record);
  expect(MAIN.width).toBe(322);
});

test('an in-band set with a new id stands behind the old ones', () => {
  const config = withH265ParameterSets(MAIN, [PPS_1, IDR]);
  expect(config.pictureParameterSets).toEqual([...MAIN.pictureParameterSets, PPS_1]);
  expect(h265ConfigFromRecord(config.description)).toEqual(config);
  expect(withH265ParameterSets(config, [PPS_1])).toBe(config);
});

test('in-band sets complete an empty record', () => {
  const empty = h265ConfigFromRecord(EMPTY_RECORD);
  const onlyPps = withH265ParameterSets(empty, MAIN.pictureParameterSets);
  expect(onlyPps).toMatchObject({ codecString: 'hev1.1.6.L93.90', width: 0 });
  const config = withH265ParameterSets(onlyPps, setsOf(MAIN));
  expect(config).toEqual(MAIN);
});

test('a rebuilt record keeps the SEI of the old one', () => {
  const record = EMPTY_RECORD.slice();
  record[22] = 1;
  const withSei = h265ConfigFromRecord(Uint8Array.from([...record, ...hex('27 0001 0003 4e0105')]));
  const config = withH265ParameterSets(withSei, setsOf(MAIN));
  const { arrays } = parseHevcDecoderConfigurationRecord(config.description);
  expect(arrays.map((array) => array.nalUnitType)).toEqual([32, 33, 34, 39]);
  expect(arrays[3]!.nalUnits).toEqual([hex('4e0105')]);
});

test('sets of other layers and unreadable ones are ignored', () => {
  const otherLayer = PPS_1.slice();
  otherLayer[1] = 0x09;
  expect(h265LayerId(otherLayer)).toBe(1);
  const unreadable = [hex('4001'), hex('4201'), hex('4401'), hex('42')];
  expect(withH265ParameterSets(MAIN, [otherLayer, ...unreadable])).toBe(MAIN);
});

test('the new config owns copies, so the frame can go', () => {
  const frame = Buffer.from(PPS_1);
  const config = withH265ParameterSets(MAIN, [frame]);
  frame.fill(0);
  expect(config.pictureParameterSets[1]).toEqual(PPS_1);
});

test('tells NAL unit types and random access points', () => {
  expect(h265NalUnitType(IDR)).toBe(H265NalUnitType.idrWithRadl);
  expect(h265NalUnitType(new Uint8Array(0))).toBe(63);
  const irap = Array.from({ length: 64 }, (_, type) => type).filter((type) => isH265Irap(type));
  expect(irap).toEqual([16, 17, 18, 19, 20, 21, 22, 23]);
});

test('an access unit loses its delimiter and keeps its parameter sets', () => {
  const data = hex('00000003 460150 00000003 4001aa 00000003 2601af');
  expect(toHex(normalizeH265AccessUnit(data))).toBe('000000034001aa000000032601af');
  const withoutDelimiter = hex('00000003 2601af');
  expect(normalizeH265AccessUnit(withoutDelimiter)).toBe(withoutDelimiter);
});

test('damaged records and sets give a config with a sound record, or a coded error', () => {
  const vectors = H265_RECORDS.map(({ record }) => record);
  const nalUnits = vectors.flatMap((record) => setsOf(h265ConfigFromRecord(record)));
  fc.assert(
    fc.property(damagedBytes(vectors), fc.array(damagedBytes(nalUnits), { maxLength: 5 }), (record, sets) => {
      const code = codeOf(() => {
        const config = withH265ParameterSets(h265ConfigFromRecord(record), sets);
        const again = h265ConfigFromRecord(config.description);
        expect({ ...again, description: config.description }).toEqual(config);
      });
      expect([undefined, 'ERR_H265_RECORD']).toContain(code);
    }),
    { numRuns: 2000 },
  );
});
