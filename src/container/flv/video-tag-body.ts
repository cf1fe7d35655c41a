/** Parses video tag bodies, legacy (FLV 10.1, E.4.3) and enhanced (Enhanced RTMP v2, "Enhanced Video"). */
import { ByteReader } from '../../bytes/byte-reader.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { enhancedVideoSpelling, legacyVideoSpelling } from './codec-spelling.ts';
import type { FlvSpelling } from './codec-spelling.ts';
import { readEnhancedPacket, skipModifiers } from './enhanced-packet.ts';
import { AvcPacketType, FlvFrameType, VideoPacketType } from './flv-types.ts';

/**
 * One video tag body. `data` is a view of it.
 * - `sequence-header`: `data` is the codec's configuration record
 * - `frame`: `data` is one access unit
 * - `metadata`: `data` is AMF0, name and value
 * - `ignored`: end of sequence or a command frame; nothing to carry
 * - `unsupported`: a packet type or track that is not read
 */
export interface FlvVideoBody {
  readonly type: 'sequence-header' | 'frame' | 'metadata' | 'ignored' | 'unsupported';
  readonly spelling: FlvSpelling | undefined;
  /** `FrameType` as written, 0 to 15 (enhanced: 0 to 7). */
  readonly frameType: number;
  /** Signed milliseconds; 0 where the body has none. */
  readonly compositionTimeMs: number;
  readonly data: Uint8Array;
  /** Further tracks of a multitrack message, not read. */
  readonly otherTracks: number;
}

const NOTHING = new Uint8Array(0);

/** @param body at least one byte. @throws {ProtocolError} `ERR_TRUNCATED`, `ERR_FLV_…` when the header is broken */
export function parseVideoTagBody(body: Uint8Array): FlvVideoBody {
  const reader = new ByteReader(body);
  const first = reader.u8();
  return (first & 0x80) === 0 ? parseLegacy(reader, first) : parseEnhanced(reader, first);
}

function parseLegacy(reader: ByteReader, first: number): FlvVideoBody {
  const frameType = first >>> 4;
  if (frameType === FlvFrameType.command) return withoutData('ignored', frameType);
  const spelling = legacyVideoSpelling(first & 0x0f);
  if (spelling.family === 'legacy' && !spelling.hasPacketType) {
    return { type: 'frame', spelling, frameType, compositionTimeMs: 0, data: reader.rest(), otherTracks: 0 };
  }
  const packetType = reader.u8();
  // Some senders cut the end of sequence off here.
  if (packetType === AvcPacketType.endOfSequence) return withoutData('ignored', frameType);
  const compositionTimeMs = reader.i24();
  const data = reader.rest();
  switch (packetType) {
    case AvcPacketType.sequenceHeader:
      return { type: 'sequence-header', spelling, frameType, compositionTimeMs: 0, data, otherTracks: 0 };
    case AvcPacketType.nalUnits:
      return { type: 'frame', spelling, frameType, compositionTimeMs, data, otherTracks: 0 };
    default:
      throw new ProtocolError('ERR_FLV_PACKET_TYPE', `AVC packet type ${packetType}`, { packetType });
  }
}

function parseEnhanced(reader: ByteReader, first: number): FlvVideoBody {
  const frameType = (first >>> 4) & 0x07;
  const outerType = skipModifiers(reader, first & 0x0f, VideoPacketType);
  if (frameType === FlvFrameType.command && outerType !== VideoPacketType.metadata) {
    return withoutData('ignored', frameType);
  }
  const { packetType, fourCc, payload, otherTracks } = readEnhancedPacket(reader, outerType, VideoPacketType);
  if (payload === undefined) return withoutData('unsupported', frameType, otherTracks);
  const spelling = enhancedVideoSpelling(fourCc);
  if (spelling === undefined || spelling.family !== 'enhanced') {
    throw new ProtocolError('ERR_FLV_FOUR_CC', `video FourCC 0x${fourCc.toString(16)} is not text`, {
      fourCc,
    });
  }
  const fields = { spelling, frameType, otherTracks };
  switch (packetType) {
    case VideoPacketType.sequenceStart:
      return { type: 'sequence-header', ...fields, compositionTimeMs: 0, data: payload };
    case VideoPacketType.codedFrames:
      if (!spelling.hasCompositionTime) {
        return { type: 'frame', ...fields, compositionTimeMs: 0, data: payload };
      }
      return { type: 'frame', ...fields, ...splitCompositionTime(payload) };
    case VideoPacketType.codedFramesX:
      // Of a codec that nobody here knows, the two kinds of frames could not be told apart when written again.
      return {
        type: spelling.codec === 'other' && !spelling.hasCompositionTime ? 'unsupported' : 'frame',
        ...fields,
        compositionTimeMs: 0,
        data: payload,
      };
    case VideoPacketType.metadata:
      return { type: 'metadata', ...fields, compositionTimeMs: 0, data: payload };
    case VideoPacketType.sequenceEnd:
      return withoutData('ignored', frameType, otherTracks);
    default:
      return withoutData('unsupported', frameType, otherTracks);
  }
}

function splitCompositionTime(payload: Uint8Array): { compositionTimeMs: number; data: Uint8Array } {
  const reader = new ByteReader(payload);
  return { compositionTimeMs: reader.i24(), data: reader.rest() };
}

function withoutData(type: 'ignored' | 'unsupported', frameType: number, otherTracks = 0): FlvVideoBody {
  return { type, spelling: undefined, frameType, compositionTimeMs: 0, data: NOTHING, otherTracks };
}
