import type { LiveStream } from '../../hub/live-stream.ts';
import type { StreamHub } from '../../hub/stream-hub.ts';

interface Wait {
  readonly stream: LiveStream;
  readonly release: () => void;
  readonly opened: (stream: LiveStream) => void;
}

/** Those who wait until a stream is published and its tracks are known. */
export class StreamWaits {
  readonly #waits = new Map<object, Wait>();

  constructor(hub: StreamHub) {
    hub.observe({
      publicationStarted() {},
      publicationEnded() {},
      publicationOpened: (stream) => this.#opened(stream),
    });
  }

  /** Clients that wait. */
  get size(): number {
    return this.#waits.size;
  }

  /** @param waiter who may `cancel`; waits for one stream at a time. Never resolves once cancelled. */
  untilOpen(stream: LiveStream, waiter: object): Promise<LiveStream> {
    this.cancel(waiter);
    if (stream.isOpen) return Promise.resolve(stream);
    const release = stream.hold();
    return new Promise((opened) => this.#waits.set(waiter, { stream, release, opened }));
  }

  cancel(waiter: object): void {
    this.#waits.get(waiter)?.release();
    this.#waits.delete(waiter);
  }

  #opened(stream: LiveStream): void {
    for (const [waiter, wait] of this.#waits) {
      if (wait.stream !== stream) continue;
      this.#waits.delete(waiter);
      wait.release();
      wait.opened(stream);
    }
  }
}
