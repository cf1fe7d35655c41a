import { expect, test } from 'vitest';
import { PacketSequence, depacketize, receiveAll, rtpFormat } from '../../../testing/depacketizer-kit.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { createDepacketizer } from './create-depacketizer.ts';
import type { Depacketizer, RtpAccessUnit } from './depacketizer.ts';

/** Frames of layer III: 48 kHz, 32 kbit/s, mono (96 bytes); 32 kHz, 32 kbit/s, stereo (144 bytes); free format. */
const MONO = frame('fffb14c4', 96);
const STEREO = frame('fffb1804', 144);
const FREE = frame('fffb04c4', 50);
/** Layer II: 48 kHz, 32 kbit/s, mono. */
const LAYER_2 = frame('fffd14c4', 96);

function frame(header: string, length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, index) => index);
  bytes.set(hex(header));
  return bytes;
}

function mpa(): Depacketizer {
  const format = rtpFormat('MPA', {}, { media: 'audio', payloadType: 14 });
  return createDepacketizer(format, undefined)!;
}

/** @param offset Frag_offset */
function packet(offset: number, ...frames: Uint8Array[]): Uint8Array {
  return Uint8Array.from([0, 0, offset >> 8, offset & 0xff, ...frames.flatMap((bytes) => [...bytes])]);
}

function summary(units: readonly RtpAccessUnit[]): string[] {
  return units.map(({ timestamp, data, afterLoss }) => {
    const name = [MONO, STEREO, FREE].findIndex((known) => toHex(known) === toHex(data));
    return `${timestamp}: ${['mono', 'stereo', 'free'][name]}${afterLoss ? ' after loss' : ''}`;
  });
}

const NO_COUNTS = { damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 };

test('a packet holds one frame or several, which follow each other at their length', () => {
  const depacketizer = mpa();
  const { packets } = new PacketSequence()
    .send(0, packet(0, MONO))
    .send(2160, packet(0, MONO, MONO, STEREO))
    .send(90_000, packet(0, STEREO));
  const units = depacketize(depacketizer, packets);
  expect(summary(units)).toEqual(['0: mono', '2160: mono', '4320: mono', '6480: stereo', '90000: stereo']);
  expect(units.every(({ isKey }) => isKey)).toBe(true);
  expect(depacketizer.counters).toEqual(NO_COUNTS);
});

test('the config is that of the first frame, and another when a frame has another rate', () => {
  const { packets } = new PacketSequence().send(0, packet(0, MONO, MONO, STEREO, STEREO));
  const depacketizer = mpa();
  expect(depacketizer.config).toBeUndefined();
  const configs = depacketize(depacketizer, packets).map(({ config }) => config);
  expect(configs[0]).toMatchObject({ codec: 'mp3', sampleRate: 48_000, channels: 1 });
  expect(configs[1]).toBe(configs[0]);
  expect(configs[2]).toMatchObject({ codec: 'mp3', sampleRate: 32_000, channels: 2 });
  expect(configs[3]).toBe(configs[2]);
});

test('a frame over several packets is put together', () => {
  const depacketizer = mpa();
  const { packets } = new PacketSequence()
    .send(0, packet(0, MONO.subarray(0, 40)))
    .send(0, packet(40, MONO.subarray(40, 80)))
    .send(0, packet(80, MONO.subarray(80)))
    .send(2160, packet(0, MONO));
  expect(summary(depacketize(depacketizer, packets))).toEqual(['0: mono', '2160: mono']);
  expect(depacketizer.counters).toEqual(NO_COUNTS);
});

test.each([
  ['its first packet', [1]],
  ['its middle', [2]],
  ['its last packet', [3]],
  ['its beginning and its end', [1, 3]],
])('a frame over several packets that misses %s is damaged, and counted once', (_name, lost) => {
  const depacketizer = mpa();
  const { packets } = new PacketSequence()
    .send(0, packet(0, MONO))
    .send(2160, packet(0, MONO.subarray(0, 40)))
    .send(2160, packet(40, MONO.subarray(40, 80)))
    .send(2160, packet(80, MONO.subarray(80)))
    .send(4320, packet(0, MONO));
  const received = packets.filter(({ number }) => !lost.includes(number));
  expect(summary(depacketize(depacketizer, received))).toEqual(['0: mono', '4320: mono after loss']);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits: 1 });
});

test('parts at the wrong place, and more than the frame has, are damage', () => {
  const depacketizer = mpa();
  const { packets } = new PacketSequence()
    .send(0, packet(0, MONO.subarray(0, 40)))
    .send(0, packet(50, MONO.subarray(50)))
    .send(2160, packet(0, MONO.subarray(0, 40)))
    .send(2160, packet(40, MONO.subarray(40), MONO))
    .send(4320, packet(0, MONO.subarray(0, 40)));
  expect(depacketize(depacketizer, packets)).toEqual([]);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits: 3 });
});

test('a frame in free format ends where the next one begins', () => {
  const { packets } = new PacketSequence()
    .send(0, packet(0, FREE))
    .send(2160, packet(0, FREE.subarray(0, 20)))
    .send(2160, packet(20, FREE.subarray(20)))
    .send(4320, packet(0, FREE));
  const depacketizer = mpa();
  expect(summary(depacketize(depacketizer, packets))).toEqual(['0: free', '2160: free', '4320: free']);
  expect(depacketizer.counters).toEqual(NO_COUNTS);
});

test('a sender that leaves the header out is understood', () => {
  const { packets } = new PacketSequence().send(0, MONO).send(2160, Uint8Array.from([...MONO, ...MONO]));
  expect(summary(depacketize(mpa(), packets))).toEqual(['0: mono', '2160: mono', '4320: mono']);
});

test('what is no frame is damage, behind a frame it is padding', () => {
  const depacketizer = mpa();
  const { packets } = new PacketSequence()
    .send(0, packet(0, hex('1122334455')))
    .send(2160, packet(0, MONO, hex('0000')))
    .send(4320, hex('00000000'))
    .send(6480, hex(''));
  expect(summary(depacketize(depacketizer, packets))).toEqual(['2160: mono after loss']);
  expect(depacketizer.counters).toEqual({ ...NO_COUNTS, damagedUnits: 1, ignoredPackets: 2 });
});

test('layers I and II are opaque from their first frame on', () => {
  const depacketizer = mpa();
  expect(depacketizer.isOpaque).toBe(false);
  const { packets } = new PacketSequence().send(0, packet(0, LAYER_2)).send(2160, packet(0, MONO));
  expect(receiveAll(depacketizer, packets.slice(0, 1))).toEqual([]);
  expect(depacketizer.isOpaque).toBe(true);
  expect(receiveAll(depacketizer, packets.slice(1), 1)).toEqual([]);
});
