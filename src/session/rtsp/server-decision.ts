import type { EndCode } from '../../media/end-reason.ts';

interface Decision {
  readonly sinceMs: number;
  readonly timeoutMs: number;
  readonly timeoutCode: EndCode;
}

/** The request of a session that is being decided on, if there is one. */
export class PendingDecision {
  #decision: Decision | undefined;

  get isPending(): boolean {
    return this.#decision !== undefined;
  }

  /** @returns whether anybody still waits for this one */
  begin(nowMs: number, timeoutMs: number, timeoutCode: EndCode): () => boolean {
    const decision: Decision = { sinceMs: nowMs, timeoutMs, timeoutCode };
    this.#decision = decision;
    return () => this.#decision === decision;
  }

  /** @returns how long it was waited for, in milliseconds */
  settle(nowMs: number): number {
    const waitedMs = this.#decision === undefined ? 0 : nowMs - this.#decision.sinceMs;
    this.#decision = undefined;
    return waitedMs;
  }

  /** The code of a decision that takes too long. */
  overdue(nowMs: number): EndCode | undefined {
    const decision = this.#decision;
    const isLate = decision !== undefined && nowMs - decision.sinceMs > decision.timeoutMs;
    return isLate ? decision.timeoutCode : undefined;
  }
}
