import type { Clock } from '../media/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that moves only when told to. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #timers: Timer[] = [];
  #endOfTurn: (() => void)[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, task: () => void): () => void {
    this.#order += 1;
    const timer = { dueMs: this.#nowMs + Math.max(delayMs, 0), order: this.#order, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  endOfTurn(task: () => void): void {
    this.#endOfTurn.push(task);
  }

  /** Timers that have not fired. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Ends the current turn of the event loop. */
  turn(): void {
    const tasks = this.#endOfTurn;
    this.#endOfTurn = [];
    for (const task of tasks) task();
  }

  /** Lets time pass, firing what falls due in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    this.turn();
    for (;;) {
      const [next] = this.#timers
        .filter((timer) => timer.dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = next.dueMs;
      next.task();
      this.turn();
    }
    this.#nowMs = endMs;
  }
}
