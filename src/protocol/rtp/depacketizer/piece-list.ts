/** Pieces of something that was cut over packets, joined once. They are views that must stay as they are. */
export class PieceList {
  readonly #pieces: Uint8Array[] = [];
  #byteLength = 0;

  /** Of all pieces together. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Pieces; empty ones are not kept. */
  get count(): number {
    return this.#pieces.length;
  }

  /** The first piece; `undefined` without any. */
  get first(): Uint8Array | undefined {
    return this.#pieces[0];
  }

  /** Adds a piece behind the others. */
  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#byteLength += piece.length;
  }

  /** @param tailBytes room that is left behind the pieces, filled with zeros. @returns a fresh copy */
  join(tailBytes = 0): Uint8Array {
    const data = new Uint8Array(this.#byteLength + tailBytes);
    let at = 0;
    for (const piece of this.#pieces) {
      data.set(piece, at);
      at += piece.length;
    }
    return data;
  }

  /** Forgets everything. */
  clear(): void {
    this.#pieces.length = 0;
    this.#byteLength = 0;
  }
}
