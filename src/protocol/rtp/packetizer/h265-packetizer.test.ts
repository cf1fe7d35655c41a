import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { H265Config } from '../../../codec/codec-config.ts';
import { joinLengthPrefixed } from '../../../codec/nal/length-prefixed.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { payloadsOf, type CollectedPayload } from '../../../testing/payload-collector.ts';
import { createPacketizer, type PacketizerOptions } from './create-packetizer.ts';

const VPS = hex('40010c01ffff');
const SPS = hex('4201010160');
const PPS = hex('4401c172');
const config: H265Config = {
  kind: 'video',
  codec: 'h265',
  codecString: 'hev1.1.6.L93.B0',
  description: new Uint8Array(0),
  width: 0,
  height: 0,
  videoParameterSets: [VPS],
  sequenceParameterSets: [SPS],
  pictureParameterSets: [PPS],
};

/** A unit of base layer and first temporal layer, unless said. */
function nal(type: number, length: number, secondByte = 0x01): Uint8Array {
  const unit = Uint8Array.from({ length }, (_, index) => index & 0xff);
  unit[0] = type << 1;
  unit[1] = secondByte;
  return unit;
}

function packetize(
  units: readonly Uint8Array[],
  isKey = false,
  maxPayloadBytes = 64,
  options: PacketizerOptions = {},
): CollectedPayload[] {
  const create = (): ReturnType<typeof createPacketizer> =>
    createPacketizer(config, maxPayloadBytes, options);
  return payloadsOf(create, joinLengthPrefixed(units), isKey);
}

/** What a receiver puts together again (RFC 7798, 4.4), with the rules of those clauses checked. */
function reassembled(payloads: readonly CollectedPayload[]): Uint8Array[] {
  const units: Uint8Array[] = [];
  let fragments: number[] | undefined;
  for (const { payload } of payloads) {
    const type = (payload[0]! >>> 1) & 0x3f;
    if (type === 49) {
      const header = payload[2]!;
      const isStart = (header & 0x80) !== 0;
      const isEnd = (header & 0x40) !== 0;
      expect(isStart && isEnd).toBe(false);
      expect(fragments === undefined).toBe(isStart);
      fragments ??= [(payload[0]! & 0x81) | ((header & 0x3f) << 1), payload[1]!];
      expect(fragments[1]).toBe(payload[1]);
      expect(payload.length).toBeGreaterThan(3);
      fragments.push(...payload.subarray(3));
      if (!isEnd) continue;
      units.push(Uint8Array.from(fragments));
      fragments = undefined;
    } else {
      expect(fragments).toBeUndefined();
      if (type === 48) units.push(...unitsOfAggregationPacket(payload));
      else units.push(payload);
    }
  }
  expect(fragments).toBeUndefined();
  return units;
}

function layerId(unit: Uint8Array): number {
  return (unit[0]! & 1) * 32 + (unit[1]! >>> 3);
}

function unitsOfAggregationPacket(payload: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let at = 2;
  while (at < payload.length) {
    const length = payload[at]! * 256 + payload[at + 1]!;
    units.push(payload.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  expect(at).toBe(payload.length);
  expect(units.length).toBeGreaterThan(1);
  expect(payload[0]! >>> 7).toBe(Math.max(...units.map((unit) => unit[0]! >>> 7)));
  expect(layerId(payload)).toBe(Math.min(...units.map(layerId)));
  expect(payload[1]! & 7).toBe(Math.min(...units.map((unit) => unit[1]! & 7)));
  return units;
}

function described(payloads: readonly CollectedPayload[]): string[] {
  return payloads.map(({ payload, marker }) => `${toHex(payload)}${marker ? ' M' : ''}`);
}

test('a unit up to the limit is a packet of its own, the marker ends the access unit', () => {
  expect(described(packetize([nal(39, 3), nal(1, 64)]))).toEqual(['4e0102', `${toHex(nal(1, 64))} M`]);
});

// RFC 7798, 4.4.3: payload header with type 49 and the unit's LayerId and TID; FU header with S, E and the unit's type.
test('a longer unit becomes fragments, whose headers replace its own', () => {
  const unit = nal(19, 125, 0x02);
  const body = toHex(unit.subarray(2));
  expect(described(packetize([unit]))).toEqual([
    `620293${body.slice(0, 122)}`,
    `620213${body.slice(122, 244)}`,
    `620253${body.slice(244)} M`,
  ]);
});

test('one byte above the limit gives two fragments, with the highest bit of the layer', () => {
  const unit = nal(1, 65);
  unit[0] = 0x83;
  expect(packetize([unit]).map(({ payload }) => toHex(payload.subarray(0, 3)))).toEqual(['e30181', 'e30141']);
});

test('parameter sets go before a key frame that does not bring them', () => {
  const idr = nal(19, 4);
  expect(described(packetize([idr], true))).toEqual([toHex(VPS), toHex(SPS), toHex(PPS), `${toHex(idr)} M`]);
  expect(packetize([SPS, PPS, idr], true)).toHaveLength(6);
  expect(packetize([VPS, SPS, PPS, idr], true)).toHaveLength(4);
  expect(packetize([idr], false)).toHaveLength(1);
});

test('delimiters, units without a whole header and types that RTP took for itself never go out', () => {
  const units = [nal(35, 3), nal(1, 5), nal(48, 4), nal(49, 4), nal(50, 4), Uint8Array.of(2)];
  expect(described(packetize(units))).toEqual(['0201020304 M']);
  expect(packetize([nal(35, 3)], true)).toEqual([]);
});

test('types without a meaning in the standard go out', () => {
  expect(described(packetize([nal(62, 3), nal(41, 2)]))).toEqual(['7c0102', '5201 M']);
});

test('small units share a packet when that is wished', () => {
  const idr = nal(19, 80);
  const payloads = packetize([idr], true, 64, { aggregates: true });
  expect(described(payloads)[0]).toBe(`60010006${toHex(VPS)}0005${toHex(SPS)}0004${toHex(PPS)}`);
  expect(reassembled(payloads)).toEqual([VPS, SPS, PPS, idr]);
});

const shape = fc.record({
  type: fc.nat(63).filter((type) => type < 48 || type > 50),
  layer: fc.nat(63),
  temporalId: fc.integer({ min: 1, max: 7 }),
  forbidden: fc.boolean(),
  length: fc.oneof(fc.integer({ min: 2, max: 80 }), fc.integer({ min: 2, max: 4000 })),
});

test('whatever the units, they come back within the limit, and only the last packet has the marker', () => {
  fc.assert(
    fc.property(
      fc.array(shape, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 64, max: 1500 }),
      fc.boolean(),
      fc.boolean(),
      (shapes, limit, isKey, aggregates) => {
        const sent = shapes.map(({ type, layer, temporalId, forbidden, length }) => {
          const unit = nal(type, length, ((layer & 0x1f) << 3) | temporalId);
          unit[0]! |= (layer >>> 5) | (forbidden ? 0x80 : 0);
          return unit;
        });
        const kept = sent.filter((_, index) => shapes[index]!.type !== 35);
        const ownSets = shapes.filter(({ type }) => type >= 32 && type <= 34).length;
        const sets = isKey && ownSets < 3 ? [VPS, SPS, PPS] : [];
        const payloads = packetize(sent, isKey, limit, { aggregates });
        const expected = kept.length === 0 ? [] : [...sets, ...kept];
        expect(reassembled(payloads).map(toHex)).toEqual(expected.map(toHex));
        for (const [index, { payload, marker }] of payloads.entries()) {
          expect(payload.length).toBeLessThanOrEqual(limit);
          expect(marker).toBe(index === payloads.length - 1);
        }
      },
    ),
    { numRuns: 200 },
  );
});
