import { dirname } from 'node:path';
import type { FolderEntry, RecordFileSystem, WritableFile } from '../output/record/file-system.ts';

/** What an operating system's error looks like. */
export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}

interface FakeFile {
  bytes: Uint8Array;
  modifiedMs: number;
}

/** A disk in memory that can be full, slow or broken. */
export class FakeFileSystem implements RecordFileSystem {
  readonly files = new Map<string, FakeFile>();
  readonly folders = new Set<string>(['/']);
  /** Bytes that fit on the disk. */
  capacityBytes = Infinity;
  /** The most that one write takes. */
  maxWriteBytes = Infinity;
  /** When set, decides about every operation; what it returns is thrown. */
  fault: ((operation: string, path: string) => Error | undefined) | undefined;
  /** Open files, by path. */
  readonly open = new Set<string>();
  /** Writes asked for so far. */
  writes = 0;
  #stall: Promise<void> | undefined;

  /** Writes hang until the returned function is called. */
  stall(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stall = promise;
    return () => {
      this.#stall = undefined;
      resolve();
    };
  }

  put(path: string, bytes: number, modifiedMs: number): void {
    this.files.set(path, { bytes: new Uint8Array(bytes), modifiedMs });
    for (let folder = dirname(path); !this.folders.has(folder); folder = dirname(folder)) {
      this.folders.add(folder);
    }
  }

  bytesOf(path: string): Uint8Array {
    const file = this.files.get(path);
    if (file === undefined) throw new Error(`no file ${path}; there are ${this.names.join(', ')}`);
    return file.bytes;
  }

  get names(): string[] {
    return [...this.files.keys()];
  }

  async makeFolder(path: string): Promise<void> {
    this.#check('makeFolder', path);
    for (let folder = path; !this.folders.has(folder); folder = dirname(folder)) this.folders.add(folder);
  }

  async create(path: string): Promise<WritableFile> {
    this.#check('create', path);
    if (!this.folders.has(dirname(path))) throw systemError('ENOENT');
    if (this.files.has(path)) throw systemError('EEXIST');
    const file: FakeFile = { bytes: new Uint8Array(0), modifiedMs: 0 };
    this.files.set(path, file);
    this.open.add(path);
    return {
      write: (chunks, position) => this.#write(path, file, chunks, position),
      truncate: async (length) => {
        this.#check('truncate', path);
        file.bytes = file.bytes.slice(0, length);
      },
      close: async () => {
        this.open.delete(path);
        this.#check('close', path);
      },
    };
  }

  async list(folder: string): Promise<FolderEntry[]> {
    this.#check('list', folder);
    const prefix = folder === '/' ? '/' : `${folder}/`;
    const below = (paths: Iterable<string>): string[] =>
      [...paths]
        .filter((path) => path.startsWith(prefix) && path !== prefix)
        .map((path) => path.slice(prefix.length))
        .filter((name) => !name.includes('/'));
    return [
      ...below(this.files.keys()).map((name) => ({ name, kind: 'file' as const })),
      ...below(this.folders).map((name) => ({ name, kind: 'folder' as const })),
    ];
  }

  async stat(path: string): Promise<{ bytes: number; modifiedMs: number } | undefined> {
    this.#check('stat', path);
    const file = this.files.get(path);
    return file === undefined ? undefined : { bytes: file.bytes.length, modifiedMs: file.modifiedMs };
  }

  async remove(path: string): Promise<void> {
    this.#check('remove', path);
    this.files.delete(path);
  }

  async #write(
    path: string,
    file: FakeFile,
    chunks: readonly Uint8Array[],
    position: number,
  ): Promise<number> {
    this.writes += 1;
    await this.#stall;
    this.#check('write', path);
    const used = [...this.files.values()].reduce((sum, other) => sum + other.bytes.length, 0);
    const room = this.capacityBytes - used + Math.max(0, file.bytes.length - position);
    const data = Buffer.concat(chunks).subarray(0, Math.min(room, this.maxWriteBytes));
    if (data.length === 0) throw systemError('ENOSPC');
    const grown = new Uint8Array(Math.max(file.bytes.length, position + data.length));
    grown.set(file.bytes);
    grown.set(data, position);
    file.bytes = grown;
    return data.length;
  }

  #check(operation: string, path: string): void {
    const error = this.fault?.(operation, path);
    if (error !== undefined) throw error;
  }
}

/** Lets everything that only waits for promises happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
