/** Writes fields of single bits, so that tests can build parameter sets no encoder at hand makes. */
export class BitString {
  #bits = '';

  /** Unsigned, `count` bits. */
  u(count: number, value: number | bigint): this {
    if (count > 0) this.#bits += BigInt(value).toString(2).padStart(count, '0');
    return this;
  }

  /** Unsigned Exp-Golomb, built from its definition: the value plus 1 in binary, after one zero less than its digits. */
  ue(...values: number[]): this {
    for (const value of values) {
      const digits = (BigInt(value) + 1n).toString(2);
      this.#bits += '0'.repeat(digits.length - 1) + digits;
    }
    return this;
  }

  /** Signed Exp-Golomb: 0, 1, -1, 2, -2, … */
  se(...values: number[]): this {
    for (const value of values) this.ue(value > 0 ? 2 * value - 1 : -2 * value);
    return this;
  }

  /** The bits, filled up with zeros to whole bytes. */
  bytes(): Uint8Array {
    const length = Math.ceil(this.#bits.length / 8);
    const padded = this.#bits.padEnd(length * 8, '0');
    return Uint8Array.from({ length }, (_, index) =>
      Number.parseInt(padded.slice(8 * index, 8 * index + 8), 2),
    );
  }
}
