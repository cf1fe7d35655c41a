import { performance } from 'node:perf_hooks';
import type { Clock } from '../media/clock.ts';
import type { SubscriptionCounters } from './subscription.ts';

/**
 * How long bytes wait for company before they are written to the viewers. The kernel's price per write outweighs
 * everything else in fan-out, so the more viewers, the longer the wait; windows below 15 ms join next to nothing and
 * are not used. Few viewers: no wait, bytes leave at the end of the event-loop turn.
 */
const STEPS: readonly { readonly viewers: number; readonly windowMs: number }[] = [
  { viewers: 200, windowMs: 40 },
  { viewers: 48, windowMs: 20 },
];

/** A killed process loses this much, and what recordings keep back besides. */
const UNWATCHED_WINDOW_MS = 250;

/** Above this share of the event loop's time the window is widened by `BUSY_STEP_MS`, below the lower one narrowed. */
const BUSY_UTILISATION = 0.7;
const CALM_UTILISATION = 0.5;
const BUSY_STEP_MS = 20;

/** Decides the flush window for all fan-outs of a process. */
export class FlushScheduler {
  readonly clock: Clock;
  /** No window of a viewer is wider; 0 switches joining off. May be changed at any time. */
  maxWindowMs: number;
  /** The window of a fan-out that only segmenters and recorders take: they are in no hurry. */
  readonly unwatchedWindowMs: number;
  /** Viewers of all fan-outs. */
  viewers = 0;
  /** What viewers of all fan-outs got and lost who have left. */
  readonly pastCounters: SubscriptionCounters = { sentBytes: 0, drops: 0, droppedUnits: 0, droppedBytes: 0 };
  #busyMs = 0;
  #lastUtilisation = performance.eventLoopUtilization();

  /**
   * @param unwatchedWindowMs a recording may lose this much more when the process is killed
   */
  constructor(clock: Clock, maxWindowMs: number, unwatchedWindowMs: number = UNWATCHED_WINDOW_MS) {
    this.clock = clock;
    this.maxWindowMs = maxWindowMs;
    this.unwatchedWindowMs = unwatchedWindowMs;
  }

  /** A viewer has left. */
  left({ sentBytes, drops, droppedUnits, droppedBytes }: SubscriptionCounters): void {
    this.viewers -= 1;
    this.pastCounters.sentBytes += sentBytes;
    this.pastCounters.drops += drops;
    this.pastCounters.droppedUnits += droppedUnits;
    this.pastCounters.droppedBytes += droppedBytes;
  }

  get windowMs(): number {
    for (const step of STEPS) {
      if (this.viewers >= step.viewers) return Math.min(step.windowMs + this.#busyMs, this.maxWindowMs);
    }
    return 0;
  }

  /** To be called about once a second. */
  adapt(): void {
    const now = performance.eventLoopUtilization();
    this.adaptTo(performance.eventLoopUtilization(now, this.#lastUtilisation).utilization);
    this.#lastUtilisation = now;
  }

  /** @param utilisation share of the last second that the event loop was busy, 0 to 1 */
  adaptTo(utilisation: number): void {
    if (utilisation > BUSY_UTILISATION)
      this.#busyMs = Math.min(this.#busyMs + BUSY_STEP_MS, this.maxWindowMs);
    else if (utilisation < CALM_UTILISATION) this.#busyMs = Math.max(this.#busyMs - BUSY_STEP_MS, 0);
  }
}
