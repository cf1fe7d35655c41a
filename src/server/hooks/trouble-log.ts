import type { Clock } from '../../media/clock.ts';

/** While a trouble lasts it is mentioned this often. */
const MENTION_MS = 60_000;
/** A trouble that has not shown for this long is over. */
const QUIET_MS = 10_000;

/** What is to be said of a trouble. */
export interface TroubleReport {
  readonly state: 'begins' | 'lasts' | 'is over';
  /** How often it has happened since it began. */
  readonly count: number;
}

/** Keeps a trouble that happens again and again from filling the log: it is told when it begins, now and then, and at its end. */
export class TroubleLog<T> {
  readonly #clock: Clock;
  readonly #report: (report: TroubleReport, latest: T) => void;
  #current: { count: number; latest: T; mentionedMs: number; happenedMs: number } | undefined;

  constructor(clock: Clock, report: (report: TroubleReport, latest: T) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** It happened. @param latest what is to be said of it */
  happened(latest: T): void {
    const nowMs = this.#clock.monotonicMs();
    const current = this.#current;
    if (current === undefined || nowMs - current.happenedMs > MENTION_MS) {
      this.#current = { count: 1, latest, mentionedMs: nowMs, happenedMs: nowMs };
      this.#report({ state: 'begins', count: 1 }, latest);
      return;
    }
    current.count += 1;
    current.latest = latest;
    current.happenedMs = nowMs;
    if (nowMs - current.mentionedMs < MENTION_MS) return;
    current.mentionedMs = nowMs;
    this.#report({ state: 'lasts', count: current.count }, latest);
  }

  /** It went well. Trouble that comes and goes is over only when it has not shown for a while. */
  wentWell(): void {
    const current = this.#current;
    if (current === undefined || this.#clock.monotonicMs() - current.happenedMs < QUIET_MS) return;
    this.#current = undefined;
    this.#report({ state: 'is over', count: current.count }, current.latest);
  }
}
