import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesPattern } from './stream-pattern.ts';

const matches = (pattern: string, streamName: string, appName = 'live'): boolean =>
  matchesPattern(pattern, { appName, streamName, urlParam: '' });

test.each([
  ['*', 'anything', true],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['tv-*', 'tv-1', true],
  ['tv-*', 'tv-', true],
  ['tv-*', 'atv-1', false],
  ['*-hd', 'tv-hd-hd', true],
  ['*-hd', 'tv-hd-', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['cam?', 'cam1', true],
  ['cam?', 'cam', false],
  ['cam?', 'cam12', false],
  ['**a', 'ba', true],
  ['a.c', 'abc', false],
  ['live/tv*', 'tv1', true],
  ['news/tv*', 'tv1', false],
  ['*/tv1', 'tv1', true],
])('%s and %s: %s', (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected);
});

test('a text with stars in any places of it matches', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 4 })), (pieces) => {
      const plain = pieces.map((piece) => piece.replaceAll(/[*?/]/g, 'x'));
      expect(matches(plain.join('*'), plain.join('--'))).toBe(true);
    }),
  );
});

test('a pattern made to be slow is not', () => {
  expect(matches(`${'*a'.repeat(100)}b`, 'a'.repeat(2000))).toBe(false);
});
