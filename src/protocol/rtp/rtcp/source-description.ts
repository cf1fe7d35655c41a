/** RTCP source descriptions (RFC 3550, 6.5). Of their items only CNAME is kept: the others describe persons. */
import type { ByteWriter } from '../../../bytes/byte-writer.ts';
import { RtcpPacketType, rtcpTruncated, writeRtcpHeader } from './rtcp-header.ts';

/** Names for sources. Sources with the same canonical name share a clock and belong together. */
export interface SourceDescription {
  readonly type: 'source-description';
  readonly chunks: readonly SourceDescriptionChunk[];
}

/** What is said about one source. */
interface SourceDescriptionChunk {
  readonly ssrc: number;
  /** CNAME, at most 255 bytes of UTF-8; absent where the chunk has none. */
  readonly canonicalName: string | undefined;
}

/** Types of items, one byte (12.2). */
const SdesItemType = { end: 0, canonicalName: 1 } as const;
const MAX_ITEM_BYTES = 0xff;
/** SSRC. */
const CHUNK_HEADER_BYTES = 4;
/** Type and length. */
const ITEM_HEADER_BYTES = 2;

/**
 * Parses the chunks. The null byte that ends a chunk may be missing at the end of the packet.
 * @throws {ProtocolError} `ERR_RTCP_TRUNCATED`
 */
export function parseSourceDescription(count: number, body: Uint8Array): SourceDescription {
  const chunks: SourceDescriptionChunk[] = [];
  let at = 0;
  while (chunks.length < count) {
    if (at + CHUNK_HEADER_BYTES > body.length) {
      throw rtcpTruncated('source description', at + CHUNK_HEADER_BYTES, body.length);
    }
    const ssrc = ((body[at]! << 24) | (body[at + 1]! << 16) | (body[at + 2]! << 8) | body[at + 3]!) >>> 0;
    const items = parseItems(body, at + CHUNK_HEADER_BYTES);
    chunks.push({ ssrc, canonicalName: items.canonicalName });
    at = items.end;
  }
  return { type: 'source-description', chunks };
}

/** @throws {RangeError} for more than 31 chunks or a name of more than 255 bytes */
export function writeSourceDescription(writer: ByteWriter, description: SourceDescription): void {
  const names = description.chunks.map(({ canonicalName }) => encodedName(canonicalName));
  const length = names.reduce((sum, name) => sum + chunkLength(name), 0);
  writeRtcpHeader(writer, RtcpPacketType.sourceDescription, description.chunks.length, length);
  for (const [index, { ssrc }] of description.chunks.entries()) {
    writeChunk(writer, ssrc, names[index]);
  }
}

/** Reads items up to the null byte that ends them; the next chunk begins at a multiple of 4 bytes behind it. */
function parseItems(body: Uint8Array, start: number): { canonicalName: string | undefined; end: number } {
  let canonicalName: string | undefined;
  let at = start;
  while (at < body.length && body[at] !== SdesItemType.end) {
    const textEnd = at + ITEM_HEADER_BYTES + (body[at + 1] ?? 0);
    if (textEnd > body.length) throw rtcpTruncated('source description item', textEnd, body.length);
    if (body[at] === SdesItemType.canonicalName) {
      canonicalName ??= new TextDecoder().decode(body.subarray(at + ITEM_HEADER_BYTES, textEnd));
    }
    at = textEnd;
  }
  return { canonicalName, end: Math.min(nextMultipleOf4(at + 1), body.length) };
}

function writeChunk(writer: ByteWriter, ssrc: number, name: Uint8Array | undefined): void {
  const start = writer.length;
  writer.u32(ssrc);
  if (name !== undefined) writer.u8(SdesItemType.canonicalName).u8(name.length).bytes(name);
  // One null byte ends the items, up to three more fill the word.
  const end = start + chunkLength(name);
  while (writer.length < end) writer.u8(SdesItemType.end);
}

function chunkLength(name: Uint8Array | undefined): number {
  const items = name === undefined ? 0 : ITEM_HEADER_BYTES + name.length;
  return nextMultipleOf4(CHUNK_HEADER_BYTES + items + 1);
}

function encodedName(name: string | undefined): Uint8Array | undefined {
  if (name === undefined) return undefined;
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > MAX_ITEM_BYTES) {
    throw new RangeError(`canonical name of ${bytes.length} bytes, at most 255 fit`);
  }
  return bytes;
}

function nextMultipleOf4(length: number): number {
  return Math.ceil(length / 4) * 4;
}
