/** Splits an FLV byte stream into tags (FLV 10.1, E.2 to E.4.1). Left out: encrypted tags (annex F). */
import { ChunkQueue } from '../../bytes/chunk-queue.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { FlvTag, FlvTagType } from './flv-types.ts';
import { MAX_FLV_BODY_BYTES, flvTagHeaderLength, isFlvTagType } from './tag-header.ts';
import type { FlvFileFlags } from './tag-header.ts';

/** "FLV" */
const FILE_SIGNATURE = 0x46_4c_56;
const FILE_HEADER_LENGTH = 9;
const PREVIOUS_TAG_SIZE_LENGTH = 4;
/** `DataOffset` is 9 in version 1, the only one there is; a little room for header extensions, none for abuse. */
const MAX_DATA_OFFSET = 4096;

/** What the file header says. */
export interface FlvFileHeader extends FlvFileFlags {
  readonly version: number;
}

/** Choices of a demuxer. */
export interface FlvDemuxerOptions {
  /** Largest tag body taken; the format's own limit of 2^24 - 1 bytes unless given. */
  readonly maxBodyBytes?: number | undefined;
}

interface TagHeader {
  readonly type: FlvTagType;
  readonly bodyLength: number;
  readonly timestampMs: number;
}

/**
 * Splits an FLV byte stream, in pieces of any size, into its tags. It never searches for the next tag: after an error
 * the stream is over. `PreviousTagSize` is not checked; live servers write it wrongly.
 */
export class FlvDemuxer {
  readonly #queue = new ChunkQueue();
  readonly #maxBodyBytes: number;
  #header: FlvFileHeader | undefined;
  /** Bytes still to be dropped before the next field. */
  #skip = 0;
  #tag: TagHeader | undefined;

  constructor(options: FlvDemuxerOptions = {}) {
    this.#maxBodyBytes = options.maxBodyBytes ?? MAX_FLV_BODY_BYTES;
  }

  /** The file header; `undefined` until `nextTag` has seen all of it. */
  get header(): FlvFileHeader | undefined {
    return this.#header;
  }

  /** @param chunk kept as views; the caller must not change it afterwards */
  receive(chunk: Uint8Array): void {
    this.#queue.push(chunk);
  }

  /**
   * The next whole tag; its body is a view of a received chunk, or a fresh copy when it spans several.
   * @returns `undefined`: needs more bytes
   * @throws {ProtocolError} `ERR_FLV_…`: the bytes are no FLV
   */
  nextTag(): FlvTag | undefined {
    if (this.#header === undefined) this.#header = this.#readFileHeader();
    if (this.#header === undefined || !this.#finishSkip()) return undefined;
    const tag = (this.#tag ??= this.#readTagHeader());
    if (tag === undefined) return undefined;
    const body = this.#queue.take(tag.bodyLength);
    if (body === undefined) return undefined;
    this.#tag = undefined;
    this.#skip = PREVIOUS_TAG_SIZE_LENGTH;
    return { type: tag.type, timestampMs: tag.timestampMs, body };
  }

  #readFileHeader(): FlvFileHeader | undefined {
    const bytes = this.#queue.take(FILE_HEADER_LENGTH);
    if (bytes === undefined) return undefined;
    const signature = (bytes[0]! << 16) | (bytes[1]! << 8) | bytes[2]!;
    const version = bytes[3]!;
    const flags = bytes[4]!;
    if (signature !== FILE_SIGNATURE || version !== 1) {
      throw new ProtocolError('ERR_FLV_HEADER', 'the stream does not start with "FLV" and version 1', {
        signature,
        version,
      });
    }
    const dataOffset = ((bytes[5]! << 24) | (bytes[6]! << 16) | (bytes[7]! << 8) | bytes[8]!) >>> 0;
    if (dataOffset < FILE_HEADER_LENGTH || dataOffset > MAX_DATA_OFFSET) {
      throw new ProtocolError('ERR_FLV_HEADER', `FLV data offset ${dataOffset}`, {
        dataOffset,
        limit: MAX_DATA_OFFSET,
      });
    }
    this.#skip = dataOffset - FILE_HEADER_LENGTH + PREVIOUS_TAG_SIZE_LENGTH;
    return { version, audio: (flags & 0b100) !== 0, video: (flags & 0b001) !== 0 };
  }

  #readTagHeader(): TagHeader | undefined {
    const bytes = this.#queue.take(flvTagHeaderLength);
    if (bytes === undefined) return undefined;
    const type = bytes[0]! & 0x1f;
    if (!isFlvTagType(type)) {
      throw new ProtocolError('ERR_FLV_TAG_TYPE', `FLV tag type ${type}, expected 8, 9 or 18`, { type });
    }
    if ((bytes[0]! & 0x20) !== 0) {
      throw new ProtocolError('ERR_FLV_ENCRYPTED', 'encrypted FLV tags are not supported', { type });
    }
    const bodyLength = (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!;
    if (bodyLength > this.#maxBodyBytes) {
      throw new ProtocolError('ERR_FLV_TAG_SIZE', `FLV tag body of ${bodyLength} bytes`, {
        length: bodyLength,
        limit: this.#maxBodyBytes,
      });
    }
    const timestampMs = ((bytes[7]! << 24) | (bytes[4]! << 16) | (bytes[5]! << 8) | bytes[6]!) >>> 0;
    return { type, bodyLength, timestampMs };
  }

  #finishSkip(): boolean {
    if (this.#skip > this.#queue.length) return false;
    this.#queue.skip(this.#skip);
    this.#skip = 0;
    return true;
  }
}
