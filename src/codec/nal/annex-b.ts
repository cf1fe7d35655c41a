/** NAL units between start codes, the byte stream format of ISO/IEC 14496-10, annex B (H.265: ISO/IEC 23008-2, annex B). */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { MAX_NAL_UNITS_PER_ACCESS_UNIT } from './length-prefixed.ts';

/**
 * Splits a byte stream at its start codes, 3-byte and 4-byte ones mixed. Bytes before the first start code, zero bytes
 * around units (`leading_zero_8bits`, `trailing_zero_8bits`) and empty units are left out.
 * @returns views of `data`, in order; empty when there is no start code
 * @throws {ProtocolError} `ERR_NAL_COUNT` for too many units
 */
export function splitAnnexB(data: Uint8Array): Uint8Array[] {
  const nalUnits: Uint8Array[] = [];
  let prefix = nextStartCode(data, 0);
  while (prefix < data.length) {
    const start = prefix + 3;
    prefix = nextStartCode(data, start);
    // A NAL unit never ends in a zero byte (7.4.1), so zeros before the next start code belong to the byte stream.
    let end = prefix;
    while (end > start && data[end - 1] === 0) end -= 1;
    if (end > start) nalUnits.push(data.subarray(start, end));
    if (nalUnits.length > MAX_NAL_UNITS_PER_ACCESS_UNIT) {
      throw new ProtocolError(
        'ERR_NAL_COUNT',
        `more than ${MAX_NAL_UNITS_PER_ACCESS_UNIT} NAL units in one block`,
        { limit: MAX_NAL_UNITS_PER_ACCESS_UNIT },
      );
    }
  }
  return nalUnits;
}

/**
 * Splits what should be a single NAL unit, but came with start codes in it: in front, or between several units.
 * @returns `undefined` for a sound unit, which never contains a start code; else views of `nal`, empty units left out
 * @throws {ProtocolError} `ERR_NAL_COUNT` for too many units
 */
export function splitAtStartCodes(nal: Uint8Array): Uint8Array[] | undefined {
  const prefix = nextStartCode(nal, 0);
  if (prefix === nal.length) return undefined;
  let end = prefix;
  while (end > 0 && nal[end - 1] === 0) end -= 1;
  const rest = splitAnnexB(nal.subarray(prefix));
  return end === 0 ? rest : [nal.subarray(0, end), ...rest];
}

/** Puts the 4-byte start code `00 00 00 01` before each NAL unit. @returns a fresh copy */
export function joinAnnexB(nalUnits: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const nal of nalUnits) length += 4 + nal.length;
  const data = new Uint8Array(length);
  let at = 0;
  for (const nal of nalUnits) {
    data[at + 3] = 1;
    data.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return data;
}

/** Offset of the next `00 00 01` that lies whole between `from` and `to`, or `to`. Looks at every third byte where it can. */
export function nextStartCode(data: Uint8Array, from: number, to: number = data.length): number {
  let at = from + 2;
  while (at < to) {
    const byte = data[at]!;
    if (byte > 1) at += 3;
    else if (byte === 0) at += 1;
    else if (data[at - 1] === 0 && data[at - 2] === 0) return at - 2;
    else at += 3;
  }
  return to;
}
