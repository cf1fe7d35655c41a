import { expect, test } from 'vitest';
import type { H265Config } from '../../../codec/codec-config.ts';
import { h265ConfigFromRecord } from '../../../codec/h265/h265-config.ts';
import { PacketSequence, depacketize, nalUnitsOf, rtpFormat } from '../../../testing/depacketizer-kit.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { H265_RECORDS } from '../../../testing/record-vectors.ts';
import { createDepacketizer } from './create-depacketizer.ts';
import type { Depacketizer } from './depacketizer.ts';

const main = h265ConfigFromRecord(H265_RECORDS[0]!.record);
const main10 = h265ConfigFromRecord(H265_RECORDS[1]!.record);
const setsOf = (config: H265Config): Uint8Array[] => [
  ...config.videoParameterSets,
  ...config.sequenceParameterSets,
  ...config.pictureParameterSets,
];
const [VPS, SPS, PPS] = setsOf(main).map(toHex) as [string, string, string];
/** IDR_N_LP and TRAIL_R; the third byte's highest bit marks the first slice of a picture. */
const IDR = '2801af0102';
const IDR_2 = '28012f0304';
const SLICE = '0201d00506';
const SLICE_2 = '0201500708';
const SEI = '4e01050111';

function h265(config: H265Config | undefined = main): Depacketizer {
  return createDepacketizer(rtpFormat('H265'), config)!;
}

function unitsOf(payloads: readonly string[], depacketizer = h265()): string[][] {
  const { packets } = new PacketSequence().sendUnit(3000, payloads.map(hex));
  return depacketize(depacketizer, packets).map(({ data }) => nalUnitsOf(data));
}

test.each<{ name: string; payloads: string[]; units: string[] }>([
  {
    name: 'single units',
    payloads: [VPS, SPS, PPS, SEI, IDR, IDR_2],
    units: [VPS, SPS, PPS, SEI, IDR, IDR_2],
  },
  {
    name: 'an aggregation packet',
    payloads: ['6001 0004 40010c02 0003 440155', IDR],
    units: ['40010c02', '440155', IDR],
  },
  {
    name: 'an aggregation packet with the picture',
    payloads: [`6001 0003 440155 0005 ${IDR}`],
    units: ['440155', IDR],
  },
  { name: 'an aggregated unit of no bytes', payloads: [`6001 0000 0005 ${IDR}`], units: [IDR] },
  { name: 'a fragmented unit', payloads: ['6201 94 af', '6201 14 01', '6201 54 02'], units: [IDR] },
  { name: 'a fragmented unit in one packet', payloads: ['6201 d4 af0102'], units: [IDR] },
  {
    name: 'a fragmented unit of another layer and temporal id',
    payloads: [SLICE, '630a 81 d0', '630a 41 05'],
    units: [SLICE, '030ad005'],
  },
  { name: 'a fragmented unit without its end', payloads: ['6201 94 af0102', IDR_2], units: [IDR, IDR_2] },
  { name: 'a delimiter', payloads: ['460150', IDR], units: [IDR] },
  {
    name: 'suffix SEI and the end of the sequence',
    payloads: [IDR, '50010511', '4801'],
    units: [IDR, '50010511', '4801'],
  },
  { name: 'a start code in front', payloads: [`00000001${SPS}`, `000001${IDR}`], units: [SPS, IDR] },
  { name: 'joined units', payloads: [`${VPS} 00000001 ${SPS} 000001 ${IDR}`], units: [VPS, SPS, IDR] },
  {
    name: 'a byte stream in fragments',
    payloads: ['6200 80 01 4001', `6200 40 0c 000001 ${IDR}`],
    units: ['40010c', IDR],
  },
])('takes apart $name', ({ payloads, units }) => {
  const depacketizer = h265();
  expect(unitsOf(payloads, depacketizer)).toEqual([units]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 });
});

test.each([
  ['an aggregated length behind the end', ['6001 0009 4401', IDR]],
  ['a fragment without its beginning', ['6201 14 01', '6201 54 02']],
  ['a fragment without its header', [IDR, '6201']],
  ['PACI', [IDR, '6401 0000 55']],
  ['further slices without the first one', [IDR_2]],
])('an access unit with %s is damaged, and does not come out', (_name, payloads) => {
  const depacketizer = h265();
  expect(unitsOf(payloads, depacketizer)).toEqual([]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 0, ignoredPackets: 0 });
});

test('packets that mean nothing are left out and counted', () => {
  const depacketizer = h265();
  expect(unitsOf(['', '28', '6601aa', '7e01', IDR], depacketizer)).toEqual([[IDR]]);
  expect(depacketizer.counters.ignoredPackets).toBe(4);
});

test.each([
  ['BLA_W_LP', 16, true],
  ['BLA_N_LP', 18, true],
  ['IDR_W_RADL', 19, true],
  ['IDR_N_LP', 20, true],
  ['CRA', 21, true],
  ['reserved 23', 23, true],
  ['RASL_N', 8, false],
  ['TRAIL_R', 1, false],
])('%s: a key picture or not', (_name, type, isKey) => {
  const nal = Uint8Array.of(type << 1, 1, 0x80, 0x11);
  const [unit] = depacketize(h265(), new PacketSequence().send(0, nal, true).packets);
  expect(unit!.isKey).toBe(isKey);
});

test('a key picture of another layer alone is none', () => {
  const units = depacketize(h265(), new PacketSequence().sendUnit(0, [hex(SLICE), hex('2809af')]).packets);
  expect(units.map(({ isKey }) => isKey)).toEqual([false]);
});

test('the parameters are unknown until all three kinds of sets came in-band', () => {
  const depacketizer = createDepacketizer(rtpFormat('H265'), undefined)!;
  const { packets } = new PacketSequence()
    .sendUnit(0, [VPS, SPS, IDR].map(hex))
    .sendUnit(3000, [PPS, IDR].map(hex))
    .sendUnit(6000, [...setsOf(main10), hex(IDR)])
    .sendUnit(9000, [hex(SLICE)]);
  const configs = depacketize(depacketizer, packets).map(({ config }) => config);
  expect(configs[0]).toBeUndefined();
  expect(configs[1]).toMatchObject({ codec: 'h265', width: 322, height: 242 });
  expect(configs[2]).toMatchObject({ codec: 'h265', width: 1920, height: 1080 });
  expect(configs[3]).toBe(configs[2]);
});

test('sets that are known already leave the config the same object', () => {
  const { packets } = new PacketSequence().sendUnit(0, [...setsOf(main), hex(IDR)]);
  expect(depacketize(h265(), packets)[0]!.config).toBe(main);
});

test('after a loss the stream goes on at the next CRA picture, or at a gradual refresh', () => {
  const cra = '2a01af0102';
  const refresh = '4e01060180';
  for (const [kind, payloads] of [
    ['cra', [VPS, SPS, PPS, cra]],
    ['refresh', [VPS, refresh, SLICE]],
  ] as const) {
    const depacketizer = h265();
    const { packets } = new PacketSequence()
      .sendUnit(0, [IDR].map(hex))
      .sendUnit(3000, [SLICE].map(hex))
      .sendUnit(6000, [SLICE, SLICE_2].map(hex))
      .sendUnit(9000, [SLICE].map(hex))
      .sendUnit(12_000, payloads.map(hex))
      .sendUnit(15_000, [SLICE].map(hex));
    packets.splice(3, 1);
    const units = depacketize(depacketizer, packets);
    expect(units.map(({ timestamp, isKey, afterLoss }) => [timestamp, isKey, afterLoss])).toEqual([
      [0, true, false],
      [3000, false, false],
      [12_000, kind === 'cra', true],
      [15_000, false, false],
    ]);
    // What stands behind the hole begins its unit, but maybe not as its first packet.
    expect(depacketizer.counters).toEqual({ damagedUnits: 2, droppedUnits: 0, ignoredPackets: 0 });
  }
});

test('a sender that marks every NAL unit tears no picture', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [VPS, SPS, PPS, IDR, IDR_2].map(hex), 'all')
    .sendUnit(3000, [SLICE, SLICE_2, '50010511'].map(hex), 'all')
    .sendUnit(6000, [SLICE].map(hex), 'all');
  expect(depacketize(h265(), packets).map(({ data }) => nalUnitsOf(data))).toEqual([
    [VPS, SPS, PPS, IDR, IDR_2],
    [SLICE, SLICE_2, '50010511'],
    [SLICE],
  ]);
});

test('units with decoding order numbers are not known here', () => {
  expect(createDepacketizer(rtpFormat('H265', { 'sprop-max-don-diff': '2' }), main)).toBeUndefined();
  expect(createDepacketizer(rtpFormat('H265', { 'sprop-max-don-diff': '0' }), main)).toBeDefined();
});
