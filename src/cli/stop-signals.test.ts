import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { onStopSignal } from './stop-signals.ts';

function fakeProcess(): { source: NodeJS.Process; exits: number[] } {
  const exits: number[] = [];
  const source = Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) });
  return { source: source as unknown as NodeJS.Process, exits };
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'])('%s stops, once', (signal) => {
  const { source, exits } = fakeProcess();
  const stops: string[] = [];
  onStopSignal(
    (name) => stops.push(name),
    source,
    () => 0,
  );
  source.emit(signal as NodeJS.Signals);
  source.emit(signal as NodeJS.Signals);
  expect(stops).toEqual([signal]);
  expect(exits).toEqual([]);
});

test('a second signal, later, ends the process at once', () => {
  const { source, exits } = fakeProcess();
  let nowMs = 0;
  onStopSignal(
    () => {},
    source,
    () => nowMs,
  );
  source.emit('SIGTERM');
  nowMs = 400;
  source.emit('SIGTERM');
  expect(exits).toEqual([]);
  nowMs = 600;
  source.emit('SIGINT');
  expect(exits).toEqual([130]);
});
