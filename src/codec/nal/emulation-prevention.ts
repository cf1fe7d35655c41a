/** Emulation prevention: `00 00 03` inside a NAL unit stands for `00 00` (ISO/IEC 14496-10, 7.4.1; H.265 the same). */

/**
 * The raw byte sequence payload of a NAL unit, its header bytes still in front.
 * @returns `nal` itself when it holds no emulation prevention byte, else a fresh copy
 */
export function removeEmulationPrevention(nal: Uint8Array): Uint8Array {
  let at = nextPreventionByte(nal, 0);
  if (at === nal.length) return nal;
  const payload = new Uint8Array(nal.length - 1);
  let from = 0;
  let length = 0;
  while (from < nal.length) {
    payload.set(nal.subarray(from, at), length);
    length += at - from;
    from = at + 1;
    at = nextPreventionByte(nal, from);
  }
  return payload.subarray(0, length);
}

/** Offset of the next `03` that follows two zero bytes at or after `from`, or the length of `nal`. */
function nextPreventionByte(nal: Uint8Array, from: number): number {
  for (let at = from + 2; at < nal.length; at += 1) {
    if (nal[at] === 3 && nal[at - 1] === 0 && nal[at - 2] === 0) return at;
  }
  return nal.length;
}
