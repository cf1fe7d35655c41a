/** What a packet's counter says about the packets of its PID before it. */
export type Continuity = 'ok' | 'duplicate' | 'lost';

/** Follows the 4-bit counter of one PID (ISO/IEC 13818-1, 2.4.3.3); only packets with payload are counted. */
export class ContinuityCounter {
  #last: number | undefined;
  #wasDuplicate = false;

  /** The next packet's counter may be anything. */
  reset(): void {
    this.#last = undefined;
  }

  /** @param isDiscontinuous the packet announces that its counter may be anything */
  check(counter: number, isDiscontinuous: boolean): Continuity {
    const last = this.#last;
    this.#last = counter;
    if (last === undefined || isDiscontinuous || counter === ((last + 1) & 0x0f)) {
      this.#wasDuplicate = false;
      return 'ok';
    }
    // A packet may be sent twice, not more often.
    this.#wasDuplicate = counter === last && !this.#wasDuplicate;
    return this.#wasDuplicate ? 'duplicate' : 'lost';
  }
}
