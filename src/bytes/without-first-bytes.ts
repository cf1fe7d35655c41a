/**
 * The pieces without their first `count` bytes: what is left after a write that took less than everything.
 * @returns views; pieces that are used up are left out
 */
export function withoutFirstBytes(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  let index = 0;
  while (index < pieces.length && left >= pieces[index]!.length) {
    left -= pieces[index]!.length;
    index += 1;
  }
  if (left === 0) return pieces.slice(index);
  return [pieces[index]!.subarray(left), ...pieces.slice(index + 1)];
}
