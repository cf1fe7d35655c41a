/** A camera by GB/T 28181: what it sends, and the ways that it is sent. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FlvTagToFrames } from '../../src/container/flv/tag-to-frames.ts';
import type { FlvTagType } from '../../src/container/flv/flv-types.ts';
import type { SourceFrame } from '../../src/media/media-frame.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../src/protocol/rtp/rtp-packet.ts';
import { packsOf, psRtpPackets } from '../../src/testing/ps-device.ts';
import type { PsDeviceHabits, PsRtpHabits } from '../../src/testing/ps-device.ts';
import { readFlvTags } from './flv-file.ts';
import type { FlvTag } from './flv-file.ts';
import type { Scope } from './scope.ts';

/** One RTP packet, and when it is sent. */
export interface TimedPacket {
  readonly bytes: Uint8Array;
  /** Since the first one. */
  readonly atMs: number;
}

const host = '127.0.0.1';
const ticksPerMs = 90;
const payloadBytes = 1400;

/** The pictures and sounds of an FLV file. */
export function framesOfTags(tags: readonly FlvTag[]): SourceFrame[] {
  const reader = new FlvTagToFrames();
  for (const { type, timestampMs, body } of tags) {
    reader.read({ type: type as FlvTagType, timestampMs, body });
  }
  return reader
    .takeEvents()
    .flatMap((event) => (event.type === 'frame' && event.frame.track.kind !== 'data' ? [event.frame] : []));
}

/** What a device with such habits sends of an FLV file. */
export function packetsOfFlv(
  file: string,
  habits: PsDeviceHabits = {},
  rtpHabits: PsRtpHabits = {},
): TimedPacket[] {
  return packetsOfFrames(framesOfTags(readFlvTags(file)), habits, rtpHabits);
}

export function packetsOfFrames(
  frames: readonly SourceFrame[],
  habits: PsDeviceHabits = {},
  rtpHabits: PsRtpHabits = {},
): TimedPacket[] {
  const packs = packsOf(frames, habits);
  const firstTicks = packs[0]!.ticks;
  return psRtpPackets(packs, rtpHabits).map(({ bytes, pack }) => ({
    bytes,
    atMs: (pack.ticks - firstTicks) / ticksPerMs,
  }));
}

/** A program stream that another program wrote: each pack's packets evenly until the next one is due. */
export function packetsOfPs(file: Buffer): TimedPacket[] {
  const packets: TimedPacket[] = [];
  const starts = packStarts(file);
  const ticksOf = starts.map((at) => clockReferenceAt(file, at));
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? file.length;
    const ticks = ticksOf[index]!;
    const lengthTicks = Math.max(0, (ticksOf[index + 1] ?? ticks) - ticks);
    for (let from = start; from < end; from += payloadBytes) {
      const payload = file.subarray(from, Math.min(from + payloadBytes, end));
      const dueTicks = ticks - ticksOf[0]! + (lengthTicks * (from - start)) / (end - start);
      packets.push({ bytes: rtpPacket(payload, packets.length, ticks), atMs: dueTicks / ticksPerMs });
    }
  }
  return packets;
}

function packStarts(file: Buffer): number[] {
  const packStart = Buffer.from([0, 0, 1, 0xba]);
  const starts: number[] = [];
  for (let at = file.indexOf(packStart); at >= 0; at = file.indexOf(packStart, at + 1)) starts.push(at);
  return starts;
}

function rtpPacket(payload: Uint8Array, sequenceNumber: number, timestamp: number): Uint8Array {
  const packet = new Uint8Array(RTP_HEADER_BYTES + payload.length);
  writeRtpHeader(packet, 0, { payloadType: 96, marker: false, sequenceNumber, timestamp, ssrc: 1 });
  packet.set(payload, RTP_HEADER_BYTES);
  return packet;
}

/** The low 32 bits of the system clock reference, MPEG-2's or MPEG-1's: 33 bits in three pieces, a marker bit behind each. */
function clockReferenceAt(file: Buffer, pack: number): number {
  const at = pack + 4;
  const isMpeg2 = file[at]! >> 6 === 1;
  const bits = file.readUIntBE(at, 6);
  const piece = (first: number, count: number): number =>
    Math.floor(bits / 2 ** (48 - first - count)) % 2 ** count;
  const offset = isMpeg2 ? 2 : 4;
  return (piece(offset, 3) % 4) * 2 ** 30 + piece(offset + 4, 15) * 2 ** 15 + piece(offset + 20, 15);
}

/** Where a device sends its packets. */
export interface DeviceLine {
  /** Resolves when the other side has hung up; over UDP never. */
  readonly closed: Promise<unknown>;
  /** @returns when the system has taken it */
  send(packet: Uint8Array): Promise<void>;
  close(): void;
}

/** UDP, from a port of the device's own. */
export async function udpLine(scope: Scope, port: number): Promise<DeviceLine> {
  const socket = createSocket('udp4').bind(0, host);
  await once(socket, 'listening');
  socket.connect(port, host);
  await once(socket, 'connect');
  socket.on('error', () => {});
  let isClosed = false;
  const close = (): void => {
    if (!isClosed) socket.close();
    isClosed = true;
  };
  scope.defer(close);
  return {
    closed: new Promise(() => {}),
    close,
    send: (packet) => new Promise((resolve) => socket.send(packet, () => resolve())),
  };
}

/** TCP, as the one who connects. */
export async function tcpLine(scope: Scope, port: number): Promise<DeviceLine> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  return lineOf(scope, socket);
}

/** TCP, as the one who is called. `next` waits for the next call. */
export async function calledDevice(
  scope: Scope,
): Promise<{ readonly port: number; next(): Promise<DeviceLine> }> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  scope.defer(() => void server.close());
  return {
    port: (server.address() as AddressInfo).port,
    next: async () => lineOf(scope, ((await once(server, 'connection')) as [Socket])[0]),
  };
}

function lineOf(scope: Scope, socket: Socket): DeviceLine {
  socket.on('error', () => {});
  socket.resume();
  const close = (): void => void socket.destroy();
  scope.defer(close);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  return {
    closed,
    close,
    async send(packet) {
      const length = Uint8Array.of(packet.length >>> 8, packet.length);
      if (socket.destroyed || socket.write(Buffer.concat([length, packet]))) return;
      // The other side may hang up meanwhile, with an error or without.
      await Promise.race([closed, once(socket, 'drain').catch(() => {})]);
    },
  };
}

/** Packets that are sent at once: fewer than the smallest receive buffer holds. */
const burst = 16;

/** Sends packets as fast as the server can take them. */
export async function sendAtOnce(line: DeviceLine, packets: readonly TimedPacket[]): Promise<void> {
  for (const [index, { bytes }] of packets.entries()) {
    await line.send(bytes);
    if (index % burst === burst - 1) await sleep(1);
  }
}

/**
 * Sends packets when it is their time; several that are due are sent one behind the other.
 * @param speed so many times as fast as life
 */
export async function sendInTime(
  line: DeviceLine,
  packets: readonly TimedPacket[],
  speed: number,
): Promise<void> {
  const startMs = performance.now();
  for (const { bytes, atMs } of packets) {
    const leftMs = atMs / speed - (performance.now() - startMs);
    if (leftMs > 1) await sleep(leftMs);
    await line.send(bytes);
  }
}
