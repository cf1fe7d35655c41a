/**
 * What the enhanced audio and video headers share: modifier extensions and multitrack bodies (Enhanced RTMP v2,
 * ExAudioTagHeader, ExVideoTagHeader). Of a multitrack message only track 0 is taken; the others are counted. The
 * modifiers (`TimestampOffsetNano`: less than a millisecond) are skipped.
 */
import type { ByteReader } from '../../bytes/byte-reader.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { AvMultitrackType } from './flv-types.ts';

/** Modifiers before one packet; the specification sets no limit, one exists. */
const MAX_MODIFIERS = 16;

/** Packet types that both media have under different numbers. */
interface PacketTypeNumbers {
  readonly multitrack: number;
  readonly modEx: number;
}

/** Track 0 of a message: its packet type, its FourCC and what follows. */
export interface EnhancedPacket {
  readonly packetType: number;
  readonly fourCc: number;
  /** View of the tag body. `undefined`: the message has no track 0. */
  readonly payload: Uint8Array | undefined;
  /** Tracks other than 0 in a multitrack message, not read. */
  readonly otherTracks: number;
}

/** Skips `ModEx` extensions. @returns the packet type behind them */
export function skipModifiers(reader: ByteReader, packetType: number, numbers: PacketTypeNumbers): number {
  let type = packetType;
  for (let count = 0; type === numbers.modEx; count += 1) {
    if (count === MAX_MODIFIERS) {
      throw new ProtocolError('ERR_FLV_MODIFIERS', `more than ${MAX_MODIFIERS} modifiers before a packet`, {
        limit: MAX_MODIFIERS,
      });
    }
    let size = reader.u8() + 1;
    if (size === 256) size = reader.u16() + 1;
    reader.skip(size);
    type = reader.u8() & 0x0f; // upper nibble: which modifier it was
  }
  return type;
}

/** Reads FourCC and payload, which a multitrack message wraps once more. */
export function readEnhancedPacket(
  reader: ByteReader,
  packetType: number,
  numbers: PacketTypeNumbers,
): EnhancedPacket {
  if (packetType !== numbers.multitrack) {
    return { packetType, fourCc: reader.u32(), payload: reader.rest(), otherTracks: 0 };
  }
  const types = reader.u8();
  const multitrackType = types >>> 4;
  const innerType = types & 0x0f;
  if (innerType === numbers.multitrack || multitrackType > AvMultitrackType.manyTracksManyCodecs) {
    throw new ProtocolError(
      'ERR_FLV_MULTITRACK',
      `multitrack type ${multitrackType} of packet ${innerType}`,
      {
        multitrackType,
        packetType: innerType,
      },
    );
  }
  return readTrackZero(reader, innerType, multitrackType);
}

function readTrackZero(reader: ByteReader, packetType: number, multitrackType: number): EnhancedPacket {
  const isManyCodecs = multitrackType === AvMultitrackType.manyTracksManyCodecs;
  let fourCc = isManyCodecs ? 0 : reader.u32();
  let zero: { fourCc: number; payload: Uint8Array } | undefined;
  let otherTracks = 0;
  do {
    if (isManyCodecs) fourCc = reader.u32();
    const trackId = reader.u8();
    const length = multitrackType === AvMultitrackType.oneTrack ? reader.remaining : reader.u24();
    const payload = reader.view(length);
    if (trackId === 0 && zero === undefined) zero = { fourCc, payload };
    else otherTracks += 1;
  } while (reader.remaining > 0);
  return { packetType, fourCc: zero?.fourCc ?? fourCc, payload: zero?.payload, otherTracks };
}
