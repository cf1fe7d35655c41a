import type { LiveStream, OutputVariant } from '../../../hub/live-stream.ts';
import type { ByteSink, Subscription, SubscriptionLimits } from '../../../hub/subscription.ts';
import type { Clock } from '../../../media/clock.ts';
import type { EndReason } from '../../../media/end-reason.ts';

/** How long a target may take nothing of what waits for it: lal's time to write. */
export const STALL_TIMEOUT_MS = 10_000;

/** What a client session offers to a publisher. */
export interface PushOutlet {
  write(bytes: Uint8Array): boolean;
  readonly queuedBytes: number;
  end(reason: EndReason): void;
}

/**
 * A stream's way into a session. It takes the stream from the first attempt to connect on, and holds it back, within the
 * bounds of the subscription, until the target has accepted: so the target misses nothing.
 */
export class PushFeed implements ByteSink {
  readonly subscription: Subscription;
  readonly #clock: Clock;
  readonly #outlet: PushOutlet;
  #held: Uint8Array[] | undefined = [];
  #heldBytes = 0;
  /** More than a little waits in the session; `resume` will follow. */
  #isFull = false;
  #whenEmpty: (() => void) | undefined;

  constructor(
    stream: LiveStream,
    variant: OutputVariant,
    limits: SubscriptionLimits,
    outlet: PushOutlet,
    clock: Clock,
  ) {
    this.#outlet = outlet;
    this.#clock = clock;
    this.subscription = stream.attach(variant, this, limits);
  }

  get queuedBytes(): number {
    return this.#heldBytes + this.#outlet.queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#held === undefined) {
      this.#isFull = !this.#outlet.write(bytes);
    } else {
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
      this.#isFull = true;
    }
    return !this.#isFull;
  }

  /** A little later: this may be called while the session's owner is still being made. */
  end(reason: EndReason): void {
    this.#clock.endOfTurn(() => this.#outlet.end(reason));
  }

  /** The target has accepted. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#isFull = false;
    for (const bytes of held) this.write(bytes);
    if (!this.#isFull) this.resume();
  }

  /** The session has room again. */
  resume(): void {
    this.#isFull = false;
    this.subscription.resume(this.#clock.monotonicMs());
    this.#tellEmpty();
  }

  /** Calls `done` when nothing waits but what the session sends with its goodbye; at once where that is so. */
  finish(done: () => void): void {
    this.#whenEmpty = done;
    this.#tellEmpty();
  }

  close(): void {
    this.#whenEmpty = undefined;
    this.#held = undefined;
    this.subscription.close();
  }

  #tellEmpty(): void {
    if (this.#isFull || this.#whenEmpty === undefined) return;
    const done = this.#whenEmpty;
    this.#whenEmpty = undefined;
    done();
  }
}
