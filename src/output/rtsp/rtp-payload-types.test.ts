import { expect, test } from 'vitest';
import type { OpaqueConfig } from '../../codec/codec-config.ts';
import {
  aacTrack,
  av1Track,
  g711Track,
  h264Track,
  h265Track,
  mp3Track,
  opusTrack,
} from '../../testing/ts-kit.ts';
import { RtpPayloadTypes } from './rtp-payload-types.ts';

function opaque(encodingName: string, clockRate: number, channels = 1): OpaqueConfig {
  const media = clockRate === 90_000 ? 'video' : 'audio';
  return { kind: 'opaque', codec: 'rtp', media, encodingName, clockRate, channels, formatParameters: '' };
}

test.each([
  { name: 'H.264', config: h264Track.config, type: 96 },
  { name: 'AAC', config: aacTrack.config, type: 97 },
  { name: 'H.265', config: h265Track.config, type: 98 },
  { name: 'AV1', config: av1Track.config, type: 99 },
  { name: 'Opus', config: opusTrack.config, type: 101 },
  { name: 'A-law', config: g711Track.config, type: 8 },
  { name: 'MP3', config: mp3Track.config, type: 14 },
  { name: 'MP2', config: opaque('MPA', 90_000), type: 14 },
  { name: 'MP2 of which the channels are said', config: opaque('mpa', 90_000, 2), type: 14 },
  { name: 'a transport stream', config: opaque('MP2T', 90_000), type: 33 },
  { name: 'Motion JPEG', config: opaque('JPEG', 90_000), type: 26 },
  { name: 'stereo samples', config: opaque('L16', 44_100, 2), type: 10 },
  { name: 'samples at a rate of their own', config: opaque('L16', 32_000, 2), type: 102 },
  { name: 'what has no number', config: opaque('X-UNKNOWN', 90_000), type: 102 },
])('$name is number $type', ({ config, type }) => {
  expect(new RtpPayloadTypes().take(config)).toBe(type);
});

test('no number is given twice, and there is an end to them', () => {
  const types = new RtpPayloadTypes();
  expect([1, 2, 3].map(() => types.take(h264Track.config))).toEqual([96, 102, 103]);
  expect([1, 2].map(() => types.take(g711Track.config))).toEqual([8, 104]);
  expect([1, 2].map(() => types.take(opaque('MP2T', 90_000)))).toEqual([33, 105]);
  for (let type = 106; type <= 127; type += 1) expect(types.take(opaque('X', 1000))).toBe(type);
  expect(types.take(opaque('X', 1000))).toBeUndefined();
  expect(types.take(h265Track.config)).toBe(98);
});

test.each([
  { name: 'data', config: { kind: 'data', codec: 'script' } as const },
  { name: 'AC-3', config: { ...aacTrack.config, codec: 'ac3' } as never },
])('$name has none', ({ config }) => {
  expect(new RtpPayloadTypes().take(config)).toBeUndefined();
});
