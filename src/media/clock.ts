/** Time and deferral as the media core sees them; tests pass a clock they turn by hand. */
export interface Clock {
  /** Milliseconds of a clock that never jumps; only differences mean anything. */
  monotonicMs(): number;
  /** Milliseconds since 1970, as the machine believes it. */
  wallMs(): number;
  /**
   * Runs `task` once, about `delayMs` from now, unless the returned function is called first; never before this returns.
   * @param delayMs negative, a moment that has passed: as soon as can be; more than three weeks and a half, also `Infinity`:
   * after that time
   */
  after(delayMs: number, task: () => void): () => void;
  /** Runs `task` when the bytes that have arrived so far are dealt with. */
  endOfTurn(task: () => void): void;
}

/** More than Node's timers can count, three weeks and a half, would be no time at all. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
  endOfTurn(task) {
    setImmediate(task);
  },
};
