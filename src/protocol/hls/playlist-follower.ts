import { absoluteUrl, type SourceFragment, type SourceMediaPlaylist } from './source-playlist.ts';

/** How a fragment follows the one that was taken before it. */
export type FragmentSequel =
  /** Without a seam. */
  | 'next'
  /** On the same clock, but something between is missing. */
  | 'gap'
  /** It begins anew: times, tracks and encodings may be others. */
  | 'new';

/** The fragment to fetch now. */
export interface FollowedFragment {
  readonly fragment: SourceFragment;
  /** Where it is. */
  readonly url: string;
  readonly sequel: FragmentSequel;
}

/** What went wrong, and was passed over. */
export interface FollowerCounters {
  /** Fragments that left the list before they were taken, or were never there. */
  skipped: number;
  /** Times the server began to count anew. */
  restarts: number;
}

/** A player begins no closer to the end of a live list than this (RFC 8216, 6.3.3). */
const START_TARGET_DURATIONS = 3;
/** Whatever the list says: not more often, and not more seldom. */
const MIN_RELOAD_MS = 500;
const MAX_RELOAD_MS = 30_000;

/**
 * Goes along a media playlist that changes: which fragment comes next, and when to look at the list again. Time and
 * lists come in; no socket, no timer.
 */
export class PlaylistFollower {
  readonly counters: FollowerCounters = { skipped: 0, restarts: 0 };
  #list: SourceMediaPlaylist | undefined;
  /** Number of the fragment that comes next. */
  #sequence = 0;
  #sequel: FragmentSequel = 'new';
  #changedMs = 0;
  #reloadMs = 0;

  /** When the list last had something new. */
  get changedMs(): number {
    return this.#changedMs;
  }

  /** When to load the list again; `undefined`: it will not change any more. */
  get reloadMs(): number | undefined {
    return this.isEnded ? undefined : this.#reloadMs;
  }

  /** The list will not change any more. */
  get isEnded(): boolean {
    return this.#list?.isEnded === true;
  }

  /** The URI that the list ends with, without its query; `undefined` while there is none. */
  get lastFragment(): string | undefined {
    const last = this.#list?.fragments.at(-1);
    return last === undefined ? undefined : pathOf(last.uri);
  }

  /** Everything is taken, and nothing will come. */
  get isFinished(): boolean {
    return this.#list?.isEnded === true && this.#sequence >= endOf(this.#list);
  }

  /** Takes the list as it is. @param askedMs when it was asked for */
  update(list: SourceMediaPlaylist, askedMs: number): void {
    const before = this.#list;
    if (before !== undefined && isOlder(list, before)) {
      // The end of a list is taken from any of them.
      if (list.isEnded) this.#list = { ...before, isEnded: true };
      this.#reloadLater(askedMs, false);
      return;
    }
    this.#list = list;
    const isAnew = before === undefined || endOf(list) < endOf(before);
    if (isAnew) this.#begin(list, before !== undefined);
    else if (list.mediaSequence > this.#sequence) this.#skipTo(startOf(list));
    const hasChanged = isAnew || endOf(list) !== endOf(before);
    if (hasChanged) this.#changedMs = askedMs;
    this.#reloadLater(askedMs, hasChanged);
  }

  /** The list could not be had. @param askedMs when it was asked for */
  missed(askedMs: number): void {
    this.#reloadLater(askedMs, false);
  }

  /**
   * The fragment to fetch, each once and in order; `undefined`: none is there yet.
   * @throws {ProtocolError} `ERR_HLS_URI`
   */
  next(): FollowedFragment | undefined {
    const list = this.#list;
    if (list === undefined) return undefined;
    while (this.#sequence < endOf(list)) {
      const fragment = list.fragments[this.#sequence - list.mediaSequence]!;
      this.#sequence += 1;
      if (fragment.discontinuity) this.#sequel = 'new';
      if (fragment.isGap) {
        this.lost();
        continue;
      }
      const sequel = this.#sequel;
      this.#sequel = 'next';
      return { fragment, url: absoluteUrl(fragment.uri, list.baseUrl), sequel };
    }
    return undefined;
  }

  /** The fragment that `next` gave last could not be had. @param sequel that it had */
  lost(sequel: FragmentSequel = this.#sequel): void {
    this.counters.skipped += 1;
    this.#sequel = sequel === 'new' ? 'new' : 'gap';
  }

  #begin(list: SourceMediaPlaylist, isRestart: boolean): void {
    if (isRestart) this.counters.restarts += 1;
    this.#sequence = startOf(list);
    this.#sequel = 'new';
  }

  /** Whoever has fallen out of the list begins again with some distance to its end. */
  #skipTo(sequence: number): void {
    this.counters.skipped += sequence - this.#sequence;
    this.#sequence = sequence;
    if (this.#sequel === 'next') this.#sequel = 'gap';
  }

  /** RFC 8216, 6.3.4: after the target duration, or half of it when there was nothing new. */
  #reloadLater(askedMs: number, hasChanged: boolean): void {
    const targetMs = this.#list?.targetDurationMs ?? 0;
    const delayMs = hasChanged ? targetMs : targetMs / 2;
    this.#reloadMs = askedMs + Math.min(MAX_RELOAD_MS, Math.max(MIN_RELOAD_MS, delayMs));
  }
}

/** The number behind the last fragment. */
function endOf({ mediaSequence, fragments }: SourceMediaPlaylist): number {
  return mediaSequence + fragments.length;
}

/** Where to begin: at the beginning of what is complete, near the end of what is live. */
function startOf(list: SourceMediaPlaylist): number {
  if (list.isEnded) return list.mediaSequence;
  let missingMs = START_TARGET_DURATIONS * list.targetDurationMs;
  let index = list.fragments.length;
  while (index > 0 && missingMs > 0) {
    index -= 1;
    missingMs -= list.fragments[index]!.durationMs;
  }
  return list.mediaSequence + index;
}

/**
 * Caches hand out older lists now and then. One that ends earlier than we know is such a list when it names the same
 * fragments by the same numbers; else the server has begun to count anew.
 */
function isOlder(list: SourceMediaPlaylist, before: SourceMediaPlaylist): boolean {
  if (endOf(list) >= endOf(before)) return false;
  if (list.fragments.length === 0) return true;
  return list.fragments.some(({ uri }, index) => {
    const known = before.fragments[list.mediaSequence + index - before.mediaSequence];
    return known !== undefined && pathOf(known.uri) === pathOf(uri);
  });
}

/** Queries may hold tokens that differ each time. */
function pathOf(uri: string): string {
  return uri.split('?', 1)[0]!;
}
