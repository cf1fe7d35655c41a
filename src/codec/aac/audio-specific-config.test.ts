import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitString } from '../../testing/bit-string.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { aacConfigFromAudioSpecificConfig } from './aac-config.ts';
import { parseAudioSpecificConfig, serializeAudioSpecificConfig } from './audio-specific-config.ts';
import { AAC_SAMPLING_FREQUENCIES, samplingFrequencyIndexOf } from './sampling-frequency.ts';

/** The last four were written by ffmpeg 5.1; the others follow ISO/IEC 14496-3, 1.6.2.1 by hand. */
const VECTORS = [
  {
    name: 'LC 48 kHz stereo, lal’s dummy audio',
    bytes: '1190',
    expected: {
      objectType: 2,
      samplingFrequency: 48_000,
      channels: 2,
      sbr: undefined,
      samplesPerFrame: 1024,
    },
  },
  {
    name: 'LC 44.1 kHz mono',
    bytes: '1208',
    expected: { objectType: 2, samplingFrequency: 44_100, channels: 1, channelConfiguration: 1 },
  },
  {
    name: 'LC 44.1 kHz with any bytes behind',
    bytes: '1210 deadbeef00',
    expected: { objectType: 2, samplingFrequency: 44_100, channels: 2, sbr: undefined },
  },
  {
    name: 'LC 7.1',
    bytes: '11b8',
    expected: { channelConfiguration: 7, channels: 8 },
  },
  {
    name: 'explicit frequency 44056 Hz',
    bytes: toHex(new BitString().u(5, 2).u(4, 15).u(24, 44_056).u(4, 2).u(3, 0).bytes()),
    expected: { objectType: 2, samplingFrequency: 44_056, channels: 2 },
  },
  {
    name: 'HE-AAC, explicit hierarchical signal',
    bytes: toHex(new BitString().u(5, 5).u(4, 6).u(4, 2).u(4, 3).u(5, 2).u(3, 0).bytes()),
    expected: {
      objectType: 2,
      signalledObjectType: 5,
      samplingFrequency: 24_000,
      extensionSamplingFrequency: 48_000,
      sbr: true,
      ps: undefined,
    },
  },
  {
    name: 'HE-AAC v2, explicit hierarchical signal with explicit frequencies',
    bytes: toHex(
      new BitString().u(5, 29).u(4, 15).u(24, 22_000).u(4, 1).u(4, 15).u(24, 44_000).u(5, 2).u(3, 0).bytes(),
    ),
    expected: {
      objectType: 2,
      signalledObjectType: 29,
      samplingFrequency: 22_000,
      extensionSamplingFrequency: 44_000,
      channels: 1,
      sbr: true,
      ps: true,
    },
  },
  {
    name: 'HE-AAC v2, backward compatible signal',
    bytes: toHex(
      new BitString()
        .u(5, 2)
        .u(4, 7)
        .u(4, 1)
        .u(3, 0)
        .u(11, 0x2b7)
        .u(5, 5)
        .u(1, 1)
        .u(4, 4)
        .u(11, 0x548)
        .u(1, 1)
        .bytes(),
    ),
    expected: {
      objectType: 2,
      signalledObjectType: 2,
      samplingFrequency: 22_050,
      extensionSamplingFrequency: 44_100,
      sbr: true,
      ps: true,
    },
  },
  {
    name: 'LC of 960 samples that depends on a core coder',
    bytes: toHex(new BitString().u(5, 2).u(4, 3).u(4, 2).u(1, 1).u(1, 1).u(14, 100).u(1, 0).bytes()),
    expected: { objectType: 2, samplesPerFrame: 960 },
  },
  {
    name: 'ER AAC LD',
    bytes: toHex(new BitString().u(5, 23).u(4, 3).u(4, 2).u(2, 0).u(1, 1).u(4, 0).bytes()),
    expected: { objectType: 23, samplesPerFrame: 512 },
  },
  {
    name: 'xHE-AAC, whose own config is not read',
    bytes: toHex(new BitString().u(5, 31).u(6, 10).u(4, 3).u(4, 2).u(16, 0xffff).bytes()),
    expected: { objectType: 42, samplingFrequency: 48_000, channels: 2 },
  },
  {
    name: 'a reserved frequency index',
    bytes: '1690',
    expected: { objectType: 2, samplingFrequency: 0, channels: 2 },
  },
  {
    name: 'channelConfiguration 0 without a program config element',
    bytes: '1180',
    expected: { channelConfiguration: 0, channels: 0, samplingFrequency: 48_000 },
  },
  {
    name: 'ffmpeg stereo',
    bytes: '121056e500',
    expected: { samplingFrequency: 44_100, channels: 2, sbr: false },
  },
  {
    name: 'ffmpeg 5.1',
    bytes: '11b056e500',
    expected: { samplingFrequency: 48_000, channels: 6, sbr: false },
  },
  {
    name: 'ffmpeg hexagonal, with a program config element',
    bytes: '118004c808002008840d4c61766335392e33372e31303056e500',
    expected: { channelConfiguration: 0, channels: 6, sbr: false, samplingFrequency: 48_000 },
  },
];

test.each(VECTORS)('reads $name', ({ bytes, expected }) => {
  expect(parseAudioSpecificConfig(hex(bytes))).toMatchObject(expected);
});

test.each(VECTORS)('makes a config of $name that keeps the bytes verbatim', ({ bytes }) => {
  const input = hex(bytes);
  const parsed = parseAudioSpecificConfig(input);
  const config = aacConfigFromAudioSpecificConfig(input);
  expect(config).toEqual({
    kind: 'audio',
    codec: 'aac',
    codecString: `mp4a.40.${parsed.signalledObjectType}`,
    description: input,
    sampleRate: parsed.samplingFrequency,
    channels: parsed.channels,
    objectType: parsed.objectType,
  });
  expect(config.description).toBe(input);
});

test('counts the channels of a program config element with every kind of element', () => {
  const bits = new BitString().u(5, 2).u(4, 3).u(4, 0).u(3, 0);
  bits.u(4, 0).u(2, 1).u(4, 3); // tag, object type, frequency
  bits.u(4, 2).u(4, 1).u(4, 1).u(2, 1).u(3, 1).u(4, 1); // front, side, back, lfe, data, coupling
  bits.u(1, 1).u(4, 0).u(1, 1).u(4, 0).u(1, 1).u(3, 0); // three mixdowns
  bits.u(1, 0).u(4, 0).u(1, 1).u(4, 1); // front: one single, one pair
  bits.u(1, 1).u(4, 0).u(1, 1).u(4, 1); // side and back pairs
  bits.u(4, 0).u(4, 0).u(5, 0); // lfe, data, coupling
  const withComment = Uint8Array.from([...bits.bytes(), 2, 0x68, 0x69]);
  expect(parseAudioSpecificConfig(withComment).channels).toBe(8);
});

test('a program config element that is cut off leaves the channels unknown', () => {
  expect(parseAudioSpecificConfig(hex('118004c808')).channels).toBe(0);
});

test.each(['', '12', 'fa'])('refuses %s as too short', (bytes) => {
  expect(codeOf(() => parseAudioSpecificConfig(hex(bytes)))).toBe('ERR_AAC_CONFIG');
  expect(codeOf(() => aacConfigFromAudioSpecificConfig(hex(bytes)))).toBe('ERR_AAC_CONFIG');
});

test('refuses an explicit frequency that is cut off', () => {
  expect(codeOf(() => parseAudioSpecificConfig(hex('1780 55')))).toBe('ERR_AAC_CONFIG');
});

test('what it writes, it reads', () => {
  const frequency = fc.oneof(
    fc.constantFrom(...AAC_SAMPLING_FREQUENCIES),
    fc.integer({ min: 1, max: 0xffffff }),
  );
  const objectType = fc.constantFrom(1, 2, 3, 4);
  fc.assert(
    fc.property(objectType, frequency, fc.integer({ min: 0, max: 15 }), (type, hertz, channels) => {
      const config = { objectType: type, samplingFrequency: hertz, channelConfiguration: channels };
      const bytes = serializeAudioSpecificConfig(config);
      expect(bytes).toHaveLength(AAC_SAMPLING_FREQUENCIES.includes(hertz) ? 2 : 5);
      expect(parseAudioSpecificConfig(bytes)).toMatchObject(config);
    }),
  );
});

test('writes the plain form as everybody does', () => {
  const stereo = { objectType: 2, samplingFrequency: 48_000, channelConfiguration: 2 };
  expect(toHex(serializeAudioSpecificConfig(stereo))).toBe('1190');
  expect(() => serializeAudioSpecificConfig({ ...stereo, objectType: 31 })).toThrow(RangeError);
  expect(() => serializeAudioSpecificConfig({ ...stereo, channelConfiguration: 16 })).toThrow(RangeError);
});

// Table 4.82: a frequency outside the table uses the tables of its neighbour.
test.each([
  [96_000, 0],
  [100_000, 0],
  [48_000, 3],
  [47_999, 3],
  [44_056, 4],
  [22_000, 7],
  [8000, 11],
  [7350, 12],
  [9000, 11],
  [1, 11],
])('maps %i Hz to index %i', (hertz, index) => {
  expect(samplingFrequencyIndexOf(hertz)).toBe(index);
});

test('damaged configs parse or end in the coded error', () => {
  const vectors = VECTORS.map(({ bytes }) => hex(bytes));
  fc.assert(
    fc.property(damagedBytes(vectors, 64), (bytes) => {
      const code = codeOf(() => parseAudioSpecificConfig(bytes));
      expect([undefined, 'ERR_AAC_CONFIG']).toContain(code);
    }),
    { numRuns: 2000 },
  );
});
