/** The bytes of hexadecimal digits; white space between them is free. */
export function hex(digits: string): Uint8Array {
  const packed = digits.replaceAll(/\s/g, '');
  if (packed.length % 2 !== 0 || /[^0-9a-f]/i.test(packed))
    throw new RangeError(`not hexadecimal: ${digits}`);
  return Uint8Array.from({ length: packed.length / 2 }, (_, index) =>
    Number.parseInt(packed.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Bytes as lower case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
