import { close as closeDescriptor, constants, open as openDescriptor, writev } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { withoutFirstBytes } from '../../bytes/without-first-bytes.ts';
import type { HlsStorage, StoredFile } from './hls-storage.ts';
import { PLAYLIST_FILE } from './playlist-document.ts';

/** lal's suffix of files that are being written. */
const TEMPORARY_SUFFIX = '.bak';

/** Neither links that lead elsewhere are followed, nor pipes waited for. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** HLS files below one folder of the file system. */
export class DiskStorage implements HlsStorage {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async makeFolder(folder: string): Promise<void> {
    await mkdir(join(this.#root, folder), { recursive: true, mode: 0o777 });
  }

  async write(folder: string, name: string, parts: readonly Uint8Array[]): Promise<void> {
    const path = join(this.#root, folder, name);
    const temporary = path + TEMPORARY_SUFFIX;
    try {
      await writeParts(temporary, parts);
      await rename(temporary, path);
    } catch (error) {
      // What was written of it only takes room, on a disk that may be full.
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  async open(folder: string, name: string): Promise<StoredFile | undefined> {
    let handle: FileHandle;
    try {
      handle = await open(join(this.#root, folder, name), READ_FLAGS);
    } catch (error) {
      if (isNoSuchFile(error)) return undefined;
      throw error;
    }
    try {
      const stat = await handle.stat();
      if (stat.isFile()) return new DiskFile(handle, stat.size, stat.mtimeMs);
      await handle.close();
      return undefined;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async remove(folder: string, name: string): Promise<void> {
    await rm(join(this.#root, folder, name), { force: true });
  }

  async removeFolder(folder: string): Promise<void> {
    const path = join(this.#root, folder);
    const entries = await readdir(path, { withFileTypes: true }).catch(ignoreMissing);
    for (const entry of entries ?? []) {
      if (!entry.isDirectory() && isOwnName(folder, entry.name))
        await rm(join(path, entry.name), { force: true });
    }
    await rmdir(path).catch(ignoreMissing);
  }
}

class DiskFile implements StoredFile {
  readonly length: number;
  readonly modifiedMs: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, length: number, modifiedMs: number) {
    this.#handle = handle;
    this.length = length;
    this.modifiedMs = modifiedMs;
  }

  /** @throws when the file became shorter meanwhile; what was promised can't be sent then */
  async readAll(): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.length);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await this.#handle.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0) throw new Error(`file ends at ${at} bytes instead of ${this.length}`);
      at += bytesRead;
    }
    return bytes;
  }

  stream(start: number, end: number): Readable {
    return this.#handle.createReadStream({ start, end: end - 1, autoClose: false });
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

// By descriptor: through a `FileHandle` each step costs twice as much, and there are eight for a fragment.
const openFile = promisify(openDescriptor);
const closeFile = promisify(closeDescriptor);

async function writeParts(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const descriptor = await openFile(path, 'w');
  try {
    let left = parts;
    while (left.length > 0) left = withoutFirstBytes(left, await writePieces(descriptor, left));
  } finally {
    await closeFile(descriptor);
  }
}

/** @returns how many bytes the system took */
function writePieces(descriptor: number, pieces: readonly Uint8Array[]): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(descriptor, pieces, null, (error, bytesWritten) => {
      if (error === null) resolve(bytesWritten);
      else reject(error);
    });
  });
}

const FRAGMENT_NUMBERS = /^-\d+-\d+\.ts$/;

/** Whether it is the name of a list, or of a fragment of that folder's stream, finished or not. */
function isOwnName(folder: string, name: string): boolean {
  const finished = name.endsWith(TEMPORARY_SUFFIX) ? name.slice(0, -TEMPORARY_SUFFIX.length) : name;
  if (finished === PLAYLIST_FILE.live || finished === PLAYLIST_FILE.record) return true;
  const stem = folder.slice(folder.lastIndexOf('/') + 1);
  return finished.startsWith(stem) && FRAGMENT_NUMBERS.test(finished.slice(stem.length));
}

/** Not there, or not what was expected there (a link, a folder of another stream, a name too long for any file). */
const ABSENT: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'EISDIR',
  'ENAMETOOLONG',
  'ENXIO',
]);

function isNoSuchFile(error: unknown): boolean {
  return ABSENT.has((error as NodeJS.ErrnoException).code ?? '');
}

/** A folder that is gone, or that others still use, needs no removing. */
function ignoreMissing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'ENOTDIR') throw error;
}
