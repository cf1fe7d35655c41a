import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { H264Config } from '../../../codec/codec-config.ts';
import { joinLengthPrefixed } from '../../../codec/nal/length-prefixed.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { damagedBytes } from '../../../testing/mutated.ts';
import { payloadsOf, type CollectedPayload } from '../../../testing/payload-collector.ts';
import { createPacketizer, type PacketizerOptions } from './create-packetizer.ts';

const SPS = hex('6764001facd9');
const PPS = hex('68ebe3cb');
const config: H264Config = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.64001f',
  description: new Uint8Array(0),
  width: 0,
  height: 0,
  sequenceParameterSets: [SPS],
  pictureParameterSets: [PPS],
};

/** A unit whose bytes tell where they stood. */
function nal(header: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index === 0 ? header : index & 0xff));
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

/** What a receiver puts together again (RFC 6184, 5.6 to 5.8), with each rule of those clauses checked. */
function reassembled(payloads: readonly CollectedPayload[]): Uint8Array[] {
  const units: Uint8Array[] = [];
  let fragments: number[] | undefined;
  for (const { payload } of payloads) {
    const type = payload[0]! & 0x1f;
    if (type === 28) {
      const [indicator, header] = payload as unknown as [number, number];
      const isStart = (header & 0x80) !== 0;
      const isEnd = (header & 0x40) !== 0;
      expect(isStart && isEnd).toBe(false);
      expect(header & 0x20).toBe(0);
      expect(fragments === undefined).toBe(isStart);
      const nalHeader = (indicator & 0xe0) | (header & 0x1f);
      fragments ??= [nalHeader];
      expect(fragments[0]).toBe(nalHeader);
      expect(payload.length).toBeGreaterThan(2);
      fragments.push(...payload.subarray(2));
      if (!isEnd) continue;
      units.push(Uint8Array.from(fragments));
      fragments = undefined;
    } else {
      expect(fragments).toBeUndefined();
      if (type === 24) units.push(...unitsOfStapA(payload));
      else units.push(payload);
    }
  }
  expect(fragments).toBeUndefined();
  return units;
}

function unitsOfStapA(payload: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let at = 1;
  while (at < payload.length) {
    const length = payload[at]! * 256 + payload[at + 1]!;
    units.push(payload.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  expect(at).toBe(payload.length);
  expect(units.length).toBeGreaterThan(1);
  expect(payload[0]! & 0x80).toBe(units.some((unit) => (unit[0]! & 0x80) !== 0) ? 0x80 : 0);
  expect(payload[0]! & 0x60).toBe(Math.max(...units.map((unit) => unit[0]! & 0x60)));
  return units;
}

function described(payloads: readonly CollectedPayload[]): string[] {
  return payloads.map(({ payload, marker }) => `${toHex(payload)}${marker ? ' M' : ''}`);
}

test('a unit up to the limit is a packet of its own, the marker ends the access unit', () => {
  expect(described(packetize([nal(0x06, 3), nal(0x41, 64)]))).toEqual([
    '060102',
    `${toHex(nal(0x41, 64))} M`,
  ]);
});

// RFC 6184, 5.8: FU indicator with F and NRI of the unit and type 28; FU header with S, E and the unit's type.
test('a longer unit becomes fragments, whose headers replace its own', () => {
  const body = toHex(nal(0x65, 126).subarray(1));
  expect(described(packetize([nal(0x65, 126)]))).toEqual([
    `7c85${body.slice(0, 124)}`,
    `7c05${body.slice(124, 248)}`,
    `7c45${body.slice(248)} M`,
  ]);
});

test('one byte above the limit gives two fragments', () => {
  const [first, second] = packetize([nal(0x41, 65)]);
  expect(toHex(first!.payload.subarray(0, 2))).toBe('5c81');
  expect(toHex(second!.payload)).toBe('5c413f40');
});

test('a bad header bit goes into the fragments', () => {
  expect(packetize([nal(0xe1, 65)]).map(({ payload }) => toHex(payload.subarray(0, 2)))).toEqual([
    'fc81',
    'fc41',
  ]);
});

test('parameter sets go before a key frame that does not bring them', () => {
  const idr = nal(0x65, 4);
  expect(described(packetize([idr], true))).toEqual([toHex(SPS), toHex(PPS), `${toHex(idr)} M`]);
  expect(described(packetize([PPS, idr], true))).toHaveLength(4);
  expect(described(packetize([SPS, PPS, idr], true))).toHaveLength(3);
  expect(described(packetize([idr], false))).toHaveLength(1);
});

test('delimiters, empty units and types that RTP took for itself never go out', () => {
  const units = [nal(0x09, 2), nal(0x41, 5), ...[0, 24, 25, 28, 29, 30, 31].map((type) => nal(type, 3))];
  const frame = [...joinLengthPrefixed(units), 0, 0, 0, 0];
  const payloads = payloadsOf(() => createPacketizer(config, 64), Uint8Array.from(frame), false);
  expect(described(payloads)).toEqual(['4101020304 M']);
});

test.each([
  ['no byte', ''],
  ['a delimiter alone', '00000002 09f0'],
  ['a cut length', '00000002 4101 0000'],
  ['a length beyond the end', '00000002 4101 00000003 4101'],
  ['a length beyond 31 bits', '00000002 4101 ffffffff 4101'],
  ['a delimiter whose length leads beyond the end', '00000002 4101 00000004 09f0'],
])('nothing goes out of a frame with %s', (_name, data) => {
  expect(payloadsOf(() => createPacketizer(config, 64), hex(data), true)).toEqual([]);
});

// RFC 6184, figure 7: header with the greatest NRI, then each unit behind its size in 16 bits.
test('small units share a packet when that is wished', () => {
  const idr = nal(0x65, 80);
  const payloads = packetize([nal(0x06, 2), nal(0x06, 3), idr], true, 64, { aggregates: true });
  expect(described(payloads).slice(0, 2)).toEqual([
    `780006${toHex(SPS)}0004${toHex(PPS)}`,
    '18000206010003060102',
  ]);
  expect(reassembled(payloads)).toEqual([SPS, PPS, nal(0x06, 2), nal(0x06, 3), idr]);
  expect(payloads.map(({ marker }) => marker)).toEqual([false, false, false, true]);
});

test('a packet of several units ends the access unit, also with a delimiter behind them', () => {
  const units = [nal(0x41, 2), nal(0x41, 2), nal(0x09, 2)];
  expect(described(packetize(units, false, 64, { aggregates: true }))).toEqual(['580002410100024101 M']);
});

const header = fc.tuple(fc.integer({ min: 1, max: 23 }), fc.nat(7)).map(([type, bits]) => (bits << 5) | type);
const units = fc.array(
  fc.tuple(header, fc.oneof(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 4000 }))),
  { minLength: 1, maxLength: 8 },
);

test('whatever the units, they come back within the limit, and only the last packet has the marker', () => {
  fc.assert(
    fc.property(
      units,
      fc.integer({ min: 64, max: 1500 }),
      fc.boolean(),
      fc.boolean(),
      (shapes, limit, isKey, aggregates) => {
        const sent = shapes.map(([nalHeader, length]) => nal(nalHeader, length));
        const kept = sent.filter((unit) => (unit[0]! & 0x1f) !== 9);
        const ownSets = kept.filter((unit) => [7, 8].includes(unit[0]! & 0x1f)).length;
        const sets = isKey && ownSets < 2 ? [SPS, PPS] : [];
        const payloads = packetize(sent, isKey, limit, { aggregates });
        const expected = kept.length === 0 ? [] : [...sets, ...kept];
        expect(reassembled(payloads).map(toHex)).toEqual(expected.map(toHex));
        for (const [index, { payload, marker, ticksLater }] of payloads.entries()) {
          expect(payload.length).toBeLessThanOrEqual(limit);
          expect(marker).toBe(index === payloads.length - 1);
          expect(ticksLater).toBe(0);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('damaged frames go out whole or not at all', () => {
  const seeds = [joinLengthPrefixed([SPS, PPS, nal(0x65, 100)]), joinLengthPrefixed([nal(0x41, 9)])];
  fc.assert(
    fc.property(damagedBytes(seeds, 300), fc.boolean(), (data, aggregates) => {
      const payloads = payloadsOf(() => createPacketizer(config, 64, { aggregates }), data, true);
      const bytes = payloads.reduce((sum, { payload }) => sum + payload.length, 0);
      expect(bytes).toBeLessThanOrEqual(data.length * 2 + SPS.length + PPS.length);
      expect(payloads.at(-1)?.marker ?? true).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
