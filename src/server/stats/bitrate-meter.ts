/** The window over which lal averages bit rates. */
export const BITRATE_WINDOW_SEC = 5;

/** Bit rate over the last window, in lal's kbit: 1024 bits, rounded down. */
export class BitrateMeter {
  kbits = 0;
  #lastBytes = 0;

  /** To be called at the end of each window. @param bytes running total */
  sample(bytes: number): void {
    this.kbits = Math.floor(((bytes - this.#lastBytes) * 8) / 1024 / BITRATE_WINDOW_SEC);
    this.#lastBytes = bytes;
  }
}
