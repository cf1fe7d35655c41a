import type { GopCacheLimits } from './gop-cache.ts';
import type { StreamState } from './packager.ts';

/** Where a newcomer begins when groups are cached. */
export interface CachedStart {
  readonly state: StreamState;
  readonly timeUs: number;
  readonly chunks: readonly Uint8Array[];
}

interface GopBytes {
  readonly state: StreamState;
  readonly timeUs: number;
  readonly chunks: Uint8Array[];
  bytes: number;
  units: number;
}

/**
 * The bytes a packager made for the newest groups of pictures, as views of what the viewers got. A newcomer is served
 * from here, so nothing is packaged twice and counters inside the bytes run on.
 */
export class GopByteCache {
  readonly #limits: GopCacheLimits;
  #gops: GopBytes[] = [];
  #bytes = 0;

  constructor(limits: GopCacheLimits) {
    this.#limits = limits;
  }

  get isEnabled(): boolean {
    return this.#limits.maxGops > 0;
  }

  /** Starts a group: a random access point at `timeUs`, reached with the stream in `state`. */
  open(state: StreamState, timeUs: number): void {
    this.#gops.push({ state, timeUs, chunks: [], bytes: 0, units: 0 });
    if (this.#gops.length > this.#limits.maxGops) this.#dropOldest();
  }

  /** Adds the bytes of `units` units to the newest group, if there is one. */
  append(chunk: Uint8Array, units: number): void {
    const gop = this.#gops.at(-1);
    if (gop === undefined || chunk.length === 0) return;
    appendView(gop.chunks, chunk);
    gop.bytes += chunk.length;
    gop.units += units;
    this.#bytes += chunk.length;
    const { maxFramesPerGop, maxBytes } = this.#limits;
    while (this.#bytes > maxBytes) this.#dropOldest();
    if (maxFramesPerGop > 0 && gop.units > maxFramesPerGop) this.clear();
  }

  /** What a newcomer gets: the state and time its headers must be made for, and the cached bytes. */
  get start(): CachedStart | undefined {
    const first = this.#gops[0];
    if (first === undefined) return undefined;
    return { state: first.state, timeUs: first.timeUs, chunks: this.#gops.flatMap((gop) => gop.chunks) };
  }

  get bytes(): number {
    return this.#bytes;
  }

  clear(): void {
    this.#gops = [];
    this.#bytes = 0;
  }

  #dropOldest(): void {
    this.#bytes -= this.#gops.shift()!.bytes;
  }
}

/** Joins views that lie side by side in one slab, so that a newcomer gets a few large writes. */
function appendView(chunks: Uint8Array[], chunk: Uint8Array): void {
  const last = chunks.at(-1);
  if (
    last !== undefined &&
    last.buffer === chunk.buffer &&
    last.byteOffset + last.length === chunk.byteOffset
  ) {
    chunks[chunks.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + chunk.length);
  } else {
    chunks.push(chunk);
  }
}
