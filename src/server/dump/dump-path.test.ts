import { expect, test } from 'vitest';
import { dumpPathOf } from './dump-path.ts';

test.each([
  ['a.laldump', '/dumps/a.laldump'],
  ['./a', '/dumps/a.laldump'],
  ['cam/7.laldump', '/dumps/cam/7.laldump'],
  ['passwd', '/dumps/passwd.laldump'],
])('%j is a dump in the folder', (name, path) => {
  expect(dumpPathOf('/dumps', name)).toEqual({ path });
});

test.each([
  '/etc/cron.d/x',
  '../x',
  'a/../../x',
  'a/./b',
  './../x',
  'a//b',
  '',
  '.',
  'a/',
  'a\\b',
  'C:x',
  'a\u0000b',
  'n'.repeat(300),
])('%j is refused', (name) => {
  expect(dumpPathOf('/dumps', name)).toHaveProperty('problem');
});

test('without a folder there are no dumps', () => {
  expect(dumpPathOf('', 'a')).toEqual({ problem: 'dumps are off: http_api.dump_path is empty' });
});
