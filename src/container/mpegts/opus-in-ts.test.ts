import { expect, test } from 'vitest';
import { opusConfigFromHead } from '../../codec/opus/opus-config.ts';
import { parseOpusHead, serializeOpusHead } from '../../codec/opus/opus-head.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import {
  opusControlHeaderLength,
  parseOpusControlHeader,
  writeOpusControlHeader,
} from './opus-control-header.ts';
import { opusDescriptors, opusHeadOfDescriptors } from './opus-descriptor.ts';

const HEAD = { version: 1, preSkip: 312, inputSampleRate: 48_000, outputGain: 0 };
/** RFC 7845, 5.1.1.2: streams, coupled streams, mapping. */
const VORBIS: readonly [number, number, string][] = [
  [1, 0, '00'],
  [1, 1, '0001'],
  [2, 1, '000201'],
  [2, 2, '00010203'],
  [3, 2, '0004010203'],
  [4, 2, '000401020305'],
  [4, 3, '00040102030506'],
  [5, 3, '0006010203040507'],
];

test('announces Opus as ffmpeg does', () => {
  expect(toHex(opusDescriptors(opusConfigFromHead(new Uint8Array(0)))!)).toBe('05044f7075737f028002');
});

test('announces every layout in Vorbis order, and reads it again', () => {
  for (const [index, [streamCount, coupledCount, mapping]] of VORBIS.entries()) {
    const channelMapping = { streamCount, coupledCount, mapping: hex(mapping) };
    const head = serializeOpusHead({
      ...HEAD,
      channelCount: index + 1,
      channelMappingFamily: 1,
      channelMapping,
    });
    const descriptors = opusDescriptors(opusConfigFromHead(head))!;
    expect(descriptors.at(-1)).toBe(index + 1);
    const read = parseOpusHead(opusHeadOfDescriptors(descriptors)!);
    expect(read.channelCount).toBe(index + 1);
    if (index > 1) expect(read.channelMapping).toEqual(channelMapping);
  }
});

test('has no code for other layouts', () => {
  const channelMapping = { streamCount: 3, coupledCount: 0, mapping: hex('000102') };
  for (const family of [1, 255]) {
    const head = serializeOpusHead({
      ...HEAD,
      channelCount: 3,
      channelMappingFamily: family,
      channelMapping,
    });
    expect(opusDescriptors(opusConfigFromHead(head))).toBeUndefined();
  }
  const { config } = { config: opusConfigFromHead(new Uint8Array(0)) };
  expect(opusDescriptors({ ...config, channels: 9 })).toBeUndefined();
  expect(opusDescriptors({ ...config, channels: 3 })).toBeUndefined();
});

test('reads descriptors among others, and stereo where the layout is missing', () => {
  expect(opusHeadOfDescriptors(hex('0a04656e6700 05044f707573 7f028001'))![9]).toBe(1);
  expect(opusHeadOfDescriptors(hex('05044f707573'))![9]).toBe(2);
  expect(opusHeadOfDescriptors(hex('7f028002'))).toBeUndefined();
  expect(opusHeadOfDescriptors(hex('050441432d33'))).toBeUndefined();
  expect(opusHeadOfDescriptors(hex('05044f707573 7f028081'))).toBeUndefined();
});

test('reads the control header of every packet length as it was written', () => {
  for (const length of [0, 1, 254, 255, 256, 509, 510, 511, 1275, 65_000]) {
    const bytes = new Uint8Array(opusControlHeaderLength(length) + length + 3);
    expect(writeOpusControlHeader(bytes, 3, length)).toBe(opusControlHeaderLength(length));
    expect(parseOpusControlHeader(bytes, 3)).toEqual({
      packetOffset: 3 + opusControlHeaderLength(length),
      packetLength: length,
    });
  }
});

test('skips trims and extensions', () => {
  // start trim, end trim, 3 bytes of extension
  const bytes = hex('7ffc 02 0138 0010 03aabbcc fc01');
  expect(parseOpusControlHeader(bytes, 0)).toEqual({ packetOffset: 11, packetLength: 2 });
});

test.each([
  ['another prefix', '7fc002fc01'],
  ['nothing', ''],
  ['a packet cut off', '7fe003fc01'],
  ['a length cut off', '7fe0ffff'],
])('refuses %s', (_name, bytes) => {
  expect(codeOf(() => parseOpusControlHeader(hex(bytes), 0))).toBe('ERR_MPEGTS_OPUS');
});
