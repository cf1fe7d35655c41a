import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitString } from '../../testing/bit-string.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { parseVp9KeyFrameHeader, vp9FrameSize } from './frame-header.ts';
import {
  parseVpCodecConfigurationRecord,
  serializeVpCodecConfigurationRecord,
} from './vp-codec-configuration-record.ts';
import { vp9ConfigFromFrame, vp9ConfigFromRecord, withVp9FrameSize } from './vp9-config.ts';

/** Starts of key frames that libvpx wrote for a test picture of 322 x 242, and the records ffmpeg 5.1 made of them. */
const PROFILE_0 = hex('824983420014100f160c38241c184a00');
const PROFILE_1_RGB = hex('a2498342e014100f160a38241c184a00');
const PROFILE_3 = hex('b124c1a10000a08078b061c120e0c2c0');
const RECORD_0 = hex('00 14 82 02 02 02 0000');
const RECORD_3 = hex('03 14 a6 02 02 02 0000');
const SIZE = { width: 322, height: 242 };

test.each([
  {
    name: 'profile 0',
    frame: PROFILE_0,
    expected: { profile: 0, bitDepth: 8, subsamplingX: true, subsamplingY: true },
  },
  {
    name: 'profile 1, RGB',
    frame: PROFILE_1_RGB,
    expected: { profile: 1, bitDepth: 8, colourSpace: 7, fullRange: true },
  },
  { name: 'profile 3', frame: PROFILE_3, expected: { profile: 3, bitDepth: 10, subsamplingX: false } },
])('reads a key frame of $name', ({ frame, expected }) => {
  expect(parseVp9KeyFrameHeader(frame)).toMatchObject({ ...expected, ...SIZE });
  expect(vp9FrameSize(frame)).toEqual(SIZE);
});

test('reads 12 bits and 4:2:2', () => {
  const bits = new BitString().u(2, 2).u(2, 0b11).u(1, 0).u(1, 0).u(1, 0).u(2, 0b10).u(24, 0x498342);
  bits.u(1, 1).u(3, 2).u(1, 1).u(2, 0b10).u(1, 0).u(16, 1919).u(16, 1079);
  const frame = bits.bytes();
  expect(parseVp9KeyFrameHeader(frame)).toMatchObject({
    bitDepth: 12,
    subsamplingX: true,
    subsamplingY: false,
  });
  expect(vp9ConfigFromFrame(frame)).toMatchObject({
    codecString: 'vp09.03.40.12',
    width: 1920,
    height: 1080,
  });
  expect(toHex(vp9ConfigFromFrame(frame)!.description)).toBe('0328c50101010000');
});

test.each([
  ['an inter frame', '86000000'],
  ['a repeated frame', '88'],
  ['a wrong frame marker', '424983420014100f16'],
  ['a wrong sync code', '824983430014100f16'],
  ['a key frame cut off', '824983420014'],
  ['nothing', ''],
])('finds no size in %s', (_name, data) => {
  expect(vp9FrameSize(hex(data))).toBeUndefined();
  expect(vp9ConfigFromFrame(hex(data))).toBeUndefined();
});

test.each([
  ['profile 0', RECORD_0, 'vp09.00.20.08'],
  ['profile 3', RECORD_3, 'vp09.03.20.10'],
])('makes a config of a record of %s', (_name, record, codecString) => {
  const config = vp9ConfigFromRecord(record);
  expect(config).toEqual({
    kind: 'video',
    codec: 'vp9',
    codecString,
    description: record,
    width: 0,
    height: 0,
  });
  expect(config.description).toBe(record);
  expect(serializeVpCodecConfigurationRecord(parseVpCodecConfigurationRecord(record))).toEqual(record);
});

test('cuts version and flags of the box off', () => {
  const boxed = Uint8Array.from([...hex('01000000'), ...RECORD_0]);
  expect(vp9ConfigFromRecord(boxed)).toEqual(vp9ConfigFromRecord(RECORD_0));
});

test('keeps a record of profile 1 whose level is unknown', () => {
  const record = hex('01 00 80 02 02 02 0000');
  expect(vp9ConfigFromRecord(record).description).toBe(record);
});

test('accepts a record without the size of its initialization data, refuses a shorter one', () => {
  expect(vp9ConfigFromRecord(RECORD_0.subarray(0, 6)).codecString).toBe('vp09.00.20.08');
  expect(codeOf(() => vp9ConfigFromRecord(RECORD_0.subarray(0, 5)))).toBe('ERR_VP9_RECORD');
  expect(codeOf(() => vp9ConfigFromRecord(new Uint8Array(0)))).toBe('ERR_VP9_RECORD');
});

test('makes a config of a key frame', () => {
  expect(vp9ConfigFromFrame(PROFILE_0)).toMatchObject({ codecString: 'vp09.00.20.08', ...SIZE });
  expect(toHex(vp9ConfigFromFrame(PROFILE_3)!.description)).toBe(toHex(RECORD_3));
  expect(toHex(vp9ConfigFromFrame(PROFILE_1_RGB)!.description)).toBe('011487010d000000');
});

test('takes the size of key frames, and is the same object while it stays the same', () => {
  const config = withVp9FrameSize(vp9ConfigFromRecord(RECORD_0), PROFILE_0);
  expect(config).toMatchObject({ ...SIZE, description: RECORD_0 });
  expect(withVp9FrameSize(config, PROFILE_0)).toBe(config);
  expect(withVp9FrameSize(config, hex('86000000'))).toBe(config);
});

test('damaged frames and records give a config, nothing, or the coded error', () => {
  fc.assert(
    fc.property(
      damagedBytes([PROFILE_0, PROFILE_1_RGB, PROFILE_3]),
      damagedBytes([RECORD_0]),
      (frame, record) => {
        const made = vp9ConfigFromFrame(frame);
        if (made !== undefined)
          expect(vp9ConfigFromRecord(made.description).codecString).toBe(made.codecString);
        const code = codeOf(() => withVp9FrameSize(vp9ConfigFromRecord(record), frame));
        expect([undefined, 'ERR_VP9_RECORD']).toContain(code);
      },
    ),
    { numRuns: 2000 },
  );
});
