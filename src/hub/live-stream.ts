import type { MediaFrame, SourceFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';
import { Fanout, type FanoutOptions } from './fanout.ts';
import type { FlushScheduler } from './flush-scheduler.ts';
import { GopCache, type GopCacheLimits } from './gop-cache.ts';
import { Grace } from './grace.ts';
import { Opening } from './opening.ts';
import { EMPTY_STREAM_STATE, type Packager, type StreamState } from './packager.ts';
import { Publication, type PublicationTarget } from './publication.ts';
import type { StreamObserver } from './stream-observer.ts';
import type { UnitConsumer } from './unit-consumer.ts';
import type { ByteSink, Framing, Subscription, SubscriptionLimits } from './subscription.ts';

/** One output format in one variant; the same `id` always means the same bytes. */
export interface OutputVariant extends FanoutOptions {
  readonly id: string;
  createPackager(): Packager;
}

/** What all streams of a hub have in common. */
export interface LiveStreamOptions {
  /** Groups of pictures kept as frames: as many as the most demanding output caches. */
  readonly gopCache: GopCacheLimits;
  /** How long a stream waits for a publisher that left, to go on as if it had not; missing: not at all. May change. */
  readonly graceMs?: number;
}

/**
 * One stream by its key: at most one publication, any number of viewers in any number of formats. It outlives its
 * publications as long as viewers wait.
 */
export class LiveStream implements PublicationTarget {
  readonly key: string;
  readonly #scheduler: FlushScheduler;
  readonly #gopCache: GopCache;
  readonly #grace: Grace;
  readonly #observers: Iterable<StreamObserver>;
  readonly #fanouts = new Map<string, Fanout>();
  #publication: Publication | undefined;
  #holds = 0;
  #opening: Opening | undefined;
  /** The first key picture of the current publication has been forwarded. */
  #hasPicture = false;
  #state: StreamState = EMPTY_STREAM_STATE;

  constructor(
    key: string,
    scheduler: FlushScheduler,
    options: LiveStreamOptions,
    observers: Iterable<StreamObserver> = [],
  ) {
    this.key = key;
    this.#scheduler = scheduler;
    this.#observers = observers;
    this.#gopCache = new GopCache(options.gopCache);
    this.#grace = new Grace(scheduler.clock, () => options.graceMs ?? 0);
  }

  get publication(): Publication | undefined {
    return this.#publication;
  }

  /** Somebody publishes, and the tracks are known. */
  get isOpen(): boolean {
    return this.#publication !== undefined && this.#opening === undefined;
  }

  /** Nobody publishes, and whoever comes in time goes on where the last publisher stopped. */
  get isInGrace(): boolean {
    return this.#grace.isRunning;
  }

  /** Tracks and metadata of the current publication. */
  get state(): StreamState {
    return this.#state;
  }

  get fanouts(): ReadonlyMap<string, Fanout> {
    return this.#fanouts;
  }

  get viewerCount(): number {
    let count = 0;
    for (const fanout of this.#fanouts.values()) count += fanout.subscriptions.size;
    return count;
  }

  /** Neither publisher nor viewer, nor a publisher that is expected back: nothing is lost when the stream is forgotten. */
  get isUnused(): boolean {
    const isPublished = this.#publication !== undefined || this.isInGrace;
    return !isPublished && this.viewerCount === 0 && this.#holds === 0;
  }

  get cachedBytes(): number {
    let bytes = this.#gopCache.bytes;
    for (const fanout of this.#fanouts.values()) bytes += fanout.cachedBytes;
    return bytes;
  }

  /** Starts a publication, or answers `undefined` while there is one. */
  publish(): Publication | undefined {
    if (this.#publication !== undefined) return undefined;
    const last = this.#grace.end();
    const publication = new Publication(this, last);
    this.#publication = publication;
    for (const fanout of this.#fanouts.values()) fanout.publicationStarted(last !== undefined);
    this.#opening = new Opening(this.#scheduler.clock, () => this.#finishOpening());
    for (const observer of this.#observers) observer.publicationStarted(this, publication);
    return publication;
  }

  /** Adds a viewer. The sink may be called before this returns. */
  attach(
    variant: OutputVariant,
    sink: ByteSink,
    limits: SubscriptionLimits,
    framing?: Framing,
  ): Subscription {
    return this.#fanoutOf(variant).attach(sink, limits, framing);
  }

  /** Keeps the stream from being forgotten, for a viewer that is attached to none of its formats. @returns lets go of it */
  hold(): () => void {
    this.#holds += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.#holds -= 1;
      isHeld = false;
    };
  }

  /** Adds a segmenter or recorder. @returns removes it */
  attachConsumer(variant: OutputVariant, consumer: UnitConsumer): () => void {
    return this.#fanoutOf(variant).attachConsumer(consumer);
  }

  /** Writes out what waits in the flush windows. */
  flush(): void {
    for (const fanout of this.#fanouts.values()) fanout.flush();
  }

  /** Ends slow viewers and forgets formats that nobody takes; to be called about once a second. */
  tick(nowMs: number): void {
    const { isInGrace } = this;
    for (const [id, fanout] of this.#fanouts) {
      for (const subscription of fanout.subscriptions) subscription.checkHealth(nowMs, isInGrace);
      if (!fanout.isUnused) continue;
      fanout.flush();
      this.#fanouts.delete(id);
    }
  }

  publicationAnnounced(publication: Publication): void {
    this.#opening?.announced(publication.announced, this.#state);
  }

  publicationTrack(publication: Publication, track: Track): void {
    const others = this.#state.tracks.filter((known) => known.id !== track.id);
    this.#state = { ...this.#state, tracks: [...others, track].sort(byKind) };
    for (const observer of this.#observers) observer.trackChanged?.(this, publication, track);
    this.#opening?.announced(publication.announced, this.#state);
  }

  publicationFrame(publication: Publication, source: SourceFrame): void {
    const frame = publication.timeline.stamp(source, this.#scheduler.clock.monotonicMs());
    publication.meter.add(frame);
    if (this.#opening === undefined) this.#forward(frame);
    else this.#opening.push(frame, publication.announced, this.#state);
  }

  publicationEnded(publication: Publication): void {
    this.#finishOpening();
    this.#publication = undefined;
    this.#grace.begin(publication.timeline.end);
    this.#state = EMPTY_STREAM_STATE;
    this.#hasPicture = false;
    this.#gopCache.clear();
    for (const fanout of this.#fanouts.values()) fanout.publicationEnded();
    for (const observer of this.#observers) observer.publicationEnded(this, publication);
  }

  #fanoutOf(variant: OutputVariant): Fanout {
    let fanout = this.#fanouts.get(variant.id);
    if (fanout === undefined) {
      fanout = new Fanout(variant.createPackager(), this.#scheduler, variant);
      fanout.prime(this.#gopCache.gops, this.#state, this.#hasPicture);
      this.#fanouts.set(variant.id, fanout);
    }
    return fanout;
  }

  #finishOpening(): void {
    const opening = this.#opening;
    if (opening === undefined) return;
    this.#opening = undefined;
    const publication = this.#publication!;
    for (const observer of this.#observers) observer.publicationOpened?.(this, publication);
    for (const frame of opening.finish()) this.#forward(frame);
  }

  #forward(frame: MediaFrame): void {
    const { kind } = frame.track;
    if (kind === 'data' && frame.isKey) this.#state = withSticky(this.#state, frame);
    this.#gopCache.push(frame, this.#state);
    for (const fanout of this.#fanouts.values()) fanout.push(frame, this.#state);
    if (kind === 'video' && frame.isKey) this.#hasPicture = true;
  }
}

const KIND_ORDER = { video: 0, audio: 1, data: 2, opaque: 3 } as const;

function byKind(a: Track, b: Track): number {
  return KIND_ORDER[a.kind] - KIND_ORDER[b.kind] || a.id - b.id;
}

function withSticky(state: StreamState, frame: MediaFrame): StreamState {
  const others = state.stickyFrames.filter((sticky) => sticky.track.id !== frame.track.id);
  return { ...state, stickyFrames: [...others, frame] };
}
