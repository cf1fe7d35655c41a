import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitString } from '../../testing/bit-string.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { parseAudioSpecificConfig } from './audio-specific-config.ts';
import { parseStreamMuxConfig } from './stream-mux-config.ts';

/** Version 0, one time, `subFrames`, one program of one layer: everything in front of the AudioSpecificConfig. */
function head(subFrames = 0): BitString {
  return new BitString().u(1, 0).u(1, 1).u(6, subFrames).u(4, 0).u(3, 0);
}

/** The same of version 1, whose buffer fullness takes two bytes. */
function headOfVersion1(): BitString {
  return new BitString().u(1, 1).u(1, 0).u(2, 1).u(16, 0xabcd).u(1, 1).u(6, 0).u(4, 0).u(3, 0);
}

/** LC 48 kHz stereo, 16 bits. */
function lc(bits: BitString): BitString {
  return bits.u(5, 2).u(4, 3).u(4, 2).u(3, 0);
}

const VECTORS = [
  {
    name: 'AAC-LC stereo at 44.1 kHz',
    bytes: '400024203fc0',
    expected: { subFrameCount: 1, asc: '1210', frameLengthType: 0, otherDataLengthBits: 0 },
  },
  {
    name: 'AAC-LC mono at 24 kHz',
    bytes: '400026103fc0',
    expected: { subFrameCount: 1, asc: '1308', frameLengthType: 0 },
  },
  {
    name: 'HE-AAC with the explicit signal, 25 bits',
    bytes: toHex(
      head().u(5, 5).u(4, 6).u(4, 2).u(4, 3).u(5, 2).u(3, 0).u(3, 0).u(8, 255).u(1, 0).u(1, 0).bytes(),
    ),
    expected: { asc: '2b118800', frameLengthType: 0 },
  },
  {
    name: 'several sub-frames and a checksum',
    bytes: toHex(lc(head(3)).u(3, 0).u(8, 255).u(1, 0).u(1, 1).u(8, 0x5a).bytes()),
    expected: { subFrameCount: 4, asc: '1190' },
  },
  {
    name: 'access units of one fixed length',
    bytes: toHex(lc(head()).u(3, 1).u(9, 100).u(1, 0).u(1, 0).bytes()),
    expected: { asc: '1190', frameLengthType: 1, frameLengthBits: 960 },
  },
  {
    name: 'other data whose length takes two bytes',
    bytes: toHex(lc(head()).u(3, 0).u(8, 255).u(1, 1).u(1, 1).u(8, 2).u(1, 0).u(8, 1).u(1, 0).bytes()),
    expected: { asc: '1190', otherDataLengthBits: 513 },
  },
  {
    name: 'version 1, with an AudioSpecificConfig of known length that has a backward compatible signal',
    bytes: toHex(
      headOfVersion1()
        .u(2, 0)
        .u(8, 37)
        .u(5, 2)
        .u(4, 7)
        .u(4, 1)
        .u(3, 0)
        .u(11, 0x2b7)
        .u(5, 5)
        .u(1, 1)
        .u(4, 4)
        .u(3, 0)
        .u(8, 255)
        .u(1, 0)
        .u(1, 0)
        .bytes(),
    ),
    expected: { asc: '138856e5a0', frameLengthType: 0 },
  },
  {
    name: 'version 1 with an object type whose own config is not read',
    bytes: toHex(headOfVersion1().u(2, 0).u(8, 24).u(24, 0xf94640).u(3, 0).u(8, 255).u(2, 0).bytes()),
    expected: { asc: 'f94640' },
  },
  {
    name: 'a program config element, which is aligned to its AudioSpecificConfig',
    bytes: toHex(
      head()
        .u(5, 2)
        .u(4, 3)
        .u(4, 0)
        .u(3, 0)
        .u(4, 0) // element_instance_tag
        .u(6, 0b01_0011)
        .u(4, 1) // one front element
        .u(4, 0)
        .u(4, 0)
        .u(2, 1) // and a low frequency one
        .u(3, 0)
        .u(4, 0)
        .u(3, 0)
        .u(5, 0b1_0000) // a pair
        .u(4, 0)
        .u(5, 0) // up to the byte, 59 bits from the AudioSpecificConfig's start
        .u(8, 1)
        .u(8, 0x41)
        .u(3, 0)
        .u(8, 255)
        .u(1, 0)
        .u(1, 0)
        .bytes(),
    ),
    expected: { asc: '118004c4010020000141', frameLengthType: 0 },
  },
  {
    name: 'ER AAC LD without error protection',
    bytes: toHex(head().u(5, 23).u(4, 3).u(4, 1).u(3, 0).u(2, 0).u(3, 0).u(8, 255).u(2, 0).bytes()),
    expected: { asc: 'b98800' },
  },
  {
    name: 'nothing behind the AudioSpecificConfig, as GStreamer writes it',
    bytes: '40002310',
    expected: { asc: '1188', frameLengthType: 0, otherDataLengthBits: 0 },
  },
  {
    name: 'a backward compatible signal in version 0, as GStreamer writes it',
    bytes: '40002310adca00',
    expected: { asc: '118856e500', frameLengthType: 0, otherDataLengthBits: 0 },
  },
  {
    name: 'backward compatible signals of SBR and PS in version 0',
    bytes: toHex(
      head()
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
        .u(3, 1)
        .u(9, 44)
        .u(2, 0)
        .bytes(),
    ),
    expected: { asc: '138856e5a54880', frameLengthType: 1, frameLengthBits: 512 },
  },
  {
    name: 'a length for HVXC, whose bits are not looked into',
    bytes: toHex(lc(head()).u(3, 6).u(1, 1).u(1, 1).u(1, 0).u(8, 7).u(1, 0).bytes()),
    expected: { frameLengthType: 6, otherDataLengthBits: 7 },
  },
  {
    name: 'nothing behind the stream, as some devices write it',
    bytes: toHex(lc(head()).u(3, 0).u(8, 255).bytes().subarray(0, 6)),
    expected: { asc: '1190', otherDataLengthBits: 0 },
  },
];

test.each(VECTORS)('reads $name', ({ bytes, expected }) => {
  const input = hex(bytes);
  const { streams, ...config } = parseStreamMuxConfig(input);
  expect(streams).toHaveLength(1);
  const { audioSpecificConfig, ...stream } = streams[0]!;
  expect({ ...config, ...stream, asc: toHex(audioSpecificConfig) }).toMatchObject(expected);
  expect(toHex(input)).toBe(toHex(hex(bytes)));
});

test.each(VECTORS)('finds the same at any bit: $name', ({ bytes }) => {
  const { lengthBits, ...whole } = parseStreamMuxConfig(hex(bytes));
  for (const firstBit of [1, 3, 8, 13]) {
    const shifted = new BitString().u(firstBit, 0);
    for (const byte of hex(bytes)) shifted.u(8, byte);
    const moved = parseStreamMuxConfig(shifted.bytes(), firstBit);
    expect(moved).toMatchObject(whole);
    // One that is cut off ends where the bytes end.
    if (lengthBits < 8 * hex(bytes).length) expect(moved.lengthBits).toBe(lengthBits);
  }
});

test('tells how many bits it takes', () => {
  expect(parseStreamMuxConfig(hex('400024203fc0')).lengthBits).toBe(15 + 16 + 3 + 8 + 2);
});

test('the AudioSpecificConfig it finds is one that its parser takes', () => {
  const [stream] = parseStreamMuxConfig(hex('400024203fc0')).streams;
  expect(parseAudioSpecificConfig(stream!.audioSpecificConfig)).toMatchObject({
    objectType: 2,
    samplingFrequency: 44_100,
    channels: 2,
  });
});

test('keeps all layers of all programs, and repeats a config that a layer shares', () => {
  const bits = new BitString().u(1, 0).u(1, 1).u(6, 0).u(4, 1).u(3, 1);
  lc(bits).u(3, 0).u(8, 255);
  bits.u(1, 1).u(3, 0).u(8, 255);
  bits.u(3, 0).u(1, 0).u(5, 2).u(4, 4).u(4, 1).u(3, 0).u(3, 0).u(8, 255).u(2, 0);
  const { streams } = parseStreamMuxConfig(bits.bytes());
  expect(streams.map(({ program, layer }) => [program, layer])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
  ]);
  expect(streams[1]!.audioSpecificConfig).toBe(streams[0]!.audioSpecificConfig);
  expect(toHex(streams[2]!.audioSpecificConfig)).toBe('1208');
});

test.each([
  ['no bytes', ''],
  ['a plain AudioSpecificConfig in its place', '1210'],
  ['the reserved audioMuxVersionA', 'c000000000000000'],
  ['an AudioSpecificConfig that is cut off', '4000 24'],
  ['a declared length beyond the end', toHex(headOfVersion1().u(2, 3).u(32, 0xffff_ffff).bytes())],
  ['an object type of unknown length', toHex(head().u(5, 31).u(6, 7).u(32, 0).bytes())],
  ['error protection', toHex(head().u(5, 17).u(4, 3).u(4, 1).u(3, 0).u(2, 2).u(16, 0).bytes())],
  [
    'a length of other data beyond 32 bits',
    toHex(lc(head()).u(3, 0).u(8, 255).u(1, 1).u(32, 0xffff_ffff).u(32, 0xffff_ffff).bytes()),
  ],
])('refuses %s', (_name, bytes) => {
  expect(codeOf(() => parseStreamMuxConfig(hex(bytes)))).toBe('ERR_LATM_CONFIG');
});

test('random and damaged bytes are parsed or refused with its code', () => {
  const vectors = VECTORS.map(({ bytes }) => hex(bytes));
  fc.assert(
    fc.property(damagedBytes(vectors), (bytes) => {
      expect([undefined, 'ERR_LATM_CONFIG']).toContain(codeOf(() => parseStreamMuxConfig(bytes)));
    }),
  );
});
