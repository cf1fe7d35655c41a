/** Parses audio tag bodies, legacy (FLV 10.1, E.4.2) and enhanced (Enhanced RTMP v2, "Enhanced Audio"). */
import { ByteReader } from '../../bytes/byte-reader.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { enhancedAudioSpelling, legacyAudioSpelling } from './codec-spelling.ts';
import type { FlvSpelling } from './codec-spelling.ts';
import { readEnhancedPacket, skipModifiers } from './enhanced-packet.ts';
import { AacPacketType, AudioPacketType, FlvSoundFormat } from './flv-types.ts';

/**
 * One audio tag body. `data` is a view of it.
 * - `sequence-header`: `data` is the codec's configuration record
 * - `frame`: `data` is one codec frame or packet
 * - `ignored`: end of sequence
 * - `unsupported`: a packet type or track that is not read
 */
export interface FlvAudioBody {
  readonly type: 'sequence-header' | 'frame' | 'ignored' | 'unsupported';
  readonly spelling: FlvSpelling | undefined;
  /** The first byte as written; in the legacy form its low nibble has rate, size and channels. */
  readonly firstByte: number;
  readonly data: Uint8Array;
  /** Further tracks of a multitrack message, not read. */
  readonly otherTracks: number;
}

const NOTHING = new Uint8Array(0);

/** @param body at least one byte. @throws {ProtocolError} `ERR_TRUNCATED`, `ERR_FLV_…` when the header is broken */
export function parseAudioTagBody(body: Uint8Array): FlvAudioBody {
  const reader = new ByteReader(body);
  const firstByte = reader.u8();
  const soundFormat = firstByte >>> 4;
  if (soundFormat === FlvSoundFormat.exHeader) return parseEnhanced(reader, firstByte);
  const spelling = legacyAudioSpelling(soundFormat);
  if (spelling.family === 'enhanced' || !spelling.hasPacketType) {
    return { type: 'frame', spelling, firstByte, data: reader.rest(), otherTracks: 0 };
  }
  const packetType = reader.u8();
  const data = reader.rest();
  switch (packetType) {
    case AacPacketType.sequenceHeader:
      return { type: 'sequence-header', spelling, firstByte, data, otherTracks: 0 };
    case AacPacketType.raw:
      return { type: 'frame', spelling, firstByte, data, otherTracks: 0 };
    default:
      throw new ProtocolError('ERR_FLV_PACKET_TYPE', `AAC packet type ${packetType}`, { packetType });
  }
}

function parseEnhanced(reader: ByteReader, firstByte: number): FlvAudioBody {
  const outerType = skipModifiers(reader, firstByte & 0x0f, AudioPacketType);
  const { packetType, fourCc, payload, otherTracks } = readEnhancedPacket(reader, outerType, AudioPacketType);
  if (payload === undefined) {
    return { type: 'unsupported', spelling: undefined, firstByte, data: NOTHING, otherTracks };
  }
  const spelling = enhancedAudioSpelling(fourCc);
  if (spelling === undefined) {
    throw new ProtocolError('ERR_FLV_FOUR_CC', `audio FourCC 0x${fourCc.toString(16)} is not text`, {
      fourCc,
    });
  }
  return { type: bodyType(packetType), spelling, firstByte, data: payload, otherTracks };
}

function bodyType(packetType: number): FlvAudioBody['type'] {
  switch (packetType) {
    case AudioPacketType.sequenceStart:
      return 'sequence-header';
    case AudioPacketType.codedFrames:
      return 'frame';
    case AudioPacketType.sequenceEnd:
      return 'ignored';
    default:
      return 'unsupported';
  }
}
