import { expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { ReadingRounds } from './reading-rounds.ts';

test('those who rest go on together, once each, and may rest again at once', () => {
  const clock = new FakeClock();
  const rounds = new ReadingRounds(clock);
  const gone: string[] = [];
  const a = (): void => void gone.push('a');
  const b = (): void => {
    gone.push('b');
    rounds.rest(b);
  };
  rounds.rest(a);
  clock.advance(90);
  rounds.rest(b);
  rounds.rest(a);
  expect(gone).toEqual([]);
  clock.advance(10);
  expect(gone).toEqual(['a', 'b']);
  clock.advance(100);
  expect(gone).toEqual(['a', 'b', 'b']);
  expect(clock.pendingTimers).toBe(1);
});
