import { expect, test } from 'vitest';
import { av1ConfigFromRecord } from '../../../codec/av1/av1-config.ts';
import { PacketSequence, depacketize, rtpFormat } from '../../../testing/depacketizer-kit.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { createDepacketizer } from './create-depacketizer.ts';
import type { Depacketizer } from './depacketizer.ts';

const SEQUENCE_HEADER = '000000043d07c4daf90040';
const SEQUENCE_HEADER_10_BITS = '000000043d07c402f84040';
const config = av1ConfigFromRecord(hex(`81000c00 0a0b${SEQUENCE_HEADER}`));
/** Frame OBUs without size: a key frame that is shown, an inter frame. */
const KEY = '30 10aabb';
const INTER = '30 3c0102';
/** The same in the low-overhead format, and the sequence header. */
const KEY_SIZED = '320310aabb';
const INTER_SIZED = '32033c0102';
const SEQUENCE_SIZED = `0a0b${SEQUENCE_HEADER}`;

function av1(known = true): Depacketizer {
  return createDepacketizer(rtpFormat('AV1'), known ? config : undefined)!;
}

function unitsOf(payloads: readonly string[], depacketizer = av1()): string[] {
  const { packets } = new PacketSequence().sendUnit(3000, payloads.map(hex));
  return depacketize(depacketizer, packets).map(({ data }) => toHex(data));
}

test.each<{ name: string; payloads: string[]; unit: string }>([
  { name: 'one OBU', payloads: [`10 ${INTER}`], unit: INTER_SIZED },
  {
    name: 'two OBUs, the second without length',
    payloads: [`28 0c 08${SEQUENCE_HEADER} ${KEY}`],
    unit: SEQUENCE_SIZED + KEY_SIZED,
  },
  {
    name: 'OBUs that all have lengths',
    payloads: [`08 0c 08${SEQUENCE_HEADER} 04 ${KEY}`],
    unit: SEQUENCE_SIZED + KEY_SIZED,
  },
  { name: 'an OBU over three packets', payloads: ['50 30', 'd0 3c01', '90 02'], unit: INTER_SIZED },
  {
    name: 'an OBU cut between its header and its extension',
    payloads: ['50 34', '90 483c01'],
    unit: '3648023c01',
  },
  {
    name: 'the end of one OBU and the start of the next in a packet',
    payloads: ['50 30 3c', 'e0 02 0102 20', '90 aa'],
    unit: `${INTER_SIZED}2201aa`,
  },
  { name: 'OBUs that have their size already', payloads: [`10 ${INTER_SIZED}`], unit: INTER_SIZED },
  { name: 'a size in more bytes than needed', payloads: ['10 3283003c0102'], unit: '3283003c0102' },
  { name: 'a temporal delimiter', payloads: [`20 02 1200 ${INTER}`, '10 10'], unit: INTER_SIZED },
  {
    name: 'metadata and padding',
    payloads: [`30 02 2801 04 ${INTER} 7800`],
    unit: `2a0101${INTER_SIZED}7a0100`,
  },
  { name: 'an element of no bytes', payloads: [`00 00 04 ${INTER}`], unit: INTER_SIZED },
  {
    name: 'a frame in a header and tile groups',
    payloads: ['10 183c', '10 2001', '10 2002'],
    unit: '1a013c220101220102',
  },
])('takes apart $name', ({ payloads, unit }) => {
  const depacketizer = av1();
  expect(unitsOf(payloads, depacketizer)).toEqual([unit]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 });
});

test.each([
  ['a length behind the end', ['00 09 30 3c']],
  ['a length that is cut off', [`10 ${INTER}`, '00 80']],
  ['the end of an OBU without its beginning', ['90 0102']],
  ['the beginning of an OBU without its end', [`50 ${INTER}`, `10 ${INTER}`]],
  ['an OBU that is still open at its end', [`10 ${INTER}`, `50 ${INTER}`]],
  ['the forbidden bit', ['10 b03c0102']],
  ['a header that is cut off', [`10 ${INTER}`, '10 34']],
  ['a size that is not that of the element', ['10 32093c0102']],
])('a temporal unit with %s is damaged, and does not come out', (_name, payloads) => {
  const depacketizer = av1();
  const { packets } = new PacketSequence().sendUnit(0, payloads.map(hex)).sendUnit(3000, [hex('00')]);
  expect(depacketize(depacketizer, packets)).toEqual([]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 0, ignoredPackets: 1 });
});

test.each([
  ['a key frame with its sequence header', [`28 0c 08${SEQUENCE_HEADER} ${KEY}`], true],
  ['a key frame alone', [`10 ${KEY}`], false],
  ['a key frame that is not shown', [`20 0c 08${SEQUENCE_HEADER} 3000aa`], false],
  ['a frame that is shown again', [`20 0c 08${SEQUENCE_HEADER} 1890`], false],
  ['an inter frame with a sequence header', [`20 0c 08${SEQUENCE_HEADER} ${INTER}`], false],
  ['an intra frame', [`20 0c 08${SEQUENCE_HEADER} 3050aa`], false],
])('a key picture or not: %s', (_name, payloads, isKey) => {
  const { packets } = new PacketSequence().sendUnit(0, payloads.map(hex));
  expect(depacketize(av1(), packets).map((unit) => unit.isKey)).toEqual([isKey]);
});

test('the parameters come from the first sequence header, and change with a later one', () => {
  const depacketizer = av1(false);
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(`10 ${INTER}`)])
    .sendUnit(3000, [hex(`28 0c 08${SEQUENCE_HEADER} ${KEY}`)])
    .sendUnit(6000, [hex(`28 0c 08${SEQUENCE_HEADER} ${KEY}`)])
    .sendUnit(9000, [hex(`28 0c 08${SEQUENCE_HEADER_10_BITS} ${KEY}`)]);
  const configs = depacketize(depacketizer, packets).map((unit) => unit.config);
  expect(configs[0]).toBeUndefined();
  expect(configs[1]).toMatchObject({ codec: 'av1', codecString: 'av01.0.00M.08', width: 322, height: 242 });
  expect(configs[2]).toBe(configs[1]);
  expect(configs[3]).toMatchObject({ codecString: 'av01.0.00M.10' });
});

test('after a loss the stream goes on with the next sequence that begins for sure', () => {
  const depacketizer = av1();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(`28 0c 08${SEQUENCE_HEADER} ${KEY}`)])
    .sendUnit(3000, [hex('50 303c'), hex('90 0102')])
    .sendUnit(6000, [hex(`10 ${INTER}`)])
    .sendUnit(9000, [hex(`28 0c 08${SEQUENCE_HEADER} 3010aa`)])
    .sendUnit(12_000, [hex(`10 ${INTER}`)]);
  const received = packets.filter(({ number }) => number !== 2);
  const units = depacketize(depacketizer, received);
  expect(units.map(({ timestamp, afterLoss }) => [timestamp, afterLoss])).toEqual([
    [0, false],
    [9000, true],
    [12_000, false],
  ]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 2, droppedUnits: 0, ignoredPackets: 0 });
});

test('what is left of a damaged temporal unit comes out if it is wanted', () => {
  const depacketizer = createDepacketizer(rtpFormat('AV1'), config, { passesDamagedPictures: true })!;
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(`10 ${INTER}`)])
    .sendUnit(3000, [hex(`10 ${INTER}`), hex('50 20aa'), hex('d0 bb'), hex('90 cc'), hex('10 20dd')]);
  const received = packets.filter(({ number }) => number !== 3);
  expect(depacketize(depacketizer, received).map(({ data }) => toHex(data))).toEqual([
    INTER_SIZED,
    `${INTER_SIZED}2201dd`,
  ]);
});

test.each([
  ['bytes', Array.from({ length: 300 }, () => new Uint8Array(60_000).fill(0x10, 0, 1).fill(0x20, 1, 2))],
  [
    'bytes of one OBU',
    [hex('50 20'), ...Array.from({ length: 300 }, () => new Uint8Array(60_000).fill(0xd0, 0, 1))],
  ],
  ['OBUs', Array.from({ length: 1000 }, () => hex(`00 ${'02 2001'.repeat(100)} 7f`))],
])('a temporal unit of more %s than any has is given up', (_name, payloads) => {
  const depacketizer = av1();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(`10 ${INTER}`)])
    .sendUnit(3000, payloads, 'none')
    .sendUnit(6000, [hex(`28 0c 08${SEQUENCE_HEADER} ${KEY}`)]);
  expect(depacketize(depacketizer, packets).map(({ timestamp }) => timestamp)).toEqual([0, 6000]);
  expect(depacketizer.counters.damagedUnits).toBe(1);
});
