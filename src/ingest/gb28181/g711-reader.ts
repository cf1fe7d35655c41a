import { g711Config } from '../../codec/g711/g711-config.ts';
import type {
  ElementaryStreamReader,
  PesContent,
  ReaderContext,
} from '../../container/mpegts/demuxer-events.ts';
import type { Track } from '../../media/track.ts';

const US_PER_SAMPLE = 1e6 / 8000;

/** G.711 as devices send it: 8000 samples a second, one channel; a packet is a frame. */
export class G711Reader implements ElementaryStreamReader {
  readonly #context: ReaderContext;
  readonly #track: Track;
  #isKnown = false;
  /** When the next packet begins, where it does not say. */
  #nextUs: number | undefined;

  constructor(context: ReaderContext, codec: 'g711a' | 'g711u') {
    this.#context = context;
    this.#track = { id: context.trackId, kind: 'audio', config: g711Config(codec) };
  }

  lost(): void {
    this.#nextUs = undefined;
  }

  /** @param pes its payload is kept */
  read({ payload, ptsTicks }: PesContent): void {
    const us = ptsTicks === undefined ? this.#nextUs : (ptsTicks * 100) / 9;
    if (us === undefined) {
      this.#context.counters.framesWithoutConfig += 1;
      return;
    }
    this.#nextUs = us + payload.length * US_PER_SAMPLE;
    if (payload.length === 0) return;
    if (!this.#isKnown) this.#context.push({ type: 'track', track: this.#track });
    this.#isKnown = true;
    const dtsUs = Math.round(us);
    this.#context.push({
      type: 'frame',
      frame: { track: this.#track, dtsUs, ptsUs: dtsUs, isKey: true, data: payload },
    });
  }
}
