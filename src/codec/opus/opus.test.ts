import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex, toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { opusConfigFromHead } from './opus-config.ts';
import { parseOpusHead, serializeOpusHead } from './opus-head.ts';
import { opusPacketDurationUs } from './opus-packet.ts';

const MAGIC = '4f70757348656164';
/** What ffmpeg's libopus wrote. */
const STEREO = hex(`${MAGIC} 01 02 3801 80bb0000 0000 00`);
const SURROUND = hex(`${MAGIC} 01 06 3801 44ac0000 00ff 01 04 02 000401020305`);

test('reads a head of mapping family 0', () => {
  expect(parseOpusHead(STEREO)).toEqual({
    version: 1,
    channelCount: 2,
    preSkip: 312,
    inputSampleRate: 48_000,
    outputGain: 0,
    channelMappingFamily: 0,
  });
});

test('reads a head with a channel mapping and a negative gain', () => {
  expect(parseOpusHead(SURROUND)).toMatchObject({
    channelCount: 6,
    inputSampleRate: 44_100,
    outputGain: -256,
    channelMapping: { streamCount: 4, coupledCount: 2, mapping: hex('000401020305') },
  });
});

test.each([STEREO, SURROUND])('writes a head as it was read', (head) => {
  expect(serializeOpusHead(parseOpusHead(head))).toEqual(head);
});

test('ignores bytes behind the head', () => {
  expect(parseOpusHead(Uint8Array.from([...STEREO, 1, 2]))).toEqual(parseOpusHead(STEREO));
});

test('refuses a head that is cut off anywhere', () => {
  for (const head of [STEREO, SURROUND]) {
    for (let length = 0; length < head.length; length += 1) {
      expect(codeOf(() => parseOpusHead(head.subarray(0, length)))).toBe('ERR_OPUS_HEAD');
    }
  }
});

test.each([
  ['another signature', '4f70757354616773 01 02 3801 80bb0000 0000 00'],
  ['an unknown version', `${MAGIC} 10 02 3801 80bb0000 0000 00`],
  ['no channels', `${MAGIC} 01 00 3801 80bb0000 0000 00`],
])('refuses a head with %s', (_name, head) => {
  expect(codeOf(() => parseOpusHead(hex(head)))).toBe('ERR_OPUS_HEAD');
});

test('makes a config that always counts at 48 kHz', () => {
  const config = opusConfigFromHead(SURROUND);
  expect(config).toEqual({
    kind: 'audio',
    codec: 'opus',
    codecString: 'opus',
    description: SURROUND,
    sampleRate: 48_000,
    channels: 6,
  });
  expect(config.description).toBe(SURROUND);
});

test('takes no head for stereo', () => {
  expect(opusConfigFromHead(new Uint8Array(0))).toMatchObject({ channels: 2, sampleRate: 48_000 });
});

// RFC 6716, table 2 and 3.2. The last one is what libopus sends by default: CELT, 20 ms.
test.each([
  ['00', 10_000],
  ['18', 60_000],
  ['60', 10_000],
  ['68', 20_000],
  ['80', 2500],
  ['88', 5000],
  ['e1', 5000],
  ['19', 120_000],
  ['1a', 120_000],
  ['8330', 120_000],
  ['83b0', 120_000],
  ['fcb4065a', 20_000],
])('packet %s plays for %i microseconds', (packet, durationUs) => {
  expect(opusPacketDurationUs(hex(packet))).toBe(durationUs);
});

test.each([
  ['empty', ''],
  ['without its frame count', '03'],
  ['of no frames', '0300'],
  ['of 180 ms', '1b03'],
  ['of 63 frames of 2.5 ms', '833f'],
])('refuses a packet %s', (_name, packet) => {
  expect(codeOf(() => opusPacketDurationUs(hex(packet)))).toBe('ERR_OPUS_PACKET');
});

test('damaged heads and packets parse or end in the coded error', () => {
  fc.assert(
    fc.property(damagedBytes([STEREO, SURROUND], 32), (bytes) => {
      const code = codeOf(() => {
        const head = parseOpusHead(bytes);
        expect(toHex(bytes).startsWith(toHex(serializeOpusHead(head)))).toBe(true);
      });
      expect([undefined, 'ERR_OPUS_HEAD']).toContain(code);
      expect([undefined, 'ERR_OPUS_PACKET']).toContain(codeOf(() => opusPacketDurationUs(bytes)));
    }),
    { numRuns: 2000 },
  );
});
