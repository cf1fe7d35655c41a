/**
 * Open bitstream units of AV1 in the low-overhead format (AV1 Bitstream & Decoding Process Specification, 4.10.5,
 * 5.3 and 5.9.1), as samples of ISOBMFF and FLV hold them.
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** `obu_type` (6.2.2). */
export const Av1ObuType = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  tileGroup: 4,
  metadata: 5,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const;
export type Av1ObuType = (typeof Av1ObuType)[keyof typeof Av1ObuType];

/** One unit; the views are of the input. */
export interface Av1Obu {
  readonly type: number;
  /** 0 without an extension header. */
  readonly temporalId: number;
  readonly spatialId: number;
  /** The whole unit with header and size field. */
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array;
}

/**
 * More units in one temporal unit than any encoder makes (128 tile groups in each of a few layers). Without a limit a
 * 16 MiB message of two-byte units would become millions of objects.
 */
const MAX_OBUS_PER_TEMPORAL_UNIT = 16_384;
/** A leb128 has at most 8 bytes and stays below 2^32 (4.10.5). */
const MAX_LEB128_BYTES = 8;

/**
 * Splits a temporal unit. A unit without size field (legal for the last one) reaches to the end.
 * @throws {ProtocolError} `ERR_AV1_OBU` for broken headers and sizes, and for too many units
 */
export function splitObus(data: Uint8Array): Av1Obu[] {
  const obus: Av1Obu[] = [];
  let at = 0;
  while (at < data.length) {
    const obu = obuAt(data, at);
    at += obu.bytes.length;
    obus.push(obu);
    if (obus.length > MAX_OBUS_PER_TEMPORAL_UNIT) {
      throw broken('too many OBUs in one temporal unit', MAX_OBUS_PER_TEMPORAL_UNIT);
    }
  }
  return obus;
}

/**
 * Drops temporal delimiters, which a `MediaFrame` doesn't carry.
 * @returns `data` itself when there is none; a view of it when they stand in front, as they should; else a fresh copy
 * @throws {ProtocolError} `ERR_AV1_OBU`
 */
export function removeTemporalDelimiters(data: Uint8Array): Uint8Array {
  const obus = splitObus(data);
  const kept = obus.filter((obu) => obu.type !== Av1ObuType.temporalDelimiter);
  if (kept.length === obus.length) return data;
  const length = kept.reduce((sum, obu) => sum + obu.bytes.length, 0);
  const tail = obus.slice(obus.length - kept.length);
  if (tail.every((obu, index) => obu === kept[index])) return data.subarray(data.length - length);
  const copy = new Uint8Array(length);
  let at = 0;
  for (const obu of kept) {
    copy.set(obu.bytes, at);
    at += obu.bytes.length;
  }
  return copy;
}

/** An OBU with size field and without extension header. @returns a fresh copy */
export function serializeObu(type: number, payload: Uint8Array): Uint8Array {
  const size = serializeLeb128(payload.length);
  const bytes = new Uint8Array(1 + size.length + payload.length);
  bytes[0] = (type << 3) | 0x02; // obu_has_size_field
  bytes.set(size, 1);
  bytes.set(payload, 1 + size.length);
  return bytes;
}

/** The shortest leb128 of a value below 2^32 (4.10.5). */
export function serializeLeb128(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  do {
    const more = left >= 0x80;
    bytes.push((left % 0x80) | (more ? 0x80 : 0));
    left = Math.floor(left / 0x80);
  } while (left > 0);
  return Uint8Array.from(bytes);
}

function obuAt(data: Uint8Array, start: number): Av1Obu {
  // obu_forbidden_bit 1, obu_type 4, obu_extension_flag 1, obu_has_size_field 1, obu_reserved_1bit 1
  const header = data[start]!;
  if ((header & 0x80) !== 0) throw broken('obu_forbidden_bit is set', start);
  const hasExtension = (header & 0x04) !== 0;
  const hasSize = (header & 0x02) !== 0;
  let at = start + 1;
  // temporal_id 3, spatial_id 2, extension_header_reserved_3bits 3
  const extension = hasExtension ? data[at] : 0;
  if (extension === undefined) throw broken('OBU extension header is cut off', start);
  if (hasExtension) at += 1;
  let end = data.length;
  if (hasSize) {
    const size = leb128At(data, at);
    at += size.byteLength;
    end = at + size.value;
  }
  if (end > data.length) throw broken('obu_size reaches past the end', start);
  return {
    type: (header >>> 3) & 0x0f,
    temporalId: extension >>> 5,
    spatialId: (extension >>> 3) & 0x03,
    bytes: data.subarray(start, end),
    payload: data.subarray(at, end),
  };
}

/**
 * Reads a leb128 (4.10.5).
 * @returns its value, below 2^32, and how many bytes it takes, 1 to 8
 * @throws {ProtocolError} `ERR_AV1_OBU` when it is cut off, too long or too large
 */
export function leb128At(data: Uint8Array, start: number): { value: number; byteLength: number } {
  let value = 0;
  for (let index = 0; index < MAX_LEB128_BYTES; index += 1) {
    const byte = data[start + index];
    if (byte === undefined) throw broken('leb128 is cut off', start);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) {
      if (value > 0xffff_ffff) throw broken('leb128 above 32 bits', start);
      return { value, byteLength: index + 1 };
    }
  }
  throw broken('leb128 longer than 8 bytes', start);
}

function broken(text: string, offset: number): ProtocolError {
  return new ProtocolError('ERR_AV1_OBU', `${text} (${offset})`, { offset });
}
