import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aacConfigFromAudioSpecificConfig } from '../../../codec/aac/aac-config.ts';
import type { AudioConfig } from '../../../codec/codec-config.ts';
import { g711Config } from '../../../codec/g711/g711-config.ts';
import { mp3ConfigFromFrame } from '../../../codec/mp3/mp3-config.ts';
import { opusConfigFromHead } from '../../../codec/opus/opus-config.ts';
import {
  PacketSequence,
  depacketize,
  rtpFormat,
  type SentPacket,
} from '../../../testing/depacketizer-kit.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { damagedBytes } from '../../../testing/mutated.ts';
import { payloadsOf } from '../../../testing/payload-collector.ts';
import type { RtpFormat } from '../rtp-format.ts';
import { createPacketizer } from '../packetizer/create-packetizer.ts';
import { createDepacketizer } from './create-depacketizer.ts';
import type { Depacketizer } from './depacketizer.ts';

interface Codec {
  readonly name: string;
  readonly format: RtpFormat;
  readonly config: AudioConfig;
  frame(length: number, seed: number): Uint8Array;
}

function filled(start: string, length: number, seed: number): Uint8Array {
  const head = hex(start);
  const bytes = Uint8Array.from({ length: head.length + length }, (_, at) => (at * 7 + seed) & 0xff);
  bytes.set(head);
  return bytes;
}

function format(encodingName: string, clockRate: number, parameters: Record<string, string> = {}): RtpFormat {
  return rtpFormat(encodingName, parameters, { media: 'audio', clockRate });
}

/** MPEG-1, layer III, 48 kHz, mono, 32 and 320 kbit/s: 96 and 960 bytes. */
const mp3Frame = (length: number, seed: number): Uint8Array =>
  length % 2 === 0 ? filled('fffb14c4', 92, seed) : filled('fffbe4c4', 956, seed);

const CODECS: readonly Codec[] = [
  {
    name: 'AAC',
    format: format('MPEG4-GENERIC', 48_000, {
      mode: 'AAC-hbr',
      sizelength: '13',
      indexlength: '3',
      indexdeltalength: '3',
    }),
    config: aacConfigFromAudioSpecificConfig(hex('1190')),
    frame: (length, seed) => filled('21', length, seed),
  },
  {
    name: 'Opus',
    format: format('opus', 48_000),
    config: opusConfigFromHead(new Uint8Array(0)),
    frame: (length, seed) => filled('f8', length, seed),
  },
  {
    name: 'A-law',
    format: format('PCMA', 8000),
    config: g711Config('g711a'),
    frame: (length, seed) => filled('d5', length % 60, seed),
  },
  {
    name: 'mu-law',
    format: format('PCMU', 8000),
    config: g711Config('g711u'),
    frame: (length, seed) => filled('ff', length % 60, seed),
  },
  {
    name: 'MP3',
    format: format('MPA', 90_000),
    config: mp3ConfigFromFrame(mp3Frame(0, 0)),
    frame: mp3Frame,
  },
];

interface SentUnit {
  readonly timestamp: number;
  readonly data: Uint8Array;
  readonly packets: readonly SentPacket[];
}

function sentUnits(codec: Codec, lengths: readonly number[], maxPayloadBytes: number): SentUnit[] {
  const sequence = new PacketSequence();
  return lengths.map((length, index) => {
    const timestamp = index * 2160;
    const data = codec.frame(length, index);
    const from = sequence.packets.length;
    const payloads = payloadsOf(() => createPacketizer(codec.config, maxPayloadBytes), data);
    for (const { payload, marker } of payloads) sequence.send(timestamp, payload, marker);
    return { timestamp, data, packets: sequence.packets.slice(from) };
  });
}

function depacketizerOf(codec: Codec): Depacketizer {
  return createDepacketizer(codec.format, codec.config)!;
}

const lengthsOfFrames = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });
const limits = fc.integer({ min: 64, max: 300 });

test.each(CODECS)('$name: what is packetized comes out again, byte for byte', (codec) => {
  fc.assert(
    fc.property(lengthsOfFrames, limits, (lengths, maxPayloadBytes) => {
      const units = sentUnits(codec, lengths, maxPayloadBytes);
      const depacketizer = depacketizerOf(codec);
      const received = depacketize(
        depacketizer,
        units.flatMap(({ packets }) => packets),
      );
      expect(received).toEqual(
        units.map(({ timestamp, data }) => ({
          timestamp,
          data,
          isKey: true,
          config: codec.config,
          afterLoss: false,
        })),
      );
      expect(depacketizer.counters).toEqual({ damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 });
    }),
    { numRuns: 60 },
  );
});

test.each(CODECS)('$name: a loss costs exactly the units that it hits', (codec) => {
  fc.assert(
    fc.property(
      lengthsOfFrames,
      limits,
      fc.array(fc.nat(99), { minLength: 1, maxLength: 60 }),
      (lengths, maxPayloadBytes, dice) => {
        const units = sentUnits(codec, lengths, maxPayloadBytes);
        const isLost = (number: number): boolean => dice[number % dice.length]! < 10;
        const depacketizer = depacketizerOf(codec);
        const received = depacketize(
          depacketizer,
          units.flatMap(({ packets }) => packets).filter(({ number }) => !isLost(number)),
        );
        const isWhole = ({ packets }: SentUnit): boolean => !packets.some(({ number }) => isLost(number));
        const isSeen = ({ packets }: SentUnit): boolean => packets.some(({ number }) => !isLost(number));
        const whole = units.filter(isWhole);
        expect(received.map(({ timestamp, data }) => `${timestamp}: ${toHex(data)}`)).toEqual(
          whole.map(({ timestamp, data }) => `${timestamp}: ${toHex(data)}`),
        );
        expect(received.map(({ afterLoss }) => afterLoss)).toEqual(
          whole.map((unit) => {
            const index = units.indexOf(unit);
            return index > 0 ? !isWhole(units[index - 1]!) : false;
          }),
        );
        expect(depacketizer.counters).toEqual({
          damagedUnits: units.filter((unit) => isSeen(unit) && !isWhole(unit)).length,
          droppedUnits: 0,
          ignoredPackets: 0,
        });
      },
    ),
    { numRuns: 100 },
  );
});

const LATM: Codec = {
  name: 'LATM',
  format: format('MP4A-LATM', 44_100),
  config: aacConfigFromAudioSpecificConfig(hex('1210')),
  frame: (length, seed) => filled('400024203fc0', length, seed),
};

test.each([...CODECS, LATM])('$name: damaged packets never throw, and never make endless units', (codec) => {
  const vectors =
    codec === LATM
      ? [hex('20001210 1fe1 9080'), hex('8110 80')]
      : sentUnits(codec, [20, 33, 150], 64).flatMap(({ packets }) => packets.map(({ payload }) => payload));
  const packet = fc.record({
    payload: damagedBytes(vectors, 80),
    marker: fc.boolean(),
    step: fc.constantFrom(0, 1024),
  });
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 30 }), (stream) => {
      const sequence = new PacketSequence();
      let timestamp = 0;
      for (const { payload, marker, step } of stream) {
        timestamp += step;
        sequence.send(timestamp, payload, marker);
      }
      const lossy = sequence.packets.filter(({ number }) => number % 7 !== 3);
      const received = depacketize(depacketizerOf(codec), lossy);
      const bytes = lossy.reduce((sum, { payload }) => sum + payload.length, 0);
      expect(received.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThanOrEqual(bytes);
      for (const unit of received) expect(Number.isInteger(unit.timestamp)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('a broken Opus packet is damage', () => {
  const opus = CODECS[1]!;
  const depacketizer = depacketizerOf(opus);
  const { packets } = new PacketSequence().send(0, hex('fb00')).send(960, hex('f8ff')).send(1920, hex('fb'));
  expect(
    depacketize(depacketizer, packets).map(({ timestamp, afterLoss }) => [timestamp, afterLoss]),
  ).toEqual([[960, true]]);
  expect(depacketizer.counters).toEqual({ damagedUnits: 2, droppedUnits: 0, ignoredPackets: 0 });
});

test('codecs without parameters need no config; one of another codec is not taken', () => {
  const stereo = { ...format('PCMA', 16_000), channels: 2 };
  expect(createDepacketizer(stereo, g711Config('g711u'))!.config).toEqual(g711Config('g711a', 16_000, 2));
  expect(createDepacketizer(format('PCMU', 8000), undefined)!.config).toEqual(g711Config('g711u'));
  expect(createDepacketizer(format('OPUS', 48_000), undefined)!.config).toMatchObject({
    codec: 'opus',
    channels: 2,
  });
});

test('what is not known here has no depacketizer', () => {
  expect(createDepacketizer(format('G726-32', 8000), undefined)).toBeUndefined();
  expect(createDepacketizer(rtpFormat('JPEG'), undefined)).toBeUndefined();
  expect(
    createDepacketizer(rtpFormat('vnd.onvif.metadata', {}, { media: 'application' }), undefined),
  ).toBeUndefined();
  expect(createDepacketizer(rtpFormat('H264', {}, { media: 'audio' }), undefined)).toBeUndefined();
});
