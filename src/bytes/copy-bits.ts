/**
 * Copies a run of bits that need not begin at a byte, such as an access unit inside a LATM element.
 * @param lengthBits at most as many as `bytes` has from `firstBit` on
 * @returns a fresh copy: the bits from its first byte on, zeros behind them up to a whole byte
 */
export function copyBits(bytes: Uint8Array, firstBit: number, lengthBits: number): Uint8Array {
  if (lengthBits > 8 * bytes.length - firstBit) {
    throw new RangeError(`${lengthBits} bits at bit ${firstBit} of ${bytes.length} bytes`);
  }
  const copy = new Uint8Array(Math.ceil(lengthBits / 8));
  const shift = firstBit & 7;
  const from = firstBit >>> 3;
  if (shift === 0) {
    copy.set(bytes.subarray(from, from + copy.length));
  } else {
    for (let index = 0; index < copy.length; index += 1) {
      const next = bytes[from + index + 1] ?? 0;
      copy[index] = (bytes[from + index]! << shift) | (next >>> (8 - shift));
    }
  }
  const unused = 8 * copy.length - lengthBits;
  if (unused > 0) copy[copy.length - 1]! &= 0xff << unused;
  return copy;
}
