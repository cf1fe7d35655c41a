import { close, ftruncate, open, writev } from 'node:fs';
import { mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** An open file that is being written. Errors are the operating system's, with its `code`. */
export interface WritableFile {
  /** @returns bytes written; fewer than given when the disk has room for no more, or the system felt like it */
  write(chunks: readonly Uint8Array[], position: number): Promise<number>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** What is found in a folder. Links are `other`: nobody follows them. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** The few things that recording needs of a disk; tests pass one that fills up, stalls or fails. */
export interface RecordFileSystem {
  /** With all folders above it; harmless when it is there. */
  makeFolder(path: string): Promise<void>;
  /** A new file, opened exclusively: rejects with `EEXIST` when the name is taken by anything. */
  create(path: string): Promise<WritableFile>;
  /** Nothing for a folder that does not exist. */
  list(folder: string): Promise<readonly FolderEntry[]>;
  /** `undefined` when there is no such file any more. */
  stat(path: string): Promise<{ readonly bytes: number; readonly modifiedMs: number } | undefined>;
  remove(path: string): Promise<void>;
}

/** The machine's own file system. */
export const nodeFileSystem: RecordFileSystem = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  async create(path) {
    return writableFile(await openFile(path, 'wx'));
  },
  async list(folder) {
    const entries = await orUndefined(readdir(folder, { withFileTypes: true }));
    return (entries ?? []).map((entry) => ({
      name: entry.name,
      kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other',
    }));
  },
  async stat(path) {
    const found = await orUndefined(stat(path));
    return found === undefined ? undefined : { bytes: found.size, modifiedMs: found.mtimeMs };
  },
  async remove(path) {
    await orUndefined(unlink(path));
  },
};

// By descriptor: a write through a `FileHandle` costs twice as much, and recordings write several times a second.
const openFile = promisify(open);
const closeFile = promisify(close);
const truncateFile = promisify(ftruncate);

function writableFile(descriptor: number): WritableFile {
  return {
    write: (chunks, position) =>
      new Promise((resolve, reject) => {
        writev(descriptor, chunks, position, (error, bytesWritten) => {
          if (error === null) resolve(bytesWritten);
          else reject(error);
        });
      }),
    truncate: (length) => truncateFile(descriptor, length),
    close: () => closeFile(descriptor),
  };
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
