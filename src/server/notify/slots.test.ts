import { expect, test } from 'vitest';
import { settled } from '../../testing/settled.ts';
import { Slots } from './slots.ts';

test('so many have a slot, others get theirs in the order in which they came', async () => {
  let limit = 2;
  const slots = new Slots(() => limit);
  const begun: number[] = [];
  for (let number = 0; number < 5; number += 1) void slots.take().then(() => begun.push(number));
  await settled();
  expect(begun).toEqual([0, 1]);
  slots.free();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  limit = 3;
  slots.free();
  await settled();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  for (let number = 0; number < 3; number += 1) slots.free();
  expect(slots.isIdle).toBe(true);
});

test('who gives up while he waits is forgotten, and delays nobody', async () => {
  const slots = new Slots(() => 1);
  expect(await slots.take()).toBe(true);
  const impatient = new AbortController();
  const gaveUp = slots.take(impatient.signal);
  const patient = slots.take(new AbortController().signal);
  impatient.abort();
  expect(await gaveUp).toBe(false);
  slots.free();
  expect(await patient).toBe(true);
  impatient.abort();
  slots.free();
  expect(slots.isIdle).toBe(true);
});
