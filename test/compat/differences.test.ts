import { expect, test } from 'vitest';
import { describeDifference, differencesOf } from './differences.ts';
import type { Json } from './json.ts';

function compare(lal: Record<string, Json>, ours: Record<string, Json>): unknown[] {
  return differencesOf(new Map(Object.entries(lal)), new Map(Object.entries(ours))).map(
    ({ where, kind, lal: theirs, ours: own }) => [where, kind, theirs, own],
  );
}

test('what is the same is no difference, however deep', () => {
  const seen = { answer: { code: 0, data: { subs: [null, { id: 'a', list: [] }], rate: 1.5 } } };
  expect(compare(seen, structuredClone(seen))).toEqual([]);
});

test('values are compared field by field, types included', () => {
  expect(
    compare(
      { group: { data: { pub: { url: 'x' }, count: 1 } } },
      { group: { data: { pub: { url: 'y' }, count: '1' } } },
    ),
  ).toEqual([
    ['group › data.pub.url', 'value', 'x', 'y'],
    ['group › data.count', 'value', 1, '1'],
  ]);
});

test.each([
  [null, []],
  [null, {}],
  [[], {}],
  ['', null],
  [0, false],
] as [Json, Json][])('%j is not %j', (lal, ours) => {
  expect(compare({ a: lal }, { a: ours })).toEqual([['a', 'value', lal, ours]]);
});

test('an observation, a field or an item that only one has', () => {
  expect(compare({ a: { x: 1 }, b: [1, 2] }, { a: { y: null }, b: [1], c: 3 })).toEqual([
    ['a › x', 'only lal', 1, undefined],
    ['a › y', 'only ours', undefined, null],
    ['b[1]', 'only lal', 2, undefined],
    ['c', 'only ours', undefined, 3],
  ]);
});

test('the order of keys counts among those that both have', () => {
  expect(compare({ a: { x: 1, y: 2, z: 3 } }, { a: { y: 2, w: 0, x: 1, z: 3 } })).toEqual([
    ['a', 'order', ['x', 'y', 'z'], ['y', 'x', 'z']],
    ['a › w', 'only ours', undefined, 0],
  ]);
});

test('a difference is told in three lines', () => {
  const [difference] = differencesOf(new Map([['a', 'x']]), new Map());
  expect(describeDifference(difference!)).toBe('a (only lal)\n    lal:  "x"\n    ours: nothing');
});
