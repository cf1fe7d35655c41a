import { createHash } from 'node:crypto';
import { Buffer } from 'node:buffer';

const HASHED_START = 1024;
const HASHED_END = 64 * 1024;

/** One version of a playlist, ready to be written and served. Immutable. */
export class PlaylistDocument {
  /** The bytes in pieces, which versions of a list share. */
  readonly parts: readonly Uint8Array[];
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  #bytes: Uint8Array | undefined;
  #etag: string | undefined;

  constructor(parts: readonly Uint8Array[], modifiedMs: number) {
    this.parts = parts;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
    this.modifiedMs = modifiedMs;
  }

  /** All bytes in one piece; made when asked for. */
  get bytes(): Uint8Array {
    this.#bytes ??= this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
    return this.#bytes;
  }

  /**
   * Of the content, with its quotes: the same text has the same tag, whoever made it. Lists only grow at their end, so
   * length, beginning and end stand for the whole of a long one.
   */
  get etag(): string {
    this.#etag ??= this.#hash();
    return this.#etag;
  }

  #hash(): string {
    const hash = createHash('sha1').update(`${this.length} `);
    hash.update(this.bytes.subarray(0, HASHED_START)).update(this.bytes.subarray(-HASHED_END));
    return `"${hash.digest('base64url')}"`;
  }
}

/** The names of a stream's two playlists. */
export const PLAYLIST_FILE = { live: 'playlist.m3u8', record: 'record.m3u8' } as const;

/** Which of the two. */
export type PlaylistKind = keyof typeof PLAYLIST_FILE;
