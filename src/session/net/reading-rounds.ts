import type { Clock } from '../../media/clock.ts';

const ROUND_MS = 100;

/**
 * Lets sockets whose data nobody waits for rest, and wakes them all together. Most encoders send each message by itself; to
 * work on one at a time, with everything else in between, takes half as long again as to work on those of a round in one go.
 */
export class ReadingRounds {
  readonly #clock: Clock;
  #resting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param goOn called at the end of the round, once however often it was asked for */
  rest(goOn: () => void): void {
    if (this.#resting.size === 0) this.#clock.after(ROUND_MS, () => this.#endRound());
    this.#resting.add(goOn);
  }

  #endRound(): void {
    const rested = this.#resting;
    this.#resting = new Set();
    for (const goOn of rested) goOn();
  }
}
