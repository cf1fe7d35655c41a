import { expect, test } from 'vitest';
import { MessageTimes } from './message-times.ts';

const TURN = 2 ** 32;

test('a time that wraps goes on beyond 2^32', () => {
  const times = new MessageTimes();
  const wire = [0xffffffe0, 0xfffffff0, 0x0, 0x10];
  expect(wire.map((time) => times.unwrap('video', time))).toEqual([TURN - 32, TURN - 16, TURN, TURN + 16]);
});

test('a time that goes back a little around the wrap goes back', () => {
  const times = new MessageTimes();
  times.unwrap('audio', 0xfffffff0);
  expect(times.unwrap('audio', 0x8)).toBe(TURN + 8);
  expect(times.unwrap('audio', 0xfffffff8)).toBe(TURN - 8);
});

test('several turns are counted', () => {
  const times = new MessageTimes();
  let last = 0;
  for (let step = 0; step < 10; step += 1) last = times.unwrap('video', (step * 0x40000000) >>> 0);
  expect(last).toBe(9 * 0x40000000);
});

test('a kind that begins after the wrap is placed beside the one that began before', () => {
  const times = new MessageTimes();
  times.unwrap('video', 0xfffffff0);
  times.unwrap('video', 0x10);
  expect(times.unwrap('audio', 0x12)).toBe(TURN + 0x12);
  expect(times.unwrap('data', 0x14)).toBe(TURN + 0x14);
});

test('headers and metadata at 0 in front of large times do no harm', () => {
  const times = new MessageTimes();
  expect(times.unwrap('data', 0)).toBe(0);
  expect(times.unwrap('video', 0)).toBe(0);
  expect(times.unwrap('video', 0xf0000000)).toBe(0xf0000000);
  expect(times.unwrap('audio', 0xf0000010)).toBe(0xf0000010);
});

test('no time is below 0', () => {
  const times = new MessageTimes();
  times.unwrap('video', 5);
  expect(times.unwrap('video', 0xfffffff0)).toBe(0xfffffff0);
});
