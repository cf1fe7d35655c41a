/** An acknowledgement at the latest after so many bytes, however large a window the peer names; lal does the same. */
const MAX_INTERVAL = 2_500_000;

/**
 * When to send Acknowledgement, and with which number ("Adobe's Real Time Messaging Protocol" 1.0, clauses 5.4.3 and
 * 5.4.4). Half a window early, so that a peer which stops at a full window never does. A peer that has named no window,
 * or one of 0, wants none.
 */
export class AcknowledgementSchedule {
  #received = 0;
  #acknowledged = 0;
  #interval = 0;

  /** Bytes counted in all. */
  get received(): number {
    return this.#received;
  }

  /** The peer's Window Acknowledgement Size. */
  setPeerWindow(size: number): void {
    this.#interval = Math.min(Math.floor(size / 2), MAX_INTERVAL);
  }

  count(bytes: number): void {
    this.#received += bytes;
  }

  /** The sequence number to send now: bytes so far, wrapping at 32 bits. `undefined`: nothing is due. */
  takeDue(): number | undefined {
    if (this.#interval === 0 || this.#received - this.#acknowledged < this.#interval) return undefined;
    this.#acknowledged = this.#received;
    return this.#received % 2 ** 32;
  }
}
