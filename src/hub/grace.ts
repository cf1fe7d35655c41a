import type { Clock } from '../media/clock.ts';
import type { TimelineEnd } from '../media/timeline.ts';

/** The time after a publisher's end in which the next one goes on where it stopped. */
export class Grace {
  readonly #clock: Clock;
  readonly #lengthMs: () => number;
  #untilMs = -Infinity;
  #last: TimelineEnd | undefined;

  /** @param lengthMs asked at each publisher's end; 0: no grace */
  constructor(clock: Clock, lengthMs: () => number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  /** Nobody publishes, and somebody is expected. */
  get isRunning(): boolean {
    return this.#clock.monotonicMs() < this.#untilMs;
  }

  /** A publisher left. @param last where its times stopped; `undefined` when it never sent any media */
  begin(last: TimelineEnd | undefined): void {
    this.#untilMs = this.#clock.monotonicMs() + this.#lengthMs();
    this.#last = last;
  }

  /** A publisher came. @returns where it goes on; `undefined` when it begins anew */
  end(): TimelineEnd | undefined {
    const last = this.isRunning ? this.#last : undefined;
    this.#untilMs = -Infinity;
    this.#last = undefined;
    return last;
  }
}
