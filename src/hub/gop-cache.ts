import type { MediaFrame } from '../media/media-frame.ts';
import type { StreamState } from './packager.ts';

/** Bounds of a cache of groups of pictures. */
export interface GopCacheLimits {
  /** Groups of pictures to keep, the unfinished one included; 0 keeps none. */
  readonly maxGops: number;
  /** Frames of all kinds in one group; 0: no limit. */
  readonly maxFramesPerGop: number;
  /** Bytes of one group, whatever the frame limit says. */
  readonly maxBytesPerGop: number;
}

/** A frame with the stream's state at its time. */
export interface CachedFrame {
  readonly frame: MediaFrame;
  /** The stream as of this frame. */
  readonly state: StreamState;
}

/** A video key frame and all that followed it. */
export interface CachedGop {
  readonly frames: CachedFrame[];
  bytes: number;
}

/**
 * The newest groups of pictures as frames, for packagers that are made while the stream runs. A group starts at a
 * video key frame and holds everything that came after it; a stream without video is not cached.
 * A group that outgrows a limit is given up whole: half a group followed by live frames would not decode.
 */
export class GopCache {
  readonly #limits: GopCacheLimits;
  #gops: CachedGop[] = [];

  constructor(limits: GopCacheLimits) {
    this.#limits = limits;
  }

  get gops(): readonly CachedGop[] {
    return this.#gops;
  }

  get bytes(): number {
    return this.#gops.reduce((sum, gop) => sum + gop.bytes, 0);
  }

  /** @param state the stream as of this frame */
  push(frame: MediaFrame, state: StreamState): void {
    if (this.#limits.maxGops === 0) return;
    if (frame.track.kind === 'video' && frame.isKey) this.#open();
    const current = this.#gops.at(-1);
    if (current === undefined) return;
    current.frames.push({ frame, state });
    current.bytes += frame.data.length;
    const { maxFramesPerGop, maxBytesPerGop } = this.#limits;
    const isTooLong = maxFramesPerGop > 0 && current.frames.length > maxFramesPerGop;
    if (isTooLong || current.bytes > maxBytesPerGop) this.clear();
  }

  clear(): void {
    this.#gops = [];
  }

  #open(): void {
    this.#gops.push({ frames: [], bytes: 0 });
    if (this.#gops.length > this.#limits.maxGops) this.#gops.shift();
  }
}
