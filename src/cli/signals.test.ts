import { EventEmitter } from 'node:events';
import { beforeEach, expect, test } from 'vitest';
import { onSignals } from './signals.ts';

let source: EventEmitter;
/** What happened: stops by name, reloads, exits with their status. */
let events: string[];
let nowMs: number;

beforeEach(() => {
  source = new EventEmitter();
  events = [];
  nowMs = 0;
});

function listen(hasTerminal: () => boolean = () => false): void {
  const exit = (code: number): number => events.push(`exit ${code}`);
  onSignals(
    { stop: (signal) => events.push(signal), reload: () => events.push('reload') },
    {
      source: Object.assign(source, { exit }) as unknown as NodeJS.Process,
      nowMs: () => nowMs,
      hasTerminal,
    },
  );
}

test.each(['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'])('%s stops, once', (signal) => {
  listen();
  source.emit(signal);
  source.emit(signal);
  expect(events).toEqual([signal]);
});

test('a second signal, later, ends the process at once', () => {
  listen();
  source.emit('SIGTERM');
  nowMs = 400;
  source.emit('SIGTERM');
  expect(events).toEqual(['SIGTERM']);
  nowMs = 600;
  source.emit('SIGINT');
  expect(events).toEqual(['SIGTERM', 'exit 130']);
});

test('SIGHUP reloads, with and without a terminal, as often as it comes, until the process stops', () => {
  listen();
  source.emit('SIGHUP');
  source.emit('SIGHUP');
  source.emit('SIGTERM');
  nowMs = 1000;
  source.emit('SIGHUP');
  expect(events).toEqual(['reload', 'reload', 'SIGTERM']);
  source.removeAllListeners();
  listen(() => true);
  source.emit('SIGHUP');
  expect(events.at(-1)).toBe('reload');
});

test('SIGHUP stops a process whose terminal was closed', () => {
  let hasTerminal = true;
  listen(() => hasTerminal);
  hasTerminal = false;
  source.emit('SIGHUP');
  expect(events).toEqual(['SIGHUP']);
});
