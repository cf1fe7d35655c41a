/**
 * ADTS, the framing of AAC in transport streams and program streams (ISO/IEC 14496-3, 1.A.2.2 and 1.A.3.2).
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import {
  AacObjectType,
  parseAudioSpecificConfig,
  serializeAudioSpecificConfig,
} from './audio-specific-config.ts';
import { AAC_SAMPLING_FREQUENCIES, samplingFrequencyIndexOf } from './sampling-frequency.ts';
import type { AacConfig } from '../codec-config.ts';

/** Length of the header this module writes: without CRC. */
export const ADTS_HEADER_LENGTH = 7;
/** `aac_frame_length` has 13 bits and counts the header. */
const MAX_FRAME_LENGTH = 0x1fff;
/** Longest access unit that fits behind the header this module writes. */
export const MAX_ADTS_PAYLOAD_LENGTH: number = MAX_FRAME_LENGTH - ADTS_HEADER_LENGTH;

/** One ADTS header, fixed and variable part. */
export interface AdtsHeader {
  /** True MPEG-4, false MPEG-2 (`ID`). */
  readonly isMpeg4: boolean;
  /** Audio object type, 1 to 4: `profile_ObjectType` plus 1. */
  readonly objectType: number;
  /** Hertz. */
  readonly samplingFrequency: number;
  readonly channelConfiguration: number;
  /** 7, or 9 and more with CRC. */
  readonly headerLength: number;
  /** Header and payload. */
  readonly frameLength: number;
  /** 1 to 4; more than 1 is rare, and such a payload can't be split without decoding it. */
  readonly rawDataBlocks: number;
}

/**
 * Parses the header at the start of `bytes`.
 * @returns `undefined` while fewer than 7 bytes are there
 * @throws {ProtocolError} `ERR_ADTS_HEADER` for a missing syncword, a reserved frequency or an impossible length
 */
export function parseAdtsHeader(bytes: Uint8Array): AdtsHeader | undefined {
  if (bytes.length < ADTS_HEADER_LENGTH) return undefined;
  // syncword 12, ID 1, layer 2 (always 0), protection_absent 1
  if (bytes[0] !== 0xff || (bytes[1]! & 0xf6) !== 0xf0) {
    throw broken('no ADTS syncword', 'syncword', (bytes[0]! << 8) | bytes[1]!);
  }
  const protectionAbsent = (bytes[1]! & 0x01) === 1;
  const samplingFrequencyIndex = (bytes[2]! >>> 2) & 0x0f;
  const samplingFrequency = AAC_SAMPLING_FREQUENCIES[samplingFrequencyIndex];
  if (samplingFrequency === undefined) {
    throw broken('reserved sampling frequency in ADTS', 'samplingFrequencyIndex', samplingFrequencyIndex);
  }
  const frameLength = ((bytes[3]! & 0x03) << 11) | (bytes[4]! << 3) | (bytes[5]! >>> 5);
  const rawDataBlocks = (bytes[6]! & 0x03) + 1;
  // With CRC: raw_data_block_position for all blocks but the first, then crc_check, 16 bits each.
  const headerLength = ADTS_HEADER_LENGTH + (protectionAbsent ? 0 : 2 * rawDataBlocks);
  if (frameLength < headerLength)
    throw broken('ADTS frame shorter than its header', 'frameLength', frameLength);
  return {
    isMpeg4: (bytes[1]! & 0x08) === 0,
    objectType: (bytes[2]! >>> 6) + 1,
    samplingFrequency,
    channelConfiguration: ((bytes[2]! & 0x01) << 2) | (bytes[3]! >>> 6),
    headerLength,
    frameLength,
    rawDataBlocks,
  };
}

/** What an ADTS header says about a stream. */
export interface AdtsParameters {
  /** 1 to 4. */
  readonly objectType: number;
  /** Hertz. */
  readonly samplingFrequency: number;
  /** 0 to 7. */
  readonly channelConfiguration: number;
}

/**
 * The ADTS parameters of a config, made once per track.
 * @returns `undefined` when ADTS can't say them: object types above 4 (LD, ELD, xHE) or channel configurations above 7
 */
export function adtsParametersOf(config: AacConfig): AdtsParameters | undefined {
  const { objectType, samplingFrequency, channelConfiguration } = parseAudioSpecificConfig(
    config.description,
  );
  if (objectType < AacObjectType.main || objectType > AacObjectType.ltp) return undefined;
  if (channelConfiguration > 7 || samplingFrequency === 0) return undefined;
  return { objectType, samplingFrequency, channelConfiguration };
}

/**
 * The header for one access unit: 7 bytes, MPEG-4, no CRC, one raw data block.
 * @param payloadLength bytes of the access unit, without the header
 * @throws {ProtocolError} `ERR_ADTS_FRAME_TOO_LONG` above 8184 bytes
 */
export function serializeAdtsHeader(parameters: AdtsParameters, payloadLength: number): Uint8Array {
  if (payloadLength > MAX_ADTS_PAYLOAD_LENGTH) {
    throw new ProtocolError(
      'ERR_ADTS_FRAME_TOO_LONG',
      `AAC access unit of ${payloadLength} bytes, ADTS holds ${MAX_ADTS_PAYLOAD_LENGTH}`,
      { length: payloadLength, limit: MAX_ADTS_PAYLOAD_LENGTH },
    );
  }
  const header = new Uint8Array(ADTS_HEADER_LENGTH);
  writeAdtsHeader(header, 0, parameters, payloadLength);
  return header;
}

/**
 * Writes the header that `serializeAdtsHeader` makes, in place.
 * @param payloadLength at most `MAX_ADTS_PAYLOAD_LENGTH`
 */
export function writeAdtsHeader(
  target: Uint8Array,
  at: number,
  parameters: AdtsParameters,
  payloadLength: number,
): void {
  const frameLength = ADTS_HEADER_LENGTH + payloadLength;
  const profile = parameters.objectType - 1;
  const index = samplingFrequencyIndexOf(parameters.samplingFrequency);
  const channels = parameters.channelConfiguration;
  target[at] = 0xff;
  target[at + 1] = 0xf1; // MPEG-4, layer 0, protection_absent
  target[at + 2] = (profile << 6) | (index << 2) | (channels >>> 2);
  target[at + 3] = ((channels & 0x03) << 6) | (frameLength >>> 11);
  target[at + 4] = frameLength >>> 3;
  target[at + 5] = ((frameLength & 0x07) << 5) | 0x1f; // adts_buffer_fullness 0x7FF: variable rate
  target[at + 6] = 0xfc;
}

/** The 2-byte AudioSpecificConfig that says the same as an ADTS header. */
export function audioSpecificConfigOfAdts(header: AdtsParameters): Uint8Array {
  return serializeAudioSpecificConfig(header);
}

/** One frame found by `splitAdtsFrames`. */
export interface AdtsFrame {
  readonly header: AdtsHeader;
  /** Raw data blocks without header and CRC: a view of the input. */
  readonly data: Uint8Array;
}

/** What `splitAdtsFrames` found. */
export interface AdtsFrames {
  readonly frames: readonly AdtsFrame[];
  /** The beginning of a frame that is not complete; put it in front of the next input. View of the input. */
  readonly rest: Uint8Array;
  /** Bytes that belonged to no frame. */
  readonly skippedBytes: number;
}

/**
 * Splits a block of ADTS frames, as a PES packet holds them. Bytes that start no frame are skipped and counted, up to
 * the next header, so a damaged stream goes on.
 */
export function splitAdtsFrames(data: Uint8Array): AdtsFrames {
  const frames: AdtsFrame[] = [];
  let at = 0;
  let skippedBytes = 0;
  while (at < data.length) {
    const header = headerOrDamage(data.subarray(at, at + ADTS_HEADER_LENGTH));
    if (header === 'damage') {
      at += 1;
      skippedBytes += 1;
      continue;
    }
    if (header === undefined || header.frameLength > data.length - at) break;
    const payload = data.subarray(at + header.headerLength, at + header.frameLength);
    if (payload.length > 0) frames.push({ header, data: payload });
    at += header.frameLength;
  }
  return { frames, rest: data.subarray(at), skippedBytes };
}

function headerOrDamage(bytes: Uint8Array): AdtsHeader | undefined | 'damage' {
  // Cheap test first: while skipping, an exception for each byte would cost too much.
  const isCandidate = bytes[0] === 0xff && (bytes.length < 2 || (bytes[1]! & 0xf6) === 0xf0);
  if (!isCandidate) return 'damage';
  try {
    return parseAdtsHeader(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return 'damage';
    throw error;
  }
}

function broken(text: string, field: string, value: number): ProtocolError {
  return new ProtocolError('ERR_ADTS_HEADER', `${text} (${field} ${value})`, { field, value });
}
