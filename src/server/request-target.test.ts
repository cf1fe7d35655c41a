import { expect, test } from 'vitest';
import { cleanTarget } from './request-target.ts';

test.each([
  ['/live/a.flv', '/live/a.flv'],
  ['//live///a.flv', '/live/a.flv'],
  ['/live/a.flv?from=http://x//y', '/live/a.flv?from=http://x//y'],
  ['//?//', '/?//'],
  ['', ''],
  ['http://host:8080/live/a.flv?b=c', '/live/a.flv?b=c'],
  ['HTTPS://[::1]//live/a.flv', '/live/a.flv'],
  ['http://host', '/'],
  ['http://host?b=http://c', '/?b=http://c'],
  ['/http://host/a.flv', '/http:/host/a.flv'],
])('%s is %s', (target, clean) => {
  expect(cleanTarget(target)).toBe(clean);
});

test('a path of nothing but slashes costs no more than its length', () => {
  expect(cleanTarget('/'.repeat(100_000))).toBe('/');
});
