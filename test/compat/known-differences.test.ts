import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/project.ts';
import type { Difference } from './differences.ts';
import { judge, knownDifferences } from './known-differences.ts';
import type { KnownDifference } from './known/known-difference.ts';

const difference: Difference = { where: 'plain › start › body.x', kind: 'value', lal: 1, ours: [2] };

function isKnown(rule: Omit<KnownDifference, 'topic'>, of: Partial<Difference> = {}): boolean {
  return judge([{ ...difference, ...of }], [{ topic: 'a topic', ...rule }]).known.has('a topic');
}

test('a rule fits by place, kind and both values, as far as it names them', () => {
  expect(isKnown({ where: /› start › body\.x$/ })).toBe(true);
  expect(isKnown({ where: /body\.x$/, kind: 'value', lal: /^1$/, ours: /^\[2\]$/ })).toBe(true);
  expect(isKnown({ where: /body\.y$/ })).toBe(false);
  expect(isKnown({ where: /body\.x$/, kind: 'only ours' })).toBe(false);
  expect(isKnown({ where: /body\.x$/, lal: /^2$/ })).toBe(false);
  expect(isKnown({ where: /body\.x$/, ours: /^2$/ })).toBe(false);
});

test('nothing is an empty text to a rule', () => {
  expect(isKnown({ where: /x$/, lal: /^$/ }, { kind: 'only ours', lal: undefined })).toBe(true);
  expect(isKnown({ where: /x$/, lal: /^$/ }, { lal: '' })).toBe(false);
});

test('each difference belongs to the first rule that fits; what fits none is unknown', () => {
  const rules = [
    { topic: 'first', where: /a/ },
    { topic: 'second', where: /b/ },
  ];
  const [a, ab, b, c] = ['a', 'ab', 'b', 'c'].map((where) => ({ ...difference, where }));
  const { known, unknown } = judge([a!, ab!, b!, c!], rules);
  expect([...known]).toEqual([
    ['first', [a, ab]],
    ['second', [b]],
  ]);
  expect(unknown).toEqual([c]);
});

/** `Section: first column` of each row. */
function rowsOf(markdown: string): string[] {
  let section = '';
  return markdown.split('\n').flatMap((line) => {
    section = /^## (.+)$/.exec(line)?.[1] ?? section;
    const topic = /^\| (.+?) \| /.exec(line)?.[1];
    return topic === undefined || topic === 'topic' ? [] : [`${section}: ${topic}`];
  });
}

test('operators are told of every difference that is known, each in one row', () => {
  const rows = rowsOf(readFileSync(join(projectRoot, 'docs', 'lal-compatibility.md'), 'utf8'));
  expect(rows.filter((row, index) => rows.indexOf(row) !== index)).toEqual([]);
  expect(knownDifferences.map(({ topic }) => topic).filter((topic) => !rows.includes(topic))).toEqual([]);
});
