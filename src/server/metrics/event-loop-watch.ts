import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

type DelayHistogram = ReturnType<typeof monitorEventLoopDelay>;

/** The delay is looked at this often. */
const RESOLUTION_MS = 20;

/** How late the event loop was, in seconds, and what it did, in seconds since the process began. */
export interface EventLoopState {
  readonly delayP50: number;
  readonly delayP99: number;
  readonly delayMax: number;
  readonly active: number;
  readonly idle: number;
}

/** Watches the event loop of this thread from the first look on. Delays are those since the look before. */
export class EventLoopWatch {
  readonly #histogram: DelayHistogram;
  #isClosed = false;

  /** @param histogram not enabled yet */
  constructor(histogram: DelayHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })) {
    this.#histogram = histogram;
  }

  read(): EventLoopState {
    const histogram = this.#histogram;
    // Who still asks while the server stops begins nothing.
    if (!this.#isClosed) histogram.enable();
    const { active, idle } = performance.eventLoopUtilization();
    const state = {
      delayP50: delaySec(histogram.percentile(50)),
      delayP99: delaySec(histogram.percentile(99)),
      delayMax: delaySec(histogram.max),
      active: active / 1000,
      idle: idle / 1000,
    };
    histogram.reset();
    return state;
  }

  close(): void {
    this.#isClosed = true;
    this.#histogram.disable();
  }
}

/** Node measures from one look to the next, the pause between them included. Without a look it has no sensible value. */
function delaySec(nanoseconds: number): number {
  const delay = nanoseconds / 1e9 - RESOLUTION_MS / 1000;
  return delay > 0 && delay < 1e6 ? delay : 0;
}
