import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { settled } from '../testing/settled.ts';
import { MediaPacer } from './media-pacer.ts';

let clock: FakeClock;
let released: string[];
let pacer: MediaPacer<string>;

beforeEach(() => {
  clock = new FakeClock();
  clock.advance(1000);
  released = [];
  pacer = pacerOf(clock, (item) => {
    released.push(`${item}@${Math.round(clock.monotonicMs() - 1000)}`);
  });
});

function pacerOf<Item>(
  clock: FakeClock,
  release: (item: Item) => void,
  failed: (error: unknown) => void = () => undefined,
): MediaPacer<Item> {
  return new MediaPacer(clock, { aheadMs: 1000, aheadBytes: 100 }, { release, failed });
}

function push(item: string, timeMs: number | undefined, bytes = 1): void {
  pacer.push(item, timeMs === undefined ? undefined : timeMs * 1000, bytes);
}

async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await settled();
  return over;
}

test('what comes in a lump is handed out at its time, from the first on', () => {
  for (const timeMs of [5000, 5040, 5080, 5120]) push(`v${timeMs}`, timeMs);
  expect(released).toEqual([]);
  clock.advance(100);
  expect(released).toEqual(['v5000@0', 'v5040@40', 'v5080@80']);
  clock.advance(100);
  expect(released).toHaveLength(4);
  expect(clock.pendingTimers).toBe(0);
});

test('the order stays: sound behind its picture waits with it, what has no time has its turn', () => {
  push('announce', undefined);
  push('v0', 0);
  push('v40', 40);
  push('a10', 10);
  push('track', undefined);
  push('v80', 80);
  clock.advance(200);
  expect(released).toEqual(['announce@0', 'v0@0', 'v40@40', 'a10@40', 'track@40', 'v80@80']);
});

test('who comes a little late catches up, who comes late goes on from now', () => {
  push('v0', 0);
  clock.advance(150);
  push('v40', 40);
  push('v80', 80);
  push('v200', 200);
  clock.advance(100);
  expect(released).toEqual(['v0@0', 'v40@150', 'v80@150', 'v200@200']);
  clock.advance(750);
  push('v240', 240);
  push('v280', 280);
  clock.advance(100);
  expect(released.slice(4)).toEqual(['v240@1000', 'v280@1040']);
});

test.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('a leap of the clock %s is no time to wait for', (_, leapMs) => {
  push('v0', 0);
  push('v40', 40);
  push('w0', leapMs);
  push('w40', leapMs + 40);
  clock.advance(1000);
  expect(released).toEqual(['v0@0', 'v40@40', 'w0@40', 'w40@80']);
});

test('the source waits while enough is there, by time and by bytes', async () => {
  const isRoom = (): Promise<boolean> => isOver(pacer.whenRoom());
  expect(await isRoom()).toBe(true);
  push('v0', 0);
  push('v1000', 1000);
  expect(await isRoom()).toBe(true);
  push('v1500', 1500);
  const room = pacer.whenRoom();
  expect(await isOver(room)).toBe(false);
  clock.advance(499);
  expect(await isOver(room)).toBe(false);
  clock.advance(501);
  expect(await isOver(room)).toBe(true);
  push('v1600', 1600, 101);
  const later = pacer.whenRoom();
  clock.advance(500);
  expect(await isOver(later)).toBe(false);
  clock.advance(100);
  expect(await isOver(later)).toBe(true);
});

test('the end is when everything is handed out, or forgotten', async () => {
  push('v0', 0);
  push('v500', 500);
  const empty = pacer.whenEmpty();
  clock.advance(499);
  expect(await isOver(empty)).toBe(false);
  clock.advance(1);
  expect(await isOver(empty)).toBe(true);
  push('v900', 900);
  push('v5000', 5000);
  const [room, forgotten] = [pacer.whenRoom(), pacer.whenEmpty()];
  pacer.stop();
  expect([await isOver(room), await isOver(forgotten)]).toEqual([true, true]);
  expect(clock.pendingTimers).toBe(0);
  clock.advance(10_000);
  expect(released).toEqual(['v0@0', 'v500@500']);
});

test('whoever takes an item may stop it', () => {
  const taken: number[] = [];
  const stopping = pacerOf<number>(clock, (item) => {
    taken.push(item);
    if (item === 2) stopping.stop();
  });
  for (let item = 0; item < 5; item += 1) stopping.push(item, 0, 1);
  clock.advance(1000);
  expect(taken).toEqual([0, 1, 2]);
});

test('whoever throws is told so, and gets nothing more', async () => {
  const failures: unknown[] = [];
  const failing = pacerOf<number>(
    clock,
    (item) => {
      throw new Error(`item ${item}`);
    },
    (error) => failures.push((error as Error).message),
  );
  failing.push(0, 0, 1);
  failing.push(1, 5_000_000, 1);
  const empty = failing.whenEmpty();
  clock.advance(10_000);
  expect([failures, await isOver(empty), clock.pendingTimers]).toEqual([['item 0'], true, 0]);
});

test('whatever the times, everything comes out once, in order, and nothing waits longer than a step', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 }), { maxLength: 40 }), (times) => {
      const own = new FakeClock();
      const out: number[] = [];
      const one = pacerOf<number>(own, (item) => void out.push(item));
      for (const [index, timeMs] of times.entries()) one.push(index, timeMs * 1000, 1);
      own.advance(10_000 * times.length + 1);
      expect(out).toEqual(times.map((_, index) => index));
    }),
  );
});
