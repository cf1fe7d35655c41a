import { expect, test } from 'vitest';
import { AcknowledgementSchedule } from './acknowledgement.ts';

test('nothing is due before the peer has named a window, then at once', () => {
  const schedule = new AcknowledgementSchedule();
  schedule.count(3_000_000);
  expect(schedule.takeDue()).toBeUndefined();
  schedule.setPeerWindow(5_000_000);
  expect(schedule.takeDue()).toBe(3_000_000);
  expect(schedule.takeDue()).toBeUndefined();
});

test('one is due every half window, and every 2.5 MB of a larger one', () => {
  for (const [window, interval] of [
    [1000, 500],
    [5_000_000, 2_500_000],
    [0xffffffff, 2_500_000],
  ] as const) {
    const schedule = new AcknowledgementSchedule();
    schedule.setPeerWindow(window);
    schedule.count(interval - 1);
    expect(schedule.takeDue()).toBeUndefined();
    schedule.count(1);
    expect(schedule.takeDue()).toBe(interval);
  }
});

test('a window of 0 or 1 asks for none', () => {
  for (const window of [0, 1]) {
    const schedule = new AcknowledgementSchedule();
    schedule.setPeerWindow(window);
    schedule.count(10_000_000);
    expect(schedule.takeDue()).toBeUndefined();
  }
});

test('the number wraps at 2^32 and goes on', () => {
  const schedule = new AcknowledgementSchedule();
  schedule.setPeerWindow(5_000_000);
  schedule.count(2 ** 32 - 1_000_000);
  expect(schedule.takeDue()).toBe(2 ** 32 - 1_000_000);
  schedule.count(2_500_000);
  expect(schedule.takeDue()).toBe(1_500_000);
  expect(schedule.received).toBe(2 ** 32 + 1_500_000);
});
