/**
 * Follows the 32-bit timestamps of one RTP source (RFC 3550, 5.1) over their wraps, which at 90 kHz come every 13 hours.
 * Steps back are followed as well: with B-frames presentation times do not rise from frame to frame.
 */
export class RtpTimestampUnwrapper {
  #last: number | undefined;

  /**
   * The time nearest to the last one that reads `timestamp` on the wire, so steps of up to 2^31 ticks either way are
   * understood.
   * @param timestamp 32 bits, unsigned
   * @returns ticks; the first one as on the wire, later ones may exceed 32 bits or be negative
   */
  unwrap(timestamp: number): number {
    // `| 0` takes the difference modulo 2^32 and reads it as signed.
    const last = this.#last;
    this.#last = last === undefined ? timestamp : last + ((timestamp - last) | 0);
    return this.#last;
  }
}
