import { expect, test } from 'vitest';
import { parseLalserverFlags, UsageError } from './lalserver-flags.ts';

const NONE = { version: false, check: false, help: false };

test.each([
  [[], NONE],
  [['-c', 'a.json'], { ...NONE, config: 'a.json' }],
  [['-c=a=b.json', '-p', '/srv'], { ...NONE, config: 'a=b.json', folder: '/srv' }],
  [['--c', 'a', '--p=b'], { ...NONE, config: 'a', folder: 'b' }],
  [['-c', '-v'], { ...NONE, config: '-v' }],
  [['-v'], { ...NONE, version: true }],
  [['--check', '-h=true'], { ...NONE, check: true, help: true }],
])('%j', (args, flags) => {
  expect(parseLalserverFlags(args)).toEqual(flags);
});

test.each([['-x'], ['file.json'], ['-c'], ['-c='], ['-v=no'], ['-constructor'], ['--'], ['-']])(
  '%s is refused',
  (argument) => {
    expect(() => parseLalserverFlags([argument])).toThrow(UsageError);
    expect(() => parseLalserverFlags([argument])).toThrow(argument);
  },
);
