import { expect, test } from 'vitest';
import { withoutFirstBytes } from './without-first-bytes.ts';

const pieces = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3), Uint8Array.of(4, 5)];

test.each([
  [0, [[1, 2], [], [3], [4, 5]]],
  [1, [[2], [], [3], [4, 5]]],
  [2, [[3], [4, 5]]],
  [3, [[4, 5]]],
  [4, [[5]]],
  [5, []],
])('after %i bytes the rest is left', (count, rest) => {
  expect(withoutFirstBytes(pieces, count).map((piece) => [...piece])).toEqual(rest);
});
