import type { LiveStream, OutputVariant } from '../../hub/live-stream.ts';
import type { StreamObserver } from '../../hub/stream-observer.ts';
import type { Clock } from '../../media/clock.ts';
import type { HlsObserver } from './hls-options.ts';
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
}

/** Makes HLS of everything that is published. To be registered with `StreamHub.observe`. */
export class HlsOutput implements StreamObserver {
  readonly #options: HlsOutputOptions;
  /** By folder. */
  readonly #presentations = new Map<string, HlsPresentation>();
  readonly #queue = new WriteQueue();
  readonly #detach = new Map<LiveStream, () => void>();

  constructor(options: HlsOutputOptions) {
    this.#options = options;
  }

  /** What there is of a stream beyond its files, by folder: while it runs, and until it is cleaned up. */
  get(folder: string): HlsPresentation | undefined {
    return this.#presentations.get(folder);
  }

  publicationStarted(stream: LiveStream): void {
    const folder = hlsFolder(stream.key);
    // Nobody is let in with such a name; and if somebody were, it would not get as far as the disk.
    if (folder === undefined) return;
    const { clock, variant } = this.#options;
    const presentation = this.#open(stream.key, folder);
    const sink = presentation.begin();
    const segmenter = new HlsSegmenter(presentation.fragmentDurationMs, sink, () => clock.wallMs());
    this.#detach.set(stream, stream.attachConsumer(variant(), segmenter));
  }

  publicationEnded(stream: LiveStream): void {
    this.#detach.get(stream)?.();
    this.#detach.delete(stream);
  }

  /** Ends all lists, whether or not their publishers have left, and waits for all files. */
  async close(): Promise<void> {
    await Promise.all([...this.#presentations.values()].map((presentation) => presentation.close()));
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
        queue: this.#queue.share(),
        forgotten,
      });
      this.#presentations.set(folder, presentation);
    }
    return presentation;
  }
}
