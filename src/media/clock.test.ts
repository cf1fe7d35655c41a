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
