import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { settled } from '../../testing/settled.ts';
import { OrderedTasks, type OrderKeys } from './ordered-tasks.ts';

/** Tasks that end when they are told to. */
class Bench {
  readonly tasks = new OrderedTasks();
  readonly #ends = new Map<string, () => void>();
  readonly #letPass = new Map<string, () => void>();

  add(name: string, keys: OrderKeys): void {
    this.tasks.add(keys, (letPass) => {
      this.#letPass.set(name, letPass);
      return new Promise((resolve) => this.#ends.set(name, resolve));
    });
  }

  /** Names of those that run, in the order in which they began. */
  get running(): string[] {
    return [...this.#ends.keys()];
  }

  letPass(name: string): void {
    this.#letPass.get(name)!();
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
  expect(bench.running).toEqual(['a1', 'all']);
  await bench.end('all');
  expect(bench.running).toEqual(['a1', 'c1']);
  await bench.end('a1');
  expect(bench.running).toEqual(['c1', 'a2']);
  await bench.end('a2');
  expect(bench.running).toEqual(['c1', 'a3']);
});

test('what is added behind one that takes longer holds nobody up either', async () => {
  const bench = new Bench();
  bench.add('a1', ['a']);
  bench.letPass('a1');
  bench.add('a2', ['a']);
  bench.add('all', 'everything');
  bench.add('b1', ['b']);
  expect(bench.running).toEqual(['a1', 'all']);
  await bench.end('all');
  expect(bench.running).toEqual(['a1', 'b1']);
  await bench.end('a1');
  expect(bench.running).toEqual(['b1', 'a2']);
});

test('what waited for one that took longer is waited for again once it runs itself', async () => {
  const bench = new Bench();
  bench.add('a1', ['a']);
  bench.add('a2', ['a']);
  bench.letPass('a1');
  await bench.end('a1');
  bench.add('a3', ['a']);
  bench.add('all', 'everything');
  expect(bench.running).toEqual(['a2']);
  await bench.end('a2');
  expect(bench.running).toEqual(['a3']);
  bench.letPass('a3');
  expect(bench.running).toEqual(['a3', 'all']);
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

/** The rule itself, told without queues: who may run. */
class OrderRule {
  readonly #keys: OrderKeys[] = [];
  readonly #ended = new Set<number>();
  readonly #takingLonger = new Set<number>();
  /** Pairs of one that was held up, and one that keeps its place among all and was there meanwhile: it need not wait. */
  readonly #excused = new Set<string>();

  add(keys: OrderKeys): void {
    this.#keys.push(keys);
    this.#excuse();
  }

  letPass(task: number): void {
    if (this.#keys[task] !== 'everything') this.#takingLonger.add(task);
    this.#excuse();
  }

  end(task: number): void {
    this.#ended.add(task);
  }

  /** Names of those that run when nobody waits longer than he must. */
  get running(): string[] {
    return this.#unfinished.filter((task) => this.#waitsFor(task).length === 0).map(String);
  }

  get #unfinished(): number[] {
    return [...this.#keys.keys()].filter((task) => !this.#ended.has(task));
  }

  #waitsFor(task: number): number[] {
    return this.#unfinished
      .filter((earlier) => earlier < task && this.#isOrdered(earlier, task))
      .filter((earlier) => !this.#excused.has(`${earlier} ${task}`));
  }

  /** One with keys takes longer, or shares a key with an earlier one that is held up. */
  #isHeldUp(task: number): boolean {
    if (this.#keys[task] === 'everything') return false;
    const others = this.#unfinished.filter((earlier) => earlier < task && this.#isOrdered(earlier, task));
    return this.#takingLonger.has(task) || others.some((earlier) => this.#isHeldUp(earlier));
  }

  #excuse(): void {
    for (const earlier of this.#unfinished.filter((task) => this.#isHeldUp(task))) {
      for (const later of this.#unfinished) {
        if (earlier < later && this.#keys[later] === 'everything') this.#excused.add(`${earlier} ${later}`);
      }
    }
  }

  #isOrdered(one: number, other: number): boolean {
    const [a, b] = [this.#keys[one]!, this.#keys[other]!];
    return a === 'everything' || b === 'everything' || a.some((key) => b.includes(key));
  }
}

test('whatever keys tasks have, however long they take, none overtakes one that it must not, and none waits longer', async () => {
  const keys = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 2 }),
    },
    { weight: 1, arbitrary: fc.constant('everything' as const) },
  );
  const plans = fc.array(fc.record({ keys, stepsBefore: fc.nat({ max: 3 }) }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(plans, fc.array(fc.nat({ max: 1000 })), async (plan, choices) => {
      const bench = new Bench();
      const rule = new OrderRule();
      let choice = 0;
      const step = async (): Promise<void> => {
        const { running } = bench;
        if (running.length === 0) return;
        const chosen = choices[(choice += 1)] ?? 0;
        const name = running[chosen % running.length]!;
        if (chosen % 4 === 3) {
          rule.letPass(Number(name));
          bench.letPass(name);
        } else {
          rule.end(Number(name));
          await bench.end(name);
        }
        expect(bench.running.toSorted()).toEqual(rule.running.toSorted());
      };
      for (const [index, { keys: ownKeys, stepsBefore }] of plan.entries()) {
        for (let steps = 0; steps < stepsBefore; steps += 1) await step();
        rule.add(ownKeys);
        bench.add(String(index), ownKeys);
        expect(bench.running.toSorted()).toEqual(rule.running.toSorted());
      }
      while (bench.running.length > 0) await step();
      expect(bench.tasks.size).toBe(0);
    }),
    { numRuns: 300 },
  );
});
