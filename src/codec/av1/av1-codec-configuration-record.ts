/** AV1CodecConfigurationRecord, the body of an `av1C` box (AV1 Codec ISO Media File Format Binding, 2.3). */
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** Fields in the record's order and with its names. */
export interface Av1CodecConfigurationRecord {
  readonly profile: number;
  readonly levelIdx: number;
  /** False Main, true High. */
  readonly tier: boolean;
  readonly highBitDepth: boolean;
  readonly twelveBit: boolean;
  readonly monochrome: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
  readonly chromaSamplePosition: number;
  /** Frames to wait before the first is shown, minus 1; absent when unknown. */
  readonly initialPresentationDelayMinusOne?: number | undefined;
  /** A sequence header, and possibly metadata OBUs; may be empty. */
  readonly configObus: Uint8Array;
}

const FIXED_LENGTH = 4;

/**
 * Parses a record.
 * @returns `configObus` is a view of `bytes`
 * @throws {ProtocolError} `ERR_AV1_RECORD` when it is shorter than 4 bytes or marker and version are wrong
 */
export function parseAv1CodecConfigurationRecord(bytes: Uint8Array): Av1CodecConfigurationRecord {
  // marker 1 (always 1), version 7 (always 1)
  if (bytes.length < FIXED_LENGTH || bytes[0] !== 0x81) {
    throw new ProtocolError('ERR_AV1_RECORD', 'no AV1CodecConfigurationRecord of version 1', {
      length: bytes.length,
      firstByte: bytes[0] ?? -1,
    });
  }
  const level = bytes[1]!;
  const flags = bytes[2]!;
  const delay = bytes[3]!;
  return {
    profile: level >>> 5,
    levelIdx: level & 0x1f,
    tier: (flags & 0x80) !== 0,
    highBitDepth: (flags & 0x40) !== 0,
    twelveBit: (flags & 0x20) !== 0,
    monochrome: (flags & 0x10) !== 0,
    subsamplingX: (flags & 0x08) !== 0,
    subsamplingY: (flags & 0x04) !== 0,
    chromaSamplePosition: flags & 0x03,
    initialPresentationDelayMinusOne: (delay & 0x10) !== 0 ? delay & 0x0f : undefined,
    configObus: bytes.subarray(FIXED_LENGTH),
  };
}

/** Writes a record. */
export function serializeAv1CodecConfigurationRecord(record: Av1CodecConfigurationRecord): Uint8Array {
  const bytes = new Uint8Array(FIXED_LENGTH + record.configObus.length);
  const delay = record.initialPresentationDelayMinusOne;
  bytes[0] = 0x81;
  bytes[1] = (record.profile << 5) | record.levelIdx;
  bytes[2] =
    (record.tier ? 0x80 : 0) |
    (record.highBitDepth ? 0x40 : 0) |
    (record.twelveBit ? 0x20 : 0) |
    (record.monochrome ? 0x10 : 0) |
    (record.subsamplingX ? 0x08 : 0) |
    (record.subsamplingY ? 0x04 : 0) |
    record.chromaSamplePosition;
  bytes[3] = delay === undefined ? 0 : 0x10 | delay;
  bytes.set(record.configObus, FIXED_LENGTH);
  return bytes;
}
