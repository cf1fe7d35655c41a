import type { HeapProfiler, Profiler, Runtime } from 'node:inspector';
import { expect, test } from 'vitest';
import { cpuCallTree, heapCallTree, type CallNode } from './call-tree.ts';

function frame(functionName: string): Runtime.CallFrame {
  return { functionName, scriptId: '1', url: 'file:///a/b/c.ts', lineNumber: 1, columnNumber: 2 };
}

/** `inner < outer: values`. */
function text(node: CallNode): string {
  const names: string[] = [];
  for (let at: CallNode | undefined = node; at !== undefined; at = at.caller)
    names.push(at.frame.functionName);
  return `${names.join(' < ')}: ${node.values.join(' ')}`;
}

function cpuProfile(samples: number[], timeDeltas: number[], endTime: number): Profiler.Profile {
  const nodes = [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 4] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('(program)') },
    { id: 4, callFrame: frame('outer'), children: [5] },
    { id: 5, callFrame: frame('inner') },
  ];
  return { nodes, samples, timeDeltas, startTime: 1000, endTime };
}

test('a CPU sample is worth the time to the next one, the last the time to the end; idle time is nobody’s', () => {
  const tree = cpuCallTree(cpuProfile([4, 5, 5, 2, 3, 4], [10, 20, 30, 40, 50, 60], 1310));
  expect(tree.map(text)).toEqual(['(program): 1 60000', 'outer: 2 120000', 'inner < outer: 2 70000']);
});

test('samples that V8 dates before their predecessors are worth nothing, and not less', () => {
  const tree = cpuCallTree(cpuProfile([4, 5, 4], [10, -5, 20], 1030));
  expect(tree.map(text)).toEqual(['(program): 0 0', 'outer: 2 5000', 'inner < outer: 1 20000']);
});

test('a profile without samples has no time', () => {
  expect(cpuCallTree(cpuProfile([], [], 2000)).map(({ values }) => values)).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});

test('bytes of a heap profile stay with the function that allocated them', () => {
  const leaf = (name: string, selfSize: number): HeapProfiler.SamplingHeapProfileNode => ({
    callFrame: frame(name),
    selfSize,
    children: [],
  });
  const outer = { ...leaf('outer', 5), children: [leaf('inner', 7), leaf('other', 0)] };
  const tree = heapCallTree({ head: { ...leaf('(root)', 0), children: [outer, leaf('alone', 3)] } });
  expect(tree.map(text).sort()).toEqual(['alone: 3', 'inner < outer: 7', 'other < outer: 0', 'outer: 5']);
});

test('depth costs no stack', () => {
  let head: HeapProfiler.SamplingHeapProfileNode = { callFrame: frame('leaf'), selfSize: 1, children: [] };
  for (let depth = 0; depth < 100_000; depth += 1)
    head = { callFrame: frame('f'), selfSize: 0, children: [head] };
  expect(heapCallTree({ head })).toHaveLength(100_001);
});
