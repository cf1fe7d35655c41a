import type { StreamState } from '../../hub/packager.ts';
import type { UnitMark } from '../../hub/pending-bytes.ts';
import type { Flush } from '../../hub/subscription.ts';
import { isFileStart, type UnitConsumer, type UnitSource } from '../../hub/unit-consumer.ts';
import type { Clock } from '../../media/clock.ts';
import type { RecordFileSystem } from './file-system.ts';
import { RecordError } from './record-error.ts';
import type { RecordContent, RecordFormat } from './record-format.ts';
import { RecordingFile, type FinishedFile } from './recording-file.ts';
import { WriteBudget } from './write-budget.ts';

/** When to begin a new file; 0: never. Cuts are made at key frames. */
interface SegmentLimits {
  readonly durationMs: number;
  readonly bytes: number;
}

/** A file of a recording came to its end. */
export interface RecordedFile extends FinishedFile {
  readonly cause: 'segment' | 'publication-ended' | 'stopped' | 'failed';
  readonly durationMs: number;
}

/** What a recorder tells its owner. */
export interface RecorderEvents {
  opened(path: string): void;
  finished(file: RecordedFile): void;
  /** Recording stands still, and is tried again in `retryMs`, at the next key frame. */
  failed(error: RecordError, retryMs: number): void;
}

/** What a recorder works with. */
export interface RecorderOptions {
  readonly format: RecordFormat;
  readonly fileSystem: RecordFileSystem;
  readonly clock: Clock;
  /** The wanted path of the recording's next file, extension included. */
  pathOf(segment: number): string;
  readonly segments: SegmentLimits;
  /** Bytes that may wait for the disk. */
  readonly maxQueueBytes: number;
  /**
   * Attached before the publication has any track, so that its headers come with its first units: everything is
   * recorded, not only from a key frame on.
   */
  readonly isFromStart: boolean;
  readonly events: RecorderEvents;
}

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;
/** A file that went well for this long makes the failures before it forgotten. */
const SOUND_AFTER_MS = 60_000;

interface OpenFile {
  readonly file: RecordingFile;
  readonly content: RecordContent;
  readonly openedMs: number;
  readonly startUs: number;
  /** It has a place where players can start. */
  hasAccessPoint: boolean;
  endUs: number;
  state: StreamState;
  cause: RecordedFile['cause'] | undefined;
}

interface StartPoint {
  readonly offset: number;
  readonly timeUs: number;
  readonly state: StreamState;
  readonly isFromStart: boolean;
}

/**
 * Records one stream to files of one kind. Never holds it up: when the disk cannot follow, or fails, the file ends
 * and a new one is tried later.
 */
export class Recorder implements UnitConsumer {
  readonly #options: RecorderOptions;
  readonly #budget: WriteBudget;
  readonly #files = new Set<OpenFile>();
  #current: OpenFile | undefined;
  #segment = 0;
  #isFromStart: boolean;
  #isClosed = false;
  /** When the oldest bytes of the present flush were made. */
  #sinceMs = 0;
  #retryAtMs: number | undefined;
  #retryMs = FIRST_RETRY_MS;
  #error: RecordError | undefined;
  #takenBytes = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#budget = new WriteBudget(options.maxQueueBytes);
    this.#isFromStart = options.isFromStart;
  }

  /** Why nothing is being recorded right now, if something went wrong. */
  get error(): RecordError | undefined {
    return this.#current === undefined ? this.#error : undefined;
  }

  /** Bytes handed to all files so far, those included that could not be written then. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Bytes that wait for the disk. */
  get queuedBytes(): number {
    return this.#budget.usedBytes;
  }

  /** Files being written or closed. */
  get openPaths(): readonly string[] {
    return [...this.#files].map(({ file }) => file.path).filter((path) => path !== undefined);
  }

  /** The file that grows. */
  get current():
    | { readonly path: string | undefined; readonly bytes: number; readonly durationMs: number }
    | undefined {
    if (this.#current === undefined) return undefined;
    const { file } = this.#current;
    return { path: file.path, bytes: file.length, durationMs: durationUs(this.#current) / 1000 };
  }

  consume(flush: Flush, source: UnitSource): void {
    if (this.#isClosed) return;
    this.#sinceMs = flush.sinceMs;
    let from = 0;
    let isFirst = false;
    if (this.#current === undefined) {
      const start = this.#startIn(flush, source);
      if (start === undefined || !this.#open(start, source)) return;
      from = start.offset;
      isFirst = start.isFromStart;
    }
    this.#take(flush, from, isFirst, source);
  }

  publicationEnded(): void {
    this.#finish('publication-ended');
    this.#isFromStart = true;
  }

  /** Ends the recording. Resolves when all its files are closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#finish('stopped');
    await Promise.all([...this.#files].map(({ file }) => file.done));
  }

  #startIn(flush: Flush, source: UnitSource): StartPoint | undefined {
    if (this.#isInTrouble && !this.#mayRetry) return undefined;
    const first = flush.marks[0];
    if (this.#isFromStart && first !== undefined) {
      return { offset: 0, timeUs: first.timeUs, state: source.state, isFromStart: true };
    }
    const mark = flush.marks.find((candidate) => candidate.isRandomAccess);
    if (mark === undefined) return undefined;
    return { offset: mark.offset, timeUs: mark.timeUs, state: flush.states.get(mark)!, isFromStart: false };
  }

  get #isInTrouble(): boolean {
    return this.#retryAtMs !== undefined || [...this.#files].some(({ file }) => file.hasFailed);
  }

  /** One file at a time when the disk is in trouble. */
  get #mayRetry(): boolean {
    return this.#files.size === 0 && this.#options.clock.monotonicMs() >= (this.#retryAtMs ?? 0);
  }

  /** Begins a file. @returns false when not even its first bytes find room */
  #open({ timeUs, state, isFromStart }: StartPoint, source: UnitSource): boolean {
    const { format, fileSystem, clock, events } = this.#options;
    this.#isFromStart = false;
    const headers = isFromStart ? new Uint8Array(0) : source.headers(state, timeUs);
    const content = format.begin({ fileHeader: source.fileHeader(state), headers, state, timeUs });
    const path = this.#options.pathOf(this.#segment);
    this.#segment += 1;
    const file = new RecordingFile({
      fileSystem,
      clock,
      budget: this.#budget,
      path,
      opened: (found) => events.opened(found),
    });
    const open: OpenFile = {
      file,
      content,
      openedMs: clock.monotonicMs(),
      startUs: timeUs,
      hasAccessPoint: false,
      endUs: timeUs,
      state,
      cause: undefined,
    };
    this.#files.add(open);
    this.#current = open;
    this.#retryAtMs = undefined;
    void file.done.then((finished) => this.#ended(open, finished));
    return this.#write(content.opening);
  }

  #take(flush: Flush, start: number, isFirst: boolean, source: UnitSource): void {
    let from = start;
    let endUs = 0;
    for (const mark of flush.marks) {
      if (mark.offset < start) continue;
      const state = flush.states.get(mark);
      if (state !== undefined && isFileStart(mark, state)) {
        if (!this.#writeUnits(flush.bytes.subarray(from, mark.offset), endUs, isFirst)) return;
        from = mark.offset;
        if (this.#isFull(this.#current!, mark) && !this.#openNext(mark, state, source)) return;
        const open = this.#current!;
        open.hasAccessPoint = true;
        open.content.randomAccess(open.file.length, mark.timeUs, flush.bytes.subarray(from));
      }
      endUs = Math.max(endUs, mark.timeUs);
    }
    if (this.#writeUnits(flush.bytes.subarray(from), endUs, isFirst)) this.#current!.state = source.state;
  }

  #isFull({ file, hasAccessPoint, startUs }: OpenFile, mark: UnitMark): boolean {
    if (!hasAccessPoint) return false;
    const { durationMs, bytes } = this.#options.segments;
    const isLong = durationMs > 0 && mark.timeUs - startUs >= durationMs * 1000;
    return isLong || (bytes > 0 && file.length >= bytes);
  }

  #openNext(mark: UnitMark, state: StreamState, source: UnitSource): boolean {
    this.#finish('segment');
    return this.#open({ offset: mark.offset, timeUs: mark.timeUs, state, isFromStart: false }, source);
  }

  /** @param endUs time of the newest of the units */
  #writeUnits(bytes: Uint8Array, endUs: number, isFirst: boolean): boolean {
    const open = this.#current!;
    if (!this.#write(isFirst ? open.content.firstUnits(bytes) : [bytes])) return false;
    open.endUs = Math.max(open.endUs, endUs);
    return true;
  }

  #write(chunks: readonly Uint8Array[]): boolean {
    const open = this.#current!;
    const { length } = open.file;
    if (open.file.write(this.#sinceMs, ...chunks)) {
      this.#takenBytes += open.file.length - length;
      return true;
    }
    // A file that failed says so itself, as soon as it is closed.
    if (!open.file.hasFailed)
      this.#stumble(new RecordError('ERR_RECORD_TOO_SLOW', open.file.path ?? ''), open);
    this.#finish('failed');
    return false;
  }

  #finish(cause: RecordedFile['cause']): void {
    const open = this.#current;
    if (open === undefined) return;
    this.#current = undefined;
    open.cause = cause;
    open.file.finish((bytes) =>
      open.content.completion({ durationUs: durationUs(open), bytes, state: open.state }),
    );
  }

  #ended(open: OpenFile, finished: FinishedFile): void {
    this.#files.delete(open);
    if (this.#current === open) this.#current = undefined;
    const isBroken = finished.error !== undefined && finished.error.code !== 'ERR_RECORD_FINISH';
    if (isBroken && this.#retryAtMs === undefined) this.#stumble(finished.error, open);
    const cause = isBroken ? 'failed' : open.cause!;
    if (cause !== 'failed') this.#retryMs = FIRST_RETRY_MS;
    this.#options.events.finished({ ...finished, cause, durationMs: durationUs(open) / 1000 });
  }

  /** Recording stands still for a while, for longer each time. */
  #stumble(error: RecordError, { openedMs }: OpenFile): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - openedMs >= SOUND_AFTER_MS) this.#retryMs = FIRST_RETRY_MS;
    this.#error = error;
    this.#retryAtMs = nowMs + this.#retryMs;
    this.#options.events.failed(error, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }
}

function durationUs({ startUs, endUs }: OpenFile): number {
  return endUs - startUs;
}
