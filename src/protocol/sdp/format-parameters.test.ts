import { expect, test } from 'vitest';
import { parseFormatParameters } from './format-parameters.ts';

test.each([
  ['nothing', '', {}],
  ['one', 'a=1', { a: '1' }],
  ['several', 'a=1;b=2; c=3', { a: '1', b: '2', c: '3' }],
  ['names in any case', 'Config=AbC', { config: 'AbC' }],
  ['semicolons around and between', ';; a=1 ;;b=2;', { a: '1', b: '2' }],
  ['white space around the equals sign', ' a = 1 ; b\t=\t2', { a: '1', b: '2' }],
  ['parameters without a value', 'a;b=;c', { a: '', b: '', c: '' }],
  ['a value with equals signs', 'sprop=aO48gA==;b=2', { sprop: 'aO48gA==', b: '2' }],
  ['quotes', 'a="1";b="', { a: '1', b: '"' }],
  ['the first of one name', 'a=1;A=2', { a: '1' }],
  [
    'spaces in the place of semicolons',
    'a=1 b-c=2  d=aO48gA== e=3',
    { a: '1', 'b-c': '2', d: 'aO48gA==', e: '3' },
  ],
  ['a space inside a list of base64', 'a=Z00=, aO48gA==, aO4=;b=1', { a: 'Z00=, aO48gA==, aO4=', b: '1' }],
  ['text that is no list', '0-15,66', { '0-15,66': '' }],
])('reads %s', (_name, text, expected) => {
  expect(Object.fromEntries(parseFormatParameters(text))).toEqual(expected);
});
