/**
 * RTP data packets: the fixed header, CSRC list, header extension and padding of RFC 3550, 5.1 and 5.3.1. What CSRC list
 * and extension say is not read.
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** Bytes of the fixed header, which is all that `writeRtpHeader` writes. */
export const RTP_HEADER_BYTES = 12;

/** The fields of the fixed header that differ from packet to packet. */
export interface RtpHeader {
  /** 7 bits. */
  readonly payloadType: number;
  readonly marker: boolean;
  /** 16 bits. */
  readonly sequenceNumber: number;
  /** 32 bits, unsigned. */
  readonly timestamp: number;
  /** Synchronization source, 32 bits, unsigned. */
  readonly ssrc: number;
}

/** One packet as received. */
export interface RtpPacket extends RtpHeader {
  /** A view of the packet without header, CSRC list, header extension and padding; may be empty. */
  readonly payload: Uint8Array;
}

const VERSION = 2;
const PADDING_FLAG = 0x20;
const EXTENSION_FLAG = 0x10;
/** `defined by profile` and `length`, 16 bits each. */
const EXTENSION_HEADER_BYTES = 4;

/**
 * Parses one packet, which fills `bytes`.
 *
 *      0                   1                   2                   3
 *     |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *     |                           timestamp                           |
 *     |                             SSRC                              |
 *     |                       CSRC list (CC of 32 bits)               |
 *     |      defined by profile       |    length (32-bit words)      |   only with X
 *
 * @returns its payload is a view of `bytes`
 * @throws {ProtocolError} `ERR_RTP_TRUNCATED` when header, CSRC list or extension reach past the end, `ERR_RTP_VERSION`,
 *   `ERR_RTP_PADDING` for padding of no byte or of more bytes than follow the header
 */
export function parseRtpPacket(bytes: Uint8Array): RtpPacket {
  const { length } = bytes;
  if (length < RTP_HEADER_BYTES) throw truncated(RTP_HEADER_BYTES, length);
  const flags = bytes[0]!;
  if (flags >>> 6 !== VERSION) {
    throw new ProtocolError('ERR_RTP_VERSION', `RTP version ${flags >>> 6} instead of 2`, {
      version: flags >>> 6,
    });
  }
  const start = payloadStart(bytes, flags);
  const end = (flags & PADDING_FLAG) === 0 ? length : length - paddingLength(bytes, length - start);
  return {
    payloadType: bytes[1]! & 0x7f,
    marker: (bytes[1]! & 0x80) !== 0,
    sequenceNumber: (bytes[2]! << 8) | bytes[3]!,
    timestamp: ((bytes[4]! << 24) | (bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!) >>> 0,
    ssrc: ((bytes[8]! << 24) | (bytes[9]! << 16) | (bytes[10]! << 8) | bytes[11]!) >>> 0,
    payload: bytes.subarray(start, end),
  };
}

/**
 * Writes a fixed header without CSRC list, extension and padding: `RTP_HEADER_BYTES` at `offset`.
 * @param header numbers of any size; their low 7, 16 and 32 bits are written
 */
export function writeRtpHeader(target: Uint8Array, offset: number, header: RtpHeader): void {
  const { sequenceNumber, timestamp, ssrc } = header;
  target[offset] = VERSION << 6;
  target[offset + 1] = (header.marker ? 0x80 : 0) | (header.payloadType & 0x7f);
  target[offset + 2] = sequenceNumber >>> 8;
  target[offset + 3] = sequenceNumber;
  target[offset + 4] = timestamp >>> 24;
  target[offset + 5] = timestamp >>> 16;
  target[offset + 6] = timestamp >>> 8;
  target[offset + 7] = timestamp;
  target[offset + 8] = ssrc >>> 24;
  target[offset + 9] = ssrc >>> 16;
  target[offset + 10] = ssrc >>> 8;
  target[offset + 11] = ssrc;
}

/** Where the payload begins, behind CSRC list and extension; never past the end. */
function payloadStart(bytes: Uint8Array, flags: number): number {
  let at = RTP_HEADER_BYTES + 4 * (flags & 0x0f);
  if ((flags & EXTENSION_FLAG) !== 0) {
    if (at + EXTENSION_HEADER_BYTES > bytes.length)
      throw truncated(at + EXTENSION_HEADER_BYTES, bytes.length);
    const words = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    at += EXTENSION_HEADER_BYTES + 4 * words;
  }
  if (at > bytes.length) throw truncated(at, bytes.length);
  return at;
}

/** The last byte counts the padding, itself included. @param available bytes behind the header */
function paddingLength(bytes: Uint8Array, available: number): number {
  // Without any byte behind the header, the last byte is one of the header's: too many all the same.
  const padding = bytes[bytes.length - 1]!;
  if (padding > 0 && padding <= available) return padding;
  throw new ProtocolError('ERR_RTP_PADDING', `${padding} bytes of padding in ${available} bytes`, {
    padding,
    available,
  });
}

function truncated(needed: number, available: number): ProtocolError {
  return new ProtocolError(
    'ERR_RTP_TRUNCATED',
    `RTP header needs ${needed} bytes, the packet has ${available}`,
    { needed, available },
  );
}
