import { serializePlaylistEntry, targetDurationSec, type PlaylistEntry } from './playlist-entry.ts';

/** Where a list goes on that was begun earlier, by this process or another. */
interface PlaylistPosition {
  /** Number of the next entry, counted from the first there ever was. */
  readonly mediaSequence: number;
  /** Discontinuities before the next entry. */
  readonly discontinuitySequence: number;
}

/** What a live list is made with. */
export interface LivePlaylistOptions {
  /** Newest entries listed. */
  readonly maxEntries: number;
  /** The target duration is never shorter. */
  readonly fragmentDurationMs: number;
  /** Default: a list that begins. */
  readonly start?: PlaylistPosition;
}

/** RFC 8216, 6.2.2: entries must not be removed while that leaves less than this many target durations. */
const MIN_TARGET_DURATIONS = 3;

/**
 * The live list of one stream: the newest fragments, numbered without a gap for as long as the list is known, over any
 * number of publishers. Media and discontinuity sequence never go back (RFC 8216, section 6.2.2).
 */
export class LivePlaylist {
  #options: Omit<LivePlaylistOptions, 'start'>;
  #entries: PlaylistEntry[] = [];
  #mediaSequence: number;
  #discontinuitySequence: number;
  #targetSec = 0;
  #startsOver = false;
  #version = 0;

  constructor(options: LivePlaylistOptions) {
    this.#options = options;
    this.#mediaSequence = options.start?.mediaSequence ?? 0;
    this.#discontinuitySequence = options.start?.discontinuitySequence ?? 0;
  }

  /** The entries listed, oldest first. */
  get entries(): readonly PlaylistEntry[] {
    return this.#entries;
  }

  get entryCount(): number {
    return this.#entries.length;
  }

  /** The number that the next entry will have. */
  get nextSequence(): number {
    return this.#mediaSequence + this.#entries.length;
  }

  /** Changes whenever the text does. */
  get version(): number {
    return this.#version;
  }

  /**
   * The next entry belongs to another presentation: those of the last one leave the list when it comes.
   * @param options of that presentation, when they are others
   */
  startOver(options: Omit<LivePlaylistOptions, 'start'> = this.#options): void {
    this.#options = options;
    this.#startsOver = true;
  }

  add(entry: PlaylistEntry): void {
    if (this.#startsOver) this.#removeOldest(this.#entries.length);
    if (this.#startsOver) this.#targetSec = 0;
    this.#startsOver = false;
    this.#entries.push(entry);
    this.#removeOldest(this.#entries.length - this.#options.maxEntries);
    this.#targetSec = this.#nextTarget();
    this.#version += 1;
  }

  /** @param isEnded nothing will be added: `EXT-X-ENDLIST` */
  serialize(isEnded: boolean): string {
    const isIndependent = this.#entries.every((entry) => entry.isIndependent);
    const head =
      '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-ALLOW-CACHE:NO\n' +
      `#EXT-X-TARGETDURATION:${this.#targetSec}\n` +
      `#EXT-X-MEDIA-SEQUENCE:${this.#mediaSequence}\n` +
      `#EXT-X-DISCONTINUITY-SEQUENCE:${this.#discontinuitySequence}\n` +
      (isIndependent ? '#EXT-X-INDEPENDENT-SEGMENTS\n\n' : '\n');
    return head + this.#entries.map(serializePlaylistEntry).join('') + (isEnded ? '#EXT-X-ENDLIST\n' : '');
  }

  #removeOldest(count: number): void {
    if (count <= 0) return;
    for (const removed of this.#entries.splice(0, count)) {
      this.#mediaSequence += 1;
      if (removed.discontinuity) this.#discontinuitySequence += 1;
    }
  }

  /**
   * The target duration must not change (RFC 8216, 6.2.1), but who can know the longest fragment to come? It rises when
   * it has to, and is kept afterwards, unless the list is too short for it: after one fragment of 30 s, players that
   * reload once per target duration would miss everything in a list of 18 s.
   */
  #nextTarget(): number {
    const durations = this.#entries.map((entry) => entry.durationMs);
    const needed = targetDurationSec(Math.max(this.#options.fragmentDurationMs, ...durations));
    const listedMs = durations.reduce((sum, durationMs) => sum + durationMs, 0);
    const mayStay = listedMs >= MIN_TARGET_DURATIONS * this.#targetSec * 1000;
    return mayStay ? Math.max(needed, this.#targetSec) : needed;
  }
}
