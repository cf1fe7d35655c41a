/** Long enough that a group of pictures does not show in the rate, short enough to see that something changes. */
const WINDOW_SEC = 5;

/** How fast a running total has grown over the last seconds. */
export class RateWindow {
  /** Newest last; one second apart. */
  readonly #totals: number[] = [];

  /** To be called once a second. A total that goes back is a new one, which started from 0. */
  sample(total: number): void {
    if (total < (this.#totals.at(-1) ?? 0)) this.#totals.length = 0;
    if (this.#totals.length === 0) this.#totals.push(0);
    this.#totals.push(total);
    if (this.#totals.length > WINDOW_SEC + 1) this.#totals.shift();
  }

  /** Over the window, or as much of it as there has been. */
  get perSec(): number {
    const seconds = this.#totals.length - 1;
    return seconds < 1 ? 0 : (this.#totals.at(-1)! - this.#totals[0]!) / seconds;
  }
}
