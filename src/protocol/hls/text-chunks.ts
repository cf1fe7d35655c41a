import { Buffer } from 'node:buffer';

/** A chunk this long is encoded once and not touched again. */
const CHUNK_LENGTH = 64 * 1024;

/** Text that grows at its end and is taken away at its beginning, as UTF-8 that is never copied as a whole. */
export class TextChunks {
  #chunks: Buffer[] = [];
  #tail = '';

  append(text: string): void {
    this.#tail += text;
    if (this.#tail.length < CHUNK_LENGTH) return;
    this.#chunks.push(Buffer.from(this.#tail));
    this.#tail = '';
  }

  /** @param length bytes; no more than there are */
  removeStart(length: number): void {
    if (this.#tail !== '') this.#chunks.push(Buffer.from(this.#tail));
    this.#tail = '';
    let left = length;
    while (left > 0 && this.#chunks[0] !== undefined) {
      const [first] = this.#chunks;
      if (first.length > left) this.#chunks[0] = first.subarray(left);
      else this.#chunks.shift();
      left -= first.length;
    }
  }

  /** The bytes in pieces that never change. */
  get parts(): Uint8Array[] {
    return this.#tail === '' ? [...this.#chunks] : [...this.#chunks, Buffer.from(this.#tail)];
  }
}
