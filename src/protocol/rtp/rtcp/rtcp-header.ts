/** What all RTCP packets share: the first 4 bytes and padding (RFC 3550, 6.1 and 6.4.1). */
import type { ByteWriter } from '../../../bytes/byte-writer.ts';
import { ProtocolError } from '../../../bytes/protocol-error.ts';

/** Packet types that are understood (RFC 3550, 12.1). */
export const RtcpPacketType = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  goodbye: 203,
} as const;
export type RtcpPacketType = (typeof RtcpPacketType)[keyof typeof RtcpPacketType];

/** Version and count, packet type, length. */
const RTCP_HEADER_BYTES = 4;
/** The count field has 5 bits: report blocks, chunks or sources in one packet. */
const MAX_RTCP_COUNT = 31;

/** One packet of a compound packet. */
export interface RtcpPart {
  /** 8 bits, any value. */
  readonly packetType: number;
  /** Report count, source count or subtype: 5 bits. */
  readonly count: number;
  /** A view of what follows the header, without padding. */
  readonly body: Uint8Array;
  /** Where the next packet begins. */
  readonly end: number;
}

const VERSION = 2;
const PADDING_FLAG = 0x20;

/**
 * Parses the packet that begins at `start`.
 *
 *      0                   1                   2                   3
 *     |V=2|P|  count  |  packet type  |  length (32-bit words less 1) |
 *
 * @throws {ProtocolError} `ERR_RTCP_TRUNCATED`, `ERR_RTCP_VERSION`, `ERR_RTCP_PADDING`
 */
export function parseRtcpPart(bytes: Uint8Array, start: number): RtcpPart {
  const available = bytes.length - start;
  if (available < RTCP_HEADER_BYTES) throw rtcpTruncated('header', RTCP_HEADER_BYTES, available);
  const flags = bytes[start]!;
  const version = flags >>> 6;
  if (version !== VERSION) {
    throw new ProtocolError('ERR_RTCP_VERSION', `RTCP version ${version} instead of 2`, { version });
  }
  const length = 4 * (((bytes[start + 2]! << 8) | bytes[start + 3]!) + 1);
  if (length > available) throw rtcpTruncated('packet', length, available);
  const end = start + length;
  const bodyLength = length - RTCP_HEADER_BYTES;
  const padding = (flags & PADDING_FLAG) === 0 ? 0 : paddingLength(bytes[end - 1]!, bodyLength);
  return {
    packetType: bytes[start + 1]!,
    count: flags & 0x1f,
    body: bytes.subarray(start + RTCP_HEADER_BYTES, end - padding),
    end,
  };
}

/** @param bodyLength bytes that follow, a multiple of 4 */
export function writeRtcpHeader(
  writer: ByteWriter,
  packetType: RtcpPacketType,
  count: number,
  bodyLength: number,
): void {
  if (count > MAX_RTCP_COUNT) throw new RangeError(`${count} entries in one RTCP packet, at most 31 fit`);
  writer.u8((VERSION << 6) | count);
  writer.u8(packetType);
  writer.u16(bodyLength / 4);
}

/** The error of a packet that is too short for what it says it holds. */
export function rtcpTruncated(what: string, needed: number, available: number): ProtocolError {
  return new ProtocolError('ERR_RTCP_TRUNCATED', `RTCP ${what} needs ${needed} bytes, has ${available}`, {
    needed,
    available,
  });
}

/** @param lastByte counts the padding, itself included */
function paddingLength(lastByte: number, available: number): number {
  if (lastByte > 0 && lastByte <= available) return lastByte;
  throw new ProtocolError('ERR_RTCP_PADDING', `${lastByte} bytes of padding in ${available} bytes`, {
    padding: lastByte,
    available,
  });
}
