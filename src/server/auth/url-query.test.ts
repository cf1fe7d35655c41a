import { expect, test } from 'vitest';
import { parseUrlQuery } from './url-query.ts';

test.each([
  ['a=1', '1'],
  ['b=2&a=1', '1'],
  ['a=1&a=2', '1'],
  ['a=&a=2', ''],
  ['a', ''],
  ['b=1', null],
  ['', null],
  ['&&a=1&', '1'],
  ['a=x+y%20z', 'x y z'],
  ['%61=%41', 'A'],
  ['a==1=', '=1='],
  ['A=1', null],
  ['a=1?b=2', '1?b=2'],
  ['x=%ff%D6&a=1', '1'],
])('the parameter a of "%s" is %j', (query, value) => {
  expect(parseUrlQuery(query)!.get('a')).toBe(value);
});

test.each(['a=%', 'a=%4', 'a=%zz', 'a=1&b=%', '%=1&a=1', 'a=1;b=2'])('"%s" cannot be parsed', (query) => {
  expect(parseUrlQuery(query)).toBeUndefined();
});
