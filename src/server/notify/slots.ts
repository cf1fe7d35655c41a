/** So many at a time; others wait in the order in which they came. */
export class Slots {
  readonly #limit: () => number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param limit asked each time; 1 or more */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Resolves when there is room for one; it must call `free` then. */
  async take(): Promise<void> {
    if (this.#taken < this.#limit()) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  free(): void {
    this.#taken -= 1;
    while (this.#waiting.length > 0 && this.#taken < this.#limit()) {
      this.#taken += 1;
      this.#waiting.shift()!();
    }
  }
}
