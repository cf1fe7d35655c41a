import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LineWriter } from './line-writer.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lal-lines-'));
  file = join(folder, 'lines');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function fail(error: Error): never {
  throw error;
}

test('lines come out in order, those of one moment in one piece', async () => {
  const writer = new LineWriter(openSync(file, 'a'), fail);
  writer.write('a\n');
  writer.write('é\n');
  await writer.idle();
  writer.write('c\n');
  await writer.close();
  expect(readFileSync(file, 'utf8')).toBe('a\né\nc\n');
});

test('more than a slow disk may have pending is lost, and counted', async () => {
  const writer = new LineWriter(openSync(file, 'a'), fail);
  const line = `${'x'.repeat(1_048_575)}\n`;
  for (let index = 0; index < 10; index += 1) writer.write(line);
  expect(writer.lostLines).toBe(5);
  await writer.close();
  expect(readFileSync(file).length).toBe(5 * line.length);
});

test('a descriptor that is gone is given up: one report, no further write', async () => {
  const errors: NodeJS.ErrnoException[] = [];
  const writer = new LineWriter(9999, (error) => errors.push(error));
  writer.write('a\n');
  await writer.idle();
  writer.write('b\n');
  await writer.idle();
  writer.flushSync();
  expect(errors.map(({ code }) => code)).toEqual(['EBADF']);
  expect(writer.lostLines).toBe(2);
});

test('each write that fails for another reason is reported, and the next is tried', async () => {
  const errors: NodeJS.ErrnoException[] = [];
  const writer = new LineWriter(openSync('/dev/full', 'a'), (error) => errors.push(error));
  writer.write('a\n');
  await writer.idle();
  writer.write('b\n');
  await writer.close();
  expect(errors.map(({ code }) => code)).toEqual(['ENOSPC', 'ENOSPC']);
});
