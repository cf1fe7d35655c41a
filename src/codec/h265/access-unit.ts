import { normalizeLengthPrefixed, type NalLengthSize } from '../nal/length-prefixed.ts';
import { H265NalUnitType } from './nal-unit-type.ts';

/**
 * Brings an H.265 access unit into the form a `MediaFrame` carries: 4-byte lengths, no access unit delimiters, no
 * zero-length units; everything else, parameter sets included, stays as received.
 * @returns `data` itself when nothing has to change, else a fresh copy; empty when only delimiters were there
 * @throws {ProtocolError} `ERR_NAL_TRUNCATED`, `ERR_NAL_COUNT`
 */
export function normalizeH265AccessUnit(data: Uint8Array, lengthSize: NalLengthSize = 4): Uint8Array {
  return normalizeLengthPrefixed(data, lengthSize, isAccessUnitDelimiter);
}

function isAccessUnitDelimiter(firstByte: number): boolean {
  return ((firstByte >>> 1) & 0x3f) === H265NalUnitType.accessUnitDelimiter;
}
