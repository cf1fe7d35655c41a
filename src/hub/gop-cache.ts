import type { MediaFrame } from '../media/media-frame.ts';
import type { StreamState } from './packager.ts';

/** Bounds of a cache of groups of pictures. */
export interface GopCacheLimits {
  /** Groups of pictures to keep, the unfinished one included; 0 keeps none. */
  readonly maxGops: number;
  /** Frames of all kinds in one group; 0: no limit. */
  readonly maxFramesPerGop: number;
  /** Bytes of all groups together, whatever the other limits say. */
  readonly maxBytes: number;
}

/** A frame with the stream's state at its time. */
interface CachedFrame {
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
 * A group that outgrows a limit is given up whole, with all before it: half a group followed by live frames would not
 * decode.
 */
export class GopCache {
  readonly #limits: GopCacheLimits;
  #gops: CachedGop[] = [];
  #bytes = 0;

  constructor(limits: GopCacheLimits) {
    this.#limits = limits;
  }

  get gops(): readonly CachedGop[] {
    return this.#gops;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @param state the stream as of this frame */
  push(frame: MediaFrame, state: StreamState): void {
    const { maxGops, maxFramesPerGop, maxBytes } = this.#limits;
    if (maxGops === 0) return;
    if (frame.track.kind === 'video' && frame.isKey) this.#open();
    const current = this.#gops.at(-1);
    if (current === undefined) return;
    current.frames.push({ frame, state });
    current.bytes += frame.data.length;
    this.#bytes += frame.data.length;
    while (this.#bytes > maxBytes) this.#dropOldest();
    if (maxFramesPerGop > 0 && current.frames.length > maxFramesPerGop) this.clear();
  }

  clear(): void {
    this.#gops = [];
    this.#bytes = 0;
  }

  #open(): void {
    this.#gops.push({ frames: [], bytes: 0 });
    if (this.#gops.length > this.#limits.maxGops) this.#dropOldest();
  }

  #dropOldest(): void {
    this.#bytes -= this.#gops.shift()!.bytes;
  }
}
