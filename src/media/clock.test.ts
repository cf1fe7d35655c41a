import { expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';

test.each([1e12, Infinity])(
  '%d ms, which no timer can count, are a long time, not none at all',
  (delayMs) => {
    vi.useFakeTimers();
    try {
      const task = vi.fn<() => void>();
      const cancel = systemClock.after(delayMs, task);
      vi.advanceTimersByTime(2 ** 31 - 2);
      expect(task).not.toHaveBeenCalled();
      cancel();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  },
);

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
