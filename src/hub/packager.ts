import type { MediaFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';

/** What a newcomer must be told before frames make sense. Immutable; a change makes a new object. */
export interface StreamState {
  /** Video first, then audio, data, and what no codec module knows. */
  readonly tracks: readonly Track[];
  /** The newest key frame of each data track, oldest first: metadata and the like. */
  readonly stickyFrames: readonly MediaFrame[];
}

/** A stream of which nothing is known yet. */
export const EMPTY_STREAM_STATE: StreamState = { tracks: [], stickyFrames: [] };

/**
 * Turns frames into the bytes of one output format and variant, once per stream; every viewer gets the same bytes.
 * Knows nothing of viewers, windows or caches.
 */
export interface Packager {
  /**
   * Whether the format has a place for the track; without this method, for every track. Frames of others never come to
   * `writeFrame`, and no state passed in or out shows them: beside such video, audio is where viewers and files begin.
   */
  carries?(track: Track): boolean;
  /** Viewers may start at any unit, not only where a decoder can; without it, at random access points. */
  readonly startsAnywhere?: boolean;
  /** Bytes that open a viewer's byte stream, once in its life (an FLV file header); `undefined` where there are none. */
  fileHeader(state: StreamState): Uint8Array | undefined;
  /** What a decoder needs before the random access point at `timeUs`. May write nothing. */
  writeHeaders(state: StreamState, timeUs: number, out: PackagerOutput): void;
  /** `track` appeared, or its parameters changed, in mid-stream. */
  writeTrack(track: Track, state: StreamState, timeUs: number, out: PackagerOutput): void;
  /** A track in mid-stream is over, or became something that is not carried. `state` is without it. */
  endTrack?(track: Track, state: StreamState, out: PackagerOutput): void;
  /** Calls `out.beginUnit` before the bytes of each unit, that is: of what may not be torn apart. */
  writeFrame(frame: MediaFrame, out: PackagerOutput): void;
  /** The publication ended: writes what the packager still holds back. Frames of another publication may follow. */
  finish?(out: PackagerOutput): void;
  /** Another publication begins, whose times go on from those of the last by the time that passed between them. */
  goOn?(): void;
}

/** Where a packager puts its bytes. */
export interface PackagerOutput {
  /** From here on bytes belong to a unit whose first frame is `frame`. */
  beginUnit(frame: MediaFrame): void;
  /**
   * Makes room for `length` bytes and returns where they go in `bytes`; all of them must be written.
   * Read `bytes` after this call: it may be another block than before.
   */
  reserve(length: number): number;
  readonly bytes: Uint8Array;
}
