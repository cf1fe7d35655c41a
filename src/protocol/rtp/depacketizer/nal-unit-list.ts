import { MAX_NAL_UNITS_PER_ACCESS_UNIT } from '../../../codec/nal/length-prefixed.ts';
import { MAX_ACCESS_UNIT_BYTES, MAX_ACCESS_UNIT_PIECES } from './picture-collector.ts';

/**
 * The NAL units of one access unit, as the pieces in which they came; joined once. Whole units are one piece, fragmented
 * ones their header and a piece for each packet. Pieces are views that must stay as they are.
 */
export class NalUnitList {
  readonly #pieces: Uint8Array[] = [];
  /** Where each complete unit ends among the pieces, and how many bytes it has. */
  readonly #ends: number[] = [];
  readonly #lengths: number[] = [];
  #bytes = 0;
  /** Bytes of the unit that is being put together; 0 without one. */
  #fragmentBytes = 0;

  /** Whether a limit is passed; then nothing more may be added. */
  get isOverfull(): boolean {
    return (
      this.#bytes > MAX_ACCESS_UNIT_BYTES ||
      this.#pieces.length > MAX_ACCESS_UNIT_PIECES ||
      this.#ends.length > MAX_NAL_UNITS_PER_ACCESS_UNIT
    );
  }

  /** Whether a unit is being put together. */
  get isInsideFragment(): boolean {
    return this.#fragmentBytes > 0;
  }

  /** Adds a whole unit. */
  add(nal: Uint8Array): void {
    this.#pieces.push(nal);
    this.#bytes += nal.length;
    this.#close(nal.length);
  }

  /** Adds a piece to the unit that is being put together, or begins one. */
  addFragment(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#fragmentBytes += piece.length;
  }

  /** The unit that is being put together is complete. */
  closeFragment(): void {
    if (this.#fragmentBytes > 0) this.#close(this.#fragmentBytes);
    this.#fragmentBytes = 0;
  }

  /** Takes the unit that is being put together out again. @returns a fresh copy of what is there of it; empty without one */
  takeFragment(): Uint8Array {
    const first = this.#ends.at(-1) ?? 0;
    const nal = new Uint8Array(this.#fragmentBytes);
    writePieces(nal, 0, this.#pieces, first, this.#pieces.length);
    this.dropFragment();
    return nal;
  }

  /** Forgets the unit that is being put together. */
  dropFragment(): void {
    this.#pieces.length = this.#ends.at(-1) ?? 0;
    this.#bytes -= this.#fragmentBytes;
    this.#fragmentBytes = 0;
  }

  /** All complete units, each behind its length in 4 bytes. @returns a fresh copy */
  join(): Uint8Array {
    const data = new Uint8Array(this.#bytes - this.#fragmentBytes + 4 * this.#ends.length);
    let at = 0;
    let piece = 0;
    for (let index = 0; index < this.#ends.length; index += 1) {
      const length = this.#lengths[index]!;
      data[at] = length >>> 24;
      data[at + 1] = length >>> 16;
      data[at + 2] = length >>> 8;
      data[at + 3] = length;
      at = writePieces(data, at + 4, this.#pieces, piece, this.#ends[index]!);
      piece = this.#ends[index]!;
    }
    return data;
  }

  /** Forgets everything. */
  clear(): void {
    this.#pieces.length = 0;
    this.#ends.length = 0;
    this.#lengths.length = 0;
    this.#bytes = 0;
    this.#fragmentBytes = 0;
  }

  #close(length: number): void {
    this.#ends.push(this.#pieces.length);
    this.#lengths.push(length);
  }
}

/** @returns where the next byte goes */
function writePieces(
  target: Uint8Array,
  offset: number,
  pieces: readonly Uint8Array[],
  from: number,
  to: number,
): number {
  let at = offset;
  for (let index = from; index < to; index += 1) {
    target.set(pieces[index]!, at);
    at += pieces[index]!.length;
  }
  return at;
}
