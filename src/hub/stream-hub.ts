import type { FlushScheduler } from './flush-scheduler.ts';
import { LiveStream, type LiveStreamOptions } from './live-stream.ts';
import type { StreamObserver } from './stream-observer.ts';

/** All streams of one process, by stream key. */
export class StreamHub {
  readonly scheduler: FlushScheduler;
  readonly #options: LiveStreamOptions;
  readonly #streams = new Map<string, LiveStream>();
  readonly #observers = new Set<StreamObserver>();

  constructor(scheduler: FlushScheduler, options: LiveStreamOptions) {
    this.scheduler = scheduler;
    this.#options = options;
  }

  get streams(): ReadonlyMap<string, LiveStream> {
    return this.#streams;
  }

  /** Tells `observer` about every publication that starts from now on. @returns stops that */
  observe(observer: StreamObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  get(key: string): LiveStream | undefined {
    return this.#streams.get(key);
  }

  /** The stream of that key, made if need be. It is forgotten at a later `tick` when neither publisher nor viewer is left. */
  open(key: string): LiveStream {
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = new LiveStream(key, this.scheduler, this.#options, this.#observers);
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /** Resolves when nobody publishes any more, and all observers know. */
  whenUnpublished(): Promise<void> {
    const isPublished = (): boolean =>
      [...this.#streams.values()].some(({ publication }) => publication !== undefined);
    if (!isPublished()) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.observe({
        publicationStarted() {},
        publicationEnded() {
          if (isPublished()) return;
          stop();
          resolve();
        },
      });
    });
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    this.scheduler.adapt();
    for (const [key, stream] of this.#streams) {
      stream.tick(nowMs);
      if (stream.isUnused) this.#streams.delete(key);
    }
  }
}
