import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { settled } from '../../testing/settled.ts';
import { OrderedTasks, type OrderKeys } from './ordered-tasks.ts';

/** Tasks that end when they are told to. */
class Bench {
  readonly tasks = new OrderedTasks();
  /** What happened: a name when it begins, `-` and a name when it ends, `~` and a name when it lets others pass. */
  readonly log: string[] = [];
  readonly #ends = new Map<string, () => void>();
  readonly #letPass = new Map<string, () => void>();

  add(name: string, keys: OrderKeys): void {
    this.tasks.add(keys, (letPass) => {
      this.log.push(name);
      this.#letPass.set(name, letPass);
      return new Promise((resolve) => this.#ends.set(name, resolve));
    });
  }

  /** Names of those that run, in the order in which they began. */
  get running(): string[] {
    return [...this.#ends.keys()];
  }

  letPass(name: string): void {
    this.log.push(`~${name}`);
    this.#letPass.get(name)!();
  }

  async end(name: string): Promise<void> {
    this.log.push(`-${name}`);
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

test('one that takes longer lets pass whoever keeps his place among all, but nobody who shares a key', async () => {
  const bench = new Bench();
  bench.add('a1', ['a']);
  bench.add('b1', ['b']);
  bench.add('a2', ['a']);
  bench.add('all', 'everything');
  bench.add('a3', ['a']);
  bench.add('c1', ['c']);
  bench.letPass('a1');
  bench.letPass('a1');
  await bench.end('b1');
  expect(bench.running).toEqual(['a1']);
  await bench.end('a1');
  expect(bench.running).toEqual(['a2']);
  bench.letPass('a2');
  expect(bench.running).toEqual(['a2', 'all']);
  await bench.end('all');
  expect(bench.running).toEqual(['a2', 'c1']);
  await bench.end('a2');
  expect(bench.running).toEqual(['c1', 'a3']);
});

test('one that keeps its place among all lets nobody pass before its end', async () => {
  const bench = new Bench();
  bench.add('all', 'everything');
  bench.add('a1', ['a']);
  bench.add('all again', 'everything');
  bench.letPass('all');
  expect(bench.running).toEqual(['all']);
  await bench.end('all');
  expect(bench.running).toEqual(['a1']);
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

test('whatever keys tasks have, however long they take, none overtakes one that it must not, and all run', async () => {
  const keys = fc.oneof(
    { weight: 8, arbitrary: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }) },
    { weight: 1, arbitrary: fc.constant('everything' as const) },
  );
  const plans = fc.array(fc.record({ keys, stepsBefore: fc.nat({ max: 3 }) }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(plans, fc.array(fc.nat({ max: 1000 })), async (plan, choices) => {
      const bench = new Bench();
      let choice = 0;
      const step = async (): Promise<void> => {
        const { running } = bench;
        if (running.length === 0) return;
        const chosen = choices[(choice += 1)] ?? 0;
        const name = running[chosen % running.length]!;
        if (chosen % 4 === 3) bench.letPass(name);
        else await bench.end(name);
      };
      for (const [index, { keys: ownKeys, stepsBefore }] of plan.entries()) {
        for (let steps = 0; steps < stepsBefore; steps += 1) await step();
        bench.add(String(index), ownKeys);
      }
      while (bench.running.length > 0) await step();
      expect(bench.tasks.size).toBe(0);
      expect(overtakingsIn(bench.log, plan)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

/** Pairs of which the later one began too early, and tasks that never did. */
function overtakingsIn(log: readonly string[], plan: readonly { keys: OrderKeys }[]): string[] {
  const began = plan.map((_, index) => log.indexOf(String(index)));
  const outOfTheWay = (earlier: number, ofBarrier: boolean): number => {
    const end = log.indexOf(`-${earlier}`);
    const pass = log.indexOf(`~${earlier}`);
    return ofBarrier && pass >= 0 && plan[earlier]!.keys !== 'everything' ? Math.min(end, pass) : end;
  };
  return plan.flatMap(({ keys }, later) => {
    if (began[later]! < 0) return [`${later} never began`];
    return plan
      .slice(0, later)
      .map((_, earlier) => earlier)
      .filter((earlier) => isOrdered(plan[earlier]!.keys, keys))
      .filter((earlier) => began[later]! < outOfTheWay(earlier, keys === 'everything'))
      .map((earlier) => `${later} before the end of ${earlier}`);
  });
}

function isOrdered(a: OrderKeys, b: OrderKeys): boolean {
  return a === 'everything' || b === 'everything' || a.some((key) => b.includes(key));
}
