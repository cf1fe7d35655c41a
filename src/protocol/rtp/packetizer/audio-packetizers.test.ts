import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aacConfigFromAudioSpecificConfig } from '../../../codec/aac/aac-config.ts';
import type { CodecConfig } from '../../../codec/codec-config.ts';
import { g711Config } from '../../../codec/g711/g711-config.ts';
import { opusConfigFromHead } from '../../../codec/opus/opus-config.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { payloadsOf, type CollectedPayload } from '../../../testing/payload-collector.ts';
import { createPacketizer } from './create-packetizer.ts';

const aac = aacConfigFromAudioSpecificConfig(hex('1190'));
const opus = opusConfigFromHead(new Uint8Array(0));
const mp3: CodecConfig = {
  kind: 'audio',
  codec: 'mp3',
  codecString: 'mp3',
  description: new Uint8Array(0),
  sampleRate: 44_100,
  channels: 2,
};

function counted(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index & 0xff);
}

function packetize(config: CodecConfig, data: Uint8Array, maxPayloadBytes = 64): CollectedPayload[] {
  return payloadsOf(() => createPacketizer(config, maxPayloadBytes), data);
}

function described(payloads: readonly CollectedPayload[]): string[] {
  return payloads.map(({ payload, marker }) => `${toHex(payload)}${marker ? ' M' : ''}`);
}

function joined(payloads: readonly CollectedPayload[], headerBytes: number): Uint8Array {
  return Uint8Array.from(payloads.flatMap(({ payload }) => [...payload.subarray(headerBytes)]));
}

// RFC 3640, 3.2.1 and 3.3.6: one AU-header of 16 bits; size 5 is 0000000000101, index 0.
test('an AAC access unit goes behind its header, with the marker', () => {
  expect(described(packetize(aac, counted(5)))).toEqual(['001000280001020304 M']);
});

// 3.2.1.1: with a fragment AU-size is that of the whole; 3.1: the marker is on the last fragment.
test('a long AAC access unit is cut, each packet says the size of the whole', () => {
  const data = counted(130);
  const digits = toHex(data);
  expect(described(packetize(aac, data))).toEqual([
    `00100410${digits.slice(0, 120)}`,
    `00100410${digits.slice(120, 240)}`,
    `00100410${digits.slice(240)} M`,
  ]);
});

test('the longest AAC access unit goes out, a longer one or none does not', () => {
  const payloads = packetize(aac, counted(8191), 1200);
  expect(toHex(payloads[0]!.payload.subarray(0, 4))).toBe('0010fff8');
  expect(joined(payloads, 4)).toEqual(counted(8191));
  expect(packetize(aac, counted(8192), 1200)).toEqual([]);
  expect(packetize(aac, counted(0))).toEqual([]);
});

// RFC 2250, 3.5: MBZ, then the offset of the fragment in its frame.
test('MPEG audio goes behind its header, long frames in pieces, without a marker', () => {
  expect(described(packetize(mp3, hex('fffb9064')))).toEqual(['00000000fffb9064']);
  const data = counted(1000);
  const payloads = packetize(mp3, data, 400);
  expect(payloads.map(({ payload }) => toHex(payload.subarray(0, 4)))).toEqual([
    '00000000',
    '0000018c',
    '00000318',
  ]);
  expect(joined(payloads, 4)).toEqual(data);
  expect(payloads.some(({ marker }) => marker)).toBe(false);
  expect(packetize(mp3, counted(0))).toEqual([]);
  expect(packetize(mp3, counted(0x1_0000), 1200)).toEqual([]);
});

test('an Opus packet is the payload, above the limit as well, without a marker', () => {
  expect(described(packetize(opus, hex('fc0102')))).toEqual(['fc0102']);
  expect(described(packetize(opus, counted(1275)))).toEqual([toHex(counted(1275))]);
  expect(packetize(opus, counted(0))).toEqual([]);
  expect(packetize(opus, counted(65_523))).toHaveLength(1);
  expect(packetize(opus, counted(65_524))).toEqual([]);
});

test('G.711 samples are the payload, without a marker', () => {
  expect(described(packetize(g711Config('g711a'), hex('d5d555')))).toEqual(['d5d555']);
  expect(described(packetize(g711Config('g711u'), hex('ff7f')))).toEqual(['ff7f']);
  expect(packetize(g711Config('g711u'), counted(0))).toEqual([]);
});

test('long G.711 frames are cut between samples, each piece has its own time', () => {
  const mono = packetize(g711Config('g711a'), counted(160));
  expect(mono.map(({ payload, ticksLater }) => [payload.length, ticksLater])).toEqual([
    [64, 0],
    [64, 64],
    [32, 128],
  ]);
  const threeChannels = packetize(g711Config('g711a', 8000, 3), counted(150));
  expect(threeChannels.map(({ payload, ticksLater }) => [payload.length, ticksLater])).toEqual([
    [63, 0],
    [63, 21],
    [24, 42],
  ]);
  expect(joined(threeChannels, 0)).toEqual(counted(150));
});

test.each([
  ['AAC', aac, 4, 8191],
  ['MPEG audio', mp3, 4, 10_000],
  ['A-law', g711Config('g711a', 8000, 2), 0, 10_000],
])('%s of any length comes back, within the limit', (_name, config, headerBytes, maxLength) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: maxLength }),
      fc.integer({ min: 64, max: 1500 }),
      (length, limit) => {
        const payloads = packetize(config, counted(length), limit);
        expect(Buffer.compare(joined(payloads, headerBytes), counted(length))).toBe(0);
        expect(Math.max(...payloads.map(({ payload }) => payload.length))).toBeLessThanOrEqual(limit);
        const markers = payloads.map(({ marker }) => marker);
        expect(markers.slice(0, -1)).not.toContain(true);
        expect(markers.at(-1)).toBe(config.codec === 'aac');
      },
    ),
    { numRuns: 50 },
  );
});
