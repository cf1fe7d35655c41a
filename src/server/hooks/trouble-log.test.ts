import { expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { TroubleLog } from './trouble-log.ts';

test('trouble is told when it begins, once a minute while it lasts, and when it has not shown for a while', () => {
  const clock = new FakeClock();
  const said: string[] = [];
  const log = new TroubleLog<string>(clock, ({ state, count }, latest) =>
    said.push(`${state} ${count} ${latest}`),
  );
  const takeSaid = (): string[] => said.splice(0);
  log.wentWell();
  log.happened('a');
  log.happened('b');
  log.wentWell();
  expect(takeSaid()).toEqual(['begins 1 a']);
  for (let second = 0; second < 125; second += 1) {
    clock.advance(1000);
    log.happened(`s${second}`);
    log.wentWell();
  }
  expect(takeSaid()).toEqual(['lasts 62 s59', 'lasts 122 s119']);
  clock.advance(10_000);
  log.wentWell();
  log.wentWell();
  expect(takeSaid()).toEqual(['is over 127 s124']);
  log.happened('c');
  clock.advance(61_000);
  log.happened('d');
  expect(takeSaid()).toEqual(['begins 1 c', 'begins 1 d']);
});
