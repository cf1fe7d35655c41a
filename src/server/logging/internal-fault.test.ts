import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createFaultHandler, type FaultHandler } from './internal-fault.ts';

function handler(behavior: number): { handle: FaultHandler; lines: string[]; exits: number[] } {
  const lines: string[] = [];
  const exits: number[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(line) });
  return {
    handle: createFaultHandler(
      () => behavior,
      logger,
      (status) => exits.push(status),
    ),
    lines,
    exits,
  };
}

test('1 logs an error and goes on', () => {
  const { handle, lines, exits } = handler(1);
  handle(new Error('x'), 'a session');
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 50,
    msg: 'internal fault in a session',
    err: { message: 'x' },
  });
  expect(exits).toEqual([]);
});

test('2 logs and ends the process', () => {
  const { handle, lines, exits } = handler(2);
  handle(new Error('x'), 'a session');
  expect(lines).toHaveLength(1);
  expect(exits).toEqual([1]);
});

test('3 logs and throws on', () => {
  const { handle, lines, exits } = handler(3);
  expect(() => handle(new Error('x'), 'a session')).toThrow('x');
  expect(lines).toHaveLength(1);
  expect(exits).toEqual([]);
});
