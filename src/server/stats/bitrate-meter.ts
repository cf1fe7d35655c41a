/** The window over which lal averages the bit rates of most sessions. */
export const BITRATE_WINDOW_SEC = 5;

/** Bit rate over the last window, in lal's kbit: 1024 bits, rounded down. */
export class BitrateMeter {
  kbits = 0;
  readonly #windowSec: number;
  #lastBytes = 0;

  constructor(windowSec: number = BITRATE_WINDOW_SEC) {
    this.#windowSec = windowSec;
  }

  /** To be called at the end of each window. @param bytes running total */
  sample(bytes: number): void {
    this.kbits = Math.floor(((bytes - this.#lastBytes) * 8) / 1024 / this.#windowSec);
    this.#lastBytes = bytes;
  }
}
