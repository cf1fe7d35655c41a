import { TICKS_PER_MS, usToTicks } from './timestamp.ts';

/**
 * Where the first decoding time lands, like ffmpeg's 1.4 s: the clock is 0.7 s behind it, and frames of other tracks that
 * begin a little earlier do not fall below 0. (lal: 63000 ticks.)
 */
export const FIRST_DTS_TICKS: number = 1400 * TICKS_PER_MS;

/** Distance to leave between two sources: a frame's, roughly. */
const SOURCE_GAP_TICKS = 20 * TICKS_PER_MS;

/** The constant between the stream's microseconds and the wire's ticks; the same for all tracks. */
export class MuxTimeBase {
  #offsetTicks: number | undefined;
  /** The next time is another source's. */
  #isEnded = false;
  #nextStartTicks = FIRST_DTS_TICKS;

  /** Ticks of a decoding time; the first one fixes the constant. Unwrapped, and negative for times far before it. */
  dtsToTicks(dtsUs: number): number {
    const ticks = usToTicks(dtsUs);
    if (this.#isEnded || this.#offsetTicks === undefined) this.#offsetTicks = this.#nextStartTicks - ticks;
    this.#isEnded = false;
    const moved = ticks + this.#offsetTicks;
    this.#nextStartTicks = Math.max(this.#nextStartTicks, moved + SOURCE_GAP_TICKS);
    return moved;
  }

  /** Ticks of a presentation time of a frame whose decoding time was asked for before. */
  ptsToTicks(ptsUs: number): number {
    return usToTicks(ptsUs) + (this.#offsetTicks ?? 0);
  }

  /** The source ended; the next one's first time follows what was last written. */
  end(): void {
    this.#isEnded = true;
  }

  /** The next source's times go on from those of the one that ended: the constant stays. */
  goOn(): void {
    this.#isEnded = false;
  }
}
