import { expect, test } from 'vitest';
import type { H264Config } from '../../../codec/codec-config.ts';
import { h264ConfigFromRecord } from '../../../codec/h264/h264-config.ts';
import {
  PacketSequence,
  depacketize,
  nalUnitsOf,
  receiveAll,
  rtpFormat,
  type SentPacket,
} from '../../../testing/depacketizer-kit.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { H264_RECORDS } from '../../../testing/record-vectors.ts';
import { createDepacketizer } from './create-depacketizer.ts';
import type { Depacketizer, RtpAccessUnit } from './depacketizer.ts';

const baseline = h264ConfigFromRecord(H264_RECORDS[0]!.record);
const high = h264ConfigFromRecord(H264_RECORDS[1]!.record);
const SPS = toHex(baseline.sequenceParameterSets[0]!);
const PPS = toHex(baseline.pictureParameterSets[0]!);
/** Slices: the first of a picture, and further ones. */
const IDR = '6588840021';
const IDR_2 = '6540aabbcc';
const SLICE = '41e0010203';
const SLICE_2 = '4145060708';
const SEI = '0605021122';

function h264(config: H264Config | undefined = baseline): Depacketizer {
  return createDepacketizer(rtpFormat('H264'), config)!;
}

function unitsOf(payloads: readonly string[], depacketizer = h264()): string[][] {
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
  const depacketizer = h264();
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
  const depacketizer = h264();
  expect(unitsOf(payloads, depacketizer)).toEqual([]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 0, ignoredPackets: 0 });
});

test('packets that mean nothing are left out and counted', () => {
  const depacketizer = h264();
  expect(unitsOf(['', '00', '0001', '1e01', '1f', IDR, ''], depacketizer)).toEqual([[IDR]]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 0, droppedUnits: 0, ignoredPackets: 6 });
});

test('a sender that joins units with start codes is looked at closely from then on', () => {
  const depacketizer = h264();
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
  const [unit] = depacketize(h264(), new PacketSequence().sendUnit(0, payloads).packets);
  expect(payloads).toEqual(before);
  for (const payload of payloads) payload.fill(0xee);
  expect(nalUnitsOf(unit!.data)).toEqual([SPS, IDR]);
});

/** What came out: timestamp, units without parameter sets' bytes, flags. */
function summary(units: readonly RtpAccessUnit[]): string[] {
  return units.map(({ timestamp, data, isKey, afterLoss }) => {
    const nals = nalUnitsOf(data).map((nal) => (nal === SPS ? 'SPS' : nal === PPS ? 'PPS' : nal));
    return `${timestamp}: ${nals.join(' ')}${isKey ? ' key' : ''}${afterLoss ? ' after loss' : ''}`;
  });
}

test('an access unit comes out with its marker, the first one with the packet behind it', () => {
  const depacketizer = h264();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR), hex(IDR_2)])
    .sendUnit(3000, [hex(SLICE), hex(SLICE_2)])
    .sendUnit(6000, [hex(SLICE)]);
  expect(packets.map((packet) => summary(receiveAll(depacketizer, [packet], packet.number)))).toEqual([
    [],
    [],
    [`0: ${IDR} ${IDR_2} key`],
    [`3000: ${SLICE} ${SLICE_2}`],
    [`6000: ${SLICE}`],
  ]);
  expect(depacketizer.flush()).toEqual([]);
});

test('without markers, access units end where the timestamp changes', () => {
  const depacketizer = h264();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(SPS), hex(PPS), hex(IDR)], 'none')
    .sendUnit(3000, [hex(SLICE), hex(SLICE_2)], 'none')
    .sendUnit(6000, [hex(SLICE)], 'none');
  expect(summary(receiveAll(depacketizer, packets))).toEqual([
    `0: SPS PPS ${IDR} key`,
    `3000: ${SLICE} ${SLICE_2}`,
  ]);
  expect(summary(depacketizer.flush())).toEqual([`6000: ${SLICE}`]);
});

test('a sender that marks every NAL unit tears no picture, not even its first', () => {
  const depacketizer = h264();
  const { packets } = new PacketSequence()
    .sendUnit(0, [SPS, PPS, SEI, IDR, IDR_2, IDR_2].map(hex), 'all')
    .sendUnit(3000, [SLICE, SLICE_2].map(hex), 'all')
    .sendUnit(6000, [SLICE, SLICE_2].map(hex), 'all');
  expect(summary(depacketize(depacketizer, packets))).toEqual([
    `0: SPS PPS ${SEI} ${IDR} ${IDR_2} ${IDR_2} key`,
    `3000: ${SLICE} ${SLICE_2}`,
    `6000: ${SLICE} ${SLICE_2}`,
  ]);
  expect(depacketizer.counters.damagedUnits).toBe(0);
});

test('a sender that marks every packet, fragments included, tears no picture', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [SPS, PPS, '7c85 8884', '7c45 0021', IDR_2].map(hex), 'all')
    .sendUnit(3000, ['5c81 e001', '5c01 02', '5c41 03'].map(hex), 'all')
    .sendUnit(6000, [SLICE].map(hex), 'all');
  expect(summary(depacketize(h264(), packets))).toEqual([
    `0: SPS PPS ${IDR} ${IDR_2} key`,
    `3000: ${SLICE}`,
    `6000: ${SLICE}`,
  ]);
});

test('a marker in the middle of a fragmented unit ends nothing', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .sendUnit(3000, [hex(SLICE)])
    .sendUnit(6000, ['5c81 e001', '5c01 02', '5c41 03'].map(hex), 'all')
    .sendUnit(9000, [hex(SLICE)]);
  expect(summary(depacketize(h264(), packets))).toEqual([
    `0: ${IDR} key`,
    `3000: ${SLICE}`,
    `6000: ${SLICE}`,
    `9000: ${SLICE}`,
  ]);
});

test('a sender whose markers turn out to mean nothing costs one picture, and what refers to it', () => {
  const depacketizer = h264();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .sendUnit(3000, [hex(SLICE)])
    .sendUnit(6000, [SLICE, SLICE_2].map(hex), 'all')
    .sendUnit(9000, [SLICE, SLICE_2].map(hex), 'all')
    .sendUnit(12_000, [IDR, IDR_2].map(hex), 'all')
    .sendUnit(15_000, [SLICE, SLICE_2].map(hex), 'all');
  expect(summary(depacketize(depacketizer, packets))).toEqual([
    `0: ${IDR} key`,
    `3000: ${SLICE}`,
    `6000: ${SLICE}`,
    `12000: ${IDR} ${IDR_2} key after loss`,
    `15000: ${SLICE} ${SLICE_2}`,
  ]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 1, ignoredPackets: 0 });
});

test('parameter sets that come with a marker or a time of their own go with the picture behind them', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(SLICE)])
    .send(3000, hex(SPS), true)
    .send(3001, hex(PPS), true)
    .send(3600, hex(IDR), true)
    .send(6600, hex(SLICE), true);
  expect(summary(depacketize(h264(), packets))).toEqual([
    `0: ${SLICE}`,
    `3600: SPS PPS ${IDR} key`,
    `6600: ${SLICE}`,
  ]);
});

test('pictures of one timestamp are told apart by their markers', () => {
  const { packets } = new PacketSequence()
    .send(0, hex(IDR), true)
    .send(0, hex(SLICE), true)
    .send(0, hex(SLICE), true);
  expect(summary(depacketize(h264(), packets))).toEqual([`0: ${IDR} key`, `0: ${SLICE}`, `0: ${SLICE}`]);
});

test('timestamps that step back are those of B pictures', () => {
  const { packets } = new PacketSequence()
    .send(3000, hex(IDR), true)
    .send(12_000, hex(SLICE), true)
    .send(6000, hex(SLICE), true);
  expect(depacketize(h264(), packets).map(({ timestamp }) => timestamp)).toEqual([3000, 12_000, 6000]);
});

test.each([
  ['IDR', [IDR], true],
  ['P', [SLICE], false],
  ['P with parameter sets', [SPS, PPS, SLICE], false],
  ['I at a recovery point', ['060601c480', SLICE], true],
  ['P that begins a gradual refresh', ['0606011480', SLICE], false],
])('a key picture or not: %s', (_name, payloads, isKey) => {
  const { packets } = new PacketSequence().sendUnit(0, payloads.map(hex));
  expect(depacketize(h264(), packets).map((unit) => unit.isKey)).toEqual([isKey]);
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
  for (const { config } of depacketize(h264(), packets)) expect(config).toBe(baseline);
});

test('parameter sets that change in the stream hold from their own picture on', () => {
  const [sps, pps] = [high.sequenceParameterSets[0]!, high.pictureParameterSets[0]!];
  const { packets } = new PacketSequence()
    .sendUnit(0, [SPS, PPS, IDR].map(hex))
    .sendUnit(3000, [sps, pps, hex(IDR)])
    .sendUnit(6000, [hex(SLICE)]);
  const units = depacketize(h264(), packets);
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
  const units = depacketize(h264(), without(packets, 3));
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

function without(packets: readonly SentPacket[], ...numbers: number[]): SentPacket[] {
  return packets.filter(({ number }) => !numbers.includes(number));
}

/** Packet 0 a picture, 1 to 4 a key picture, 5 to 6 and 7 to 8 two others, 9 to 11 a key picture, 12 another. */
const { packets: stream } = new PacketSequence()
  .sendUnit(-3000, [SLICE].map(hex))
  .sendUnit(0, [SPS, PPS, '7c85 8884', '7c45 0021'].map(hex))
  .sendUnit(3000, ['5c81 e001', '5c41 0203'].map(hex))
  .sendUnit(6000, [SLICE, SLICE_2].map(hex))
  .sendUnit(9000, [SPS, PPS, IDR].map(hex))
  .sendUnit(12_000, [SLICE].map(hex));
const ALL = [
  `-3000: ${SLICE}`,
  `0: SPS PPS ${IDR} key`,
  `3000: ${SLICE}`,
  `6000: ${SLICE} ${SLICE_2}`,
  `9000: SPS PPS ${IDR} key`,
  `12000: ${SLICE}`,
];

const [FIRST, KEY, , , NEXT_KEY, LAST] = ALL as [string, string, string, string, string, string];

test.each<{ name: string; lost: number[]; out: string[]; damaged: number; dropped: number }>([
  { name: 'nothing', lost: [], out: ALL, damaged: 0, dropped: 0 },
  {
    name: 'the middle of a picture',
    lost: [3],
    out: [FIRST, `${NEXT_KEY} after loss`, LAST],
    damaged: 1,
    dropped: 2,
  },
  {
    // What stands behind the hole could have begun before.
    name: 'the end of a picture',
    lost: [6],
    out: [FIRST, KEY, `${NEXT_KEY} after loss`, LAST],
    damaged: 2,
    dropped: 0,
  },
  {
    name: 'the start of a picture',
    lost: [5],
    out: [FIRST, KEY, `${NEXT_KEY} after loss`, LAST],
    damaged: 1,
    dropped: 1,
  },
  {
    name: 'a whole picture',
    lost: [5, 6],
    out: [FIRST, KEY, `${NEXT_KEY} after loss`, LAST],
    damaged: 1,
    dropped: 0,
  },
  {
    name: 'what stands right before a key picture',
    lost: [8],
    out: [FIRST, KEY, ALL[2]!, `${NEXT_KEY} after loss`, LAST],
    damaged: 1,
    dropped: 0,
  },
  {
    name: 'the parameter sets of a key picture',
    lost: [9, 10],
    out: ALL.slice(0, 4),
    damaged: 1,
    dropped: 1,
  },
  { name: 'a part of the last key picture', lost: [10], out: ALL.slice(0, 4), damaged: 1, dropped: 1 },
  { name: 'the end of the last key picture', lost: [11], out: ALL.slice(0, 4), damaged: 2, dropped: 0 },
  {
    // As long as it is not known what the marker means, further slices may be missing.
    name: 'what stands behind the first picture',
    lost: [1],
    out: [`${NEXT_KEY} after loss`, LAST],
    damaged: 2,
    dropped: 2,
  },
])('lost: $name', ({ lost, out, damaged, dropped }) => {
  const depacketizer = h264();
  const units = depacketize(depacketizer, without(stream, ...lost));
  expect(summary(units)).toEqual(out);
  expect(depacketizer.counters).toEqual({ damagedUnits: damaged, droppedUnits: dropped, ignoredPackets: 0 });
});

test('a loss before a packet that means nothing is not forgotten', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .sendUnit(3000, [hex(SLICE)])
    .send(6000, hex(SEI))
    .send(6000, hex('1f'))
    .send(6000, hex(SLICE), true)
    .sendUnit(9000, [hex(SLICE)]);
  const depacketizer = h264();
  expect(summary(depacketize(depacketizer, without(packets, 2)))).toEqual([
    `0: ${IDR} key`,
    `3000: ${SLICE}`,
  ]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 1, ignoredPackets: 1 });
});

test('a stream without key pictures goes on at the next gradual refresh', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .sendUnit(3000, [hex(SLICE)])
    .sendUnit(6000, [hex(SLICE), hex(SLICE_2)])
    .sendUnit(9000, [hex('0606011480'), hex(SLICE)])
    .sendUnit(12_000, [hex(SLICE)]);
  expect(summary(depacketize(h264(), without(packets, 2)))).toEqual([
    `0: ${IDR} key`,
    `3000: ${SLICE}`,
    `9000: 0606011480 ${SLICE} after loss`,
    `12000: ${SLICE}`,
  ]);
});

test('damaged pictures come out as far as they are there, if they are wanted', () => {
  const options = { passesDamagedPictures: true };
  const depacketizer = createDepacketizer(rtpFormat('H264'), baseline, options)!;
  const { packets } = new PacketSequence()
    .sendUnit(0, [SPS, PPS, IDR, '7c85 40aa', '7c05 bb', '7c45 cc'].map(hex))
    .sendUnit(3000, ['5c81 e001', '5c41 0203'].map(hex))
    .sendUnit(6000, [hex(SLICE)]);
  expect(summary(depacketize(depacketizer, without(packets, 4, 7)))).toEqual([
    `0: SPS PPS ${IDR} key after loss`,
    `6000: ${SLICE} after loss`,
  ]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 3, droppedUnits: 0, ignoredPackets: 0 });
});

test('a stream that ends in the middle of a picture does not give out the half', () => {
  const depacketizer = h264();
  expect(summary(depacketize(depacketizer, stream.slice(0, 6)))).toEqual(ALL.slice(0, 2));
  expect(depacketizer.counters.damagedUnits).toBe(1);
});

test('an access unit without end is given up at 8 MiB', () => {
  const depacketizer = h264();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .send(3000, hex('7c85 88'))
    .sendUnit(
      3000,
      Array.from({ length: 300 }, () => new Uint8Array(60_000).fill(5).fill(0x7c, 0, 1)),
      'none',
    )
    .sendUnit(6000, [hex(SLICE)])
    .sendUnit(9000, [hex('09f0'), hex(IDR)]);
  expect(summary(depacketize(depacketizer, packets))).toEqual([
    `0: ${IDR} key`,
    `9000: ${IDR} key after loss`,
  ]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 1, ignoredPackets: 0 });
});

test.each([
  ['units', Array.from({ length: 40_000 }, () => hex('4180'))],
  ['fragments', [hex('7c85 88'), ...Array.from({ length: 40_000 }, () => hex('7c05 00'))]],
  [
    'aggregates that are cut off',
    Array.from({ length: 1000 }, () => hex(`78 ${'0001 41'.repeat(60)} 0009 41`)),
  ],
  ['units that are no picture', Array.from({ length: 40_000 }, () => hex('0605'))],
])('an access unit of more %s than any has is given up', (_name, payloads) => {
  const depacketizer = h264();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .sendUnit(3000, payloads, 'none')
    .sendUnit(6000, [hex('09f0'), hex(IDR)])
    .sendUnit(9000, [hex('09f0'), hex(IDR)]);
  expect(summary(depacketize(depacketizer, packets)).at(-1)).toBe(`9000: ${IDR} key`);
  expect(depacketizer.counters.damagedUnits).toBe(1);
});

test('the interleaved mode is not known here', () => {
  expect(createDepacketizer(rtpFormat('H264', { 'packetization-mode': '2' }), baseline)).toBeUndefined();
});
