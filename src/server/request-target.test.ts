import { expect, test } from 'vitest';
import { cleanTarget } from './request-target.ts';

test.each([
  ['/live/a.flv', '/live/a.flv'],
  ['//live///a.flv', '/live/a.flv'],
  ['/live/a.flv?from=http://x//y', '/live/a.flv?from=http://x//y'],
  ['//?//', '/?//'],
  ['', ''],
])('%s is %s', (target, clean) => {
  expect(cleanTarget(target)).toBe(clean);
});

test('a path of nothing but slashes costs no more than its length', () => {
  expect(cleanTarget('/'.repeat(100_000))).toBe('/');
});
