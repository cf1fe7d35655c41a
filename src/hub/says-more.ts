import { isDeepStrictEqual } from 'node:util';
import { equalBytes } from '../bytes/equal-bytes.ts';
import type { MediaFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';
import type { StreamState } from './packager.ts';

/** Whether a viewer that was told `known` would learn anything from the headers of `state`. Compares contents. */
export function saysMore(state: StreamState, known: StreamState): boolean {
  const isNewTrack = (track: Track): boolean => !known.tracks.some((other) => isSameTrack(track, other));
  const isNewFrame = (frame: MediaFrame): boolean =>
    !known.stickyFrames.some(
      (other) => isSameTrack(frame.track, other.track) && equalBytes(frame.data, other.data),
    );
  return state.tracks.some(isNewTrack) || state.stickyFrames.some(isNewFrame);
}

function isSameTrack(a: Track, b: Track): boolean {
  return a === b || isDeepStrictEqual(a, b);
}
