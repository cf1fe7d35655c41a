import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex } from '../../testing/hex.ts';
import { mp3ConfigFromFrame } from './mp3-config.ts';
import { parseMpegAudioHeader } from './mpeg-audio-header.ts';

const LAYER_3 = { layer: 3, samplesPerFrame: 1152 };

// The first, third and fourth were written by ffmpeg's encoders; lengths follow ISO/IEC 11172-3, 2.4.3.1.
test.each([
  [
    'fffb9064',
    { version: 1, ...LAYER_3, bitrate: 128_000, sampleRate: 44_100, channels: 2, frameLength: 417 },
  ],
  [
    'fffb9264',
    { version: 1, ...LAYER_3, bitrate: 128_000, sampleRate: 44_100, channels: 2, frameLength: 418 },
  ],
  [
    'fff340c4',
    {
      version: 2,
      layer: 3,
      samplesPerFrame: 576,
      bitrate: 32_000,
      sampleRate: 22_050,
      channels: 1,
      frameLength: 104,
    },
  ],
  [
    'fffde4c4',
    {
      version: 1,
      layer: 2,
      samplesPerFrame: 1152,
      bitrate: 384_000,
      sampleRate: 48_000,
      channels: 1,
      frameLength: 1152,
    },
  ],
  [
    'fffb94c4',
    { version: 1, ...LAYER_3, bitrate: 128_000, sampleRate: 48_000, channels: 1, frameLength: 384 },
  ],
  [
    'ffe388c0',
    { version: 2.5, layer: 3, samplesPerFrame: 576, bitrate: 64_000, sampleRate: 8000, frameLength: 576 },
  ],
  [
    'ffff1200',
    { version: 1, layer: 1, samplesPerFrame: 384, bitrate: 32_000, sampleRate: 44_100, frameLength: 36 },
  ],
  ['fffb0064', { version: 1, ...LAYER_3, bitrate: 0, frameLength: 0 }],
])('reads the header %s', (header, expected) => {
  expect(parseMpegAudioHeader(hex(header))).toMatchObject(expected);
});

test.each([
  ['too few bytes', 'fffb90'],
  ['no syncword', '00fb9064'],
  ['half a syncword', 'ff1b9064'],
  ['a reserved version', 'ffeb9064'],
  ['a reserved layer', 'fff99064'],
  ['a reserved bit rate', 'fffbf064'],
  ['a reserved sample rate', 'fffb9c64'],
])('refuses %s', (_name, header) => {
  expect(codeOf(() => parseMpegAudioHeader(hex(header)))).toBe('ERR_MPEG_AUDIO_HEADER');
  expect(codeOf(() => mp3ConfigFromFrame(hex(header)))).toBe('ERR_MPEG_AUDIO_HEADER');
});

test('makes a config of a frame', () => {
  expect(mp3ConfigFromFrame(hex('fffb9064 000000'))).toEqual({
    kind: 'audio',
    codec: 'mp3',
    codecString: 'mp3',
    description: new Uint8Array(0),
    sampleRate: 44_100,
    channels: 2,
  });
});

test('any four bytes are a sound header or end in the coded error', () => {
  fc.assert(
    fc.property(fc.nat(0x1f), fc.nat(0xff), fc.nat(0xff), (version, rates, mode) => {
      const bytes = Uint8Array.of(0xff, 0xe0 | version, rates, mode);
      const code = codeOf(() => {
        const header = parseMpegAudioHeader(bytes);
        expect(Number.isInteger(header.frameLength) && header.frameLength < 3000).toBe(true);
        expect(header.sampleRate >= 8000 && header.sampleRate <= 48_000).toBe(true);
      });
      expect([undefined, 'ERR_MPEG_AUDIO_HEADER']).toContain(code);
    }),
    { numRuns: 2000 },
  );
});
