import { expect, test } from 'vitest';
import { ClaimBuffer } from './claim-buffer.ts';

test('what comes before the stream is there is handed over in order, and then everything at once', () => {
  const taken: string[] = [];
  const held = new ClaimBuffer<string>(({ length }) => length);
  held.push('a');
  held.push('b');
  expect(taken).toEqual([]);
  held.open((item) => void taken.push(item));
  held.push('c');
  expect(taken).toEqual(['a', 'b', 'c']);
});

test('who holds too much loses what comes then', () => {
  const taken: number[] = [];
  const held = new ClaimBuffer<number>((bytes) => bytes);
  for (const bytes of [4 << 20, 1, 1]) held.push(bytes);
  held.open((item) => void taken.push(item));
  held.push(7);
  expect(taken).toEqual([4 << 20, 7]);
});
