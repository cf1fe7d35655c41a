import type { StreamState } from './packager.ts';
import type { UnitMark } from './pending-bytes.ts';
import type { Flush } from './subscription.ts';

/**
 * Takes everything that a packager makes, with the borders of its units: segmenters and recorders. It gets the same
 * bytes as the viewers, once a flush, from the moment it is attached. It must not hold up the stream: what it cannot
 * deal with at once it queues within a bound of its own.
 */
export interface UnitConsumer {
  /**
   * `flush.bytes` are shared and never change. `flush.states` has the stream's state at each random access point;
   * `headers(state, timeUs)` gives the bytes that a reader needs before one (empty where the format has none).
   */
  consume(flush: Flush, source: UnitSource): void;
  /** The publisher left; everything it sent has been consumed. A next publisher may follow. */
  publicationEnded(): void;
}

/** What a consumer may ask its fan-out for, during `consume`. */
export interface UnitSource {
  /** The stream at the end of the flush. */
  readonly state: StreamState;
  /** Opening bytes of a byte stream (an FLV file header), or `undefined`. */
  fileHeader(state: StreamState): Uint8Array | undefined;
  headers(state: StreamState, timeUs: number): Uint8Array;
}

/**
 * Whether a file may begin at `mark`: at a key picture, or, without video, at any random access point. Sound before the
 * first picture is a place where a viewer may start, but not a file: players would take it for one without pictures.
 * @param state the stream's state at the mark; none where there is no random access
 */
export function isFileStart(mark: UnitMark, state: StreamState | undefined): boolean {
  const hasVideo = state?.tracks.some((track) => track.kind === 'video') === true;
  return hasVideo ? mark.startsGroup : mark.isRandomAccess;
}
