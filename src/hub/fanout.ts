import type { MediaFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';
import { carriedState, type CarriedState } from './carried-state.ts';
import type { FlushScheduler } from './flush-scheduler.ts';
import { GopByteCache } from './gop-bytes.ts';
import type { CachedGop, GopCacheLimits } from './gop-cache.ts';
import { EMPTY_STREAM_STATE, type Packager, type PackagerOutput, type StreamState } from './packager.ts';
import { saysMore } from './says-more.ts';
import { PendingBytes, type UnitMark } from './pending-bytes.ts';
import type { UnitConsumer, UnitSource } from './unit-consumer.ts';
import {
  Subscription,
  type ByteSink,
  type Flush,
  type Framing,
  type SubscriptionLimits,
  type SubscriptionSource,
} from './subscription.ts';

/** How one output caches and joins. */
export interface FanoutOptions {
  readonly gopCache: GopCacheLimits;
  /** Flush as soon as this many bytes wait, and not before `FlushScheduler.maxWindowMs` otherwise; 0: by the window alone. */
  readonly flushBytes: number;
}

/** Joining more than this into one write gains nothing; a burst is flushed as it comes. */
const MAX_PENDING_BYTES = 256 * 1024;

/** What packagers add to a frame, as a rule. */
const MAX_OVERHEAD_BYTES = 4 * 1024;

/**
 * One output format and variant of one stream: what its packager makes is collected and handed to each viewer as one
 * buffer per flush.
 */
export class Fanout implements SubscriptionSource, UnitSource, PackagerOutput {
  readonly #packager: Packager;
  readonly #scheduler: FlushScheduler;
  readonly #options: FanoutOptions;
  readonly #pending = new PendingBytes();
  readonly #gopBytes: GopByteCache;
  readonly #subscriptions = new Set<Subscription>();
  readonly #consumers = new Set<UnitConsumer>();
  readonly #markStates = new Map<UnitMark, StreamState>();
  #carried: CarriedState;
  /** What of `#carried` the viewers have been told. */
  #state: StreamState = EMPTY_STREAM_STATE;
  /** What viewers know that wait for a publisher to go on. */
  #told: StreamState = EMPTY_STREAM_STATE;
  /** The first key picture of this publication has passed, in so far as pictures are carried. */
  #hasPicture = false;
  #headersVersion = 0;
  /** Pending bytes and marks that the GOP cache has taken in already. */
  #absorbed = { bytes: 0, marks: 0 };
  /** Media time that has passed since the fan-out was made, over all publications: what queues are measured with. */
  #elapsedUs = 0;
  /** Newest time of audio and video of this publication. Data is no measure: metadata often carries time 0. */
  #newestUs: number | undefined;
  #cancelFlush: (() => void) | undefined;
  #isFlushDue = false;
  /** When the oldest of the pending bytes was made. */
  #sinceMs: number | undefined;
  /** The flush being delivered, and its bytes in each framing that a viewer asked for. */
  #flushBytes: Uint8Array | undefined;
  readonly #framedFlush = new Map<Framing, Uint8Array>();

  constructor(packager: Packager, scheduler: FlushScheduler, options: FanoutOptions) {
    this.#packager = packager;
    this.#scheduler = scheduler;
    this.#options = options;
    this.#carried = carriedState(EMPTY_STREAM_STATE, packager);
    this.#gopBytes = new GopByteCache(options.gopCache);
  }

  /** For what a packager has to say beyond the stream; frames are the fan-out's business alone. */
  get packager(): Packager {
    return this.#packager;
  }

  get subscriptions(): ReadonlySet<Subscription> {
    return this.#subscriptions;
  }

  /** Neither viewers nor consumers. */
  get isUnused(): boolean {
    return this.#subscriptions.size === 0 && this.#consumers.size === 0;
  }

  get headersVersion(): number {
    return this.#headersVersion;
  }

  /** The stream as of the newest frame, without what the packager does not carry. */
  get state(): StreamState {
    return this.#state;
  }

  /** Bytes of the cached groups of pictures. */
  get cachedBytes(): number {
    return this.#gopBytes.bytes;
  }

  /**
   * Catches up with a running stream: packages the cached groups, then stands where the stream stands.
   * @param hasPicture whether the first key picture of the publication has passed
   */
  prime(gops: readonly CachedGop[], state: StreamState, hasPicture: boolean): void {
    this.#hasPicture = hasPicture && hasVideo(this.#carriedOf(state));
    const usedGops = this.#gopBytes.isEnabled ? gops : [];
    this.#state = this.#carriedOf(usedGops[0]?.frames[0]?.state ?? state);
    this.#told = this.#state;
    // For packagers that must know all tracks beforehand; the bytes are for nobody and go with the next flush.
    for (const track of this.#state.tracks) this.#packager.writeTrack(track, this.#state, 0, this);
    for (const gop of usedGops) {
      for (const cached of gop.frames) {
        this.#package(cached.frame, cached.state);
        if (this.#pending.length >= MAX_PENDING_BYTES) this.flush();
      }
    }
    this.flush();
  }

  /** @param state the stream as of `frame` */
  push(frame: MediaFrame, state: StreamState): void {
    // Nobody is in a hurry: better an earlier flush than a full slab, from which all that waits would be copied.
    const isSlabFull = !this.#pending.hasRoomFor(frame.data.length + MAX_OVERHEAD_BYTES);
    if (this.#subscriptions.size === 0 && isSlabFull) this.flush();
    this.#package(frame, state);
    this.#requestFlush();
  }

  /** Hands what is pending to the viewers now. */
  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#isFlushDue = false;
    this.#absorb();
    if (this.#pending.length > 0 && !this.isUnused) this.#deliver();
    this.#discardPending();
  }

  /** A publisher came. @param goesOn where the last one stopped, with its times */
  publicationStarted(goesOn: boolean): void {
    if (goesOn) this.#packager.goOn?.();
    else this.#told = EMPTY_STREAM_STATE;
  }

  /** The publisher left: caches are emptied, viewers stay and wait for the next. */
  publicationEnded(): void {
    this.#packager.finish?.(this);
    this.flush();
    this.#gopBytes.clear();
    this.#state = this.#carriedOf(EMPTY_STREAM_STATE);
    this.#hasPicture = false;
    this.#newestUs = undefined;
    for (const subscription of this.#subscriptions) subscription.publicationEnded();
    for (const consumer of this.#consumers) consumer.publicationEnded();
  }

  /** Adds a segmenter or recorder, from the next flush on. @returns removes it */
  attachConsumer(consumer: UnitConsumer): () => void {
    this.flush();
    this.#consumers.add(consumer);
    return () => this.#consumers.delete(consumer);
  }

  /** Adds a viewer at the current end of the stream, or at the cached groups before it. One synchronous step. */
  attach(sink: ByteSink, limits: SubscriptionLimits, framing?: Framing): Subscription {
    // Ends a long window: the viewer's first bytes must not wait for it.
    if (this.#subscriptions.size === 0) this.flush();
    const nowMs = this.#scheduler.clock.monotonicMs();
    const subscription = new Subscription(this, sink, limits, framing, nowMs);
    this.#subscriptions.add(subscription);
    this.#scheduler.viewers += 1;
    this.#absorb();
    subscription.join(this.#pending.length, this.#gopBytes.start, this.#elapsedUs, nowMs);
    return subscription;
  }

  detach(subscription: Subscription): void {
    if (this.#subscriptions.delete(subscription)) this.#scheduler.left(subscription.counters);
  }

  fileHeader(state: StreamState): Uint8Array | undefined {
    return this.#packager.fileHeader(state);
  }

  headers(state: StreamState, timeUs: number): Uint8Array {
    const out = new HeaderOutput();
    this.#packager.writeHeaders(state, timeUs, out);
    return out.finish();
  }

  framed(framing: Framing, bytes: Uint8Array): Uint8Array {
    if (bytes !== this.#flushBytes) return framing.frame(bytes);
    let framed = this.#framedFlush.get(framing);
    if (framed === undefined) {
      framed = framing.frame(bytes);
      this.#framedFlush.set(framing, framed);
    }
    return framed;
  }

  // PackagerOutput: the packager writes straight into the pending bytes.

  get bytes(): Uint8Array {
    return this.#pending.bytes;
  }

  reserve(length: number): number {
    return this.#pending.reserve(length);
  }

  beginUnit(frame: MediaFrame): void {
    const startsGroup = frame.track.kind === 'video' && frame.isKey;
    const isStart = startsGroup || this.#packager.startsAnywhere || this.#startsWithoutPicture(frame);
    this.#mark(frame.dtsUs, isStart, startsGroup);
  }

  /**
   * Can a viewer start here without a picture: always where there is no video; else before the first key picture only, so that
   * who has waited for the publisher gets all of it.
   */
  #startsWithoutPicture({ track }: MediaFrame): boolean {
    if (hasVideo(this.#state)) return track.kind === 'audio' && !this.#hasPicture;
    return track.kind === 'audio' || !this.#state.tracks.some((known) => known.kind === 'audio');
  }

  #carriedOf(source: StreamState): StreamState {
    if (source !== this.#carried.source) this.#carried = carriedState(source, this.#packager);
    return this.#carried.state;
  }

  #package(frame: MediaFrame, source: StreamState): void {
    const state = this.#carriedOf(source);
    if (this.#carried.leftOut.has(frame.track.id)) return;
    if (frame.track.kind === 'video' && !this.#hasPicture) {
      // Nobody could decode what comes before the first key picture.
      if (!frame.isKey) return;
      this.#hasPicture = true;
    }
    if (state !== this.#state) this.#changeState(state, frame);
    if (frame.track.kind !== 'data') this.#measure(frame.dtsUs);
    this.#packager.writeFrame(frame, this);
  }

  #measure(dtsUs: number): void {
    const newestUs = this.#newestUs ?? dtsUs;
    this.#elapsedUs += Math.max(0, dtsUs - newestUs);
    this.#newestUs = Math.max(dtsUs, newestUs);
  }

  #mark(timeUs: number, randomAccess: boolean, startsGroup: boolean = false): void {
    this.#pending.mark(timeUs, randomAccess, startsGroup);
    if (randomAccess) this.#markStates.set(this.#pending.marks.at(-1)!, this.#state);
  }

  /** Tells attached viewers about new, changed and ended tracks; frames of sticky data come by themselves. */
  #changeState(state: StreamState, frame: MediaFrame): void {
    const known = new Set<Track>(this.#state.tracks);
    for (const track of known) {
      const isOver = !state.tracks.some(({ id }) => id === track.id);
      if (isOver) this.#packager.endTrack?.(track, state, this);
    }
    this.#state = state;
    if (saysMore(state, this.#told)) this.#headersVersion += 1;
    this.#told = state;
    for (const track of state.tracks) {
      if (known.has(track)) continue;
      this.#mark(frame.dtsUs, false);
      this.#packager.writeTrack(track, state, frame.dtsUs, this);
    }
  }

  #requestFlush(): void {
    const { length } = this.#pending;
    if (length === 0) return;
    this.#sinceMs ??= this.#scheduler.clock.monotonicMs();
    const { flushBytes } = this.#options;
    if (length >= MAX_PENDING_BYTES || (flushBytes > 0 && length >= flushBytes)) {
      this.#flushAtEndOfTurn();
    } else if (this.#cancelFlush === undefined && !this.#isFlushDue) {
      const windowMs = this.#windowMs();
      if (windowMs === 0) this.#flushAtEndOfTurn();
      else this.#cancelFlush = this.#scheduler.clock.after(windowMs, () => this.flush());
    }
  }

  #windowMs(): number {
    if (this.#subscriptions.size === 0) return this.#scheduler.unwatchedWindowMs;
    return this.#options.flushBytes > 0 ? this.#scheduler.maxWindowMs : this.#scheduler.windowMs;
  }

  #flushAtEndOfTurn(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#scheduler.clock.endOfTurn(() => {
      if (this.#isFlushDue) this.flush();
    });
  }

  #deliver(): void {
    const nowMs = this.#scheduler.clock.monotonicMs();
    const flush: Flush = {
      bytes: this.#pending.view(),
      marks: this.#pending.marks,
      states: this.#markStates,
      endUs: this.#elapsedUs,
      sinceMs: this.#sinceMs ?? nowMs,
    };
    this.#flushBytes = flush.bytes;
    for (const subscription of this.#subscriptions) subscription.deliver(flush, nowMs);
    for (const consumer of this.#consumers) consumer.consume(flush, this);
    this.#flushBytes = undefined;
    this.#framedFlush.clear();
  }

  #discardPending(): void {
    this.#pending.clear();
    this.#sinceMs = undefined;
    this.#markStates.clear();
    this.#absorbed = { bytes: 0, marks: 0 };
  }

  /** Moves what was made since the last call into the GOP cache. */
  #absorb(): void {
    if (!this.#gopBytes.isEnabled) return;
    const { marks, length } = this.#pending;
    let { bytes: from } = this.#absorbed;
    let units = 0;
    for (let index = this.#absorbed.marks; index < marks.length; index += 1) {
      const mark = marks[index]!;
      if (mark.startsGroup) {
        this.#gopBytes.append(this.#pending.view(from, mark.offset), units);
        this.#gopBytes.open(this.#markStates.get(mark)!, mark.timeUs);
        from = mark.offset;
        units = 0;
      }
      units += 1;
    }
    this.#gopBytes.append(this.#pending.view(from), units);
    this.#absorbed = { bytes: length, marks: marks.length };
  }
}

function hasVideo(state: StreamState): boolean {
  return state.tracks.some((track) => track.kind === 'video');
}

/** Collects headers for one newcomer, apart from the stream's own bytes. */
class HeaderOutput implements PackagerOutput {
  bytes: Uint8Array = new Uint8Array(1024);
  #length = 0;

  beginUnit(): void {}

  reserve(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
    }
    return at;
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.#length);
  }
}
