import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, test, vi } from 'vitest';
import { EventLoopWatch } from './event-loop-watch.ts';

test('it watches from the first look on, and after its end no look begins anew', () => {
  const histogram = monitorEventLoopDelay();
  const enable = vi.spyOn(histogram, 'enable');
  const disable = vi.spyOn(histogram, 'disable');
  const watch = new EventLoopWatch(histogram);
  expect(enable).not.toHaveBeenCalled();
  expect(watch.read().active).toBeGreaterThan(0);
  expect(enable).toHaveBeenCalled();
  watch.close();
  const looks = enable.mock.calls.length;
  watch.read();
  expect(enable).toHaveBeenCalledTimes(looks);
  expect(disable).toHaveReturnedWith(true);
});
