import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';

/**
 * What a publication's tags turn out to be.
 * - `track`: a new track, or an old one with changed codec parameters; always before the frames that need it
 * - `frame`: one access unit, packet or script; `data` is a view of the tag body wherever possible
 * - `announce`: `onMetaData` says which media will come
 */
export type FlvMediaEvent =
  | { readonly type: 'track'; readonly track: Track }
  | { readonly type: 'frame'; readonly frame: SourceFrame }
  | { readonly type: 'announce'; readonly audio: boolean; readonly video: boolean };

const NO_EVENTS: FlvMediaEvent[] = [];

/** Collects events between two calls of `take`. */
export class FlvEventQueue {
  #events: FlvMediaEvent[] = NO_EVENTS;

  /** @returns the events since the last call; the caller must not change the array */
  take(): FlvMediaEvent[] {
    const events = this.#events;
    this.#events = NO_EVENTS;
    return events;
  }

  push(event: FlvMediaEvent): void {
    if (this.#events === NO_EVENTS) this.#events = [event];
    else this.#events.push(event);
  }

  pushFrame(
    track: Track,
    timestampMs: number,
    compositionTimeMs: number,
    isKey: boolean,
    data: Uint8Array,
  ): void {
    const dtsUs = timestampMs * 1000;
    const ptsUs = dtsUs + compositionTimeMs * 1000;
    this.push({ type: 'frame', frame: { track, dtsUs, ptsUs, isKey, data } });
  }
}
