import type { SourceFrame } from '../media/media-frame.ts';
import { Timeline, type TimelineCounters, type TimelineEnd } from '../media/timeline.ts';
import type { Track } from '../media/track.ts';
import { PublicationMeter } from './publication-meter.ts';

/** What a publication hands to its stream. */
export interface PublicationTarget {
  publicationFrame(publication: Publication, source: SourceFrame): void;
  publicationTrack(publication: Publication, track: Track): void;
  publicationAnnounced(publication: Publication): void;
  publicationEnded(publication: Publication): void;
}

/**
 * What an input writes to: a publication, or something that stands in front of one. Tracks and frames come in the order
 * in which they were received, and the end once.
 */
export interface PublicationInput {
  /** The source says which kinds of tracks will come, so that outputs need not wait and see. */
  announce(kinds: { readonly audio: boolean; readonly video: boolean }): void;
  /** A new track, or new parameters under a known id; before the first frame that needs it. */
  setTrack(track: Track): void;
  /** @param source its `track` is the newest one set under that id; `data` must not change afterwards */
  write(source: SourceFrame): void;
  end(): void;
  /** What had to be mended in the times so far. */
  readonly counters: Readonly<TimelineCounters>;
  /** Frames on the stream so far, by kind. */
  readonly frames: Readonly<Record<Track['kind'], number>>;
}

/**
 * One publisher's time on a stream. The input that made it writes tracks and frames, in the order in which they came,
 * and ends it once. After its end everything it is told is ignored, so a late input cannot touch its successor.
 */
export class Publication implements PublicationInput {
  readonly timeline: Timeline;
  /** Whether its times go on where those of the last publication stopped. */
  readonly goesOn: boolean;
  /** Kinds of tracks the source said it would send; `undefined`: it said nothing. */
  announced: { readonly audio: boolean; readonly video: boolean } | undefined;
  /** Frames written so far, by kind. */
  readonly frames = { video: 0, audio: 0, data: 0, opaque: 0 };
  readonly meter: PublicationMeter = new PublicationMeter();
  readonly #target: PublicationTarget;
  #isEnded = false;

  /** @param last where the publication stopped whose times this one goes on with */
  constructor(target: PublicationTarget, last?: TimelineEnd) {
    this.#target = target;
    this.timeline = new Timeline(last);
    this.goesOn = last !== undefined;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get counters(): Readonly<TimelineCounters> {
    return this.timeline.counters;
  }

  announce(kinds: { readonly audio: boolean; readonly video: boolean }): void {
    if (this.#isEnded) return;
    this.announced = kinds;
    this.#target.publicationAnnounced(this);
  }

  setTrack(track: Track): void {
    if (!this.#isEnded) this.#target.publicationTrack(this, track);
  }

  write(source: SourceFrame): void {
    if (this.#isEnded) return;
    this.frames[source.track.kind] += 1;
    this.#target.publicationFrame(this, source);
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#target.publicationEnded(this);
  }
}
