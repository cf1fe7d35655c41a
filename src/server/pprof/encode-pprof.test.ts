import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { expect, test } from 'vitest';
import type { CallNode } from './call-tree.ts';
import { encodePprof } from './encode-pprof.ts';

function node(
  functionName: string,
  values: number[],
  caller?: CallNode,
  url = 'file:///x/hub/fanout.ts',
): CallNode {
  return { frame: { functionName, scriptId: '1', url, lineNumber: 9, columnNumber: 2 }, caller, values };
}

const head = {
  valueTypes: [
    ['samples', 'count'],
    ['cpu', 'nanoseconds'],
  ],
  period: 1_000_000,
  startMs: 1_700_000_000_123,
  durationMs: 10_000,
} as const;

/** Stacks, innermost first, with their values; and what stands around them. */
async function decoded(tree: readonly CallNode[]) {
  const profile = Profile.decode(gunzipSync(await encodePprof(tree, head)));
  const text = (index: number | bigint): string => profile.stringTable.strings[Number(index)]!;
  const functions = new Map(profile.function.map((entry) => [Number(entry.id), entry]));
  const locations = new Map(profile.location.map((entry) => [Number(entry.id), entry]));
  const nameOf = (id: number | bigint): string => {
    const [line] = locations.get(Number(id))!.line;
    return text(functions.get(Number(line!.functionId))!.name);
  };
  const stacks = profile.sample.map(({ locationId, value }) => ({
    stack: locationId.map(nameOf),
    values: value.map(Number),
  }));
  return { profile, text, stacks, functions };
}

test('every place with values is a sample with its whole stack, and nothing is lost or doubled', async () => {
  const outer = node('outer', [0, 0]);
  const inner = node('inner', [3, 2_500_000], outer);
  const again = node('outer', [1, 9_007_199_254_740_000], inner);
  const { stacks, functions, profile } = await decoded([outer, inner, again]);
  expect(stacks).toEqual([
    { stack: ['inner hub/fanout.ts:10', 'outer hub/fanout.ts:10'], values: [3, 2_500_000] },
    {
      stack: ['outer hub/fanout.ts:10', 'inner hub/fanout.ts:10', 'outer hub/fanout.ts:10'],
      values: [1, 9_007_199_254_740_000],
    },
  ]);
  expect(functions.size).toBe(2);
  expect(profile.location.map(({ line }) => Number(line[0]!.line))).toEqual([10, 10]);
});

test('functions without a name are told apart by their place; those of V8 itself have none', async () => {
  const tree = [
    node('', [1, 1]),
    node('', [1, 1], undefined, 'file:///x/hub/stream.ts'),
    node('(program)', [1, 1], undefined, ''),
  ];
  const { stacks } = await decoded(tree);
  expect(stacks.map(({ stack }) => stack[0])).toEqual([
    '(anonymous) hub/fanout.ts:10',
    '(anonymous) hub/stream.ts:10',
    '(program)',
  ]);
});

test('the profile says what its values are, when it was taken, and that there is nothing to look up', async () => {
  const { profile, text } = await decoded([node('a', [1, 1])]);
  expect(profile.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`)).toEqual([
    'samples/count',
    'cpu/nanoseconds',
  ]);
  expect(text(profile.periodType!.type)).toBe('cpu');
  expect([profile.period, profile.timeNanos, profile.durationNanos].map(Number)).toEqual([
    1_000_000, 1_700_000_000_123_000_000, 10_000_000_000,
  ]);
  expect(profile.mapping).toMatchObject([{ hasFunctions: true, hasFilenames: true, hasLineNumbers: true }]);
});

test('an empty profile is a profile', async () => {
  expect((await decoded([])).stacks).toEqual([]);
});
