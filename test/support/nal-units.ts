/** What two recordings of an H.264 or H.265 picture must have in common, however NAL units are held together. */
import { createHash } from 'node:crypto';

/** Parameter sets and delimiters, which servers may add, drop or repeat. */
const ignoredNalTypes: Record<string, ReadonlySet<number>> = {
  h264: new Set([7, 8, 9]),
  h265: new Set([32, 33, 34, 35]),
};

export function hasNalUnits(codec: string): boolean {
  return codec in ignoredNalTypes;
}

/** The NAL units of an access unit that must arrive unchanged. */
export function essentialNalUnits(codec: string, nalUnits: readonly Buffer[]): Buffer[] {
  const typeOf = (nalUnit: Buffer): number => (codec === 'h264' ? nalUnit[0]! & 31 : (nalUnit[0]! >> 1) & 63);
  return nalUnits.filter((nalUnit) => nalUnit.length > 0 && !ignoredNalTypes[codec]!.has(typeOf(nalUnit)));
}

/** As in FLV and MP4: a length before each (ISO/IEC 14496-15, 5.3.4.2). */
export function splitByLength(payload: Buffer, lengthSize: number): Buffer[] {
  const nalUnits: Buffer[] = [];
  let at = 0;
  while (at < payload.length) {
    const length = payload.readUIntBE(at, lengthSize);
    const nalUnit = payload.subarray(at + lengthSize, at + lengthSize + length);
    if (nalUnit.length !== length) throw new Error(`NAL unit of ${length} bytes in ${nalUnit.length}`);
    at += lengthSize + length;
    nalUnits.push(nalUnit);
  }
  return nalUnits;
}

/** As in a transport stream: start codes between them (ISO/IEC 14496-10, annex B). No NAL unit ends with a zero byte. */
export function splitByStartCode(payload: Buffer): Buffer[] {
  const startCode = Buffer.from([0, 0, 1]);
  const nalUnits: Buffer[] = [];
  let at = payload.indexOf(startCode);
  if (payload.subarray(0, Math.max(at, 0)).some((byte) => byte !== 0)) {
    throw new Error(`bytes before the first start code: ${payload.subarray(0, at).toString('hex')}`);
  }
  while (at >= 0) {
    const next = payload.indexOf(startCode, at + 3);
    let end = next < 0 ? payload.length : next;
    while (payload[end - 1] === 0) end -= 1;
    nalUnits.push(payload.subarray(at + 3, end));
    at = next;
  }
  return nalUnits;
}

/** A digest over the parts and their lengths: the border between two NAL units counts. */
export function digest(parts: readonly Buffer[]): { hash: string; bytes: number } {
  const hash = createHash('sha1');
  let bytes = 0;
  for (const part of parts) {
    hash.update(`${part.length}:`).update(part);
    bytes += part.length;
  }
  return { hash: hash.digest('hex').slice(0, 16), bytes };
}
