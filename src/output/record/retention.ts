import { join } from 'node:path';
import type { RecordFileSystem } from './file-system.ts';
import { RecordError } from './record-error.ts';

/** A folder with recordings, and which files in it are recordings. */
export interface RecordFolder {
  readonly path: string;
  /** Matches the recorder's own file names, relative to the folder, with `/`. */
  readonly pattern: RegExp;
}

/** What may be kept, and what is none of its business. 0: no limit. */
export interface RetentionLimits {
  readonly maxAgeMs: number;
  /** Over all folders together. */
  readonly maxBytes: number;
  /** Folders of others, which are not looked into even when they lie among the recordings. */
  readonly foreignFolders: readonly string[];
}

/** What a sweep did. */
export interface SweepResult {
  readonly removed: readonly string[];
  readonly errors: readonly RecordError[];
}

/** More levels than stream names and templates make: no walk without end. */
const MAX_DEPTH = 64;

interface Recording {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Removes old recordings: those too old, then the oldest until the rest is small enough. */
export class Retention {
  readonly #fileSystem: RecordFileSystem;
  readonly #folders: readonly RecordFolder[];
  readonly #limits: RetentionLimits;

  constructor(fileSystem: RecordFileSystem, folders: readonly RecordFolder[], limits: RetentionLimits) {
    this.#fileSystem = fileSystem;
    this.#folders = folders;
    this.#limits = limits;
  }

  get isOff(): boolean {
    return this.#limits.maxAgeMs === 0 && this.#limits.maxBytes === 0;
  }

  /**
   * Looks through the folders once.
   * @param isOpen whether a path is being recorded to: never removed, but counted
   */
  async sweep(nowMs: number, isOpen: (path: string) => boolean): Promise<SweepResult> {
    const errors: RecordError[] = [];
    const recordings = await this.#find(errors);
    const removed: string[] = [];
    let bytes = recordings.reduce((sum, recording) => sum + recording.bytes, 0);
    for (const recording of recordings.sort((a, b) => a.modifiedMs - b.modifiedMs)) {
      const { maxAgeMs, maxBytes } = this.#limits;
      const isTooOld = maxAgeMs > 0 && nowMs - recording.modifiedMs > maxAgeMs;
      const isTooMuch = maxBytes > 0 && bytes > maxBytes;
      if (!(isTooOld || isTooMuch) || isOpen(recording.path)) continue;
      try {
        await this.#fileSystem.remove(recording.path);
        bytes -= recording.bytes;
        removed.push(recording.path);
      } catch (error) {
        errors.push(new RecordError('ERR_RECORD_RETENTION', recording.path, error));
      }
    }
    return { removed, errors };
  }

  async #find(errors: RecordError[]): Promise<Recording[]> {
    // Two kinds of recordings may share a folder, or lie one inside the other: each file counts once.
    const found = new Map<string, Recording>();
    for (const folder of this.#folders) await this.#walk(folder, '', 0, found, errors);
    return [...found.values()];
  }

  async #walk(
    folder: RecordFolder,
    below: string,
    depth: number,
    found: Map<string, Recording>,
    errors: RecordError[],
  ): Promise<void> {
    const here = join(folder.path, below);
    try {
      for (const { name, kind } of await this.#fileSystem.list(here)) {
        const relativePath = below === '' ? name : `${below}/${name}`;
        const path = join(folder.path, relativePath);
        if (kind === 'folder') {
          if (depth >= MAX_DEPTH || this.#limits.foreignFolders.includes(path)) continue;
          await this.#walk(folder, relativePath, depth + 1, found, errors);
        } else if (kind === 'file' && folder.pattern.test(relativePath)) {
          const stat = await this.#fileSystem.stat(path);
          if (stat !== undefined) found.set(path, { path, ...stat });
        }
      }
    } catch (error) {
      errors.push(new RecordError('ERR_RECORD_RETENTION', here, error));
    }
  }
}
