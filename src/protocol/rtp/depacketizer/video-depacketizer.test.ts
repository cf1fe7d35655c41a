import { expect, test } from 'vitest';
import { PacketSequence, depacketize, receiveAll } from '../../../testing/depacketizer-kit.ts';
import {
  IDR,
  IDR_2,
  PPS,
  SEI,
  SLICE,
  SLICE_2,
  SPS,
  h264Depacketizer,
  summaryOf,
  without,
} from '../../../testing/h264-rtp-kit.ts';
import { hex } from '../../../testing/hex.ts';

test('an access unit comes out with its marker, the first one with the packet behind it', () => {
  const depacketizer = h264Depacketizer();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR), hex(IDR_2)])
    .sendUnit(3000, [hex(SLICE), hex(SLICE_2)])
    .sendUnit(6000, [hex(SLICE)]);
  expect(packets.map((packet) => summaryOf(receiveAll(depacketizer, [packet], packet.number)))).toEqual([
    [],
    [],
    [`0: ${IDR} ${IDR_2} key`],
    [`3000: ${SLICE} ${SLICE_2}`],
    [`6000: ${SLICE}`],
  ]);
  expect(depacketizer.flush()).toEqual([]);
});

test('without markers, access units end where the timestamp changes', () => {
  const depacketizer = h264Depacketizer();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(SPS), hex(PPS), hex(IDR)], 'none')
    .sendUnit(3000, [hex(SLICE), hex(SLICE_2)], 'none')
    .sendUnit(6000, [hex(SLICE)], 'none');
  expect(summaryOf(receiveAll(depacketizer, packets))).toEqual([
    `0: SPS PPS ${IDR} key`,
    `3000: ${SLICE} ${SLICE_2}`,
  ]);
  expect(summaryOf(depacketizer.flush())).toEqual([`6000: ${SLICE}`]);
});

test('a sender that marks every NAL unit tears no picture, not even its first', () => {
  const depacketizer = h264Depacketizer();
  const { packets } = new PacketSequence()
    .sendUnit(0, [SPS, PPS, SEI, IDR, IDR_2, IDR_2].map(hex), 'all')
    .sendUnit(3000, [SLICE, SLICE_2].map(hex), 'all')
    .sendUnit(6000, [SLICE, SLICE_2].map(hex), 'all');
  expect(summaryOf(depacketize(depacketizer, packets))).toEqual([
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
  expect(summaryOf(depacketize(h264Depacketizer(), packets))).toEqual([
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
  expect(summaryOf(depacketize(h264Depacketizer(), packets))).toEqual([
    `0: ${IDR} key`,
    `3000: ${SLICE}`,
    `6000: ${SLICE}`,
    `9000: ${SLICE}`,
  ]);
});

test('a sender whose markers turn out to mean nothing costs one picture, and what refers to it', () => {
  const depacketizer = h264Depacketizer();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .sendUnit(3000, [hex(SLICE)])
    .sendUnit(6000, [SLICE, SLICE_2].map(hex), 'all')
    .sendUnit(9000, [SLICE, SLICE_2].map(hex), 'all')
    .sendUnit(12_000, [IDR, IDR_2].map(hex), 'all')
    .sendUnit(15_000, [SLICE, SLICE_2].map(hex), 'all');
  expect(summaryOf(depacketize(depacketizer, packets))).toEqual([
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
  expect(summaryOf(depacketize(h264Depacketizer(), packets))).toEqual([
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
  expect(summaryOf(depacketize(h264Depacketizer(), packets))).toEqual([
    `0: ${IDR} key`,
    `0: ${SLICE}`,
    `0: ${SLICE}`,
  ]);
});

test('timestamps that step back are those of B pictures', () => {
  const { packets } = new PacketSequence()
    .send(3000, hex(IDR), true)
    .send(12_000, hex(SLICE), true)
    .send(6000, hex(SLICE), true);
  expect(depacketize(h264Depacketizer(), packets).map(({ timestamp }) => timestamp)).toEqual([
    3000, 12_000, 6000,
  ]);
});

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
  const depacketizer = h264Depacketizer();
  const units = depacketize(depacketizer, without(stream, ...lost));
  expect(summaryOf(units)).toEqual(out);
  expect(depacketizer.counters).toEqual({ damagedUnits: damaged, droppedUnits: dropped, ignoredPackets: 0 });
});

test('parameter sets before each slice do not make the rest of a picture look like a whole one', () => {
  const depacketizer = h264Depacketizer();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(SLICE)])
    .sendUnit(3000, [hex(SLICE)])
    .sendUnit(6000, [SPS, IDR, SPS, IDR_2, SPS, IDR_2].map(hex));
  expect(summaryOf(depacketize(h264Depacketizer(), packets)).at(-1)).toBe(
    `6000: SPS ${IDR} SPS ${IDR_2} SPS ${IDR_2} key`,
  );
  expect(summaryOf(depacketize(depacketizer, without(packets, 2, 3)))).toEqual([
    `0: ${SLICE}`,
    `3000: ${SLICE}`,
  ]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 0, ignoredPackets: 0 });
});

test('that the markers mean nothing also shows where parameter sets stand before each slice', () => {
  const depacketizer = h264Depacketizer();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(SLICE)])
    .sendUnit(3000, [hex(SLICE)])
    .sendUnit(6000, [SPS, IDR, SPS, IDR_2].map(hex), 'all')
    .sendUnit(9000, [SPS, IDR, SPS, IDR_2].map(hex), 'all');
  expect(summaryOf(depacketize(depacketizer, packets)).slice(2)).toEqual([
    `6000: SPS ${IDR} key`,
    `9000: SPS ${IDR} SPS ${IDR_2} key after loss`,
  ]);
  expect(depacketizer.counters.damagedUnits).toBe(1);
});

test('a sender that marks every NAL unit and repeats the sets before each slice tears no picture', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [SPS, PPS, IDR, SPS, PPS, IDR_2].map(hex), 'all')
    .sendUnit(3000, [SLICE, SLICE_2].map(hex), 'all')
    .sendUnit(6000, [SPS, PPS, IDR, SPS, PPS, IDR_2].map(hex), 'all');
  expect(summaryOf(depacketize(h264Depacketizer(), packets))).toEqual([
    `0: SPS PPS ${IDR} SPS PPS ${IDR_2} key`,
    `3000: ${SLICE} ${SLICE_2}`,
    `6000: SPS PPS ${IDR} SPS PPS ${IDR_2} key`,
  ]);
});

test('a loss before a packet that means nothing is not forgotten', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .sendUnit(3000, [hex(SLICE)])
    .send(6000, hex(SEI))
    .send(6000, hex('1f'))
    .send(6000, hex(SLICE), true)
    .sendUnit(9000, [hex(SLICE)]);
  const depacketizer = h264Depacketizer();
  expect(summaryOf(depacketize(depacketizer, without(packets, 2)))).toEqual([
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
  expect(summaryOf(depacketize(h264Depacketizer(), without(packets, 2)))).toEqual([
    `0: ${IDR} key`,
    `3000: ${SLICE}`,
    `9000: 0606011480 ${SLICE} after loss`,
    `12000: ${SLICE}`,
  ]);
});

test('damaged pictures come out as far as they are there, if they are wanted', () => {
  const depacketizer = h264Depacketizer(true);
  const { packets } = new PacketSequence()
    .sendUnit(0, [SPS, PPS, IDR, '7c85 40aa', '7c05 bb', '7c45 cc'].map(hex))
    .sendUnit(3000, ['5c81 e001', '5c41 0203'].map(hex))
    .sendUnit(6000, [hex(SLICE)]);
  expect(summaryOf(depacketize(depacketizer, without(packets, 4, 7)))).toEqual([
    `0: SPS PPS ${IDR} key after loss`,
    `6000: ${SLICE} after loss`,
  ]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 3, droppedUnits: 0, ignoredPackets: 0 });
});

test('a stream that ends in the middle of a picture does not give out the half', () => {
  const depacketizer = h264Depacketizer();
  expect(summaryOf(depacketize(depacketizer, stream.slice(0, 6)))).toEqual(ALL.slice(0, 2));
  expect(depacketizer.counters.damagedUnits).toBe(1);
});

test('an access unit without end is given up at 8 MiB', () => {
  const depacketizer = h264Depacketizer();
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
  expect(summaryOf(depacketize(depacketizer, packets))).toEqual([
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
  const depacketizer = h264Depacketizer();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(IDR)])
    .sendUnit(3000, payloads, 'none')
    .sendUnit(6000, [hex('09f0'), hex(IDR)])
    .sendUnit(9000, [hex('09f0'), hex(IDR)]);
  expect(summaryOf(depacketize(depacketizer, packets)).at(-1)).toBe(`9000: ${IDR} key`);
  expect(depacketizer.counters.damagedUnits).toBe(1);
});
