import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { settled } from '../../testing/settled.ts';
import { OrderedTasks, type OrderKeys } from './ordered-tasks.ts';

/** Tasks that end when they are told to. */
class Bench {
  readonly tasks = new OrderedTasks();
  readonly log: string[] = [];
  readonly #ends = new Map<string, () => void>();

  add(name: string, keys: OrderKeys): void {
    this.tasks.add(keys, () => {
      this.log.push(name);
      return new Promise((resolve) => this.#ends.set(name, resolve));
    });
  }

  /** Names of those that run, in the order in which they began. */
  get running(): string[] {
    return [...this.#ends.keys()];
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)!();
    this.#ends.delete(name);
    await settled();
  }
}

test('tasks of one key run one after the other, those of different keys side by side', async () => {
  const bench = new Bench();
  bench.add('a1', ['a']);
  bench.add('a2', ['a']);
  bench.add('b1', ['b']);
  bench.add('ab', ['a', 'b']);
  expect(bench.running).toEqual(['a1', 'b1']);
  await bench.end('a1');
  expect(bench.running).toEqual(['b1', 'a2']);
  await bench.end('a2');
  expect(bench.running).toEqual(['b1']);
  await bench.end('b1');
  expect(bench.running).toEqual(['ab']);
});

test('a task that keeps its place among all waits for everything before it, and everything behind it waits', async () => {
  const bench = new Bench();
  bench.add('a1', ['a']);
  bench.add('all', 'everything');
  bench.add('b1', ['b']);
  bench.add('all again', 'everything');
  expect(bench.running).toEqual(['a1']);
  await bench.end('a1');
  expect(bench.running).toEqual(['all']);
  await bench.end('all');
  expect(bench.running).toEqual(['b1']);
  await bench.end('b1');
  expect(bench.running).toEqual(['all again']);
});

test('whenEmpty resolves at once when there is nothing to do, and else with the end of the last task', async () => {
  const bench = new Bench();
  await bench.tasks.whenEmpty();
  bench.add('a1', ['a']);
  let isEmpty = false;
  void bench.tasks.whenEmpty().then(() => (isEmpty = true));
  bench.add('a2', ['a']);
  await bench.end('a1');
  expect([isEmpty, bench.tasks.size]).toEqual([false, 1]);
  await bench.end('a2');
  expect([isEmpty, bench.tasks.size]).toEqual([true, 0]);
});

test('whatever keys tasks have, and in whatever order they end, none overtakes one that it must not, and all run', async () => {
  const keys = fc.oneof(
    { weight: 8, arbitrary: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }) },
    { weight: 1, arbitrary: fc.constant('everything' as const) },
  );
  const plans = fc.array(fc.record({ keys, endsBefore: fc.nat({ max: 3 }) }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(plans, fc.infiniteStream(fc.nat()), async (plan, choices) => {
      const bench = new Bench();
      const endOne = async (): Promise<void> => {
        const { running } = bench;
        if (running.length === 0) return;
        const at = choices.next().value! % running.length;
        expect(conflictsIn(running.map((name) => plan[Number(name)]!.keys))).toBe(0);
        await bench.end(running[at]!);
      };
      for (const [index, { keys: ownKeys, endsBefore }] of plan.entries()) {
        for (let ends = 0; ends < endsBefore; ends += 1) await endOne();
        bench.add(String(index), ownKeys);
      }
      while (bench.running.length > 0) await endOne();
      expect(bench.tasks.size).toBe(0);
      expect(bench.log.map(Number).toSorted((a, b) => a - b)).toEqual(plan.map((_, index) => index));
      expect(overtakingsIn(bench.log.map(Number), plan)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

function isOrdered(a: OrderKeys, b: OrderKeys): boolean {
  return a === 'everything' || b === 'everything' || a.some((key) => b.includes(key));
}

function conflictsIn(running: readonly OrderKeys[]): number {
  return running.filter((a, index) => running.slice(index + 1).some((b) => isOrdered(a, b))).length;
}

function overtakingsIn(started: readonly number[], plan: readonly { keys: OrderKeys }[]): string[] {
  return started.flatMap((later, at) =>
    started
      .slice(at + 1)
      .filter((earlier) => earlier < later && isOrdered(plan[earlier]!.keys, plan[later]!.keys))
      .map((earlier) => `${later} before ${earlier}`),
  );
}
