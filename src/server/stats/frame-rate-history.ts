/** lal shows the last half minute or so. */
const MAX_SECONDS = 32;

/** Video frames received in each of the last seconds. */
export class FrameRateHistory {
  readonly #seconds: { unix_sec: number; v: number }[] = [];
  #lastFrames = 0;

  /** To be called once a second. @param frames running total @param unixSec the second that has just ended */
  sample(frames: number, unixSec: number): void {
    // A new publication starts counting from 0.
    const count = frames < this.#lastFrames ? frames : frames - this.#lastFrames;
    this.#lastFrames = frames;
    if (count > 0) this.#seconds.unshift({ unix_sec: unixSec, v: count });
    // The second's age alone would let the list grow while a clock that was set back catches up.
    if (this.#seconds.length > MAX_SECONDS) this.#seconds.pop();
    while (this.#seconds.length > 0 && this.#isOld(unixSec)) this.#seconds.pop();
  }

  /** Newest first; seconds without video are absent. */
  get seconds(): readonly { unix_sec: number; v: number }[] {
    return this.#seconds;
  }

  #isOld(unixSec: number): boolean {
    return this.#seconds.at(-1)!.unix_sec <= unixSec - MAX_SECONDS;
  }
}
