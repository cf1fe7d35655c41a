/**
 * How far media may stray from the wall clock before reports follow it. Receivers distrust reports that are further from
 * the packets: GStreamer drops those that are a second ahead (`max-rtcp-rtp-time-diff`).
 */
const MAX_DEVIATION_US = 500_000;

/**
 * Media time by the wall clock, for the sender reports of all tracks of a stream. The first frame sets it, and it runs
 * evenly from there, whatever the network does to later frames; it is set anew, for all tracks at once, only when the
 * source's clock has drifted away.
 */
export class SenderClock {
  /** Wall clock less media time. */
  #offsetUs: number | undefined;

  /**
   * Takes the time of a frame. Runs for every frame.
   * @param mediaUs decoding time, which follows the arrival more evenly than the presentation time
   * @param unixUs when it arrived, microseconds since 1970
   */
  follow(mediaUs: number, unixUs: number): void {
    const offsetUs = unixUs - mediaUs;
    if (this.#offsetUs === undefined || Math.abs(offsetUs - this.#offsetUs) > MAX_DEVIATION_US) {
      this.#offsetUs = offsetUs;
    }
  }

  /** The media time at a moment of the wall clock; `undefined` before the first frame. */
  mediaUsAt(unixUs: number): number | undefined {
    return this.#offsetUs === undefined ? undefined : unixUs - this.#offsetUs;
  }

  /** The moment of the wall clock at which a media time is due; `undefined` before the first frame. */
  unixUsAt(mediaUs: number): number | undefined {
    return this.#offsetUs === undefined ? undefined : mediaUs + this.#offsetUs;
  }
}
