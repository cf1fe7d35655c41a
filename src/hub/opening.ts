import type { Clock } from '../media/clock.ts';
import type { MediaFrame } from '../media/media-frame.ts';
import type { StreamState } from './packager.ts';

/** How long to wait, from the first frame on, for tracks that have not shown up. */
const WAIT_MS = 400;
/** A source that sends this much without a second kind of track has only one. */
const MAX_FRAMES = 64;
/** Nor is anyone waited for at the price of more memory than this. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The first moments of a publication, in which its tracks become known. Frames are held back until then, because some
 * formats name their tracks once, at the start. A source that says what it has (most do) is not held up.
 */
export class Opening {
  readonly #settled: () => void;
  readonly #frames: MediaFrame[] = [];
  readonly #clock: Clock;
  #cancelWait: (() => void) | undefined;
  #bytes = 0;

  /** @param settled called once, when the tracks are known or the wait is over */
  constructor(clock: Clock, settled: () => void) {
    this.#clock = clock;
    this.#settled = settled;
  }

  /** The tracks known, or said to come, have changed. */
  announced(
    kinds: { readonly audio: boolean; readonly video: boolean } | undefined,
    state: StreamState,
  ): void {
    const hasVideo = state.tracks.some((track) => track.kind === 'video');
    const hasAudio = state.tracks.some((track) => track.kind === 'audio');
    if (hasVideo && hasAudio) this.#settled();
    else if (kinds === undefined || (!kinds.audio && !kinds.video)) return;
    else if (hasVideo >= kinds.video && hasAudio >= kinds.audio) this.#settled();
  }

  push(
    frame: MediaFrame,
    kinds: { readonly audio: boolean; readonly video: boolean } | undefined,
    state: StreamState,
  ): void {
    this.#cancelWait ??= this.#clock.after(WAIT_MS, this.#settled);
    this.#frames.push(frame);
    this.#bytes += frame.data.length;
    if (this.#frames.length >= MAX_FRAMES || this.#bytes >= MAX_BYTES) this.#settled();
    else this.announced(kinds, state);
  }

  /** The frames held back, in order. */
  finish(): readonly MediaFrame[] {
    this.#cancelWait?.();
    return this.#frames;
  }
}
