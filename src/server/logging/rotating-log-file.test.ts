import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RotatingLogFile, type Rotation } from './rotating-log-file.ts';

let folder: string;
let file: string;
const problems: string[] = [];

function at(day: number, hour = 0, minute = 0): number {
  return new Date(2024, 7, day, hour, minute).getTime();
}

function open(rotation: Rotation, name = file): RotatingLogFile {
  return new RotatingLogFile(name, rotation, (text) => problems.push(text));
}

function textOf(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lal-log-'));
  file = join(folder, 'x.log');
  problems.length = 0;
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('the first line of a new day renames the file to the finished day', async () => {
  const log = open('daily');
  log.write('a\n', at(10, 9));
  log.write('b\n', at(10, 23, 59));
  expect(existsSync(`${file}.20240810`)).toBe(false);
  log.write('c\n', at(12, 1)); // nothing was logged on the 11th
  await log.close();
  expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.20240810']);
  expect(textOf('x.log.20240810')).toBe('a\nb\n');
  expect(textOf('x.log')).toBe('c\n');
  expect(problems).toEqual([]);
});

test('hourly: the name has the hour', async () => {
  const log = open('hourly');
  log.write('a\n', at(10, 9, 59));
  log.write('b\n', at(10, 10));
  log.write('c\n', at(11, 0));
  await log.close();
  expect(textOf('x.log.2024081009')).toBe('a\n');
  expect(textOf('x.log.2024081010')).toBe('b\n');
  expect(textOf('x.log')).toBe('c\n');
});

test('without rotation everything goes to one file, appended', async () => {
  writeFileSync(file, 'old\n');
  const log = open('none');
  log.write('a\n', at(10));
  log.write('b\n', at(20));
  await log.close();
  expect(readdirSync(folder)).toEqual(['x.log']);
  expect(textOf('x.log')).toBe('old\na\nb\n');
});

test('a file left from an earlier day is renamed before the first line', async () => {
  writeFileSync(file, 'yesterday\n');
  utimesSync(file, at(9, 12) / 1000, at(9, 12) / 1000);
  const log = open('daily');
  log.write('today\n', at(10));
  await log.close();
  expect(textOf('x.log.20240809')).toBe('yesterday\n');
  expect(textOf('x.log')).toBe('today\n');
});

test('a name that is taken is never overwritten', async () => {
  writeFileSync(`${file}.20240810`, 'kept\n');
  const log = open('daily');
  log.write('a\n', at(10));
  log.write('b\n', at(11));
  await log.close();
  expect(textOf('x.log.20240810')).toBe('kept\n');
  expect(textOf('x.log.20240810.1')).toBe('a\n');
});

test('a clock that is set back does not rotate', async () => {
  const log = open('daily');
  log.write('a\n', at(11));
  log.write('b\n', at(10));
  log.write('c\n', at(11));
  await log.close();
  expect(readdirSync(folder)).toEqual(['x.log']);
});

test('many lines around a rotation are all there, in order', async () => {
  const log = open('daily');
  const lines = Array.from({ length: 2000 }, (_, index) => `${index}\n`);
  for (const [index, line] of lines.entries()) log.write(line, at(10 + Math.floor(index / 500)));
  await log.close();
  const names = ['x.log.20240810', 'x.log.20240811', 'x.log.20240812', 'x.log'];
  expect(names.map(textOf).join('')).toBe(lines.join(''));
});

test('folders are created', async () => {
  const log = open('none', join(folder, 'a', 'b', 'x.log'));
  log.write('a\n', at(10));
  await log.close();
  expect(textOf('a/b/x.log')).toBe('a\n');
});

test('a file that was moved away is opened again by name', async () => {
  const log = open('none');
  log.write('a\n', at(10));
  renameSync(file, `${file}.moved`);
  log.reopen();
  log.write('b\n', at(10));
  await log.close();
  expect(textOf('x.log.moved')).toBe('a\n');
  expect(textOf('x.log')).toBe('b\n');
});

test('a folder that cannot be made is reported once, and tried again later', async () => {
  const blocked = join(folder, 'blocked');
  writeFileSync(blocked, 'a file where the folder should be');
  const log = open('none', join(blocked, 'x.log'));
  log.write('lost\n', at(10));
  log.write('lost too\n', at(10));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/blocked\/x\.log cannot be opened: /);
  rmSync(blocked);
  mkdirSync(blocked);
  log.write('still within the pause\n', at(10) + 1000);
  log.write('a\n', at(10) + 6000);
  await log.close();
  expect(textOf('blocked/x.log')).toBe('a\n');
});

test('a full disk is reported once and kills nothing', async () => {
  const log = open('daily', '/dev/full');
  for (let index = 0; index < 10; index += 1) {
    log.write('lost\n', at(10));
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
  await log.close();
  expect(problems).toEqual([expect.stringMatching(/\/dev\/full cannot be written: .*ENOSPC/)]);
});

test('lines after the end are dropped, and ending twice is fine', async () => {
  const log = open('none');
  log.write('a\n', at(10));
  await Promise.all([log.close(), log.close()]);
  log.write('b\n', at(10));
  expect(textOf('x.log')).toBe('a\n');
});

test('what is pending can be written at once for the end of the process', () => {
  const log = open('none');
  log.write('a\n', at(10));
  log.write('b\n', at(10));
  log.flushSync();
  expect(textOf('x.log')).toContain('b\n');
});
