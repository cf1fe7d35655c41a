/** What is kept may hold this many times its own length in memory. */
const MAX_KEPT_RATIO = 4;

/**
 * Bytes that arrive in pieces. A field that lies within one piece comes out as a view of it; one that spans pieces
 * is copied once. Pieces handed in must not be changed afterwards.
 */
export class ChunkQueue {
  #chunks: Uint8Array[] = [];
  /** Index of the first piece still in use; the array is compacted now and then instead of shifted each time. */
  #head = 0;
  /** Bytes of the first piece that are used up. */
  #offset = 0;
  #length = 0;

  /** Bytes waiting. */
  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The byte `index` places ahead. The caller has checked `length`. */
  byteAt(index: number): number {
    let at = this.#head;
    let offset = this.#offset + index;
    let chunk = this.#chunks[at]!;
    while (offset >= chunk.length) {
      offset -= chunk.length;
      at += 1;
      chunk = this.#chunks[at]!;
    }
    return chunk[offset]!;
  }

  /** Removes the next `length` bytes: a view when they lie in one piece, else a fresh copy. `undefined`: not there yet. */
  take(length: number): Uint8Array | undefined {
    if (length > this.#length) return undefined;
    const first = this.#chunks[this.#head];
    if (first === undefined) return new Uint8Array(0);
    if (this.#offset + length <= first.length) {
      const view = first.subarray(this.#offset, this.#offset + length);
      this.skip(length);
      return view;
    }
    const copy = new Uint8Array(length);
    this.copyTo(copy, 0, length);
    return copy;
  }

  /**
   * Like `take`, for bytes that are kept for long: a small part of a large piece is copied all the same, so that it does not
   * keep the whole piece alive. The caller has checked `length`.
   */
  takeToKeep(length: number): Uint8Array {
    const first = this.#chunks[this.#head];
    if (first !== undefined && length * MAX_KEPT_RATIO < first.buffer.byteLength) {
      const copy = new Uint8Array(length);
      this.copyTo(copy, 0, length);
      return copy;
    }
    return this.take(length)!;
  }

  /** Moves the next `length` bytes into `target` at `targetOffset`. The caller has checked `length`. */
  copyTo(target: Uint8Array, targetOffset: number, length: number): void {
    let left = length;
    let at = targetOffset;
    while (left > 0) {
      const chunk = this.#chunks[this.#head]!;
      const available = Math.min(left, chunk.length - this.#offset);
      target.set(chunk.subarray(this.#offset, this.#offset + available), at);
      at += available;
      left -= available;
      this.skip(available);
    }
  }

  /** Drops the next `length` bytes. The caller has checked `length`. */
  skip(length: number): void {
    this.#length -= length;
    let offset = this.#offset + length;
    while (this.#head < this.#chunks.length && offset >= this.#chunks[this.#head]!.length) {
      offset -= this.#chunks[this.#head]!.length;
      this.#head += 1;
    }
    this.#offset = offset;
    if (this.#head === this.#chunks.length) {
      this.#chunks = [];
      this.#head = 0;
    } else if (this.#head > 64) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#offset = 0;
    this.#length = 0;
  }
}
