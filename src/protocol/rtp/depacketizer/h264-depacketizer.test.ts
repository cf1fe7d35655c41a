import { expect, test } from 'vitest';
import { PacketSequence, depacketize, nalUnitsOf, rtpFormat } from '../../../testing/depacketizer-kit.ts';
import {
  IDR,
  IDR_2,
  PPS,
  SEI,
  SLICE,
  SLICE_2,
  SPS,
  baseline,
  h264Depacketizer,
  high,
  without,
} from '../../../testing/h264-rtp-kit.ts';
import { hex } from '../../../testing/hex.ts';
import { createDepacketizer } from './create-depacketizer.ts';

function unitsOf(payloads: readonly string[], depacketizer = h264Depacketizer()): string[][] {
  const { packets } = new PacketSequence().sendUnit(3000, payloads.map(hex));
  return depacketize(depacketizer, packets).map(({ data }) => nalUnitsOf(data));
}

test.each<{ name: string; payloads: string[]; units: string[] }>([
  { name: 'a single unit', payloads: [IDR], units: [IDR] },
  { name: 'several units, each in its packet', payloads: [SPS, PPS, IDR], units: [SPS, PPS, IDR] },
  { name: 'slices of one picture', payloads: [IDR, IDR_2, IDR_2], units: [IDR, IDR_2, IDR_2] },
  { name: 'STAP-A', payloads: ['78 0003 680102 0002 0605', IDR], units: ['680102', '0605', IDR] },
  { name: 'STAP-A with the picture', payloads: [`78 0002 6801 0005 ${IDR}`], units: ['6801', IDR] },
  { name: 'STAP-A with a unit of no bytes', payloads: ['78 0000 0002 6801', IDR], units: ['6801', IDR] },
  { name: 'STAP-A with a byte too many', payloads: ['78 0002 6801 00', IDR], units: ['6801', IDR] },
  { name: 'STAP-A of nothing', payloads: ['78', IDR], units: [IDR] },
  { name: 'FU-A', payloads: ['7c85 8884', '7c05 00', '7c45 21'], units: [IDR] },
  { name: 'FU-A of nothing between', payloads: ['7c85 8884', '7c05', '7c45 0021'], units: [IDR] },
  { name: 'FU-A in one packet', payloads: ['7cc5 88840021'], units: [IDR] },
  {
    name: 'FU-A with the importance of its unit',
    payloads: ['1c81 e001', '1c41 0203'],
    units: ['01e0010203'],
  },
  {
    name: 'FU-A without its end, before another one',
    payloads: ['7c85 8884', '7c05 0021', '7c85 40aa', '7c45 bbcc'],
    units: [IDR, IDR_2],
  },
  {
    name: 'FU-A without its end, before a single unit',
    payloads: ['7c85 88840021', IDR_2],
    units: [IDR, IDR_2],
  },
  { name: 'parameter sets in fragments', payloads: ['7c87 64', '7c47 01', IDR], units: ['676401', IDR] },
  { name: 'a delimiter in a packet of its own', payloads: ['09f0', IDR], units: [IDR] },
  { name: 'a delimiter in STAP-A', payloads: ['78 0002 09f0 0002 6801', IDR], units: ['6801', IDR] },
  {
    name: 'SEI, filler and the end of the sequence',
    payloads: [SEI, IDR, '0cffff80', '0a'],
    units: [SEI, IDR, '0cffff80', '0a'],
  },
  { name: 'unknown types below 24', payloads: ['1701', IDR], units: ['1701', IDR] },
  { name: 'a start code in front of a unit', payloads: [`00000001${IDR}`], units: [IDR] },
  { name: 'a short start code in front of a unit', payloads: [`000001${SPS}`, IDR], units: [SPS, IDR] },
  {
    name: 'units joined with start codes, beginning with a parameter set',
    payloads: [`${SPS} 00000001 ${PPS} 000001 ${IDR}`],
    units: [SPS, PPS, IDR],
  },
  {
    name: 'units joined with start codes, beginning with a delimiter',
    payloads: [`09f0 00000001 ${SEI} 000001 ${SLICE} 000001 ${SLICE_2}`],
    units: [SEI, SLICE, SLICE_2],
  },
  {
    name: 'units joined with start codes, in fragments',
    payloads: ['7c87 6401 0000', '7c07 0001 6801 00', `7c47 000001 ${IDR}`],
    units: ['676401', '6801', IDR],
  },
  {
    name: 'a byte stream in fragments, its first start code included',
    payloads: ['1c80 0000 01 67', `1c40 6401 000001 ${IDR}`],
    units: ['676401', IDR],
  },
  { name: 'zeros inside a unit', payloads: ['65888400000300000301'], units: ['65888400000300000301'] },
])('takes apart $name', ({ payloads, units }) => {
  const depacketizer = h264Depacketizer();
  expect(unitsOf(payloads, depacketizer)).toEqual([units]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 });
});

test.each([
  ['STAP-A with a length behind its end', ['78 0005 6801', IDR]],
  ['STAP-B', ['79 0001 0002 6801', IDR]],
  ['MTAP16', [IDR, '7a 0001 0004 00 0000 41']],
  ['MTAP24', [IDR, '7b 0001 0005 00 000000 41']],
  ['FU-B', ['7d85 0001 88840021', '7d45 21']],
  ['a fragment without its beginning', ['7c05 8884', '7c45 0021']],
  ['a fragment of which the header is cut off', [IDR, '7c']],
  ['further slices without the first one', [IDR_2, IDR_2]],
])('an access unit with %s is damaged, and does not come out', (_name, payloads) => {
  const depacketizer = h264Depacketizer();
  expect(unitsOf(payloads, depacketizer)).toEqual([]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 0, ignoredPackets: 0 });
});

test('packets that mean nothing are left out and counted', () => {
  const depacketizer = h264Depacketizer();
  expect(unitsOf(['', '00', '0001', '1e01', '1f', IDR, ''], depacketizer)).toEqual([[IDR]]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 0, droppedUnits: 0, ignoredPackets: 6 });
});

test('a sender that joins units with start codes is looked at closely from then on', () => {
  const depacketizer = h264Depacketizer();
  const { packets } = new PacketSequence()
    .send(0, hex(`${SPS} 000001 ${IDR}`), true)
    .send(3000, hex(`${SLICE} 000001 ${SLICE_2}`), true)
    .sendUnit(6000, [hex('5c81 e001 0000'), hex(`5c41 01 ${SLICE_2}`)]);
  expect(depacketize(depacketizer, packets).map(({ data }) => nalUnitsOf(data))).toEqual([
    [SPS, IDR],
    [SLICE, SLICE_2],
    ['41e001', SLICE_2],
  ]);
});

test('payloads are not changed, and units are fresh copies', () => {
  const payloads = [hex(SPS), hex('7c85 8884'), hex('7c45 0021')];
  const before = payloads.map((payload) => payload.slice());
  const [unit] = depacketize(h264Depacketizer(), new PacketSequence().sendUnit(0, payloads).packets);
  expect(payloads).toEqual(before);
  for (const payload of payloads) payload.fill(0xee);
  expect(nalUnitsOf(unit!.data)).toEqual([SPS, IDR]);
});

test.each([
  ['IDR', [IDR], true],
  ['P', [SLICE], false],
  ['P with parameter sets', [SPS, PPS, SLICE], false],
  ['I at a recovery point', ['060601c480', SLICE], true],
  ['P that begins a gradual refresh', ['0606011480', SLICE], false],
])('a key picture or not: %s', (_name, payloads, isKey) => {
  const { packets } = new PacketSequence().sendUnit(0, payloads.map(hex));
  expect(depacketize(h264Depacketizer(), packets).map((unit) => unit.isKey)).toEqual([isKey]);
});

test('the parameters are unknown until both kinds of sets came in-band, be it in different access units', () => {
  const depacketizer = createDepacketizer(rtpFormat('h264'), undefined)!;
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(SLICE)])
    .sendUnit(3000, [hex(SPS), hex(SLICE)])
    .sendUnit(6000, [hex(PPS), hex(IDR)]);
  const units = depacketize(depacketizer, packets);
  expect(units.map(({ config }) => config?.codec)).toEqual([undefined, undefined, 'h264']);
  expect(units[2]!.config).toMatchObject({ width: 320, height: 240, codecString: 'avc1.42c00d' });
  expect(depacketizer.config).toBe(units[2]!.config);
});

test('parameter sets of the stream that say nothing new leave the config the same object', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [SPS, PPS, IDR].map(hex))
    .sendUnit(3000, [SPS, PPS, IDR].map(hex));
  for (const { config } of depacketize(h264Depacketizer(), packets)) expect(config).toBe(baseline);
});

test('parameter sets that change in the stream hold from their own picture on', () => {
  const [sps, pps] = [high.sequenceParameterSets[0]!, high.pictureParameterSets[0]!];
  const { packets } = new PacketSequence()
    .sendUnit(0, [SPS, PPS, IDR].map(hex))
    .sendUnit(3000, [sps, pps, hex(IDR)])
    .sendUnit(6000, [hex(SLICE)]);
  const units = depacketize(h264Depacketizer(), packets);
  expect(units[0]!.config).toBe(baseline);
  expect(units[1]!.config).toMatchObject({ width: 322, height: 242 });
  expect(units[2]!.config).toBe(units[1]!.config);
});

test('parameter sets of a damaged picture hold all the same', () => {
  const [sps, pps] = [high.sequenceParameterSets[0]!, high.pictureParameterSets[0]!];
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .sendUnit(3000, [sps, pps, hex(IDR), hex(IDR_2)])
    .sendUnit(6000, [hex(SLICE)])
    .sendUnit(9000, [hex('09f0'), hex(IDR)]);
  const units = depacketize(h264Depacketizer(), without(packets, 3));
  expect(units.map(({ timestamp }) => timestamp)).toEqual([0, 9000]);
  expect(units[1]!.config).toMatchObject({ width: 322, height: 242 });
});

test('sets that make no config are passed over', () => {
  const depacketizer = createDepacketizer(rtpFormat('H264'), undefined)!;
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex('6742'), hex(PPS), hex(IDR)])
    .sendUnit(3000, [SPS, PPS, IDR].map(hex));
  expect(depacketize(depacketizer, packets).map(({ config }) => config?.codec)).toEqual([undefined, 'h264']);
});

test('the interleaved mode is not known here', () => {
  expect(createDepacketizer(rtpFormat('H264', { 'packetization-mode': '2' }), baseline)).toBeUndefined();
});
