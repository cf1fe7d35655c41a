import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeCallbackClient } from '../../testing/callback-kit.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settled } from '../../testing/settled.ts';
import { parseConfig } from '../config/load-config.ts';
import type { OrderKeys } from '../hooks/ordered-tasks.ts';
import { parseCallbackUrl } from './callback-endpoint.ts';
import { CallbackReceiver } from './callback-receiver.ts';

/** A receiver, its clock, and what was told of its callbacks. */
class Bench {
  readonly clock = new FakeClock();
  readonly client = new FakeCallbackClient();
  readonly told: string[] = [];
  readonly receiver: CallbackReceiver;

  constructor(section: Record<string, unknown> = {}) {
    const { config } = parseConfig(JSON.stringify({ http_notify: section }), 'test config');
    const tell =
      (what: string) =>
      ({ body }: { body: () => string }): void =>
        void this.told.push(`${what} ${body()}`);
    const observer = { sent: tell('sent'), retried: tell('retried'), failed: tell('failed') };
    this.receiver = new CallbackReceiver({ config, client: this.client, clock: this.clock, observer });
  }

  /** Adds a callback with a number as its body. */
  add(number: number, keys: OrderKeys, other: { isPeriodic?: boolean } = {}): void {
    const endpoint = parseCallbackUrl('http://receiver/a')!;
    const text = String(number);
    const callback = { name: 'on_pub_start', endpoint, length: text.length, body: () => text } as const;
    this.receiver.add({ isPeriodic: false, ...callback, ...other }, keys);
  }

  /** Numbers that have been sent so far, each attempt. */
  get attempts(): number[] {
    return this.client.heard.map(({ text }) => Number(text));
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }
}

test('pauses before retries double, and the callbacks behind wait', async () => {
  const bench = new Bench({ retry_num: 2 });
  bench.client.result = { status: 500, text: '' };
  bench.add(1, ['a']);
  bench.add(2, ['a']);
  bench.add(3, ['b']);
  await settled();
  expect(bench.attempts).toEqual([1, 3]);
  await bench.pass(999);
  expect(bench.attempts).toEqual([1, 3]);
  await bench.pass(1);
  expect(bench.attempts).toEqual([1, 3, 1, 3]);
  await bench.pass(1999);
  expect(bench.attempts).toHaveLength(4);
  bench.client.result = { status: 200, text: '' };
  await bench.pass(1);
  expect(bench.attempts).toEqual([1, 3, 1, 3, 1, 3, 2]);
  expect(bench.told.filter((line) => line.endsWith('1'))).toEqual(['retried 1', 'retried 1', 'sent 1']);
  expect(bench.receiver).toMatchObject({ size: 0, length: 0 });
  expect(bench.clock.pendingTimers).toBe(0);
});

test('what is about the whole server does not wait for retries of others, and neither do other streams', async () => {
  const bench = new Bench({ retry_num: 1 });
  bench.client.result = { status: 500, text: '' };
  bench.add(1, ['a']);
  await settled();
  bench.client.result = { status: 200, text: '' };
  bench.add(2, 'everything', { isPeriodic: true });
  bench.add(3, ['a']);
  bench.add(4, ['b']);
  await settled();
  expect(bench.attempts).toEqual([1, 2, 4]);
  await bench.pass(1000);
  expect(bench.attempts).toEqual([1, 2, 4, 1, 3]);
});

test('no pause is longer than 30 s', async () => {
  const bench = new Bench({ retry_num: 8 });
  bench.client.result = { code: 'ERR_NOTIFY_CONNECTION', message: '' };
  bench.add(1, ['a']);
  await settled();
  const counts: number[] = [];
  for (const seconds of [1, 2, 4, 8, 16, 30, 30, 30]) {
    await bench.pass(seconds * 1000);
    counts.push(bench.attempts.length);
  }
  expect(counts).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  expect(bench.told.at(-1)).toBe('failed 1');
});

test.each([
  { result: { status: 404, text: '' }, attempts: 1 },
  { result: { status: 302, text: '' }, attempts: 1 },
  { result: { status: 408, text: '' }, attempts: 2 },
  { result: { status: 429, text: '' }, attempts: 2 },
  { result: { status: 503, text: '' }, attempts: 2 },
  { result: { code: 'ERR_NOTIFY_TIMEOUT', message: '' } as const, attempts: 2 },
])('after $result there are $attempts attempts', async ({ result, attempts }) => {
  const bench = new Bench({ retry_num: 1 });
  bench.client.result = result;
  bench.add(1, ['a']);
  await settled();
  await bench.pass(100_000);
  expect(bench.attempts).toHaveLength(attempts);
  expect(bench.told.at(-1)).toBe('failed 1');
});

test('without retry_num, and for what comes again by itself, one attempt is made', async () => {
  for (const [section, other] of [
    [{}, {}],
    [{ retry_num: 5 }, { isPeriodic: true }],
  ] as const) {
    const bench = new Bench(section);
    bench.client.result = { status: 500, text: '' };
    bench.add(1, ['a'], other);
    await settled();
    expect(bench.told).toEqual(['failed 1']);
  }
});

test('no more than `connections` are under way at a time, and a pause takes none', async () => {
  const bench = new Bench({ connections: 2, retry_num: 1 });
  bench.client.result = undefined;
  for (const [index, key] of ['a', 'b', 'c', 'd'].entries()) bench.add(index, [key]);
  await settled();
  expect(bench.attempts).toEqual([0, 1]);
  bench.client.open[0]!.answer({ status: 500, text: '' });
  await settled();
  expect(bench.attempts).toEqual([0, 1, 2]);
  await bench.pass(1000);
  expect(bench.attempts).toEqual([0, 1, 2]);
  bench.client.open[0]!.answer({ status: 200, text: '' });
  await settled();
  expect(bench.attempts).toEqual([0, 1, 2, 3]);
  bench.client.open[0]!.answer({ status: 200, text: '' });
  await settled();
  expect(bench.attempts).toEqual([0, 1, 2, 3, 0]);
});

test('at the end pauses are cut short, and nothing is tried a second time', async () => {
  const bench = new Bench({ retry_num: 9 });
  bench.client.result = { status: 500, text: '' };
  bench.add(1, ['a']);
  bench.add(2, ['a']);
  await settled();
  const finished = bench.receiver.finish();
  await settled();
  expect(bench.told).toEqual(['retried 1', 'failed 1', 'failed 2']);
  await finished;
  expect(bench.clock.pendingTimers).toBe(0);
});

test('whatever is answered, and whenever, those of one stream are delivered in order, each as often as it may', async () => {
  const retryNum = 3;
  const answers = fc.array(fc.constantFrom('ok', 'ok', 'fail', 'refuse', 'late'), { maxLength: 60 });
  const streams = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(
      streams,
      answers,
      fc.integer({ min: 1, max: 4 }),
      async (streamOf, script, connections) => {
        const bench = new Bench({ retry_num: retryNum, connections });
        bench.client.result = undefined;
        streamOf.forEach((stream, number) => bench.add(number, [stream]));
        let turn = 0;
        while (bench.receiver.size > 0) {
          await settled();
          expect(bench.client.open.length).toBeLessThanOrEqual(connections);
          const open = bench.client.open[turn % Math.max(1, bench.client.open.length)];
          const answer = script[turn] ?? 'ok';
          turn += 1;
          if (open === undefined) await bench.pass(1000);
          else if (answer === 'ok') open.answer({ status: 200, text: '' });
          else if (answer === 'refuse') open.answer({ status: 404, text: '' });
          else if (answer === 'fail') open.answer({ status: 500, text: '' });
          else open.answer({ code: 'ERR_NOTIFY_TIMEOUT', message: '' });
          await settled();
        }
        for (const stream of ['a', 'b', 'c']) {
          const own = bench.attempts.filter((number) => streamOf[number] === stream);
          expect(own).toEqual(own.toSorted((a, b) => a - b));
        }
        for (const number of streamOf.keys()) {
          const count = bench.attempts.filter((other) => other === number).length;
          expect(count).toBeGreaterThanOrEqual(1);
          expect(count).toBeLessThanOrEqual(1 + retryNum);
          const ends = bench.told.filter((line) => line === `sent ${number}` || line === `failed ${number}`);
          expect(ends).toHaveLength(1);
        }
        expect(bench.receiver.length).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});
