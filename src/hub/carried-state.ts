import type { Packager, StreamState } from './packager.ts';

/** A stream's state as one output shows it. */
export interface CarriedState {
  /** The stream's own. */
  readonly source: StreamState;
  /** Without the tracks that the output cannot carry; `source` itself when there are none. */
  readonly state: StreamState;
  /** Ids of those tracks. */
  readonly leftOut: ReadonlySet<number>;
}

/** What is left of `source` in the packager's output. */
export function carriedState(source: StreamState, packager: Packager): CarriedState {
  const leftOut = new Set<number>();
  for (const track of source.tracks) {
    if (packager.carries?.(track) === false) leftOut.add(track.id);
  }
  if (leftOut.size === 0) return { source, state: source, leftOut };
  const state: StreamState = {
    tracks: source.tracks.filter((track) => !leftOut.has(track.id)),
    stickyFrames: source.stickyFrames.filter((frame) => !leftOut.has(frame.track.id)),
  };
  return { source, state, leftOut };
}
