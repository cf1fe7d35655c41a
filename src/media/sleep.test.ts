import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { settled } from '../testing/settled.ts';
import { sleep } from './sleep.ts';

async function isOver(sleeping: Promise<void>): Promise<boolean> {
  let over = false;
  void sleeping.then(() => (over = true));
  await settled();
  return over;
}

test('ends when the time is over, or with the signal, and leaves no timer behind', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const [long, short] = [sleep(clock, 100, stop.signal), sleep(clock, 10)];
  clock.advance(10);
  expect([await isOver(long), await isOver(short)]).toEqual([false, true]);
  stop.abort();
  expect([await isOver(long), clock.pendingTimers]).toEqual([true, 0]);
  expect(await isOver(sleep(clock, 100, stop.signal))).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});
