import type { Track } from './track.ts';

/**
 * One access unit on its way through the server. Read-only and shared by every output.
 * What `data` holds for each codec is in docs/formats/.
 */
export interface MediaFrame {
  readonly track: Track;
  /** Decoding time in integer microseconds on the stream's clock, unwrapped; never goes back within a track. */
  readonly dtsUs: number;
  /** `dtsUs` plus the composition offset, which may be negative. */
  readonly ptsUs: number;
  /**
   * A decoder can start here. Always true for audio. On a data track: this frame replaces all earlier state of the
   * track (metadata), so whoever joins later needs the newest one.
   */
  readonly isKey: boolean;
  /** The Timeline repaired a jump just before this frame. */
  readonly discontinuity: boolean;
  /** Monotonic receive time in milliseconds. */
  readonly arrivedMs: number;
  readonly data: Uint8Array;
}

/** A frame as an input delivers it, before the Timeline has looked at its times. */
export interface SourceFrame {
  readonly track: Track;
  readonly dtsUs: number;
  readonly ptsUs: number;
  readonly isKey: boolean;
  readonly data: Uint8Array;
}
