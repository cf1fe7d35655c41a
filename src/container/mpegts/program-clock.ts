import type { MuxedStream } from './muxed-stream.ts';
import { TICKS_PER_MS } from './timestamp.ts';

/**
 * The PCR runs this far behind the decoding times, like ffmpeg's: room for audio that waits in a batch, and for sources
 * whose audio and video are a little apart. More would only make players wait.
 */
export const CLOCK_LAG_TICKS: number = 700 * TICKS_PER_MS;

/** At least one PCR in this time (ISO/IEC 13818-1, 2.7.2: 0.1 s). */
export const MAX_CLOCK_INTERVAL_TICKS: number = 100 * TICKS_PER_MS;

/**
 * A longer gap is a pause of the source. References for times long past would make players believe that the network
 * had held them up.
 */
const MAX_FILLED_GAP_TICKS = 500 * TICKS_PER_MS;

/** The program clock reference of an outgoing stream. It never goes back. Ticks of 90 kHz, unwrapped. */
export class ProgramClock {
  #lastTicks: number | undefined;

  get hasStarted(): boolean {
    return this.#lastTicks !== undefined;
  }

  /**
   * What a PCR says that is written when the newest frame is one of `stream`.
   * @param isReference `stream` is the one whose packets carry the PCR, which keeps the lag exact. The others only help
   * out while it rests: by as much as they have moved since, because they may be ahead of it, and never past their own
   * lag, because a pause moves both.
   */
  ticksAt(stream: MuxedStream, isReference: boolean): number {
    const own = stream.newestTicks - CLOCK_LAG_TICKS;
    if (this.#lastTicks === undefined) return own;
    const moved = this.#lastTicks + stream.newestTicks - stream.ticksAtClock;
    return Math.max(isReference ? own : Math.min(own, moved), this.#lastTicks + 1);
  }

  /** Whether a PCR of `ticks` can't wait for the next frame of `stream`. */
  isDue(ticks: number, stream: MuxedStream): boolean {
    if (this.#lastTicks === undefined) return true;
    return ticks - this.#lastTicks + stream.stepTicks > MAX_CLOCK_INTERVAL_TICKS;
  }

  /** How many references are missing before one of `ticks`, so that no interval is too long. */
  missingBefore(ticks: number): number {
    const gap = this.#lastTicks === undefined ? 0 : ticks - this.#lastTicks;
    if (gap > MAX_FILLED_GAP_TICKS) return 0;
    return Math.max(0, Math.ceil(gap / MAX_CLOCK_INTERVAL_TICKS) - 1);
  }

  /** The reference to write first when `missing` are missing before one of `ticks`. */
  nextTowards(ticks: number, missing: number): number {
    const last = this.#lastTicks ?? ticks;
    return last + Math.round((ticks - last) / (missing + 1));
  }

  /** A reference of `ticks` was written. */
  wrote(ticks: number): void {
    this.#lastTicks = ticks;
  }
}
