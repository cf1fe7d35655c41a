/**
 * The header of a PES packet (ISO/IEC 13818-1, 2.4.3.6 and 2.4.3.7): PTS and DTS. Everything else in it (ESCR, rates,
 * CRC, extensions) is skipped when read and not written.
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { readTimestamp, writeTimestamp } from './timestamp.ts';

/** `stream_id` (table 2-22) of what is written here; video and audio have 16 and 32 numbers each. */
export const PesStreamId = { private1: 0xbd, audio: 0xc0, video: 0xe0 } as const;

/** Bytes before those that `PES_packet_length` counts: start code, stream id and the length itself. */
export const PES_PREFIX_LENGTH = 6;
/** `PES_packet_length` has 16 bits; 0 instead means "until the next one", for video only. */
export const MAX_PES_PACKET_LENGTH = 0xffff;
const FIXED_LENGTH = 9;
const TIMESTAMP_LENGTH = 5;

/** Bytes of the header with PTS, or PTS and DTS. */
export function pesHeaderLength(hasDts: boolean): number {
  return FIXED_LENGTH + (hasDts ? 2 : 1) * TIMESTAMP_LENGTH;
}

/**
 * Writes the header. The DTS is left out when it equals the PTS.
 * @param payloadLength bytes that follow the header
 */
export function writePesHeader(
  target: Uint8Array,
  at: number,
  streamId: number,
  ptsTicks: number,
  dtsTicks: number,
  payloadLength: number,
): void {
  const hasDts = ptsTicks !== dtsTicks;
  const headerLength = pesHeaderLength(hasDts);
  const packetLength = headerLength - PES_PREFIX_LENGTH + payloadLength;
  const lengthField = packetLength > MAX_PES_PACKET_LENGTH ? 0 : packetLength;
  target[at] = 0;
  target[at + 1] = 0;
  target[at + 2] = 1;
  target[at + 3] = streamId;
  target[at + 4] = lengthField >>> 8;
  target[at + 5] = lengthField;
  target[at + 6] = 0x80; // '10', not scrambled, no priority, alignment or copyright
  target[at + 7] = hasDts ? 0xc0 : 0x80;
  target[at + 8] = headerLength - FIXED_LENGTH;
  writeTimestamp(target, at + FIXED_LENGTH, hasDts ? 3 : 2, ptsTicks);
  if (hasDts) writeTimestamp(target, at + FIXED_LENGTH + TIMESTAMP_LENGTH, 1, dtsTicks);
}

/** What the header of one PES packet says. */
export interface PesHeader {
  readonly streamId: number;
  /** 33 bits; absent when the packet continues what the one before began. */
  readonly ptsTicks?: number | undefined;
  /** 33 bits; absent when it equals the PTS. */
  readonly dtsTicks?: number | undefined;
  /** Where the payload begins. */
  readonly payloadOffset: number;
}

/**
 * Parses the header at the start of a whole PES packet.
 * @throws {ProtocolError} `ERR_MPEGTS_PES` for a missing start code, a stream without such a header (padding, private
 * stream 2, directory), or when it is cut off
 */
export function parsePesHeader(bytes: Uint8Array): PesHeader {
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) throw broken('no PES start code', bytes);
  if (bytes.length < FIXED_LENGTH) throw broken('PES header is cut off', bytes);
  const streamId = bytes[3]!;
  // The syntax of 2.4.3.7 begins with '10'; streams without a header of this kind have anything there.
  if ((bytes[6]! & 0xc0) !== 0x80) throw broken('PES packet without header fields', bytes);
  const timestampFlags = bytes[7]! >>> 6;
  const payloadOffset = FIXED_LENGTH + bytes[8]!;
  const timestamps = timestampFlags === 3 ? 2 : timestampFlags === 2 ? 1 : 0;
  if (payloadOffset > bytes.length || timestamps * TIMESTAMP_LENGTH > bytes[8]!) {
    throw broken('PES header is cut off', bytes);
  }
  return {
    streamId,
    ptsTicks: timestamps > 0 ? readTimestamp(bytes, FIXED_LENGTH) : undefined,
    dtsTicks: timestamps > 1 ? readTimestamp(bytes, FIXED_LENGTH + TIMESTAMP_LENGTH) : undefined,
    payloadOffset,
  };
}

function broken(text: string, bytes: Uint8Array): ProtocolError {
  return new ProtocolError('ERR_MPEGTS_PES', text, { length: bytes.length, streamId: bytes[3] ?? -1 });
}
