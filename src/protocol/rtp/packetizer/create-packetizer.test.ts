import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CodecConfig, OpaqueConfig } from '../../../codec/codec-config.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { damagedBytes } from '../../../testing/mutated.ts';
import { payloadsOf } from '../../../testing/payload-collector.ts';
import { createPacketizer } from './create-packetizer.ts';

const opaque: OpaqueConfig = {
  kind: 'opaque',
  codec: 'rtp',
  media: 'application',
  encodingName: 'vnd.onvif.metadata',
  clockRate: 90_000,
  channels: 1,
  formatParameters: '',
};
const description = new Uint8Array(0);
const audio = { kind: 'audio', codecString: '', description, sampleRate: 48_000, channels: 2 } as const;
const video = { kind: 'video', codecString: '', description, width: 0, height: 0 } as const;

test.each<CodecConfig>([
  { ...audio, codec: 'flac' },
  { ...audio, codec: 'ac3' },
  { ...audio, codec: 'eac3' },
  { ...audio, codec: 'other' },
  { ...video, codec: 'other' },
  { kind: 'data', codec: 'script' },
  { kind: 'data', codec: 'video-metadata' },
])('there is none for $kind of codec $codec', (config) => {
  expect(createPacketizer(config, 1200)).toBeUndefined();
});

test('limits that leave no room for media, or exceed a datagram, are refused', () => {
  for (const limit of [63, 0, -1, 65_524, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => createPacketizer(opaque, limit)).toThrow(RangeError);
  }
  for (const limit of [64, 65_523]) expect(createPacketizer(opaque, limit)).toBeDefined();
});

test('of an opaque packet payload and marker go on, header, extension and padding do not', () => {
  const create = (): ReturnType<typeof createPacketizer> => createPacketizer(opaque, 64);
  const packet = 'b0 eb 0001 00000002 00000003 bede0000 aabbcc 0002';
  expect(payloadsOf(create, hex(packet))).toEqual([{ payload: hex('aabbcc'), marker: true, ticksLater: 0 }]);
  const long = `80 6b 0001 00000002 00000003 ${'cd'.repeat(2000)}`;
  expect(payloadsOf(create, hex(long)).map(({ payload, marker }) => [toHex(payload), marker])).toEqual([
    ['cd'.repeat(2000), false],
  ]);
  fc.assert(
    fc.property(damagedBytes([hex(packet)], 64), (data) => {
      expect(payloadsOf(create, data).length).toBeLessThanOrEqual(1);
    }),
  );
});
