import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitString } from '../../testing/bit-string.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { hex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import {
  parseAv1CodecConfigurationRecord,
  serializeAv1CodecConfigurationRecord,
} from './av1-codec-configuration-record.ts';
import { av1ConfigFromRecord, av1ConfigFromTemporalUnit, withAv1SequenceHeader } from './av1-config.ts';
import { Av1ObuType, serializeObu } from './obu.ts';
import { parseAv1SequenceHeader } from './sequence-header.ts';

/** Records that ffmpeg 5.1 wrote for a test picture of 322 x 242. */
const VECTORS = [
  { name: 'libaom 4:2:0', record: '81000c00 0a0b000000043d07c4daf90040', codecString: 'av01.0.00M.08' },
  { name: 'SVT-AV1, 10 bits', record: '81004c00 0a0b000000043d07c402f84040', codecString: 'av01.0.00M.10' },
  { name: 'libaom monochrome', record: '81001c00 0a0a000000043d07c4daf92a', codecString: 'av01.0.00M.08' },
  {
    name: 'libaom 4:4:4 with colours',
    record: '81200000 0a0d200000043d07c4daf920202022',
    codecString: 'av01.1.00M.08',
  },
  {
    name: 'libaom 4:2:2, 12 bits',
    record: '81406800 0a0b400000043d07c4daf96220',
    codecString: 'av01.2.00M.12',
  },
  {
    name: 'rav1e, level 31',
    record: '811f0c00 0a0e000000fa1e83e2210a88101010a0',
    codecString: 'av01.0.31M.08',
  },
];
const SIZE = { width: 322, height: 242 };
const FRAME = hex('3204 a0b010b4');

function temporalUnitOf(sequenceHeader: Uint8Array): Uint8Array {
  return Uint8Array.from([
    ...hex('1200'),
    ...serializeObu(Av1ObuType.sequenceHeader, sequenceHeader),
    ...FRAME,
  ]);
}

test.each(VECTORS)('tells codec string and size of $name', ({ record, codecString }) => {
  const bytes = hex(record);
  const config = av1ConfigFromRecord(bytes);
  expect(config).toEqual({ kind: 'video', codec: 'av1', codecString, description: bytes, ...SIZE });
  expect(config.description).toBe(bytes);
});

test.each(VECTORS)('writes the record of $name as it was read', ({ record }) => {
  const bytes = hex(record);
  expect(serializeAv1CodecConfigurationRecord(parseAv1CodecConfigurationRecord(bytes))).toEqual(bytes);
});

test.each(VECTORS)('builds the record of $name from its sequence header as ffmpeg does', ({ record }) => {
  const { configObus } = parseAv1CodecConfigurationRecord(hex(record));
  const temporalUnit = Uint8Array.from([...hex('1200'), ...configObus, ...FRAME]);
  expect(av1ConfigFromTemporalUnit(temporalUnit)).toEqual(av1ConfigFromRecord(hex(record)));
});

test('keeps the presentation delay of a record', () => {
  const record = parseAv1CodecConfigurationRecord(hex('81000c1a'));
  expect(record.initialPresentationDelayMinusOne).toBe(10);
  expect(serializeAv1CodecConfigurationRecord(record)).toEqual(hex('81000c1a'));
});

test.each([
  ['no OBUs', '810d0c00'],
  ['a damaged OBU', '810d0c00 0aff00'],
  ['a sequence header that is cut off', '810d0c00 0a02 0000'],
])('a record with %s gives a config without size', (_name, record) => {
  expect(av1ConfigFromRecord(hex(record))).toMatchObject({
    codecString: 'av01.0.13M.08',
    width: 0,
    height: 0,
  });
});

test('spells the High tier and two digits of level', () => {
  expect(av1ConfigFromRecord(hex('8108 cc 00')).codecString).toBe('av01.0.08H.10');
});

test.each(['', '81000c', '01000c00', '82000c00'])('refuses the record %s', (record) => {
  expect(codeOf(() => av1ConfigFromRecord(hex(record)))).toBe('ERR_AV1_RECORD');
});

test('a temporal unit without a sound sequence header gives no config', () => {
  expect(av1ConfigFromTemporalUnit(FRAME)).toBeUndefined();
  expect(av1ConfigFromTemporalUnit(new Uint8Array(0))).toBeUndefined();
  expect(av1ConfigFromTemporalUnit(hex('0aff00'))).toBeUndefined();
  expect(av1ConfigFromTemporalUnit(temporalUnitOf(hex('0000')))).toBeUndefined();
});

test('a sequence header in the stream changes the config only when it says something new', () => {
  const config = av1ConfigFromRecord(hex(VECTORS[0]!.record));
  expect(withAv1SequenceHeader(config, FRAME)).toBe(config);
  expect(withAv1SequenceHeader(config, temporalUnitOf(hex('000000043d07c4daf90040')))).toBe(config);
  expect(withAv1SequenceHeader(config, temporalUnitOf(hex('0000')))).toBe(config);
  const changed = withAv1SequenceHeader(config, temporalUnitOf(hex('000000043d07c402f84040')));
  expect(changed).toEqual(av1ConfigFromRecord(hex(VECTORS[1]!.record)));
  expect(withAv1SequenceHeader(changed, temporalUnitOf(hex('000000043d07c402f84040')))).toBe(changed);
});

test('a sequence header completes a record that had none', () => {
  const config = av1ConfigFromRecord(hex('81000c00'));
  expect(withAv1SequenceHeader(config, temporalUnitOf(hex('000000043d07c4daf90040')))).toMatchObject(SIZE);
});

/** Size, coding tools and colours, behind whatever stands in front. */
function finish(bits: BitString, reduced: boolean): Uint8Array {
  bits
    .u(4, 10)
    .u(4, 9)
    .u(11, 1919)
    .u(10, 1079 - 256);
  if (!reduced) bits.u(1, 1).u(7, 0); // frame_id_numbers_present_flag
  bits.u(3, 0);
  if (!reduced) bits.u(4, 0).u(1, 1).u(2, 0).u(1, 0).u(1, 1).u(1, 0).u(1, 1).u(3, 6);
  bits.u(3, 0);
  bits.u(1, 0).u(1, 0).u(1, 1).u(24, 0x09100900).u(1, 1).u(2, 1).u(1, 0).u(1, 0);
  return bits.bytes();
}

test('reads timing, decoder model and all operating points', () => {
  const bits = new BitString().u(3, 0).u(2, 0);
  bits.u(1, 1).u(32, 1).u(32, 120).u(1, 1).ue(1); // 120 ticks a second, 2 ticks a picture
  bits.u(1, 1).u(5, 9).u(32, 1).u(5, 0).u(5, 0); // decoder model, delays of 10 bits
  bits.u(1, 1).u(5, 1); // initial display delay, 2 operating points
  bits.u(12, 1).u(5, 13).u(1, 1).u(1, 1).u(10, 3).u(10, 4).u(1, 0).u(1, 1).u(4, 5);
  bits.u(12, 0).u(5, 5).u(1, 0).u(1, 0);
  expect(parseAv1SequenceHeader(finish(bits, false))).toMatchObject({
    profile: 0,
    levelIdx: 13,
    tier: true,
    frameRate: 60,
    width: 1920,
  });
});

test('reads the reduced header of a still picture', () => {
  const bits = new BitString().u(3, 0).u(2, 0b11).u(5, 9);
  const header = parseAv1SequenceHeader(finish(bits, true));
  expect(header).toMatchObject({ levelIdx: 9, tier: false, frameRate: undefined, width: 1920 });
});

test('damaged records and temporal units give a config or the coded error', () => {
  const records = VECTORS.map(({ record }) => hex(record));
  const units = records.map((record) => temporalUnitOf(record.subarray(6)));
  fc.assert(
    fc.property(damagedBytes(records), damagedBytes(units), (record, unit) => {
      const code = codeOf(() => {
        const config = withAv1SequenceHeader(av1ConfigFromRecord(record), unit);
        expect(av1ConfigFromRecord(config.description)).toEqual(config);
      });
      expect([undefined, 'ERR_AV1_RECORD']).toContain(code);
      av1ConfigFromTemporalUnit(unit);
    }),
    { numRuns: 2000 },
  );
});
