import { ProtocolError } from './protocol-error.ts';

/**
 * Cursor over one block of bytes, big endian unless the name ends in `Le`.
 * Every read checks the end; reading past it throws a `ProtocolError` with code `ERR_TRUNCATED`.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = bytes;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  u8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  u16(): number {
    const at = this.#advance(2);
    const bytes = this.#bytes;
    return (bytes[at]! << 8) | bytes[at + 1]!;
  }

  u24(): number {
    const at = this.#advance(3);
    const bytes = this.#bytes;
    return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  }

  /** Signed 24 bits, as in an FLV composition time offset. */
  i24(): number {
    return (this.u24() << 8) >> 8;
  }

  u32(): number {
    const at = this.#advance(4);
    const bytes = this.#bytes;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  u32Le(): number {
    const at = this.#advance(4);
    const bytes = this.#bytes;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  /** IEEE 754 double. */
  f64(): number {
    const at = this.#advance(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0);
  }

  /** A view of the next `length` bytes; valid as long as the input is. */
  view(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A view of everything that is left. */
  rest(): Uint8Array {
    return this.view(this.remaining);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  #advance(length: number): number {
    const at = this.#position;
    if (length > this.#bytes.length - at) {
      throw new ProtocolError(
        'ERR_TRUNCATED',
        `need ${length} bytes at offset ${at}, have ${this.#bytes.length - at}`,
        {
          offset: at,
          needed: length,
          available: this.#bytes.length - at,
        },
      );
    }
    this.#position = at + length;
    return at;
  }
}
