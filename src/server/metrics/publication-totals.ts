import type { LiveStream } from '../../hub/live-stream.ts';
import type { Publication } from '../../hub/publication.ts';
import type { StreamHub } from '../../hub/stream-hub.ts';
import type { StreamObserver } from '../../hub/stream-observer.ts';

/** What publications have sent, those that are over included. */
export interface PublicationSums {
  readonly frames: Readonly<Publication['frames']>;
  readonly jumpsRepaired: number;
  readonly nonMonotonicFrames: number;
}

interface Sums extends PublicationSums {
  readonly frames: Publication['frames'];
  jumpsRepaired: number;
  nonMonotonicFrames: number;
}

/** Adds up what publications have counted themselves. */
export class PublicationTotals implements StreamObserver {
  readonly #past: Sums = {
    frames: { video: 0, audio: 0, data: 0, opaque: 0 },
    jumpsRepaired: 0,
    nonMonotonicFrames: 0,
  };

  publicationStarted(): void {}

  publicationEnded(_stream: LiveStream, publication: Publication): void {
    add(this.#past, publication);
  }

  sums(hub: StreamHub): PublicationSums {
    const sums = structuredClone(this.#past);
    for (const { publication } of hub.streams.values()) {
      if (publication !== undefined) add(sums, publication);
    }
    return sums;
  }
}

function add(sums: Sums, { frames, counters }: Publication): void {
  for (const kind of ['video', 'audio', 'data', 'opaque'] as const) sums.frames[kind] += frames[kind];
  sums.jumpsRepaired += counters.jumpsRepaired;
  sums.nonMonotonicFrames += counters.nonMonotonicFrames;
}
