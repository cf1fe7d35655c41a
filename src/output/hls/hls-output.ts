import type { LiveStream, OutputVariant } from '../../hub/live-stream.ts';
import type { StreamObserver } from '../../hub/stream-observer.ts';
import type { Clock } from '../../media/clock.ts';
import type { FragmentSink } from './fragment.ts';
import type { HlsFailure } from './hls-failure.ts';
import type { HlsCounters, HlsObserver } from './hls-options.ts';
import { HlsPresentation } from './hls-presentation.ts';
import { HlsSegmenter } from './hls-segmenter.ts';
import type { HlsSettings } from './hls-settings.ts';
import { hlsFolder, type HlsStorage } from './hls-storage.ts';
import { WriteQueue } from './write-queue.ts';

/** What `HlsOutput` is made with. */
export interface HlsOutputOptions {
  readonly settings: HlsSettings;
  readonly storage: HlsStorage;
  readonly clock: Clock;
  /** Transport stream; each of its random access points begins with the program's tables. */
  readonly variant: () => OutputVariant;
  readonly observer: HlsObserver;
  /** Whether HLS is made of a publication that begins now, without being asked for. */
  isAutomatic(): boolean;
}

/** HLS that is being made of a stream. */
export interface HlsStatus {
  readonly streamKey: string;
  /** Below the root of the output. */
  readonly folder: string;
  /** When it was begun, in milliseconds since 1970. */
  readonly startedMs: number;
  /** Of the fragments that have been closed since. */
  readonly bytes: number;
  readonly durationMs: number;
  /** Why fragments are being lost, if they are. */
  readonly failure: HlsFailure | undefined;
}

/** HLS being made of a publication. */
interface Making {
  readonly folder: string;
  readonly presentation: HlsPresentation;
  readonly segmenter: HlsSegmenter;
  readonly startedMs: number;
  bytes: number;
  durationMs: number;
  detach(): void;
}

/** Makes HLS of what is published: of everything, or where it is asked for. To be registered with `StreamHub.observe`. */
export class HlsOutput implements StreamObserver {
  readonly #options: HlsOutputOptions;
  /** By folder. */
  readonly #presentations = new Map<string, HlsPresentation>();
  readonly #queue = new WriteQueue();
  readonly #counters: HlsCounters = { fragments: 0, lostFragments: 0, failures: 0 };
  readonly #makings = new Map<LiveStream, Making>();

  constructor(options: HlsOutputOptions) {
    this.#options = options;
  }

  /** What there is of a stream beyond its files, by folder: while it runs, and until it is cleaned up. */
  get(folder: string): HlsPresentation | undefined {
    return this.#presentations.get(folder);
  }

  /** What became of the fragments of all streams so far. */
  get counters(): Readonly<HlsCounters> {
    return this.#counters;
  }

  /** Bytes that wait for the disk. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** What is being made right now. */
  get running(): HlsStatus[] {
    return [...this.#makings].map(([{ key }, { presentation, ...making }]) => ({
      streamKey: key,
      folder: making.folder,
      startedMs: making.startedMs,
      bytes: making.bytes,
      durationMs: making.durationMs,
      failure: presentation.failure,
    }));
  }

  publicationStarted(stream: LiveStream): void {
    if (this.#options.isAutomatic() || this.#isInGrace(stream)) this.start(stream);
  }

  publicationEnded(stream: LiveStream): void {
    this.#makings.get(stream)?.detach();
    this.#makings.delete(stream);
  }

  /**
   * Makes HLS of a stream from its next key frame to the end of its publication, or of those that go on with it in time.
   * Has no effect where it is being made.
   * @param stream that is being published
   */
  start(stream: LiveStream): void {
    const folder = hlsFolder(stream.key);
    // Nobody is let in with such a name; and if somebody were, it would not get as far as the disk.
    if (folder === undefined || this.#makings.has(stream)) return;
    const { clock, variant } = this.#options;
    const presentation = this.#open(stream.key, folder);
    const sink = presentation.begin();
    const counting: FragmentSink = {
      opened: (openedMs) => sink.opened(openedMs),
      closed: (fragment) => {
        making.bytes += fragment.length;
        making.durationMs += fragment.durationMs;
        sink.closed(fragment);
      },
      ended: () => sink.ended(),
    };
    const segmenter = new HlsSegmenter(presentation.fragmentDurationMs, counting, () => clock.wallMs());
    const detach = stream.attachConsumer(variant(), segmenter);
    const startedMs = clock.wallMs();
    const making: Making = { folder, presentation, segmenter, startedMs, bytes: 0, durationMs: 0, detach };
    this.#makings.set(stream, making);
  }

  /**
   * Ends the lists of a stream that goes on, as if its publisher had left for good. Resolves when they are written.
   * @returns false when there were none
   */
  async stop(stream: LiveStream): Promise<boolean> {
    const making = this.#makings.get(stream);
    if (making === undefined) return false;
    stream.flush();
    this.#makings.delete(stream);
    making.detach();
    making.segmenter.publicationEnded();
    await making.presentation.finishNow();
    return true;
  }

  /** Ends all lists, whether or not their publishers have left, and waits for all files. */
  async close(): Promise<void> {
    await Promise.all([...this.#presentations.values()].map((presentation) => presentation.close()));
  }

  #isInGrace(stream: LiveStream): boolean {
    const folder = hlsFolder(stream.key);
    return folder !== undefined && this.#presentations.get(folder)?.isInGrace === true;
  }

  #open(streamKey: string, folder: string): HlsPresentation {
    let presentation = this.#presentations.get(folder);
    if (presentation === undefined) {
      const { settings, storage, clock, observer } = this.#options;
      const forgotten = (): void => void this.#presentations.delete(folder);
      presentation = new HlsPresentation({
        streamKey,
        folder,
        storage,
        settings,
        clock,
        observer,
        counters: this.#counters,
        queue: this.#queue.share(),
        forgotten,
      });
      this.#presentations.set(folder, presentation);
    }
    return presentation;
  }
}
