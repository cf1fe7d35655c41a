import { Buffer } from 'node:buffer';

/** Where a unit begins within the pending bytes, and what a viewer may do there. */
export interface UnitMark {
  /** Bytes from the start of the flush. */
  readonly offset: number;
  readonly timeUs: number;
  /** A viewer that knows the stream's headers can start here. */
  readonly isRandomAccess: boolean;
  /** A group of pictures begins here. */
  readonly startsGroup: boolean;
}

const FIRST_SLAB_BYTES = 8 * 1024;
const MAX_SLAB_BYTES = 128 * 1024;

/**
 * The bytes made since the last flush, in one piece. Packagers write in place into a slab; a flush hands out a view of
 * it, so no byte is copied again on its way to any number of viewers. Views that were handed out never change.
 */
export class PendingBytes {
  /** The slab being written; valid until the next `reserve`. */
  bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #marks: UnitMark[] = [];
  #slabBytes = FIRST_SLAB_BYTES;

  /** Bytes pending. */
  get length(): number {
    return this.#end - this.#start;
  }

  get marks(): readonly UnitMark[] {
    return this.#marks;
  }

  mark(timeUs: number, isRandomAccess: boolean, startsGroup: boolean = false): void {
    this.#marks.push({ offset: this.length, timeUs, isRandomAccess, startsGroup });
  }

  /** Whether `length` more bytes fit without moving what is pending. */
  hasRoomFor(length: number): boolean {
    return this.#end + length <= this.bytes.length;
  }

  reserve(length: number): number {
    if (this.#end + length > this.bytes.length) this.#moveToNewSlab(length);
    const at = this.#end;
    this.#end += length;
    return at;
  }

  /** A view of the pending bytes from `from` to `to`, counted from the start of the flush. */
  view(from = 0, to: number = this.length): Buffer {
    // A Buffer, because that is what a socket takes without wrapping it again for each viewer.
    return Buffer.from(this.bytes.buffer as ArrayBuffer, this.#start + from, to - from);
  }

  /** Forgets the pending bytes; views of them stay valid. */
  clear(): void {
    this.#start = this.#end;
    this.#marks = [];
  }

  #moveToNewSlab(length: number): void {
    const pending = this.bytes.subarray(this.#start, this.#end);
    // Views show only what has been written, so nobody sees what was in this memory before.
    const slab = Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, (pending.length + length) * 2));
    slab.set(pending);
    this.bytes = slab;
    this.#start = 0;
    this.#end = pending.length;
    // Quiet streams keep small slabs, busy ones soon need few.
    this.#slabBytes = Math.min(this.#slabBytes * 2, MAX_SLAB_BYTES);
  }
}
