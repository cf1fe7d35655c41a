import type { ClosedFragment, FragmentSink } from './fragment.ts';
import { HlsFolder } from './hls-folder.ts';
import { hlsFailureOf, type HlsFailure } from './hls-failure.ts';
import type { HlsPresentationOptions } from './hls-options.ts';
import { cleanUpDelayMs, type HlsSettings } from './hls-settings.ts';
import type { PlaylistDocument, PlaylistKind } from './playlist-document.ts';

/** Pause after a failure before the next try. */
const RETRY_MS = 10_000;

/**
 * One stream as HLS viewers see it, over all its publishers, until its files are cleaned up: who may write when, what
 * becomes of a publisher's end, and of a disk that fails. All file work runs one after the other, apart from the stream.
 */
export class HlsPresentation {
  readonly #options: HlsPresentationOptions;
  readonly #files: HlsFolder;
  /** As they were when the list began. */
  #settings: HlsSettings;
  /** Counts publications: what an earlier one left to be done later does not touch the files of a later one. */
  #epoch = 0;
  #work: Promise<void> = Promise.resolve();
  #failure: HlsFailure | undefined;
  #retryAtMs = 0;
  #lostFragments = 0;
  #isPublishing = false;
  #cancelGrace: (() => void) | undefined;
  #cancelCleanUp: (() => void) | undefined;

  constructor(options: HlsPresentationOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#files = new HlsFolder(options);
  }

  /** Why fragments are being lost, if they are. */
  get failure(): HlsFailure | undefined {
    return this.#failure;
  }

  /** Wanted length of a fragment of the present list. */
  get fragmentDurationMs(): number {
    return this.#settings.fragmentDurationMs;
  }

  /** The newest version of a list, or `undefined` while there is nothing in it. */
  document(kind: PlaylistKind): PlaylistDocument | undefined {
    return this.#files.document(kind);
  }

  /** Whether the live list names the fragment. */
  isListed(name: string): boolean {
    return this.#files.isListed(name);
  }

  /** Storage had to give up the oldest fragment. */
  fragmentEvicted(): void {
    this.#files.fragmentEvicted();
  }

  /** Its publisher has left, and is expected back. */
  get isInGrace(): boolean {
    return this.#cancelGrace !== undefined;
  }

  /** A publisher begins. */
  begin(): FragmentSink {
    this.#epoch += 1;
    const epoch = this.#epoch;
    const returnsInTime = this.isInGrace;
    this.#cancelTimers();
    this.#isPublishing = true;
    if (returnsInTime) {
      this.#enqueue(() => this.#files.prepare());
    } else {
      const settings = { ...this.#options.settings };
      this.#settings = settings;
      this.#enqueue(() => this.#files.startOver(settings));
    }
    const isCurrent = (): boolean => epoch === this.#epoch && this.#isPublishing;
    return {
      opened: (openedMs) => {
        if (isCurrent()) this.#opened(openedMs);
      },
      closed: (fragment) => {
        if (isCurrent()) this.#closed(fragment);
      },
      ended: () => {
        if (isCurrent()) this.#ended();
      },
    };
  }

  /** Where a publisher has ended, its return is not waited for. Resolves when the list is ended and all files are written. */
  async finishNow(): Promise<void> {
    if (this.#cancelGrace !== undefined) {
      this.#cancelGrace();
      this.#cancelGrace = undefined;
      this.#finish();
    }
    await this.#work;
  }

  /** Ends the list and waits for all files; nothing is cleaned up, and what the publisher still sends is ignored. */
  async close(): Promise<void> {
    const isWaiting = this.isInGrace;
    this.#cancelTimers();
    if (isWaiting || this.#isPublishing) this.#enqueue(() => this.#files.finish());
    this.#isPublishing = false;
    this.#epoch += 1;
    await this.#work;
  }

  #opened(openedMs: number): void {
    if (this.#isResting) return;
    this.#enqueue(async () => {
      if (this.#isResting) return;
      await this.#files.prepare();
      this.#options.observer.fragmentOpened({ ...this.#files.nextFragment(openedMs), durationMs: 0 });
    });
  }

  #closed(fragment: ClosedFragment): void {
    const { queue } = this.#options;
    const { length } = fragment;
    if (this.#isResting) {
      this.#lose();
    } else if (queue.tryAdd(length)) {
      this.#enqueue(() => this.#write(fragment).finally(() => queue.remove(length)));
    } else {
      const message = 'files are written slower than the stream makes them';
      this.#fail({ code: 'ERR_HLS_SLOW_DISK', detail: 'queue', message });
      this.#lose();
    }
  }

  async #write(fragment: ClosedFragment): Promise<void> {
    const { observer, streamKey, counters } = this.#options;
    if (this.#isResting) {
      this.#lose();
      return;
    }
    const written = await this.#files.add(fragment).catch((error: unknown) => {
      this.#lose();
      throw error;
    });
    counters.fragments += 1;
    await this.#files.update();
    if (this.#failure !== undefined) observer.recovered(streamKey, this.#lostFragments);
    this.#failure = undefined;
    this.#lostFragments = 0;
    observer.fragmentClosed({ ...written, durationMs: fragment.durationMs });
  }

  #lose(): void {
    this.#lostFragments += 1;
    this.#options.counters.lostFragments += 1;
    this.#files.fragmentLost();
  }

  #ended(): void {
    const { clock, settings } = this.#options;
    this.#isPublishing = false;
    if (settings.graceMs > 0) {
      this.#cancelGrace = clock.after(settings.graceMs, () => {
        this.#cancelGrace = undefined;
        this.#finish();
      });
    } else {
      this.#finish();
    }
  }

  #finish(): void {
    const { clock } = this.#options;
    const settings = this.#settings;
    const epoch = this.#epoch;
    this.#enqueue(() => this.#files.finish());
    if (settings.cleanupMode === 0) {
      this.#enqueue(async () => this.#forget(epoch));
    } else {
      this.#cancelCleanUp = clock.after(cleanUpDelayMs(settings), () => this.#cleanUp(epoch));
    }
  }

  #cleanUp(epoch: number): void {
    this.#cancelCleanUp = undefined;
    this.#enqueue(async () => {
      if (epoch !== this.#epoch) return;
      try {
        await this.#files.removeAll();
      } finally {
        this.#forget(epoch);
      }
    });
  }

  #forget(epoch: number): void {
    if (epoch === this.#epoch) this.#options.forgotten();
  }

  #cancelTimers(): void {
    this.#cancelGrace?.();
    this.#cancelGrace = undefined;
    this.#cancelCleanUp?.();
    this.#cancelCleanUp = undefined;
  }

  #enqueue(task: () => Promise<void>): void {
    this.#work = this.#work.then(task).catch((error: unknown) => this.#fail(hlsFailureOf(error)));
  }

  get #isResting(): boolean {
    return this.#failure !== undefined && this.#options.clock.monotonicMs() < this.#retryAtMs;
  }

  #fail(failure: HlsFailure): void {
    const { clock, observer, streamKey } = this.#options;
    const isNews = this.#failure?.code !== failure.code || this.#failure.detail !== failure.detail;
    const wasResting = this.#isResting;
    this.#failure = failure;
    if (!wasResting) this.#retryAtMs = clock.monotonicMs() + RETRY_MS;
    this.#options.counters.failures += 1;
    if (isNews) observer.failed(streamKey, failure);
  }
}
