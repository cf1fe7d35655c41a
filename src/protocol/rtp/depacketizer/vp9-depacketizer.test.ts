import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PacketSequence, depacketize, rtpFormat } from '../../../testing/depacketizer-kit.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { createDepacketizer } from './create-depacketizer.ts';
import type { Depacketizer } from './depacketizer.ts';
import { parseVp9PayloadDescriptor } from './vp9-payload-descriptor.ts';

/** The start of a key frame of 322 x 242 that libvpx wrote, and an inter frame. */
const KEY = '824983420014100f160c38241c184a00';
const INTER = '86004092';

function vp9(): Depacketizer {
  return createDepacketizer(rtpFormat('VP9'), undefined)!;
}

test.each([
  {
    name: 'nothing but flags',
    payload: '0c aa',
    length: 1,
    startsFrame: true,
    endsFrame: true,
    spatialId: 0,
  },
  {
    name: 'a short picture ID',
    payload: '88 15 aa',
    length: 2,
    startsFrame: true,
    endsFrame: false,
    spatialId: 0,
  },
  {
    name: 'a long picture ID',
    payload: '84 9234 aa',
    length: 3,
    startsFrame: false,
    endsFrame: true,
    spatialId: 0,
  },
  {
    name: 'layers, with TL0PICIDX',
    payload: 'a8 15 44 77 aa',
    length: 4,
    startsFrame: true,
    endsFrame: false,
    spatialId: 2,
  },
  {
    name: 'layers in flexible mode, with three references',
    payload: 'f8 15 02 03 05 06 aa',
    length: 6,
    startsFrame: true,
    endsFrame: false,
    spatialId: 1,
  },
  {
    name: 'one reference',
    payload: 'd0 15 02 aa',
    length: 3,
    startsFrame: false,
    endsFrame: false,
    spatialId: 0,
  },
  {
    name: 'a fourth reference that does not exist',
    payload: 'd0 15 03 03 03 aa',
    length: 5,
    startsFrame: false,
    endsFrame: false,
    spatialId: 0,
  },
  {
    name: 'a scalability structure of two sizes and two pictures',
    payload: '0a 38 01400f0 0028001e0 02 04 01 08 0102 aa',
    length: 16,
    startsFrame: true,
    endsFrame: false,
    spatialId: 0,
  },
  {
    name: 'a scalability structure that says nothing',
    payload: '0a 00 aa',
    length: 2,
    startsFrame: true,
    endsFrame: false,
    spatialId: 0,
  },
])('reads a descriptor with $name', ({ payload, ...expected }) => {
  const bytes = hex(payload);
  const { name: _name, ...fields } = expected;
  expect(parseVp9PayloadDescriptor(bytes)).toEqual(fields);
  for (let length = 0; length < bytes.length - 1; length += 1) {
    expect(parseVp9PayloadDescriptor(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined();
  }
});

test('any bytes are a descriptor and data, or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (payload) => {
      const descriptor = parseVp9PayloadDescriptor(payload);
      expect(descriptor === undefined || descriptor.length < payload.length).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test.each<{ name: string; payloads: string[]; frame: string }>([
  { name: 'in one packet', payloads: [`0c ${INTER}`], frame: INTER },
  { name: 'in three packets', payloads: ['88 01 8600', '80 01 40', '84 01 92'], frame: INTER },
  { name: 'without its end flag', payloads: ['08 8600', '00 4092'], frame: INTER },
  {
    name: 'of two layers',
    payloads: ['ac 01 00 07 8600', 'a8 01 02 07 4092', 'a4 01 02 07 93'],
    frame: '8600 409293 c1 02 03 c1',
  },
  {
    name: 'of two layers, one of them large',
    payloads: [`ac 01 00 07 ${'11'.repeat(300)}`, 'ac 01 02 07 22'],
    frame: `${'11'.repeat(300)} 22 c9 2c01 0100 c9`,
  },
])('puts a picture together: $name', ({ payloads, frame }) => {
  const depacketizer = vp9();
  const { packets } = new PacketSequence().sendUnit(0, payloads.map(hex));
  expect(depacketize(depacketizer, packets).map(({ data }) => toHex(data))).toEqual([toHex(hex(frame))]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 });
});

test.each([
  ['a descriptor that is cut off', [`0c ${INTER}`, '80']],
  ['a descriptor with nothing behind it', [`0c ${INTER}`, '04']],
  ['no beginning', [`04 ${INTER}`]],
  ['data behind its end', [`0c ${INTER}`, '04 aa']],
  ['more layers than a superframe can have', Array.from({ length: 9 }, () => `0c ${INTER}`)],
])('a picture with %s is damaged, and does not come out', (_name, payloads) => {
  const depacketizer = vp9();
  const { packets } = new PacketSequence().sendUnit(0, payloads.map(hex)).send(3000, new Uint8Array(0));
  expect(depacketize(depacketizer, packets)).toEqual([]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 0, ignoredPackets: 1 });
});

test('key frames are told by their own header, also when its packet is tiny, and give the parameters', () => {
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(`0c ${INTER}`)])
    .sendUnit(3000, [hex(`08 ${KEY.slice(0, 6)}`), hex(`04 ${KEY.slice(6)}`)])
    .sendUnit(6000, [hex(`0c ${INTER}`)])
    .sendUnit(9000, [hex(`0c ${KEY}`)])
    .sendUnit(12_000, [hex('0c 82498342002580167016 0c38241c184a00')]);
  const units = depacketize(vp9(), packets);
  expect(units.map(({ isKey }) => isKey)).toEqual([false, true, false, true, true]);
  expect(units[0]!.config).toBeUndefined();
  expect(units[1]!.config).toMatchObject({
    codec: 'vp9',
    codecString: 'vp09.00.20.08',
    width: 322,
    height: 242,
  });
  expect(units[2]!.config).toBe(units[1]!.config);
  expect(units[3]!.config).toBe(units[1]!.config);
  expect(units[4]!.config).toMatchObject({ width: 601, height: 360 });
});

test('after a loss the stream goes on with the next key frame', () => {
  const depacketizer = vp9();
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(`0c ${KEY}`)])
    .sendUnit(3000, [hex('08 8600'), hex('00 40'), hex('04 92')])
    .sendUnit(6000, [hex(`0c ${INTER}`)])
    .sendUnit(9000, [hex(`0c ${INTER}`)])
    .sendUnit(12_000, [hex(`0c ${KEY}`)]);
  const received = packets.filter(({ number }) => number !== 2 && number !== 4);
  const units = depacketize(depacketizer, received);
  expect(units.map(({ timestamp, afterLoss }) => [timestamp, afterLoss])).toEqual([
    [0, false],
    [12_000, true],
  ]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 1, droppedUnits: 1, ignoredPackets: 0 });
});

test('a picture of more bytes than any has is given up', () => {
  const depacketizer = vp9();
  const endless = Array.from({ length: 300 }, () => new Uint8Array(60_000));
  const { packets } = new PacketSequence()
    .sendUnit(0, [hex(`0c ${INTER}`)])
    .sendUnit(3000, [hex(`08 ${INTER}`), ...endless], 'none')
    .sendUnit(6000, [hex(`0c ${KEY}`)]);
  expect(depacketize(depacketizer, packets).map(({ timestamp }) => timestamp)).toEqual([0, 6000]);
  expect(depacketizer.counters.damagedUnits).toBe(1);
});
