import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/project.ts';
import { parseArguments } from './arguments.ts';

const steps = ['start', 'blacklist', 'HLS, viewers tracked'];
const lal = process.execPath;

test.each([
  [[lal], { lal, filter: '', showsAll: false }],
  [[lal, 'viewers'], { lal, filter: 'viewers', showsAll: false }],
  [['--all', lal, 'start'], { lal, filter: 'start', showsAll: true }],
])('%j', (args, parsed) => {
  expect(parseArguments(args, steps)).toEqual(parsed);
});

test.each([[[]], [['--all']], [[lal, 'start', 'more']]])(
  '%j: says how it is used, and where lal is',
  (args) => {
    expect(parseArguments(args, steps)).toMatch(/^Usage: [^]*github\.com\/q191201771\/lal[^]*go build/);
  },
);

test('an option that there is not', () => {
  expect(parseArguments(['-x', lal], steps)).toMatch(/^There is no option -x\.\n\nUsage: /);
});

test.each([join(projectRoot, 'nowhere'), projectRoot, join(projectRoot, 'package.json')])(
  'no program: %s',
  (path) => {
    expect(parseArguments([path], steps)).toMatch(/ is no program that can be started\.\n\nUsage: /);
  },
);

test('a step that there is not: all are listed, because nothing would run, and nothing be different', () => {
  expect(parseArguments([lal, 'blackList'], steps)).toBe(
    'No step has "blackList" in its name. There are:\n  start\n  blacklist\n  HLS, viewers tracked',
  );
});
