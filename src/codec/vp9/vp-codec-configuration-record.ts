/** VPCodecConfigurationRecord, the body of a `vpcC` box (VP Codec ISO Media File Format Binding 1.0, 2.2). */
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** Fields in the record's order and with its names. */
export interface VpCodecConfigurationRecord {
  readonly profile: number;
  /** Ten times the level: 31 for 3.1; 0 when unknown. */
  readonly level: number;
  readonly bitDepth: number;
  /** 0 4:2:0 vertical, 1 4:2:0 colocated with luma (0,0), 2 4:2:2, 3 4:4:4. */
  readonly chromaSubsampling: number;
  readonly videoFullRange: boolean;
  /** Code points of ISO/IEC 23091-2; 2 is unspecified. */
  readonly colourPrimaries: number;
  readonly transferCharacteristics: number;
  readonly matrixCoefficients: number;
}

const RECORD_LENGTH = 8;
/** Version and flags of the `vpcC` box, which is a FullBox. */
const FULL_BOX_LENGTH = 4;

/**
 * The record without the box's version and flags. Some writers of enhanced RTMP put them in front; a record proper
 * can't begin like them, because its third byte would then say 0 bits per sample.
 * @returns a view of `bytes`
 */
export function withoutVpccFullBoxHeader(bytes: Uint8Array): Uint8Array {
  const hasHeader =
    bytes.length >= FULL_BOX_LENGTH + RECORD_LENGTH &&
    bytes[0] === 1 &&
    bytes[1] === 0 &&
    bytes[2] === 0 &&
    bytes[3] === 0;
  return hasHeader ? bytes.subarray(FULL_BOX_LENGTH) : bytes;
}

/**
 * Parses a record without version and flags. `codecInitializationDataSize`, always 0 for VP9, may be missing; bytes
 * behind it are ignored.
 * @throws {ProtocolError} `ERR_VP9_RECORD` when it is cut off
 */
export function parseVpCodecConfigurationRecord(bytes: Uint8Array): VpCodecConfigurationRecord {
  if (bytes.length < RECORD_LENGTH - 2) {
    throw new ProtocolError(
      'ERR_VP9_RECORD',
      `VPCodecConfigurationRecord of ${bytes.length} bytes is cut off`,
      { length: bytes.length },
    );
  }
  const sampling = bytes[2]!;
  return {
    profile: bytes[0]!,
    level: bytes[1]!,
    bitDepth: sampling >>> 4,
    chromaSubsampling: (sampling >>> 1) & 0x07,
    videoFullRange: (sampling & 0x01) === 1,
    colourPrimaries: bytes[3]!,
    transferCharacteristics: bytes[4]!,
    matrixCoefficients: bytes[5]!,
  };
}

/** Writes a record without version and flags: 8 bytes. */
export function serializeVpCodecConfigurationRecord(record: VpCodecConfigurationRecord): Uint8Array {
  return Uint8Array.of(
    record.profile,
    record.level,
    (record.bitDepth << 4) | (record.chromaSubsampling << 1) | (record.videoFullRange ? 1 : 0),
    record.colourPrimaries,
    record.transferCharacteristics,
    record.matrixCoefficients,
    0, // codecInitializationDataSize, 16 bits
    0,
  );
}
