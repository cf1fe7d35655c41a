import type { MpegTsDemuxerCounters, MpegTsEvent } from '../../container/mpegts/demuxer-events.ts';
import type { PublicationInput } from '../../hub/publication.ts';
import type { Clock } from '../../media/clock.ts';
import type { FragmentSequel } from '../../protocol/hls/playlist-follower.ts';
import { MediaPacer } from '../media-pacer.ts';
import { FragmentReader } from './fragment-reader.ts';

/** Fragments are fetched while less than this waits for its time. */
const AHEAD = { aheadMs: 10_000, aheadBytes: 64 << 20 } as const;

/** Fragments of HLS become the frames of a publication, each at its time. */
export class HlsIngest {
  readonly #reader = new FragmentReader();
  readonly #pacer: MediaPacer<MpegTsEvent>;
  #publication: PublicationInput | undefined;
  #isStopped = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'after'>) {
    this.#pacer = new MediaPacer(clock, AHEAD, {
      release: (event) => this.#write(event),
      failed: (error) => (this.#failure = { error }),
    });
  }

  /** Damage in the fragments so far. */
  get counters(): MpegTsDemuxerCounters {
    return this.#reader.counters;
  }

  /**
   * Takes one whole fragment apart.
   * @throws {ProtocolError} `ERR_MPEGTS_SYNC`: it is no transport stream
   */
  read(bytes: Uint8Array, sequel: FragmentSequel): Promise<MpegTsEvent[]> {
    return this.#reader.read(bytes, sequel);
  }

  /** Before the first `play`. */
  publishTo(publication: PublicationInput): void {
    this.#publication = publication;
  }

  /** Plays what was read. Resolves when it is time to fetch the next fragment; rejects with an error of whoever gets frames. */
  async play(events: readonly MpegTsEvent[]): Promise<void> {
    if (this.#isStopped) return;
    for (const event of events) {
      if (event.type === 'frame') this.#pacer.push(event, event.frame.dtsUs, event.frame.data.length);
      else this.#pacer.push(event, undefined, 0);
    }
    await this.#pacer.whenRoom();
    this.#throwFailure();
  }

  /** Nothing will follow. Resolves when the last frame has been handed on; the publication is not ended. */
  async finish(): Promise<void> {
    await this.play(this.#reader.end());
    await this.#pacer.whenEmpty();
    this.#throwFailure();
  }

  /** Forgets what waits for its time, and lets go of whoever waits for that. */
  stop(): void {
    this.#isStopped = true;
    this.#pacer.stop();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #write(event: MpegTsEvent): void {
    if (event.type === 'frame') this.#publication?.write(event.frame);
    else if (event.type === 'track') this.#publication?.setTrack(event.track);
    else this.#publication?.announce(event);
  }
}
