import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { aacConfigFromAudioSpecificConfig } from './aac-config.ts';
import {
  adtsParametersOf,
  audioSpecificConfigOfAdts,
  parseAdtsHeader,
  serializeAdtsHeader,
  splitAdtsFrames,
} from './adts.ts';
import { AAC_SAMPLING_FREQUENCIES } from './sampling-frequency.ts';

const STEREO = { objectType: 2, samplingFrequency: 48_000, channelConfiguration: 2 };

function frameOf(payload: Uint8Array): Uint8Array {
  return Uint8Array.from([...serializeAdtsHeader(STEREO, payload.length), ...payload]);
}

const FIRST = hex('21100460 8c1c');
const SECOND = hex('ff f1 01 02');
const STREAM = Uint8Array.from([...frameOf(FIRST), ...frameOf(SECOND)]);

test('reads a header that ffmpeg wrote', () => {
  expect(parseAdtsHeader(hex('fff150802b3ffc'))).toEqual({
    isMpeg4: true,
    objectType: 2,
    samplingFrequency: 44_100,
    channelConfiguration: 2,
    headerLength: 7,
    frameLength: 345,
    rawDataBlocks: 1,
  });
});

test('writes the header that ffmpeg wrote', () => {
  const parameters = { objectType: 2, samplingFrequency: 44_100, channelConfiguration: 2 };
  expect(toHex(serializeAdtsHeader(parameters, 338))).toBe('fff150802b3ffc');
});

test('reads MPEG-2 headers and headers with CRC', () => {
  const header = parseAdtsHeader(hex('fff8 5080 2b3ffc'))!;
  expect(header).toMatchObject({ isMpeg4: false, headerLength: 9 });
  expect(parseAdtsHeader(hex('fff0 5080 2b3ffe'))).toMatchObject({ rawDataBlocks: 3, headerLength: 13 });
});

test('waits for the whole header', () => {
  expect(parseAdtsHeader(hex('fff150802b3f'))).toBeUndefined();
  expect(parseAdtsHeader(new Uint8Array(0))).toBeUndefined();
});

test.each([
  ['no syncword', '00f150802b3ffc'],
  ['a layer other than 0', 'fff350802b3ffc'],
  ['a reserved frequency', 'fff174802b3ffc'],
  ['a frame shorter than its header', 'fff1508000c0fc'],
])('refuses a header with %s', (_name, bytes) => {
  expect(codeOf(() => parseAdtsHeader(hex(bytes)))).toBe('ERR_ADTS_HEADER');
});

test('what it writes, it reads', () => {
  const parameters = fc.record({
    objectType: fc.constantFrom(1, 2, 3, 4),
    samplingFrequency: fc.constantFrom(...AAC_SAMPLING_FREQUENCIES),
    channelConfiguration: fc.integer({ min: 0, max: 7 }),
  });
  fc.assert(
    fc.property(parameters, fc.integer({ min: 0, max: 8184 }), (wanted, payloadLength) => {
      const header = parseAdtsHeader(serializeAdtsHeader(wanted, payloadLength));
      expect(header).toMatchObject({ ...wanted, frameLength: payloadLength + 7, headerLength: 7 });
    }),
  );
});

test('refuses an access unit that the length field cannot say', () => {
  expect(codeOf(() => serializeAdtsHeader(STEREO, 8185))).toBe('ERR_ADTS_FRAME_TOO_LONG');
});

test('takes its parameters from a config, below SBR those of the core', () => {
  const parametersOf = (bytes: string): unknown =>
    adtsParametersOf(aacConfigFromAudioSpecificConfig(hex(bytes)));
  expect(parametersOf('1190')).toEqual(STEREO);
  // object type 5, 24 kHz, stereo, 48 kHz, object type 2
  expect(parametersOf('2b118800')).toEqual({ ...STEREO, samplingFrequency: 24_000 });
});

test('has no parameters for what ADTS cannot say', () => {
  const parametersOf = (bytes: string): unknown =>
    adtsParametersOf(aacConfigFromAudioSpecificConfig(hex(bytes)));
  expect(parametersOf('b990')).toBeUndefined(); // ER AAC LD
  expect(parametersOf('11d8')).toBeUndefined(); // channel configuration 11
  expect(parametersOf('1690')).toBeUndefined(); // reserved frequency
});

test('says the same as an AudioSpecificConfig', () => {
  expect(toHex(audioSpecificConfigOfAdts(parseAdtsHeader(STREAM)!))).toBe('1190');
});

test('splits frames into views of their payloads', () => {
  const { frames, rest, skippedBytes } = splitAdtsFrames(STREAM);
  expect(frames.map((frame) => toHex(frame.data))).toEqual([toHex(FIRST), toHex(SECOND)]);
  expect(frames[0]!.header).toMatchObject(STEREO);
  expect(frames[0]!.data.buffer).toBe(STREAM.buffer);
  expect(rest).toHaveLength(0);
  expect(skippedBytes).toBe(0);
});

test('finds the same frames whichever way the stream is cut', () => {
  for (const chunks of splitEveryWay(STREAM)) {
    const found: string[] = [];
    let rest: Uint8Array = new Uint8Array(0);
    for (const chunk of chunks) {
      const split = splitAdtsFrames(Uint8Array.from([...rest, ...chunk]));
      found.push(...split.frames.map((frame) => toHex(frame.data)));
      rest = split.rest;
      expect(split.skippedBytes).toBe(0);
    }
    expect(found).toEqual([toHex(FIRST), toHex(SECOND)]);
    expect(rest).toHaveLength(0);
  }
});

test('skips damage and counts it', () => {
  const damaged = Uint8Array.from([
    ...hex('aabb ff00'),
    ...frameOf(FIRST),
    ...hex('fff174'),
    ...frameOf(SECOND),
  ]);
  const { frames, skippedBytes } = splitAdtsFrames(damaged);
  expect(frames.map((frame) => toHex(frame.data))).toEqual([toHex(FIRST), toHex(SECOND)]);
  expect(skippedBytes).toBe(7);
});

test('leaves out frames without payload', () => {
  const { frames, rest } = splitAdtsFrames(
    Uint8Array.from([...frameOf(new Uint8Array(0)), ...frameOf(FIRST)]),
  );
  expect(frames).toHaveLength(1);
  expect(rest).toHaveLength(0);
});

test('accounts for every byte of damaged streams and never throws', () => {
  fc.assert(
    fc.property(damagedBytes([STREAM]), (bytes) => {
      const { frames, rest, skippedBytes } = splitAdtsFrames(bytes);
      const framedBytes = bytes.length - rest.length - skippedBytes;
      const framed = frames.reduce((sum, frame) => sum + frame.header.frameLength, 0);
      expect(framed).toBeLessThanOrEqual(framedBytes);
      const code = codeOf(() => parseAdtsHeader(bytes));
      expect([undefined, 'ERR_ADTS_HEADER']).toContain(code);
    }),
    { numRuns: 2000 },
  );
});
