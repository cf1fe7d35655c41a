/**
 * Cutting messages into chunks ("Adobe's Real Time Messaging Protocol" 1.0, clause 5.3.1). Every message starts with
 * a full header (fmt 0, absolute time), so its bytes do not depend on what was sent before and can be shared by all
 * viewers. Continuation chunks are fmt 3 (SRS refuses anything else) and repeat the extended timestamp (VLC and
 * ffmpeg need it).
 */
export interface ChunkedMessageHeader {
  /** 2 to 63: the ids whose basic header is one byte. */
  readonly chunkStreamId: number;
  readonly typeId: number;
  readonly streamId: number;
  /** Milliseconds; the low 32 bits are written. */
  readonly timestamp: number;
}

const FULL_HEADER_LENGTH = 12;
const EXTENDED_TIMESTAMP_LENGTH = 4;
/** From this value on, the three bytes of the header say "see the extended timestamp" (clause 5.3.1.3). */
const EXTENDED_TIMESTAMP = 0xffffff;
const FMT_3 = 0xc0;

/**
 * Bytes that `writeChunkedMessage` will write.
 * @param timestamp milliseconds; the low 32 bits count
 * @param chunkSize payload bytes of a chunk, 1 or more
 */
export function chunkedMessageLength(payloadLength: number, timestamp: number, chunkSize: number): number {
  const chunks = Math.max(1, Math.ceil(payloadLength / chunkSize));
  const extended = timestamp >>> 0 >= EXTENDED_TIMESTAMP ? EXTENDED_TIMESTAMP_LENGTH * chunks : 0;
  return FULL_HEADER_LENGTH + (chunks - 1) + payloadLength + extended;
}

/**
 * Writes one message, cut into chunks, into `target` at `offset`.
 * @param parts the payload in pieces, together at most 16 MiB - 1 bytes; copied
 * @param chunkSize payload bytes of a chunk, as announced to the peer
 * @returns bytes written: `chunkedMessageLength` of the whole
 * @throws {RangeError} for a chunk stream id outside 2..63 or a payload above 24 bits: mistakes of the caller
 */
export function writeChunkedMessage(
  target: Uint8Array,
  offset: number,
  header: ChunkedMessageHeader,
  parts: readonly Uint8Array[],
  chunkSize: number,
): number {
  let payloadLength = 0;
  for (const part of parts) payloadLength += part.length;
  checkHeader(header.chunkStreamId, payloadLength);
  let at = writeFullHeader(target, offset, header, payloadLength);
  let room = chunkSize;
  for (const part of parts) {
    let taken = 0;
    while (taken < part.length) {
      if (room === 0) {
        at = writeContinuationHeader(target, at, header);
        room = chunkSize;
      }
      const length = Math.min(room, part.length - taken);
      target.set(length === part.length ? part : part.subarray(taken, taken + length), at);
      at += length;
      taken += length;
      room -= length;
    }
  }
  return at - offset;
}

/** The same as `writeChunkedMessage`, into fresh bytes of just the right length. */
export function serializeChunkedMessage(
  header: ChunkedMessageHeader,
  parts: readonly Uint8Array[],
  chunkSize: number,
): Uint8Array {
  let payloadLength = 0;
  for (const part of parts) payloadLength += part.length;
  const target = new Uint8Array(chunkedMessageLength(payloadLength, header.timestamp, chunkSize));
  writeChunkedMessage(target, 0, header, parts, chunkSize);
  return target;
}

function checkHeader(chunkStreamId: number, payloadLength: number): void {
  if (chunkStreamId < 2 || chunkStreamId > 63) {
    throw new RangeError(`chunk stream id ${chunkStreamId} is outside 2..63`);
  }
  if (payloadLength > 0xffffff) {
    throw new RangeError(`a message of ${payloadLength} bytes does not fit the 24-bit length`);
  }
}

function writeFullHeader(
  target: Uint8Array,
  offset: number,
  header: ChunkedMessageHeader,
  length: number,
): number {
  const timestamp = header.timestamp >>> 0;
  const field = Math.min(timestamp, EXTENDED_TIMESTAMP);
  target[offset] = header.chunkStreamId;
  target[offset + 1] = field >>> 16;
  target[offset + 2] = field >>> 8;
  target[offset + 3] = field;
  target[offset + 4] = length >>> 16;
  target[offset + 5] = length >>> 8;
  target[offset + 6] = length;
  target[offset + 7] = header.typeId;
  // The message stream id alone is little endian.
  target[offset + 8] = header.streamId;
  target[offset + 9] = header.streamId >>> 8;
  target[offset + 10] = header.streamId >>> 16;
  target[offset + 11] = header.streamId >>> 24;
  return writeExtendedTimestamp(target, offset + FULL_HEADER_LENGTH, timestamp);
}

function writeContinuationHeader(target: Uint8Array, offset: number, header: ChunkedMessageHeader): number {
  target[offset] = FMT_3 | header.chunkStreamId;
  return writeExtendedTimestamp(target, offset + 1, header.timestamp >>> 0);
}

function writeExtendedTimestamp(target: Uint8Array, offset: number, timestamp: number): number {
  if (timestamp < EXTENDED_TIMESTAMP) return offset;
  target[offset] = timestamp >>> 24;
  target[offset + 1] = timestamp >>> 16;
  target[offset + 2] = timestamp >>> 8;
  target[offset + 3] = timestamp;
  return offset + EXTENDED_TIMESTAMP_LENGTH;
}
