/** The fixed bytes around an FLV tag's body and in front of the first tag (FLV 10.1, E.2 to E.4.1). */
import { FlvTagType } from './flv-types.ts';

/** Bytes of a tag header: type, body length, time stamp, stream id. */
export const flvTagHeaderLength = 11;

/** Bytes a body costs in a file: the tag header before it and `PreviousTagSize` behind it. */
export const flvTagOverhead = 15;

/** `DataSize` has 24 bits. */
export const MAX_FLV_BODY_BYTES = 0xff_ff_ff;

/** Which media an FLV file header announces. */
export interface FlvFileFlags {
  readonly audio: boolean;
  readonly video: boolean;
}

/** The file header and `PreviousTagSize0`: 13 bytes, a fresh copy. */
export function flvFileHeader({ audio, video }: FlvFileFlags): Uint8Array {
  const flags = (audio ? 0b100 : 0) | (video ? 0b001 : 0);
  // prettier-ignore
  return Uint8Array.of(
    0x46, 0x4c, 0x56, // "FLV"
    1, flags,
    0, 0, 0, 9, // DataOffset
    0, 0, 0, 0, // PreviousTagSize0
  );
}

/**
 * Writes a tag header; the body follows, then `writeFlvPreviousTagSize`.
 * @param bodyLength 0 to 2^24 - 1
 * @param timestampMs any integer; the low 32 bits are written, the upper 8 of them in `TimestampExtended`
 * @returns 11, the bytes written
 * @throws {RangeError} when the body does not fit into a tag
 */
export function writeFlvTagHeader(
  target: Uint8Array,
  offset: number,
  type: FlvTagType,
  bodyLength: number,
  timestampMs: number,
): number {
  if (bodyLength > MAX_FLV_BODY_BYTES) {
    throw new RangeError(`FLV tag body of ${bodyLength} bytes, at most ${MAX_FLV_BODY_BYTES} fit`);
  }
  target[offset] = type;
  target[offset + 1] = bodyLength >>> 16;
  target[offset + 2] = bodyLength >>> 8;
  target[offset + 3] = bodyLength;
  target[offset + 4] = timestampMs >>> 16;
  target[offset + 5] = timestampMs >>> 8;
  target[offset + 6] = timestampMs;
  target[offset + 7] = timestampMs >>> 24;
  target[offset + 8] = 0;
  target[offset + 9] = 0;
  target[offset + 10] = 0;
  return flvTagHeaderLength;
}

/** Writes the length of the tag that ends at `offset`, header included. @returns 4, the bytes written */
export function writeFlvPreviousTagSize(target: Uint8Array, offset: number, bodyLength: number): number {
  const tagLength = flvTagHeaderLength + bodyLength;
  target[offset] = tagLength >>> 24;
  target[offset + 1] = tagLength >>> 16;
  target[offset + 2] = tagLength >>> 8;
  target[offset + 3] = tagLength;
  return 4;
}

/** Whether `value` is a tag type that FLV defines. */
export function isFlvTagType(value: number): value is FlvTagType {
  return value === FlvTagType.audio || value === FlvTagType.video || value === FlvTagType.script;
}
