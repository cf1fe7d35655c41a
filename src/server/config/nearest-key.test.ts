import { expect, test } from 'vitest';
import { nearestKey } from './nearest-key.ts';

const KNOWN = ['enable', 'enable_https', 'gop_num', 'addr', 'url_pattern'];

test.each([
  ['enabel', 'enable'],
  ['GOP_NUMS', 'gop_num'],
  ['gopnum', 'gop_num'],
  ['enable_http', 'enable_https'],
  ['adr', 'addr'],
  ['urlpattern', 'url_pattern'],
])('%s is taken for %s', (key, expected) => {
  expect(nearestKey(key, KNOWN)).toBe(expected);
});

test('a key that resembles none has no nearest', () => {
  expect(nearestKey('something', KNOWN)).toBeUndefined();
  expect(nearestKey('', KNOWN)).toBeUndefined();
  expect(nearestKey('x'.repeat(10_000), KNOWN)).toBeUndefined();
});
