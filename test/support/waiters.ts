import { Signal, withDeadline } from './deadline.ts';

/** Those who wait until something that is fed from outside has come so far. */
export class Waiters {
  #waiting: { condition: () => boolean; signal: Signal }[] = [];
  #failure: Error | undefined;
  readonly #describe: () => string;

  /** @param describe what has come so far, for the message of a wait that was in vain */
  constructor(describe: () => string) {
    this.#describe = describe;
  }

  /** Resolves when `condition` holds; it is looked at after each `wake`. */
  async until(condition: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
    if (condition()) return;
    if (this.#failure !== undefined) throw new Error(`${this.#failure.message}, before ${what}`);
    const signal = new Signal();
    this.#waiting.push({ condition, signal });
    await withDeadline(signal.promise, timeoutMs, () => `${what}; ${this.#describe()}`);
  }

  wake(): void {
    this.#waiting = this.#waiting.filter(({ condition, signal }) => {
      if (!condition()) return true;
      signal.resolve();
      return false;
    });
  }

  /** Nothing more will come: whoever still waits is told so. */
  fail(text: string): void {
    this.wake();
    this.#failure ??= new Error(`${text}; ${this.#describe()}`);
    for (const { signal } of this.#waiting) signal.reject(this.#failure);
    this.#waiting = [];
  }
}
