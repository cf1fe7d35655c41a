/** Program streams for tests: units one by one, and whole streams as devices write them. */
import { ByteWriter } from '../bytes/byte-writer.ts';
import { crc32Mpeg } from '../bytes/crc32-mpeg.ts';
import type { PsDemuxerCounters, PsEvent } from '../container/ps/demuxer-events.ts';
import { ProgramStreamDemuxer } from '../container/ps/program-stream-demuxer.ts';
import type { PsMapEntry } from '../container/ps/program-stream-map.ts';
import { writeTimestamp } from '../container/mpegts/timestamp.ts';
import { toHex } from './hex.ts';

/** Bytes one after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** A pack header of MPEG-2. @param stuffing bytes of FF behind it, 0 to 7 */
export function packHeader(ticks = 0, stuffing = 0): Uint8Array {
  const bytes = new Uint8Array(14 + stuffing).fill(0xff);
  bytes.set([0, 0, 1, 0xba]);
  const low = ticks % 2 ** 30;
  const high = Math.floor(ticks / 2 ** 30) % 8;
  // '01', base 3, marker, base 15, marker, base 15, marker, extension 9, marker; mux rate 22, markers; stuffing length
  bytes[4] = 0x44 | (high << 3) | (low >>> 28);
  bytes[5] = low >>> 20;
  bytes[6] = ((low >>> 12) & 0xf8) | 0x04 | ((low >>> 13) & 0x03);
  bytes[7] = low >>> 5;
  bytes[8] = ((low << 3) & 0xf8) | 0x04;
  bytes.set([0x01, 0x00, 0x0f, 0xff, 0xf8 | stuffing], 9);
  return bytes;
}

/** A pack header of MPEG-1. */
export function mpeg1PackHeader(): Uint8Array {
  return Uint8Array.of(0, 0, 1, 0xba, 0x21, 0, 1, 0, 1, 0x80, 0x1b, 0x91);
}

/** A system header for one stream of video and one of audio. */
export function systemHeader(): Uint8Array {
  return Uint8Array.of(
    0,
    0,
    1,
    0xbb,
    0,
    12,
    0x80,
    0x04,
    0xe1,
    0x7f,
    0xe0,
    0xff,
    0xe0,
    0xe0,
    0x80,
    0xc0,
    0xc0,
    0x08,
  );
}

/** A unit whose content nobody reads: private data, padding, a directory. */
export function otherUnit(streamId: number, content: Uint8Array): Uint8Array {
  return new ByteWriter().u24(1).u8(streamId).u16(content.length).bytes(content).finish();
}

/** A program stream map. @param version 0 to 31 */
export function streamMap(entries: readonly PsMapEntry[], version = 0): Uint8Array {
  const body = new ByteWriter().u8(0xe0 | version).u8(0xff);
  body.u16(0); // no program descriptors
  body.u16(4 * entries.length);
  for (const { streamType, streamId } of entries) body.u8(streamType).u8(streamId).u16(0);
  const head = new ByteWriter()
    .u24(1)
    .u8(0xbc)
    .u16(body.length + 4);
  const map = head.bytes(body.finish()).finish();
  return new ByteWriter().bytes(map).u32(crc32Mpeg(map)).finish();
}

/** What is unusual about a packet. */
export interface PesOptions {
  readonly ptsTicks?: number | undefined;
  readonly dtsTicks?: number | undefined;
  /** What stands in `PES_packet_length`, whatever there is. */
  readonly length?: number;
  /** Bytes of FF at the end of the header. */
  readonly stuffing?: number;
}

/** A PES packet of MPEG-2. */
export function pesPacket(streamId: number, payload: Uint8Array, options: PesOptions = {}): Uint8Array {
  const { ptsTicks, dtsTicks, stuffing = 0 } = options;
  const timesLength = ptsTicks === undefined ? 0 : dtsTicks === undefined ? 5 : 10;
  const dataLength = timesLength + stuffing;
  const bytes = new Uint8Array(9 + dataLength + payload.length).fill(0xff, 0, 9 + dataLength);
  bytes.set([0, 0, 1, streamId]);
  const length = options.length ?? 3 + dataLength + payload.length;
  bytes[4] = length >>> 8;
  bytes[5] = length;
  bytes[6] = 0x80;
  bytes[7] = timesLength === 10 ? 0xc0 : timesLength === 5 ? 0x80 : 0;
  bytes[8] = dataLength;
  if (ptsTicks !== undefined) writeTimestamp(bytes, 9, dtsTicks === undefined ? 2 : 3, ptsTicks);
  if (dtsTicks !== undefined) writeTimestamp(bytes, 14, 1, dtsTicks);
  bytes.set(payload, 9 + dataLength);
  return bytes;
}

/** A packet of MPEG-1. */
export function mpeg1Packet(streamId: number, payload: Uint8Array, options: PesOptions = {}): Uint8Array {
  const { ptsTicks, dtsTicks, stuffing = 0 } = options;
  const times = new Uint8Array(ptsTicks === undefined ? 1 : dtsTicks === undefined ? 5 : 10).fill(0x0f);
  if (ptsTicks !== undefined) writeTimestamp(times, 0, dtsTicks === undefined ? 2 : 3, ptsTicks);
  if (dtsTicks !== undefined) writeTimestamp(times, 5, 1, dtsTicks);
  const buffer = Uint8Array.of(0x60, 0x20);
  const content = concatBytes(new Uint8Array(stuffing).fill(0xff), buffer, times, payload);
  return otherUnit(streamId, content);
}

/** What a demuxer makes of a stream that comes in the given pieces, in words: neighbouring data is joined. */
export function demuxPs(...pieces: readonly Uint8Array[]): { lines: string[]; counters: PsDemuxerCounters } {
  const demuxer = new ProgramStreamDemuxer();
  const events: PsEvent[] = [];
  for (const piece of pieces) {
    demuxer.receive(piece);
    events.push(...demuxer.takeEvents().map(owned));
    // Whoever reads into one buffer again and again must not spoil what was read.
    piece.fill(0xee);
  }
  demuxer.end();
  events.push(...demuxer.takeEvents());
  return { lines: psEventLines(events), counters: demuxer.counters };
}

function owned(event: PsEvent): PsEvent {
  return event.type === 'data' ? { ...event, bytes: event.bytes.slice() } : event;
}

/** Events in words; neighbouring data is joined. */
export function psEventLines(events: readonly PsEvent[]): string[] {
  const lines: string[] = [];
  let open: string | undefined;
  for (const event of events) {
    if (event.type === 'data') {
      const text = toHex(event.bytes);
      const stream = `${hexByte(event.streamId)} `;
      if (open === stream) lines[lines.length - 1] += text;
      else lines.push(stream + text);
      open = stream;
      continue;
    }
    open = undefined;
    if (event.type === 'map') {
      const streams = event.streams.map(
        ({ streamId, streamType }) => `${hexByte(streamId)}=${hexByte(streamType)}`,
      );
      lines.push(`map ${streams.join(' ')}`.trim());
    } else if (event.type === 'begin') {
      const { streamId, ptsTicks, dtsTicks } = event;
      lines.push(
        ['begin', hexByte(streamId), ptsTicks, dtsTicks].filter((part) => part !== undefined).join(' '),
      );
    } else {
      lines.push(`${event.type} ${hexByte(event.streamId)}`);
    }
  }
  return lines;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}
