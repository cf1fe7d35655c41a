import type { EndCode } from '../../media/end-reason.ts';

/** How long a client may take, and say nothing. */
export interface RtspDeadlineLimits {
  /** From accept to a PLAY or RECORD that was granted; the time of our decisions does not count. */
  readonly handshakeTimeoutMs: number;
  /** How long a publisher may send no media. */
  readonly idleTimeoutMs: number;
  /** How long a player over UDP, or a client that pauses, may say nothing: longer than the `Session` header tells it. */
  readonly silenceTimeoutMs: number;
}

/** What a client's silence means, by what it is. Other players are kept by their socket, and watched by the hub. */
export type RtspSilence = 'publisher' | 'client that must speak' | 'player';

/** Keeps the times of one session, all of the monotonic clock. */
export class SessionDeadlines {
  readonly #limits: RtspDeadlineLimits;
  /** Moves on while we decide; `undefined` once something was granted. */
  #handshakeSinceMs: number | undefined;
  #lastReceivedMs: number;
  #lastMediaMs: number;

  constructor(limits: RtspDeadlineLimits, nowMs: number) {
    this.#limits = limits;
    this.#handshakeSinceMs = nowMs;
    this.#lastReceivedMs = nowMs;
    this.#lastMediaMs = nowMs;
  }

  /** The client was heard of, by whatever way. */
  received(nowMs: number): void {
    this.#lastReceivedMs = nowMs;
  }

  /** A publisher's media was. */
  receivedMedia(nowMs: number): void {
    this.#lastMediaMs = nowMs;
  }

  /** The client had to wait for us. */
  waited(waitedMs: number): void {
    if (this.#handshakeSinceMs !== undefined) this.#handshakeSinceMs += waitedMs;
  }

  /** The client may play, or record. */
  granted(nowMs: number): void {
    this.#handshakeSinceMs = undefined;
    this.#lastMediaMs = nowMs;
  }

  /** The limit that has been overrun. */
  overdue(nowMs: number, silence: RtspSilence): EndCode | undefined {
    const { handshakeTimeoutMs, idleTimeoutMs, silenceTimeoutMs } = this.#limits;
    if (this.#handshakeSinceMs !== undefined) {
      return nowMs - this.#handshakeSinceMs > handshakeTimeoutMs ? 'handshake-timeout' : undefined;
    }
    if (silence === 'publisher') {
      return nowMs - this.#lastMediaMs > idleTimeoutMs ? 'idle-timeout' : undefined;
    }
    const isSilent = nowMs - this.#lastReceivedMs > silenceTimeoutMs;
    return isSilent && silence === 'client that must speak' ? 'idle-timeout' : undefined;
  }
}
