/**
 * NAL units with a length in front of each, the sample format of ISO/IEC 14496-15, 5.3.2 (H.264) and 8.3.2 (H.265).
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** Bytes of each length field: `lengthSizeMinusOne` + 1 of the configuration record. */
export type NalLengthSize = 1 | 2 | 4;

/**
 * More NAL units in one access unit than any encoder makes (H.265 level 6.2 allows 600 slices). Without a limit a
 * 16 MiB message of one-byte units would become millions of views.
 */
export const MAX_NAL_UNITS_PER_ACCESS_UNIT = 16_384;

/**
 * Splits one access unit into its NAL units. Zero-length units are skipped.
 * @returns views of `data`, in order
 * @throws {ProtocolError} `ERR_NAL_TRUNCATED` when a length reaches past the end, `ERR_NAL_COUNT` for too many units
 */
export function splitLengthPrefixed(data: Uint8Array, lengthSize: NalLengthSize = 4): Uint8Array[] {
  const nalUnits: Uint8Array[] = [];
  let at = 0;
  while (at < data.length) {
    const length = lengthAt(data, at, lengthSize);
    at += lengthSize;
    if (length > 0) nalUnits.push(data.subarray(at, at + length));
    at += length;
    checkCount(nalUnits.length);
  }
  return nalUnits;
}

/** Puts a 4-byte length before each NAL unit. @returns a fresh copy */
export function joinLengthPrefixed(nalUnits: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const nal of nalUnits) length += 4 + nal.length;
  const data = new Uint8Array(length);
  let at = 0;
  for (const nal of nalUnits) at = writeNalUnit(data, at, nal);
  return data;
}

/**
 * Brings one access unit into the form a `MediaFrame` carries: 4-byte lengths, no delimiters, no zero-length units.
 * @param isDelimiter told the first byte of each NAL unit; true drops it
 * @returns `data` itself when nothing has to change (the usual case, without any allocation), else a fresh copy
 * @throws {ProtocolError} as `splitLengthPrefixed`
 */
export function normalizeLengthPrefixed(
  data: Uint8Array,
  lengthSize: NalLengthSize,
  isDelimiter: (firstByte: number) => boolean,
): Uint8Array {
  let at = 0;
  let kept = 0;
  let keptBytes = 0;
  let isNormal = lengthSize === 4;
  while (at < data.length) {
    const length = lengthAt(data, at, lengthSize);
    at += lengthSize;
    if (length === 0 || isDelimiter(data[at]!)) {
      isNormal = false;
    } else {
      kept += 1;
      keptBytes += 4 + length;
    }
    at += length;
    checkCount(kept);
  }
  return isNormal ? data : copyKept(data, lengthSize, isDelimiter, keptBytes);
}

function copyKept(
  data: Uint8Array,
  lengthSize: NalLengthSize,
  isDelimiter: (firstByte: number) => boolean,
  keptBytes: number,
): Uint8Array {
  const copy = new Uint8Array(keptBytes);
  let to = 0;
  let at = 0;
  while (at < data.length) {
    const length = lengthAt(data, at, lengthSize);
    at += lengthSize;
    if (length > 0 && !isDelimiter(data[at]!)) to = writeNalUnit(copy, to, data.subarray(at, at + length));
    at += length;
  }
  return copy;
}

function writeNalUnit(target: Uint8Array, at: number, nal: Uint8Array): number {
  target[at] = nal.length >>> 24;
  target[at + 1] = nal.length >>> 16;
  target[at + 2] = nal.length >>> 8;
  target[at + 3] = nal.length;
  target.set(nal, at + 4);
  return at + 4 + nal.length;
}

/** The length field at `at`, checked against the end of `data`. Plain indexing: this runs for every frame. */
function lengthAt(data: Uint8Array, at: number, lengthSize: NalLengthSize): number {
  const available = data.length - at - lengthSize;
  if (available < 0) throw truncated(at, lengthSize, data.length - at);
  let length = data[at]!;
  if (lengthSize > 1) length = (length << 8) | data[at + 1]!;
  if (lengthSize === 4) length = ((length << 16) | (data[at + 2]! << 8) | data[at + 3]!) >>> 0;
  if (length > available) throw truncated(at, length, available);
  return length;
}

function truncated(offset: number, needed: number, available: number): ProtocolError {
  return new ProtocolError(
    'ERR_NAL_TRUNCATED',
    `NAL unit at offset ${offset} needs ${needed} bytes, has ${available}`,
    { offset, needed, available },
  );
}

function checkCount(count: number): void {
  if (count <= MAX_NAL_UNITS_PER_ACCESS_UNIT) return;
  throw new ProtocolError(
    'ERR_NAL_COUNT',
    `more than ${MAX_NAL_UNITS_PER_ACCESS_UNIT} NAL units in one access unit`,
    { limit: MAX_NAL_UNITS_PER_ACCESS_UNIT },
  );
}
