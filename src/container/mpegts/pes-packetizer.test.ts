import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TsCollector } from '../../testing/ts-kit.ts';
import { PesPacketizer, type PesFields } from './pes-packetizer.ts';
import type { PesPayload } from './pes-payload.ts';

const plain: PesFields = {
  pid: 0x100,
  streamId: 0xe0,
  ptsTicks: 1000,
  dtsTicks: 1000,
  isRandomAccess: false,
  isDiscontinuous: false,
  pcrTicks: undefined,
};

function payloadOf(data: Uint8Array): PesPayload {
  return { length: data.length, write: (target, at) => target.set(data, at) };
}

/** Joins the payloads of packets again; every other byte is checked on the way. */
function joined(bytes: Uint8Array): Uint8Array {
  const parts: number[] = [];
  expect(bytes.length % 188).toBe(0);
  for (let at = 0; at < bytes.length; at += 188) {
    expect(bytes[at]).toBe(0x47);
    expect((bytes[at + 1]! & 0x40) !== 0).toBe(at === 0);
    expect(bytes[at + 3]! & 0x0f).toBe((at / 188) & 0x0f);
    const hasField = (bytes[at + 3]! & 0x20) !== 0;
    const fieldLength = hasField ? 1 + bytes[at + 4]! : 0;
    const hasFlags = fieldLength > 1;
    const fixed = hasFlags ? ((bytes[at + 5]! & 0x10) === 0 ? 2 : 8) : fieldLength;
    for (let stuffing = fixed; stuffing < fieldLength; stuffing += 1) {
      expect(bytes[at + 4 + stuffing]).toBe(0xff);
    }
    // Only the first packet may carry flags, only the last may be stuffed.
    if (at > 0 && hasFlags) expect(bytes[at + 5]).toBe(0);
    if (at + 188 < bytes.length) expect(fieldLength).toBe(fixed);
    parts.push(...bytes.subarray(at + 4 + fieldLength, at + 188));
  }
  return Uint8Array.from(parts);
}

test.each([
  ['without flags', plain, 14],
  ['with DTS', { ...plain, ptsTicks: 4000 }, 19],
  ['with a clock reference', { ...plain, pcrTicks: 5 }, 14],
  ['with random access alone', { ...plain, isRandomAccess: true }, 14],
  [
    'with everything',
    { ...plain, ptsTicks: 0, isRandomAccess: true, isDiscontinuous: true, pcrTicks: -5 },
    19,
  ],
])('payloads of 0 to 400 bytes come out as they went in, %s', (_name, fields, headerLength) => {
  for (let length = 0; length <= 400; length += 1) {
    const data = Uint8Array.from({ length }, (_, index) => index + length);
    const out = new TsCollector();
    new PesPacketizer().writePes(fields, payloadOf(data), out);
    const pes = joined(out.all);
    expect(pes.subarray(headerLength)).toEqual(data);
    expect((pes[4]! << 8) | pes[5]!).toBe(pes.length - 6);
    const fewest = Math.ceil(
      (pes.length + (fields.pcrTicks === undefined ? (fields.isRandomAccess ? 2 : 0) : 8)) / 184,
    );
    expect(out.all.length / 188).toBe(fewest);
  }
});

test('any payload comes out as it went in', () => {
  const fields = fc.record({
    pid: fc.constant(0x101),
    streamId: fc.constant(0xe0),
    ptsTicks: fc.integer(),
    dtsTicks: fc.integer(),
    isRandomAccess: fc.boolean(),
    isDiscontinuous: fc.boolean(),
    pcrTicks: fc.option(fc.integer(), { nil: undefined }),
  });
  fc.assert(
    fc.property(fields, fc.nat(70_000), fc.nat(255), (some, length, seed) => {
      const data = new Uint8Array(length).map((_, index) => (index * 7 + seed) & 0xff);
      const out = new TsCollector();
      new PesPacketizer().writePes(some, payloadOf(data), out);
      expect(Buffer.compare(joined(out.all).subarray(some.ptsTicks === some.dtsTicks ? 14 : 19), data)).toBe(
        0,
      );
    }),
    { numRuns: 60 },
  );
});

test('counts on from packet to packet, per PID; packets of the clock alone repeat the counter', () => {
  const out = new TsCollector();
  const packetizer = new PesPacketizer();
  const one = payloadOf(new Uint8Array(100));
  for (let index = 0; index < 20; index += 1) packetizer.writePes(plain, one, out);
  packetizer.writeClock(0x100, 90, out);
  packetizer.writePes({ ...plain, pid: 0x101 }, one, out);
  packetizer.writePes(plain, one, out);
  const { all } = out;
  const counters = Array.from({ length: all.length / 188 }, (_, index) => all[index * 188 + 3]! & 0x0f);
  expect(counters).toEqual([...Array.from({ length: 20 }, (_, index) => index % 16), 3, 0, 4]);
});

test('a packet of the clock alone is all adaptation field', () => {
  const out = new TsCollector();
  new PesPacketizer().writeClock(0x101, 2 ** 32 + 1, out);
  const head = Buffer.from(out.all.subarray(0, 12)).toString('hex');
  expect(head).toBe('4701012fb71080000000fe00');
  expect(out.all.subarray(12).every((byte) => byte === 0xff)).toBe(true);
});
