import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { av1ConfigFromRecord } from '../../../codec/av1/av1-config.ts';
import { Av1ObuType, serializeObu } from '../../../codec/av1/obu.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { damagedBytes } from '../../../testing/mutated.ts';
import { payloadsOf, type CollectedPayload } from '../../../testing/payload-collector.ts';
import { createPacketizer } from './create-packetizer.ts';

const SEQUENCE_HEADER = hex('0000000043d07c4daf9004');
const emptyRecord = hex('81040c00');
const config = av1ConfigFromRecord(
  Uint8Array.from([...emptyRecord, ...serializeObu(Av1ObuType.sequenceHeader, SEQUENCE_HEADER)]),
);

function counted(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index & 0xff);
}

function temporalUnit(...obus: Uint8Array[]): Uint8Array {
  return Uint8Array.from(obus.flatMap((obu) => [...obu]));
}

function packetize(data: Uint8Array, isKey = false, maxPayloadBytes = 64): CollectedPayload[] {
  return payloadsOf(() => createPacketizer(config, maxPayloadBytes), data, isKey);
}

function described(payloads: readonly CollectedPayload[]): string[] {
  return payloads.map(({ payload, marker }) => `${toHex(payload)}${marker ? ' M' : ''}`);
}

/** The OBUs that a receiver gets, without sizes; each rule of the aggregation header checked. */
function reassembled(payloads: readonly CollectedPayload[]): Uint8Array[] {
  const obus: Uint8Array[] = [];
  let pieces: number[] | undefined;
  for (const { payload } of payloads) {
    const [continues, goesOn, count] = [payload[0]! >>> 7, (payload[0]! >>> 6) & 1, (payload[0]! >>> 4) & 3];
    expect(count).toBe(1);
    expect(payload[0]! & 0x07).toBe(0);
    expect(continues === 1).toBe(pieces !== undefined);
    expect(payload.length).toBeGreaterThan(1);
    pieces = [...(pieces ?? []), ...payload.subarray(1)];
    if (goesOn === 1) continue;
    obus.push(Uint8Array.from(pieces));
    pieces = undefined;
  }
  expect(pieces).toBeUndefined();
  return obus;
}

test('each OBU is a packet, without its size; the marker ends the temporal unit', () => {
  const unit = temporalUnit(
    serializeObu(Av1ObuType.metadata, hex('0102')),
    serializeObu(Av1ObuType.frame, hex('aabbcc')),
  );
  expect(described(packetize(unit))).toEqual(['10280102', '1030aabbcc M']);
});

test('an OBU without a size and one with an extension header go out alike', () => {
  expect(described(packetize(hex('30aabb')))).toEqual(['1030aabb M']);
  // obu_type 6, extension flag, size flag; temporal_id 1, spatial_id 2.
  expect(described(packetize(hex('36 30 02 aabb')))).toEqual(['103430aabb M']);
});

test('a long OBU is cut: Y says that it goes on, Z that it does', () => {
  const payload = counted(130);
  const digits = toHex(payload);
  expect(described(packetize(serializeObu(Av1ObuType.frame, payload)))).toEqual([
    `5030${digits.slice(0, 124)}`,
    `d0${digits.slice(124, 250)}`,
    `90${digits.slice(250)} M`,
  ]);
});

test('a key frame begins a sequence, with the sequence header of the config where it brings none', () => {
  const frame = serializeObu(Av1ObuType.frame, hex('aa'));
  const own = serializeObu(Av1ObuType.sequenceHeader, hex('0102'));
  expect(described(packetize(frame, true))).toEqual([`1808${toHex(SEQUENCE_HEADER)}`, '1030aa M']);
  expect(described(packetize(temporalUnit(own, frame), true))).toEqual(['18080102', '1030aa M']);
  expect(described(packetize(temporalUnit(own, frame), false))).toEqual(['10080102', '1030aa M']);
});

test.each([
  ['no OBU', emptyRecord],
  ['a damaged OBU', hex('81040c00 0aff')],
  ['nothing', hex('')],
])('a record with %s gives no sequence header', (_name, description) => {
  const create = (): ReturnType<typeof createPacketizer> => createPacketizer({ ...config, description }, 64);
  const payloads = payloadsOf(create, serializeObu(Av1ObuType.frame, hex('aa')), true);
  expect(described(payloads)).toEqual(['1830aa M']);
});

test('temporal delimiters and tile lists never go out', () => {
  const unit = temporalUnit(
    serializeObu(Av1ObuType.temporalDelimiter, hex('')),
    serializeObu(Av1ObuType.frame, hex('aa')),
    serializeObu(Av1ObuType.tileList, hex('bb')),
  );
  expect(described(packetize(unit))).toEqual(['1030aa M']);
  expect(packetize(serializeObu(Av1ObuType.temporalDelimiter, hex('')), true)).toEqual([]);
  expect(packetize(hex(''))).toEqual([]);
});

test('whatever the OBUs, they come back within the limit, and only the last packet has the marker', () => {
  const obu = fc.record({
    type: fc.constantFrom(1, 3, 4, 5, 6, 7, 15),
    extension: fc.option(fc.nat(0xff)),
    length: fc.oneof(fc.nat(80), fc.nat(4000)),
  });
  fc.assert(
    fc.property(
      fc.array(obu, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 64, max: 1500 }),
      (obus, limit) => {
        const bare = obus.map(({ type, extension, length }) =>
          extension === null
            ? Uint8Array.from([type << 3, ...counted(length)])
            : Uint8Array.from([(type << 3) | 4, extension, ...counted(length)]),
        );
        const sized = bare.map((bytes, index) => {
          const headerBytes = obus[index]!.extension === null ? 1 : 2;
          const { length } = obus[index]!;
          const size = length < 0x80 ? [length] : [0x80 | (length & 0x7f), length >>> 7];
          const header = [bytes[0]! | 2, ...bytes.subarray(1, headerBytes)];
          return Uint8Array.from([...header, ...size, ...bytes.subarray(headerBytes)]);
        });
        const payloads = packetize(temporalUnit(...sized), false, limit);
        expect(reassembled(payloads).map(toHex)).toEqual(bare.map(toHex));
        for (const [index, { payload, marker }] of payloads.entries()) {
          expect(payload.length).toBeLessThanOrEqual(limit);
          expect(marker).toBe(index === payloads.length - 1);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('damaged temporal units go out whole or not at all', () => {
  const seeds = [
    temporalUnit(serializeObu(1, SEQUENCE_HEADER), serializeObu(6, counted(100))),
    hex('36 30 02 aabb'),
  ];
  fc.assert(
    fc.property(damagedBytes(seeds, 200), (data) => {
      expect(packetize(data, true).at(-1)?.marker ?? true).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
