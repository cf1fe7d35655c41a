import { expect, test } from 'vitest';
import { FrameRateHistory } from './frame-rate-history.ts';

test('shows the frames of each past second, the newest first; seconds without any are absent', () => {
  const history = new FrameRateHistory();
  history.sample(25, 100);
  history.sample(50, 101);
  history.sample(50, 102);
  history.sample(80, 103);
  expect(history.seconds).toEqual([
    { unix_sec: 103, v: 30 },
    { unix_sec: 101, v: 25 },
    { unix_sec: 100, v: 25 },
  ]);
});

test('keeps 32 seconds, and forgets them when the input has stopped', () => {
  const history = new FrameRateHistory();
  for (let second = 0; second < 100; second += 1) history.sample((second + 1) * 25, second);
  expect(history.seconds).toHaveLength(32);
  expect(history.seconds[0]!.unix_sec).toBe(99);
  expect(history.seconds.at(-1)!.unix_sec).toBe(68);
  for (let second = 100; second < 131; second += 1) history.sample(2500, second);
  expect(history.seconds).toEqual([{ unix_sec: 99, v: 25 }]);
  history.sample(2500, 131);
  expect(history.seconds).toEqual([]);
});

test('a new publication counts from 0 again', () => {
  const history = new FrameRateHistory();
  history.sample(1000, 1);
  history.sample(10, 2);
  expect(history.seconds[0]).toEqual({ unix_sec: 2, v: 10 });
});

test('a clock that is set back does not make the list grow', () => {
  const history = new FrameRateHistory();
  for (let second = 0; second < 40; second += 1) history.sample((second + 1) * 25, 10_000 + second);
  for (let second = 40; second < 200; second += 1) history.sample((second + 1) * 25, second);
  expect(history.seconds.length).toBeLessThanOrEqual(32);
});
