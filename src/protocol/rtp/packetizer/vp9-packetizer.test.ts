import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { vp9ConfigFromRecord } from '../../../codec/vp9/vp9-config.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { payloadsOf, type CollectedPayload } from '../../../testing/payload-collector.ts';
import { createPacketizer } from './create-packetizer.ts';
import type { Packetizer } from './packetizer.ts';
import { Vp9Packetizer } from './vp9-packetizer.ts';

const config = vp9ConfigFromRecord(hex('00 14 82 02 02 02 0000'));

function counted(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index & 0xff);
}

function described(payloads: readonly CollectedPayload[]): string[] {
  return payloads.map(({ payload, marker }) => `${toHex(payload)}${marker ? ' M' : ''}`);
}

const create = (): Packetizer | undefined => createPacketizer(config, 64);

// RFC 9628, 4.2: I, P, L, F, B, E, V, Z; then M and 15 bits of picture ID.
test('a frame that fits begins and ends in its packet', () => {
  expect(described(payloadsOf(create, hex('8249'), true))).toEqual(['8c80008249 M']);
  expect(described(payloadsOf(create, hex('8600'), false))).toEqual(['cc80008600 M']);
  expect(payloadsOf(create, hex(''), true)).toEqual([]);
});

test('a longer frame begins in the first and ends in the last', () => {
  const digits = toHex(counted(130));
  expect(described(payloadsOf(create, counted(130), false))).toEqual([
    `c88000${digits.slice(0, 122)}`,
    `c08000${digits.slice(122, 244)}`,
    `c48000${digits.slice(244)} M`,
  ]);
});

test('frames are counted in 15 bits', () => {
  const packetizer = new Vp9Packetizer(64);
  const ids: number[] = [];
  const bytes = new Uint8Array(64);
  const target = { bytes, beginPayload: () => 0 };
  for (let index = 0; index < 0x8002; index += 1) {
    packetizer.packetize(hex('86'), false, target);
    ids.push(bytes[1]! * 256 + bytes[2]!);
  }
  expect(ids.slice(0, 2)).toEqual([0x8000, 0x8001]);
  expect(ids.slice(0x7fff)).toEqual([0xffff, 0x8000, 0x8001]);
});

test('frames of any length come back, within the limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 64, max: 1500 }), (length, limit) => {
      const payloads = payloadsOf(() => createPacketizer(config, limit), counted(length), true);
      const bytes = Uint8Array.from(payloads.flatMap(({ payload }) => [...payload.subarray(3)]));
      expect(bytes).toEqual(counted(length));
      for (const [index, { payload, marker }] of payloads.entries()) {
        expect(payload.length).toBeLessThanOrEqual(limit);
        expect((payload[0]! & 0x08) !== 0).toBe(index === 0);
        expect((payload[0]! & 0x04) !== 0).toBe(index === payloads.length - 1);
        expect(marker).toBe(index === payloads.length - 1);
      }
    }),
    { numRuns: 50 },
  );
});
