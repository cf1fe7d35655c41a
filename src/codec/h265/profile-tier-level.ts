/** profile_tier_level() of H.265 (ISO/IEC 23008-2, 7.3.3), in the form that VPS and SPS hold it: with the profile. */
import type { BitReader } from '../../bytes/bit-reader.ts';

/** The general part, for the whole stream. */
export interface H265ProfileTierLevel {
  readonly generalProfileSpace: number;
  /** False Main, true High. */
  readonly generalTierFlag: boolean;
  readonly generalProfileIdc: number;
  /** 32 bits, flag 0 in the highest. */
  readonly generalProfileCompatibilityFlags: number;
  /** 6 bytes: progressive, interlaced, non-packed, frame-only and the flags of the range extensions. */
  readonly generalConstraintIndicatorFlags: Uint8Array;
  /** 30 times the level. */
  readonly generalLevelIdc: number;
}

/** @throws {ProtocolError} `ERR_TRUNCATED` */
export function readProfileTierLevel(reader: BitReader, maxSubLayersMinus1: number): H265ProfileTierLevel {
  const generalProfileSpace = reader.bits(2);
  const generalTierFlag = reader.flag();
  const generalProfileIdc = reader.bits(5);
  const generalProfileCompatibilityFlags = reader.bits(32);
  const generalConstraintIndicatorFlags = Uint8Array.from({ length: 6 }, () => reader.bits(8));
  const generalLevelIdc = reader.bits(8);
  skipSubLayers(reader, maxSubLayersMinus1);
  return {
    generalProfileSpace,
    generalTierFlag,
    generalProfileIdc,
    generalProfileCompatibilityFlags,
    generalConstraintIndicatorFlags,
    generalLevelIdc,
  };
}

function skipSubLayers(reader: BitReader, maxSubLayersMinus1: number): void {
  if (maxSubLayersMinus1 === 0) return;
  let bits = 0;
  for (let layer = 0; layer < maxSubLayersMinus1; layer += 1) {
    const subLayerProfilePresent = reader.flag();
    const subLayerLevelPresent = reader.flag();
    bits += (subLayerProfilePresent ? 88 : 0) + (subLayerLevelPresent ? 8 : 0);
  }
  reader.skip(2 * (8 - maxSubLayersMinus1)); // reserved_zero_2bits up to the eighth layer
  reader.skip(bits);
}
