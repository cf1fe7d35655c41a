import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import type { HlsStorage, StoredFile } from './hls-storage.ts';

interface MemoryFile {
  readonly folder: string;
  readonly name: string;
  /** Pieces that hold no more memory than their own length. */
  parts: readonly Uint8Array[];
  readonly length: number;
  readonly modifiedMs: number;
}

/** Told when a file had to go because the memory is full. */
export type EvictionListener = (folder: string, name: string) => void;

/**
 * HLS files in memory, up to a number of bytes. Beyond it the oldest files of all streams are given up, so that what is
 * new always finds room.
 */
export class MemoryStorage implements HlsStorage {
  /** Called for each file given up. */
  onEvicted: EvictionListener = () => {};
  /** May be changed at any time; it is kept to from the next file on. */
  maxBytes: number;
  readonly #wallMs: () => number;
  /** By path, oldest first. */
  readonly #files = new Map<string, MemoryFile>();
  #bytes = 0;

  /** @param wallMs milliseconds since 1970 */
  constructor(maxBytes: number, wallMs: () => number) {
    this.maxBytes = maxBytes;
    this.#wallMs = wallMs;
  }

  /** Bytes of all files. */
  get bytes(): number {
    return this.#bytes;
  }

  async makeFolder(): Promise<void> {}

  /** @throws for a file larger than all the memory there is */
  async write(folder: string, name: string, parts: readonly Uint8Array[]): Promise<void> {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length > this.maxBytes) {
      const error: NodeJS.ErrnoException = new Error(`${name}: larger than limits.hls_memory_bytes`);
      error.code = 'ENOSPC';
      throw error;
    }
    this.#delete(pathOf(folder, name));
    const modifiedMs = this.#wallMs();
    this.#files.set(pathOf(folder, name), { folder, name, parts: parts.map(owned), length, modifiedMs });
    this.#bytes += length;
    for (const [path, oldest] of this.#files) {
      if (this.#bytes <= this.maxBytes) break;
      this.#delete(path);
      this.onEvicted(oldest.folder, oldest.name);
    }
  }

  async open(folder: string, name: string): Promise<StoredFile | undefined> {
    const file = this.#files.get(pathOf(folder, name));
    if (file === undefined) return undefined;
    const { length, modifiedMs } = file;
    return {
      length,
      modifiedMs,
      readAll: async () => inOnePiece(file),
      stream: (start, end) => Readable.from([inOnePiece(file).subarray(start, end)]),
      close: async () => {},
    };
  }

  async remove(folder: string, name: string): Promise<void> {
    this.#delete(pathOf(folder, name));
  }

  async removeFolder(folder: string): Promise<void> {
    for (const [path, file] of this.#files) {
      if (file.folder === folder) this.#delete(path);
    }
  }

  #delete(path: string): void {
    this.#bytes -= this.#files.get(path)?.length ?? 0;
    this.#files.delete(path);
  }
}

/** A view of a block of the stream would keep all of it alive, uncounted. */
function owned(part: Uint8Array): Uint8Array {
  return part.length === part.buffer.byteLength ? part : new Uint8Array(part);
}

/** Joined when it is first asked for. */
function inOnePiece(file: MemoryFile): Uint8Array {
  if (file.parts.length !== 1) file.parts = [Buffer.concat(file.parts)];
  return file.parts[0]!;
}

function pathOf(folder: string, name: string): string {
  return `${folder}/${name}`;
}
