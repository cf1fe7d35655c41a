import type { MpegTsDemuxerCounters, MpegTsEvent } from '../../container/mpegts/demuxer-events.ts';
import type { Publication } from '../../hub/publication.ts';
import type { Clock } from '../../media/clock.ts';
import type { FragmentSequel } from '../../protocol/hls/playlist-follower.ts';
import { MediaPacer } from '../media-pacer.ts';
import { FragmentReader } from './fragment-reader.ts';

/** Fragments are fetched while less than this waits for its time. */
const AHEAD = { aheadMs: 10_000, aheadBytes: 64 << 20 } as const;

/** Fragments of HLS become the frames of a publication, each at its time. */
export class HlsIngest {
  readonly #publication: Publication;
  readonly #reader = new FragmentReader();
  readonly #pacer: MediaPacer<MpegTsEvent>;
  #isStopped = false;

  constructor(publication: Publication, clock: Pick<Clock, 'monotonicMs' | 'after'>) {
    this.#publication = publication;
    this.#pacer = new MediaPacer(clock, AHEAD, (event) => this.#write(event));
  }

  /** Damage in the fragments so far. */
  get counters(): MpegTsDemuxerCounters {
    return this.#reader.counters;
  }

  /**
   * Takes one whole fragment. Resolves when it is time to fetch the next.
   * @throws {ProtocolError} `ERR_MPEGTS_SYNC`: it is no transport stream
   */
  async receive(bytes: Uint8Array, sequel: FragmentSequel): Promise<void> {
    this.#push(await this.#reader.read(bytes, sequel));
    await this.#pacer.whenRoom();
  }

  /** Nothing will follow. Resolves when the last frame has been handed on; the publication is not ended. */
  async finish(): Promise<void> {
    this.#push(this.#reader.end());
    await this.#pacer.whenEmpty();
  }

  /** Forgets what waits for its time, and lets go of whoever waits for that. */
  stop(): void {
    this.#isStopped = true;
    this.#pacer.stop();
  }

  #push(events: readonly MpegTsEvent[]): void {
    if (this.#isStopped) return;
    for (const event of events) {
      if (event.type === 'frame') this.#pacer.push(event, event.frame.dtsUs, event.frame.data.length);
      else this.#pacer.push(event, undefined, 0);
    }
  }

  #write(event: MpegTsEvent): void {
    if (event.type === 'frame') this.#publication.write(event.frame);
    else if (event.type === 'track') this.#publication.setTrack(event.track);
    else this.#publication.announce(event);
  }
}
