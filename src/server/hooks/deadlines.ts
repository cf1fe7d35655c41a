import type { Clock } from '../../media/clock.ts';

/** How work of somebody else's ended. */
export type Outcome<T> =
  | { readonly is: 'done'; readonly value: T }
  | { readonly is: 'failed'; readonly error: unknown }
  /** It may go on; nobody looks at its result any more. */
  | { readonly is: 'late' }
  /** The same, because the server stops; or it was not begun at all. */
  | { readonly is: 'abandoned' };

/** Runs work of somebody else's, which may throw, reject, or never end: each has its deadline. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #abandon = new Set<() => void>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns how `work` ended, within `timeoutMs`; never rejects */
  async run<T>(work: () => T | Promise<T>, timeoutMs: number): Promise<Outcome<T>> {
    if (this.#isClosed) return { is: 'abandoned' };
    let cancel = (): void => {};
    let abandon = (): void => {};
    const ended = new Promise<Outcome<T>>((resolve) => {
      cancel = this.#clock.after(timeoutMs, () => resolve({ is: 'late' }));
      abandon = () => resolve({ is: 'abandoned' });
    });
    this.#abandon.add(abandon);
    try {
      return await Promise.race([outcomeOf(work), ended]);
    } finally {
      cancel();
      this.#abandon.delete(abandon);
    }
  }

  /** Nothing is waited for any more, and nothing begun. */
  close(): void {
    this.#isClosed = true;
    for (const abandon of this.#abandon) abandon();
  }
}

async function outcomeOf<T>(work: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { is: 'done', value: await work() };
  } catch (error) {
    return { is: 'failed', error };
  }
}
