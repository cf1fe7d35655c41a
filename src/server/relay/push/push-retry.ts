/** lal tries once a second. */
const FIRST_INTERVAL_MS = 1000;
/** A push that held this long was no failure: who accepts and closes at once must not be tried for ever. */
const STABLE_MS = 10_000;

/** When to try a target again. */
export class PushRetry {
  readonly #maxRetries: number;
  readonly #maxIntervalMs: number;
  #failures = 0;

  /**
   * @param maxRetries tries after the first that fail one after the other; negative: no end
   * @param maxIntervalMs the pause is a second after the first failure, and twice as long after each further one, up to this
   */
  constructor(maxRetries: number, maxIntervalMs: number) {
    this.#maxRetries = maxRetries;
    this.#maxIntervalMs = Math.max(maxIntervalMs, FIRST_INTERVAL_MS);
  }

  /** Tries that have failed since the last that held. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * A try is over.
   * @param upMs how long the target took the stream; 0 when it never did
   * @returns the pause before the next try; `undefined`: there is none
   */
  failed(upMs: number): number | undefined {
    if (upMs >= STABLE_MS) this.#failures = 0;
    this.#failures += 1;
    if (this.#maxRetries >= 0 && this.#failures > this.#maxRetries) return undefined;
    // Beyond 2^20 seconds no limit is of any use.
    return Math.min(FIRST_INTERVAL_MS * 2 ** Math.min(this.#failures - 1, 20), this.#maxIntervalMs);
  }
}
