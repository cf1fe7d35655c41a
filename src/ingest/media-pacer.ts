import type { Clock } from '../media/clock.ts';

/** How far a pacer lets its source run ahead. */
export interface PacerLimits {
  /** Media that waits for its time; one more portion of the source may come on top. */
  readonly aheadMs: number;
  readonly aheadBytes: number;
}

/** Where a pacer's items go. */
export interface PacerListener<Item> {
  /** Gets each item at its time, never from within `push`. */
  release(item: Item): void;
  /** `release` has thrown: the pacer has forgotten what waits. */
  failed(error: unknown): void;
}

/** Whoever is later than this goes on from now instead of catching up: a stock that is used up is built up again. */
const MAX_LATE_MS = 200;
/** A step of the source's clock by more than this is none of the media's. */
const MAX_STEP_MS = 10_000;

interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
  readonly dueMs: number;
}

/**
 * Hands out what a source delivers in lumps (fragments, files) at the time that it is for, as if it came from a live encoder.
 * The order stays.
 */
export class MediaPacer<Item> {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>;
  readonly #limits: PacerLimits;
  readonly #listener: PacerListener<Item>;
  #waiting: Waiting<Item>[] = [];
  #head = 0;
  #bytes = 0;
  /** What has to be added to the source's time to get ours. */
  #offsetMs: number | undefined;
  #lastTimeMs = 0;
  #lastDueMs = 0;
  #cancelTimer: (() => void) | undefined;
  #roomAwaited: (() => void)[] = [];

  constructor(
    clock: Pick<Clock, 'monotonicMs' | 'after'>,
    limits: PacerLimits,
    listener: PacerListener<Item>,
  ) {
    this.#clock = clock;
    this.#limits = limits;
    this.#listener = listener;
  }

  /** @param timeUs on the source's clock; `undefined`: whenever its turn comes */
  push(item: Item, timeUs: number | undefined, bytes: number): void {
    const dueMs = timeUs === undefined ? this.#lastDueMs : this.#dueMsOf(timeUs / 1000);
    this.#waiting.push({ item, bytes, dueMs });
    this.#bytes += bytes;
    this.#cancelTimer ??= this.#clock.after(this.#waitMs(), () => this.#releaseDue());
  }

  /** Not enough waits yet: the source may go on. */
  get hasRoom(): boolean {
    if (this.#length === 0) return true;
    const aheadMs = this.#lastDueMs - this.#clock.monotonicMs();
    return aheadMs <= this.#limits.aheadMs && this.#bytes <= this.#limits.aheadBytes;
  }

  /** Resolves when the source may go on. */
  async whenRoom(): Promise<void> {
    while (!this.hasRoom) await new Promise<void>((resolve) => this.#roomAwaited.push(resolve));
  }

  /** Resolves when everything is handed out. */
  async whenEmpty(): Promise<void> {
    while (this.#length > 0) await new Promise<void>((resolve) => this.#roomAwaited.push(resolve));
  }

  /** Forgets what waits. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#waiting = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#wake();
  }

  get #length(): number {
    return this.#waiting.length - this.#head;
  }

  #dueMsOf(timeMs: number): number {
    const nowMs = this.#clock.monotonicMs();
    const isFirst = this.#offsetMs === undefined;
    const hasLeapt = Math.abs(timeMs - this.#lastTimeMs) > MAX_STEP_MS;
    this.#lastTimeMs = timeMs;
    if (this.#offsetMs === undefined) this.#offsetMs = nowMs - timeMs;
    else if (hasLeapt) this.#offsetMs = Math.max(this.#lastDueMs, nowMs) - timeMs;
    const isLate = timeMs + this.#offsetMs < nowMs - MAX_LATE_MS;
    // Late against the others: audio that its container has behind its picture.
    const isBehindOthers = timeMs + this.#offsetMs < this.#lastDueMs;
    if (isLate && !isBehindOthers) this.#offsetMs = nowMs - timeMs;
    const dueMs = timeMs + this.#offsetMs;
    this.#lastDueMs = isFirst ? dueMs : Math.max(this.#lastDueMs, dueMs);
    return this.#lastDueMs;
  }

  #waitMs(): number {
    const next = this.#waiting[this.#head];
    return next === undefined ? 0 : Math.max(0, next.dueMs - this.#clock.monotonicMs());
  }

  #releaseDue(): void {
    this.#cancelTimer = undefined;
    try {
      this.#releaseUntil(this.#clock.monotonicMs());
    } catch (error) {
      this.stop();
      this.#listener.failed(error);
    }
    this.#compact();
    if (this.#length > 0) this.#cancelTimer ??= this.#clock.after(this.#waitMs(), () => this.#releaseDue());
    if (this.hasRoom) this.#wake();
  }

  #releaseUntil(nowMs: number): void {
    for (;;) {
      const next = this.#waiting[this.#head];
      if (next === undefined || next.dueMs > nowMs) break;
      this.#head += 1;
      this.#bytes -= next.bytes;
      this.#listener.release(next.item);
    }
  }

  #compact(): void {
    if (this.#head < 256 && this.#length > 0) return;
    this.#waiting.splice(0, this.#head);
    this.#head = 0;
  }

  #wake(): void {
    const awaited = this.#roomAwaited;
    this.#roomAwaited = [];
    for (const resolve of awaited) resolve();
  }
}
