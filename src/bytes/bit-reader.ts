import { ProtocolError } from './protocol-error.ts';

/** Reads fields of single bits, most significant bit first. Reading past the end throws `ERR_TRUNCATED`. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #bitPosition = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bits left. */
  get remaining(): number {
    return this.#bytes.length * 8 - this.#bitPosition;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#bitPosition;
  }

  /** @param count 0 to 32 */
  bits(count: number): number {
    this.#require(count);
    let value = 0;
    let left = count;
    while (left > 0) {
      const byte = this.#bytes[this.#bitPosition >>> 3]!;
      const available = 8 - (this.#bitPosition & 7);
      const take = Math.min(available, left);
      // Multiplication instead of a shift: 32-bit fields must stay unsigned.
      value = value * 2 ** take + ((byte >>> (available - take)) & ((1 << take) - 1));
      this.#bitPosition += take;
      left -= take;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    this.#require(count);
    this.#bitPosition += count;
  }

  /** Unsigned Exp-Golomb code, ue(v) of H.264 and H.265 (ISO/IEC 14496-10, 9.1). */
  ue(): number {
    let leadingZeros = 0;
    while (!this.flag()) {
      leadingZeros += 1;
      if (leadingZeros > 32) {
        throw new ProtocolError('ERR_EXP_GOLOMB', 'Exp-Golomb code longer than 32 bits', {
          bit: this.#bitPosition,
        });
      }
    }
    return 2 ** leadingZeros - 1 + this.bits(leadingZeros);
  }

  /** Signed Exp-Golomb code, se(v) (ISO/IEC 14496-10, 9.1.1). */
  se(): number {
    const code = this.ue();
    const magnitude = Math.ceil(code / 2);
    return code % 2 === 0 ? 0 - magnitude : magnitude;
  }

  #require(count: number): void {
    if (count > this.remaining) {
      throw new ProtocolError(
        'ERR_TRUNCATED',
        `need ${count} bits at bit ${this.#bitPosition}, have ${this.remaining}`,
        {
          bit: this.#bitPosition,
          needed: count,
          available: this.remaining,
        },
      );
    }
  }
}
