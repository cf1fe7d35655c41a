import { systemClock } from '../../src/media/clock.ts';
import type { Clock } from '../../src/media/clock.ts';

/** The machine's clock, which knows what it still has to do: whoever is done must have taken back all his timers. */
export class CountingClock implements Clock {
  readonly #pending = new Set<{ readonly delayMs: number; readonly stack: string }>();

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  wallMs(): number {
    return systemClock.wallMs();
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { delayMs, stack: new Error('timer').stack ?? '' };
    this.#pending.add(timer);
    const cancel = systemClock.after(delayMs, () => {
      this.#pending.delete(timer);
      task();
    });
    return () => {
      this.#pending.delete(timer);
      cancel();
    };
  }

  endOfTurn(task: () => void): void {
    systemClock.endOfTurn(task);
  }

  /** Timers that have neither fired nor been taken back: how long they were to take, and who began them. */
  get pending(): string[] {
    return [...this.#pending].map(({ delayMs, stack }) => {
      const callers = stack.split('\n').slice(2, 5);
      return `${delayMs} ms ${callers.map((line) => line.trim()).join(' ')}`;
    });
  }
}
