/**
 * RTCP compound packets (RFC 3550, 6.1). Application-defined packets and types of later documents (feedback, extended
 * reports) are told by their type only.
 */
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { parseGoodbye, writeGoodbye, type Goodbye } from './rtcp/goodbye.ts';
import { parseReceiverReport, writeReceiverReport, type ReceiverReport } from './rtcp/receiver-report.ts';
import { RtcpPacketType, parseRtcpPart, type RtcpPart } from './rtcp/rtcp-header.ts';
import { parseSenderReport, writeSenderReport, type SenderReport } from './rtcp/sender-report.ts';
import {
  parseSourceDescription,
  writeSourceDescription,
  type SourceDescription,
} from './rtcp/source-description.ts';

/** Packets that can be written, too. */
export type WritableRtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye;
/** One packet of a compound packet. */
export type RtcpPacket = WritableRtcpPacket | OtherRtcpPacket;

/** A packet of a type that is not understood. */
interface OtherRtcpPacket {
  readonly type: 'other';
  readonly packetType: number;
  /** Subtype or format: 5 bits. */
  readonly count: number;
  /** A view of the input: what follows the first 4 bytes, without padding. */
  readonly body: Uint8Array;
}

/** Real compound packets hold fewer than ten; 64 KiB of empty ones would be 16384 objects. */
const MAX_RTCP_PACKETS = 64;

/**
 * Parses one compound packet, or a single packet, which fills `bytes`. The order that RFC 3550 asks for (a report first)
 * is not enforced, because devices do not keep it.
 * @throws {ProtocolError} `ERR_RTCP_TRUNCATED`, `ERR_RTCP_VERSION`, `ERR_RTCP_PADDING`, `ERR_RTCP_COUNT`; nothing is
 *   known then of the packets before the damage either
 */
export function parseRtcp(bytes: Uint8Array): RtcpPacket[] {
  const packets: RtcpPacket[] = [];
  let at = 0;
  do {
    if (packets.length === MAX_RTCP_PACKETS) {
      throw new ProtocolError('ERR_RTCP_COUNT', `more than ${MAX_RTCP_PACKETS} packets in one`, {
        limit: MAX_RTCP_PACKETS,
      });
    }
    const part = parseRtcpPart(bytes, at);
    packets.push(parsePart(part));
    at = part.end;
  } while (at < bytes.length);
  return packets;
}

/**
 * Writes packets as one compound packet.
 * @param packets in the order of RFC 3550: a report first, then the source description, a goodbye last
 * @returns a fresh copy
 * @throws {RangeError} for more entries in one packet than its count field can say, and for a canonical name over 255 bytes
 */
export function serializeRtcp(packets: readonly WritableRtcpPacket[]): Uint8Array {
  const writer = new ByteWriter();
  for (const packet of packets) writePacket(writer, packet);
  return writer.finish();
}

function parsePart({ packetType, count, body }: RtcpPart): RtcpPacket {
  switch (packetType) {
    case RtcpPacketType.senderReport:
      return parseSenderReport(count, body);
    case RtcpPacketType.receiverReport:
      return parseReceiverReport(count, body);
    case RtcpPacketType.sourceDescription:
      return parseSourceDescription(count, body);
    case RtcpPacketType.goodbye:
      return parseGoodbye(count, body);
    default:
      return { type: 'other', packetType, count, body };
  }
}

function writePacket(writer: ByteWriter, packet: WritableRtcpPacket): void {
  switch (packet.type) {
    case 'sender-report':
      return writeSenderReport(writer, packet);
    case 'receiver-report':
      return writeReceiverReport(writer, packet);
    case 'source-description':
      return writeSourceDescription(writer, packet);
    case 'goodbye':
      return writeGoodbye(writer, packet);
  }
}
