import type { HeapProfiler, Profiler, Runtime } from 'node:inspector';

/** A place that V8 saw running or allocating, and what it saw there. */
export interface CallNode {
  readonly frame: Runtime.CallFrame;
  /** Who called it; `undefined` at the bottom of the stack. */
  readonly caller: CallNode | undefined;
  /** One for each kind of value; what was called from here is not included. */
  readonly values: number[];
}

/** The bottom of every stack; it stands for no function. */
const ROOT_NAME = '(root)';
/** The event loop waits: time that no processor spent. */
const IDLE_NAME = '(idle)';

/**
 * A CPU profile as call tree, with samples and nanoseconds. A sample is worth the time to the next one. Idle time is
 * left out, as Go does it.
 * @param profile callers stand before those they call, as V8 lists them
 */
export function cpuCallTree(profile: Profiler.Profile): CallNode[] {
  const { nodes, samples = [], timeDeltas = [], startTime, endTime } = profile;
  const callers = new Map<number, CallNode>();
  const byId = new Map<number, CallNode>();
  for (const { id, callFrame: frame, children = [] } of nodes) {
    if (frame.functionName === ROOT_NAME || frame.functionName === IDLE_NAME) continue;
    const node = { frame, caller: callers.get(id), values: [0, 0] };
    byId.set(id, node);
    for (const child of children) callers.set(child, node);
  }
  let timeUs = startTime;
  for (const [index, id] of samples.entries()) {
    timeUs += timeDeltas[index] ?? 0;
    const nextUs = index + 1 < samples.length ? timeUs + (timeDeltas[index + 1] ?? 0) : endTime;
    const values = byId.get(id)?.values;
    if (values === undefined) continue;
    values[0]! += 1;
    values[1]! += Math.max(0, nextUs - timeUs) * 1000;
  }
  return [...byId.values()];
}

/** A sampling heap profile as call tree, with bytes. */
export function heapCallTree({ head }: HeapProfiler.SamplingHeapProfile): CallNode[] {
  const tree: CallNode[] = [];
  const waiting: { node: typeof head; caller: CallNode | undefined }[] = [{ node: head, caller: undefined }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { callFrame: frame, selfSize, children } = next.node;
    let made: CallNode | undefined;
    if (frame.functionName !== ROOT_NAME) {
      made = { frame, caller: next.caller, values: [selfSize] };
      tree.push(made);
    }
    for (const node of children) waiting.push({ node, caller: made });
  }
  return tree;
}
