import { expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';

test('a time that no timer can count is a long one, not none at all', () => {
  vi.useFakeTimers();
  try {
    const task = vi.fn<() => void>();
    const cancel = systemClock.after(1e12, task);
    vi.advanceTimersByTime(2 ** 31 - 2);
    expect(task).not.toHaveBeenCalled();
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('a moment that has passed is now, and nothing that Node would warn of', () => {
  vi.useFakeTimers();
  const setTimer = vi.spyOn(globalThis, 'setTimeout');
  try {
    const task = vi.fn<() => void>();
    systemClock.after(-1500, task);
    expect(setTimer.mock.lastCall?.[1]).toBe(0);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(task).toHaveBeenCalledOnce();
  } finally {
    setTimer.mockRestore();
    vi.useRealTimers();
  }
});
