import { endReason, type EndReason } from '../media/end-reason.ts';
import type { CachedStart } from './gop-bytes.ts';
import type { UnitMark } from './pending-bytes.ts';
import type { StreamState } from './packager.ts';

/** Where a viewer's bytes go: a socket, a file, a peer. Implemented by sessions. */
export interface ByteSink {
  /** Takes over the bytes, which stay shared and unchanged. False: enough for now, `Subscription.resume` will follow. */
  write(bytes: Uint8Array): boolean;
  /** Bytes taken and not yet handed to the operating system. */
  readonly queuedBytes: number;
  /** The subscription is over for a reason of its own. Not called after `Subscription.close`. */
  end(reason: EndReason): void;
}

/** Wraps bytes for a transport (a WebSocket frame). Called once per flush for all viewers that share it. */
export interface Framing {
  frame(bytes: Uint8Array): Uint8Array;
}

/** Bounds of one viewer. */
export interface SubscriptionLimits {
  /** Bytes that may wait for this viewer, the sink's own queue included. */
  readonly maxQueueBytes: number;
  /** Media time that may wait. */
  readonly maxQueueMs: number;
  /** How long a viewer may go without once catching up. */
  readonly maxBehindMs: number;
  /** How long the viewer waits when there is nothing to send. */
  readonly idleTimeoutMs: number;
  /** `drop`: a full queue is emptied and the viewer goes on at the next random access point; `fail`: it ends. */
  readonly overflow: 'drop' | 'fail';
}

/** What one viewer got and lost. */
export interface SubscriptionCounters {
  /** Bytes handed to the sink. */
  sentBytes: number;
  /** Times the queue was full and was dropped up to the next random access point. */
  drops: number;
  /** What was in those queues, and what passed until the viewer could go on. */
  droppedUnits: number;
  droppedBytes: number;
}

/** One flush of a fan-out: the same bytes for every viewer. */
export interface Flush {
  readonly bytes: Uint8Array;
  readonly marks: readonly UnitMark[];
  /** The stream's state at each random access point of `marks`; other places are not looked at. */
  readonly states: ReadonlyMap<UnitMark, StreamState>;
  /** Media time at the end of the flush, on the fan-out's own clock, which runs on from one publication to the next. */
  readonly endUs: number;
  /** When the oldest of the bytes was made, on the monotonic clock. */
  readonly sinceMs: number;
}

/** What a subscription asks of its fan-out. */
export interface SubscriptionSource {
  /** Changes whenever viewers must be told something new about the stream. */
  readonly headersVersion: number;
  /** Opening bytes of a byte stream, once per viewer. */
  fileHeader(state: StreamState): Uint8Array | undefined;
  headers(state: StreamState, timeUs: number): Uint8Array;
  /** `bytes` in the framing's form; the whole flush is framed once for all. */
  framed(framing: Framing, bytes: Uint8Array): Uint8Array;
  detach(subscription: Subscription): void;
}

interface Queued {
  readonly bytes: Uint8Array;
  readonly units: number;
  readonly endUs: number;
}

/**
 * One viewer of a fan-out. Never holds up the stream: what the sink cannot take waits in a bounded queue, a full queue
 * is dropped up to the next random access point, and a viewer that stays behind is ended with a coded reason.
 */
export class Subscription {
  readonly counters: SubscriptionCounters = { sentBytes: 0, drops: 0, droppedUnits: 0, droppedBytes: 0 };
  readonly #source: SubscriptionSource;
  readonly #sink: ByteSink;
  readonly #framing: Framing | undefined;
  readonly #limits: SubscriptionLimits;
  /** `dropping` waits too, but for the end of a loss: what passes is counted. */
  #state: 'waiting' | 'dropping' | 'live' | 'closed' = 'waiting';
  #hasFileHeader = false;
  #headersVersion = -1;
  /** Bytes at the start of the next flush that were made before this viewer joined. */
  #skipBytes = 0;
  #queue: Queued[] = [];
  #queueBytes = 0;
  /** The cached start of the stream may be larger than the queue's bound; it is allowed for until it is through. */
  #joinBytes = 0;
  #isSinkFull = false;
  #behindSinceMs: number | undefined;
  #lastSentMs: number;

  constructor(
    source: SubscriptionSource,
    sink: ByteSink,
    limits: SubscriptionLimits,
    framing: Framing | undefined,
    nowMs: number,
  ) {
    this.#source = source;
    this.#sink = sink;
    this.#limits = limits;
    this.#framing = framing;
    this.#lastSentMs = nowMs;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Bytes waiting for the sink, its own queue included. */
  get queuedBytes(): number {
    return this.#queueBytes + this.#sink.queuedBytes;
  }

  /**
   * Puts the viewer at the current end of the stream.
   * @param skipBytes bytes of the next flush that lie before that end
   * @param start cached bytes to begin with; without them the viewer waits for a random access point
   * @param endUs as in `Flush`: what is cached does not count as being behind
   */
  join(skipBytes: number, start: CachedStart | undefined, endUs: number, nowMs: number): void {
    this.#skipBytes = skipBytes;
    if (start === undefined) return;
    this.#begin(start.state, start.timeUs, endUs, nowMs);
    for (const chunk of start.chunks) {
      this.#joinBytes += chunk.length;
      this.#send(this.#frame(chunk), 0, endUs, nowMs);
    }
  }

  /** Takes the viewer's part of a flush. */
  deliver(flush: Flush, nowMs: number): void {
    const skip = this.#skipBytes;
    this.#skipBytes = 0;
    if (this.#state === 'live') this.#deliverFrom(flush, skip, nowMs);
    else if (this.#state !== 'closed') this.#tryToStart(flush, skip, nowMs);
  }

  /** The sink has room again. */
  resume(nowMs: number): void {
    this.#isSinkFull = false;
    while (this.#queue.length > 0 && !this.#isSinkFull) {
      const item = this.#queue.shift()!;
      this.#queueBytes -= item.bytes.length;
      this.#writeToSink(item.bytes, nowMs);
    }
    if (this.#queue.length === 0 && !this.#isSinkFull) {
      this.#behindSinceMs = undefined;
      this.#joinBytes = 0;
    }
  }

  /** The publisher left: the viewer stays, and goes on at the next publisher's first random access point. */
  publicationEnded(): void {
    if (this.#state !== 'closed') this.#state = 'waiting';
    this.#skipBytes = 0;
  }

  /**
   * Ends viewers that take nothing, stay behind, or wait in vain; to be called about once a second.
   * @param isInGrace a publisher is expected back: nobody waits in vain yet
   */
  checkHealth(nowMs: number, isInGrace: boolean = false): void {
    if (isInGrace) this.#lastSentMs = nowMs;
    if (this.#behindSinceMs !== undefined && nowMs - this.#behindSinceMs > this.#limits.maxBehindMs) {
      this.#endWith(endReason('viewer-too-slow'));
    } else if (nowMs - this.#lastSentMs > this.#limits.idleTimeoutMs) {
      this.#endWith(endReason('idle-timeout'));
    }
  }

  /** Ends the subscription from the viewer's side: the sink is not told. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#queue = [];
    this.#queueBytes = 0;
    this.#source.detach(this);
  }

  #endWith(reason: EndReason): void {
    if (this.#state === 'closed') return;
    this.close();
    this.#sink.end(reason);
  }

  #tryToStart(flush: Flush, skip: number, nowMs: number): void {
    const index = flush.marks.findIndex((mark) => mark.isRandomAccess && mark.offset >= skip);
    const mark = flush.marks[index];
    if (this.#state === 'dropping') {
      this.counters.droppedUnits += mark === undefined ? flush.marks.length : index;
      this.counters.droppedBytes += mark === undefined ? flush.bytes.length : mark.offset;
    }
    if (mark === undefined) return;
    this.#begin(flush.states.get(mark)!, mark.timeUs, flush.endUs, nowMs);
    this.#deliverFrom(flush, mark.offset, nowMs);
  }

  /** Sends what precedes a random access point: the opening bytes once, headers when they are news to this viewer. */
  #begin(state: StreamState, timeUs: number, endUs: number, nowMs: number): void {
    this.#state = 'live';
    if (!this.#hasFileHeader) {
      this.#hasFileHeader = true;
      const header = this.#source.fileHeader(state);
      if (header !== undefined) this.#send(this.#frame(header), 0, endUs, nowMs);
    }
    if (this.#headersVersion !== this.#source.headersVersion) {
      this.#headersVersion = this.#source.headersVersion;
      const headers = this.#source.headers(state, timeUs);
      if (headers.length > 0) this.#send(this.#frame(headers), 0, endUs, nowMs);
    }
  }

  #deliverFrom(flush: Flush, offset: number, nowMs: number): void {
    // The headers before it may have been too much already.
    if (this.#state !== 'live' || offset >= flush.bytes.length) return;
    this.#headersVersion = this.#source.headersVersion;
    const isWhole = offset === 0;
    const bytes = this.#frame(isWhole ? flush.bytes : flush.bytes.subarray(offset));
    const units = isWhole ? flush.marks.length : flush.marks.filter((mark) => mark.offset >= offset).length;
    this.#send(bytes, units, flush.endUs, nowMs);
  }

  #frame(bytes: Uint8Array): Uint8Array {
    return this.#framing === undefined ? bytes : this.#source.framed(this.#framing, bytes);
  }

  #send(bytes: Uint8Array, units: number, endUs: number, nowMs: number): void {
    if (this.#state === 'closed') return;
    if (!this.#isSinkFull) {
      this.#writeToSink(bytes, nowMs);
      return;
    }
    this.#queue.push({ bytes, units, endUs });
    this.#queueBytes += bytes.length;
    this.#behindSinceMs ??= nowMs;
    const isTooLarge = this.queuedBytes > this.#limits.maxQueueBytes + this.#joinBytes;
    const isTooLong = endUs - this.#queue[0]!.endUs > this.#limits.maxQueueMs * 1000;
    if (isTooLarge || isTooLong) this.#overflow();
  }

  #overflow(): void {
    if (this.#limits.overflow === 'fail') {
      this.#endWith(endReason('consumer-overflow'));
      return;
    }
    this.counters.drops += 1;
    for (const item of this.#queue) {
      this.counters.droppedUnits += item.units;
      this.counters.droppedBytes += item.bytes.length;
    }
    this.#queue = [];
    this.#queueBytes = 0;
    this.#joinBytes = 0;
    // Headers may have been among what was dropped: send them again before the next start.
    this.#headersVersion = -1;
    this.#state = 'dropping';
  }

  #writeToSink(bytes: Uint8Array, nowMs: number): void {
    this.counters.sentBytes += bytes.length;
    this.#lastSentMs = nowMs;
    if (this.#sink.write(bytes)) return;
    this.#isSinkFull = true;
    this.#behindSinceMs ??= nowMs;
  }
}
