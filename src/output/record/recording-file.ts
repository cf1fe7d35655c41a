import { withoutFirstBytes } from '../../bytes/without-first-bytes.ts';
import type { Clock } from '../../media/clock.ts';
import type { RecordFileSystem, WritableFile } from './file-system.ts';
import { dirname } from 'node:path';
import { asRecordError, RecordError } from './record-error.ts';
import type { WriteBudget } from './write-budget.ts';

/** Bytes to be put over what the file has already, in place. */
export interface Patch {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** What a file became. */
export interface FinishedFile {
  /** `undefined` when nothing is left of it: it could not be made, or not even its first media got in. */
  readonly path: string | undefined;
  readonly bytes: number;
  readonly error: RecordError | undefined;
}

/** What a file needs. */
export interface RecordingFileOptions {
  readonly fileSystem: RecordFileSystem;
  readonly clock: Clock;
  readonly budget: WriteBudget;
  /** With its extension. When taken, `-1`, `-2` … is put before the extension. */
  readonly path: string;
  /** The file is there, under this name. */
  opened(path: string): void;
}

/** Enough for one write; more is written at once. */
const BATCH_BYTES = 256 * 1024;
/** What is older is written however little it is: what a killed process loses. */
const MAX_AGE_MS = 500;
/** Names tried when the first one is taken. */
const MAX_SUFFIX = 999;

interface Piece {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
}

/**
 * One file being recorded: opened under a name nobody has, then only appended to, in order and one write at a time,
 * until `finish`. Callers never wait; what waits for the disk is bounded by the budget. A write that fails leaves the
 * file at the end of the last whole piece.
 */
export class RecordingFile {
  readonly #options: RecordingFileOptions;
  #path: string | undefined;
  #file: WritableFile | undefined;
  #queue: Piece[] = [];
  #queuedBytes = 0;
  #length = 0;
  /** Bytes on disk, and how many of them are whole pieces. */
  #written = 0;
  #writtenWhole = 0;
  /** The first piece is what opens the file: a file of nothing else is no recording. */
  #openingBytes: number | undefined;
  #state: 'open' | 'finishing' | 'failed' = 'open';
  /** What waits is old enough. */
  #isDue = false;
  #cancelDue: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #completion: ((length: number) => readonly Patch[]) | undefined;
  /** Resolves when the file is closed, after `finish` or because it failed. Never rejects. */
  readonly done: Promise<FinishedFile>;

  constructor(options: RecordingFileOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  /** The name it got; `undefined` until it is there. */
  get path(): string | undefined {
    return this.#path;
  }

  /** It takes no more, and `done` will say why. */
  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  /** Bytes taken so far: where the next piece will be. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes a piece that means nothing when it is torn. The chunks must not change afterwards.
   * @param sinceMs when the oldest of it was made, on the monotonic clock
   * @returns false: the budget is used up, or the file has failed; nothing was taken
   */
  write(sinceMs: number, ...chunks: readonly Uint8Array[]): boolean {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (this.#state !== 'open' || !this.#options.budget.take(bytes)) return false;
    if (bytes === 0) return true;
    this.#openingBytes ??= bytes;
    this.#length += bytes;
    this.#queue.push({ chunks, bytes });
    this.#queuedBytes += bytes;
    this.#cancelDue ??= this.#afterAge(sinceMs);
    if (this.#mustWrite) this.#wake?.();
    return true;
  }

  /**
   * Writes what waits, then the patches, and closes the file.
   * @param completion called with the final length
   */
  finish(completion: (length: number) => readonly Patch[]): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#completion = completion;
    this.#wake?.();
  }

  async #run(): Promise<FinishedFile> {
    try {
      await this.#open();
      await this.#writeAll();
    } catch (error) {
      return await this.#giveUp(asRecordError(error, this.#path ?? this.#options.path, 'ERR_RECORD_WRITE'));
    }
    return this.#hasMedia ? await this.#complete() : await this.#giveUp(undefined);
  }

  get #hasMedia(): boolean {
    return this.#openingBytes !== undefined && this.#writtenWhole > this.#openingBytes;
  }

  async #open(): Promise<void> {
    const { fileSystem, path } = this.#options;
    try {
      await fileSystem.makeFolder(dirname(path));
      this.#file = await this.#createUnderFreeName();
    } catch (error) {
      throw asRecordError(error, path, 'ERR_RECORD_OPEN');
    }
    this.#options.opened(this.#path!);
  }

  async #createUnderFreeName(): Promise<WritableFile> {
    const { fileSystem, path } = this.#options;
    for (let suffix = 0; ; suffix += 1) {
      const candidate = withSuffix(path, suffix);
      try {
        const file = await fileSystem.create(candidate);
        this.#path = candidate;
        return file;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || suffix === MAX_SUFFIX) throw error;
      }
    }
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      if (!this.#mustWrite) await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
      const batch = this.#queue;
      if (batch.length > 0) await this.#writeBatch(batch);
      else if (this.#state !== 'open') return;
    }
  }

  get #mustWrite(): boolean {
    if (this.#state !== 'open' || this.#isDue || this.#queuedBytes >= BATCH_BYTES) return true;
    // The opening is written at once: a name without content would be of no use to anybody.
    return this.#written === 0 && this.#queuedBytes > 0;
  }

  #afterAge(sinceMs: number): () => void {
    const { clock } = this.#options;
    return clock.after(Math.max(0, sinceMs + MAX_AGE_MS - clock.monotonicMs()), () => {
      this.#isDue = true;
      this.#wake?.();
    });
  }

  async #writeBatch(batch: readonly Piece[]): Promise<void> {
    const bytes = this.#takeQueue();
    const start = this.#written;
    try {
      await this.#put(
        batch.flatMap((piece) => piece.chunks),
        start,
        (count) => (this.#written += count),
      );
    } finally {
      this.#options.budget.giveBack(bytes);
      for (const piece of batch) {
        if (this.#writtenWhole + piece.bytes > this.#written) break;
        this.#writtenWhole += piece.bytes;
      }
    }
  }

  /** Nothing waits any more. @returns how many bytes did */
  #takeQueue(): number {
    const bytes = this.#queuedBytes;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#isDue = false;
    this.#cancelDue?.();
    this.#cancelDue = undefined;
    return bytes;
  }

  /** Writes all of it, however little the system takes at a time. */
  async #put(
    chunks: readonly Uint8Array[],
    position: number,
    progress: (bytes: number) => void = () => {},
  ): Promise<void> {
    let left = chunks;
    let at = position;
    while (left.length > 0) {
      const count = await this.#file!.write(left, at);
      if (count === 0) throw new RecordError('ERR_RECORD_WRITE', this.#path!, new Error('nothing was taken'));
      progress(count);
      at += count;
      left = withoutFirstBytes(left, count);
    }
  }

  /** Nothing that fails here harms what is in the file. */
  async #complete(): Promise<FinishedFile> {
    let error: RecordError | undefined;
    try {
      for (const { position, bytes } of this.#completion?.(this.#length) ?? []) {
        await this.#put([bytes], position);
      }
    } catch (cause) {
      error = new RecordError('ERR_RECORD_FINISH', this.#path!, cause);
    }
    await this.#closeQuietly();
    return { path: this.#path, bytes: this.#length, error };
  }

  /** Ends the file at its last whole piece, or removes it when it holds no media; as far as the disk still obeys. */
  async #giveUp(error: RecordError | undefined): Promise<FinishedFile> {
    this.#state = 'failed';
    this.#options.budget.giveBack(this.#takeQueue());
    const { fileSystem } = this.#options;
    try {
      // Where that is refused the file ends in a torn piece: players stop there.
      if (this.#written > this.#writtenWhole) await this.#file!.truncate(this.#writtenWhole);
    } catch {}
    await this.#closeQuietly();
    if (this.#hasMedia) return { path: this.#path, bytes: this.#writtenWhole, error };
    try {
      if (this.#path !== undefined) await fileSystem.remove(this.#path);
    } catch {}
    return { path: undefined, bytes: 0, error };
  }

  async #closeQuietly(): Promise<void> {
    try {
      // Everything has been handed to the system before.
      await this.#file?.close();
    } catch {}
  }
}

function withSuffix(path: string, suffix: number): string {
  if (suffix === 0) return path;
  const dot = path.lastIndexOf('.');
  return `${path.slice(0, dot)}-${suffix}${path.slice(dot)}`;
}
