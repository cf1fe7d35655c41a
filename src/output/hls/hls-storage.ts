import type { Readable } from 'node:stream';

/** Files of HLS streams, in one folder per stream. On disk, or in memory for as long as the process lives. */
export interface HlsStorage {
  makeFolder(folder: string): Promise<void>;
  /**
   * Writes a whole file under a temporary name, then renames it: who reads it sees the old one or the new one.
   * @param parts are not changed afterwards by anybody
   */
  write(folder: string, name: string, parts: readonly Uint8Array[]): Promise<void>;
  /** @returns `undefined` when there is no such file; to be closed */
  open(folder: string, name: string): Promise<StoredFile | undefined>;
  /** A file that is not there any more is no error. */
  remove(folder: string, name: string): Promise<void>;
  /** Removes a stream's files. What else there is in its folder stays. */
  removeFolder(folder: string): Promise<void>;
}

/** A file that was found, as it was then, even if it is replaced or removed meanwhile. */
export interface StoredFile {
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** The bytes, read-only. */
  readAll(): Promise<Uint8Array>;
  /** Part of it, in pieces. @param end the byte after the last */
  stream(start: number, end: number): Readable;
  close(): Promise<void>;
}

/** The whole file, or `undefined`. */
export async function readStoredFile(
  storage: HlsStorage,
  folder: string,
  name: string,
): Promise<Uint8Array | undefined> {
  const file = await storage.open(folder, name);
  if (file === undefined) return undefined;
  try {
    return await file.readAll();
  } finally {
    await file.close();
  }
}

/**
 * A stream's folder below the root: its key, which may have several parts (`app/stream`).
 * @returns `undefined` for a key that would lead out of the root, or to the root itself
 */
export function hlsFolder(streamKey: string): string | undefined {
  const parts = streamKey.split('/').filter((part) => part !== '');
  return parts.length === 0 || parts.some(leadsAway) ? undefined : parts.join('/');
}

function leadsAway(part: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return part === '.' || part === '..' || /[\u0000-\u001F\u007F\\]/.test(part);
}
