/** FourCC: four ASCII characters, read as a big-endian number on the wire (Enhanced RTMP v2, "makeFourCc"). */

/** @param text exactly four characters of ASCII */
export function fourCcNumber(text: string): number {
  let value = 0;
  for (let index = 0; index < 4; index += 1) value = value * 256 + (text.charCodeAt(index) & 0xff);
  return value;
}

/** The four characters, or `undefined` when one is not printable ASCII: then it is no FourCC but damage. */
export function fourCcText(value: number): string | undefined {
  const bytes = [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) return undefined;
  return String.fromCharCode(...bytes);
}

/** Whether `text` can stand as a FourCC. */
export function isFourCc(text: string): boolean {
  return /^[\x20-\x7e]{4}$/.test(text);
}
