import { normalizeLengthPrefixed, type NalLengthSize } from '../nal/length-prefixed.ts';
import { H264NalUnitType } from './nal-unit-type.ts';

/**
 * Brings an H.264 access unit into the form a `MediaFrame` carries: 4-byte lengths, no access unit delimiters, no
 * zero-length units; everything else, parameter sets included, stays as received.
 * @returns `data` itself when nothing has to change, else a fresh copy; empty when only delimiters were there
 * @throws {ProtocolError} `ERR_NAL_TRUNCATED`, `ERR_NAL_COUNT`
 */
export function normalizeH264AccessUnit(data: Uint8Array, lengthSize: NalLengthSize = 4): Uint8Array {
  return normalizeLengthPrefixed(data, lengthSize, isAccessUnitDelimiter);
}

function isAccessUnitDelimiter(firstByte: number): boolean {
  return (firstByte & 0x1f) === H264NalUnitType.accessUnitDelimiter;
}
