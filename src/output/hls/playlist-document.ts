import { createHash } from 'node:crypto';
import { Buffer } from 'node:buffer';

/** One version of a playlist, ready to be written and served. */
export interface PlaylistDocument {
  readonly bytes: Uint8Array;
  /** Of the content: the same text has the same tag, whoever made it. With its quotes. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** The names of a stream's two playlists. */
export const PLAYLIST_FILE = { live: 'playlist.m3u8', record: 'record.m3u8' } as const;

/** Which of the two. */
export type PlaylistKind = keyof typeof PLAYLIST_FILE;

/** @param content text, or the bytes of a file */
export function playlistDocument(content: string | Uint8Array, modifiedMs: number): PlaylistDocument {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const hash = createHash('sha1').update(bytes).digest('base64url');
  return { bytes, etag: `"${hash}"`, modifiedMs };
}
