/** So many at a time; others wait in the order in which they came. */
export class Slots {
  readonly #limit: () => number;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  /** @param limit asked each time; 1 or more */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Nobody has one, and nobody waits for one. */
  get isIdle(): boolean {
    return this.#taken === 0 && this.#waiting.size === 0;
  }

  /**
   * Resolves when there is room for one; it must call `free` then.
   * @returns false when `signal` fired while it waited: it has none then, and must not call `free`
   */
  async take(signal?: AbortSignal): Promise<boolean> {
    if (this.#taken < this.#limit()) {
      this.#taken += 1;
      return true;
    }
    return new Promise((resolve) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve(true);
      };
      const giveUp = (): void => {
        this.#waiting.delete(begin);
        resolve(false);
      };
      this.#waiting.add(begin);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  free(): void {
    this.#taken -= 1;
    for (const begin of this.#waiting) {
      if (this.#taken >= this.#limit()) return;
      this.#taken += 1;
      this.#waiting.delete(begin);
      begin();
    }
  }
}
