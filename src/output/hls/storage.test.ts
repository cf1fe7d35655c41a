import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { text } from '../../testing/hub-kit.ts';
import { DiskStorage } from './disk-storage.ts';
import { hlsFolder, readStoredFile, type HlsStorage, type StoredFile } from './hls-storage.ts';
import { MemoryStorage } from './memory-storage.ts';

const makePipe = 'mkfifo';
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lal-hls-'));
});

afterEach(() => rmSync(root, { recursive: true }));

async function readText(storage: HlsStorage, folder: string, name: string): Promise<string | undefined> {
  const bytes = await readStoredFile(storage, folder, name);
  return bytes && new TextDecoder().decode(bytes);
}

async function streamed(file: StoredFile, start: number, end: number): Promise<string> {
  let all = '';
  for await (const chunk of file.stream(start, end)) all += new TextDecoder().decode(chunk as Uint8Array);
  return all;
}

describe.each([
  ['disk', (): HlsStorage => new DiskStorage(root)],
  ['memory', (): HlsStorage => new MemoryStorage(1e6, () => 1000)],
])('%s', (_, create) => {
  let storage: HlsStorage;

  beforeEach(() => {
    storage = create();
  });

  test('what was written is read, whole and in part', async () => {
    await storage.makeFolder('a/b');
    await storage.write('a/b', 'x.ts', [text('hello '), text('world')]);
    expect(await readText(storage, 'a/b', 'x.ts')).toBe('hello world');
    const file = (await storage.open('a/b', 'x.ts'))!;
    expect(file.length).toBe(11);
    expect(await streamed(file, 6, 11)).toBe('world');
    await file.close();
  });

  test('a file that was opened stays as it was, even if it is replaced and removed', async () => {
    await storage.makeFolder('a');
    await storage.write('a', 'x.ts', [text('first')]);
    const file = (await storage.open('a', 'x.ts'))!;
    await storage.write('a', 'x.ts', [text('second')]);
    expect(await readText(storage, 'a', 'x.ts')).toBe('second');
    await storage.remove('a', 'x.ts');
    expect(new TextDecoder().decode(await file.readAll())).toBe('first');
    await file.close();
    expect(await storage.open('a', 'x.ts')).toBeUndefined();
    await storage.remove('a', 'x.ts');
  });

  test("a folder is removed with its files, but not with another stream's folder inside it", async () => {
    await storage.makeFolder('a/b');
    await storage.write('a', 'a-1-0.ts', [text('x')]);
    await storage.write('a/b', 'b-1-0.ts', [text('y')]);
    await storage.removeFolder('a');
    expect(await storage.open('a', 'a-1-0.ts')).toBeUndefined();
    expect(await readText(storage, 'a/b', 'b-1-0.ts')).toBe('y');
    await storage.removeFolder('a');
    await storage.removeFolder('never/there');
  });

  test('what is not there is not there', async () => {
    expect(await storage.open('a', 'x.ts')).toBeUndefined();
    expect(await storage.open('a', `${'x'.repeat(300)}.ts`)).toBeUndefined();
  });
});

test('on disk nothing else remains, and the folder goes with its last file', async () => {
  const storage = new DiskStorage(join(root, 'out'));
  await storage.makeFolder('a');
  await storage.write('a', 'a-1-0.ts', [text('x')]);
  await storage.write('a', 'playlist.m3u8', [text('x')]);
  // What a killed process left.
  writeFileSync(join(root, 'out/a/record.m3u8.bak'), 'x');
  expect(readFileSync(join(root, 'out/a/a-1-0.ts'), 'utf8')).toBe('x');
  await storage.removeFolder('a');
  expect(readdirSync(join(root, 'out'))).toEqual([]);
});

test("what is not HLS's own in a stream's folder stays: recordings may share it", async () => {
  const storage = new DiskStorage(root);
  await storage.makeFolder('live/a');
  const others = ['1700000000.flv', '1700000000.ts', 'b-1-0.ts', 'notes.m3u8'];
  for (const name of others) writeFileSync(join(root, 'live/a', name), 'x');
  await storage.write('live/a', 'a-1700000000000-12.ts', [text('x')]);
  await storage.removeFolder('live/a');
  expect(readdirSync(join(root, 'live/a')).sort()).toEqual(others.sort());
});

test('links, folders and pipes are no files to serve', async () => {
  const storage = new DiskStorage(root);
  mkdirSync(join(root, 'a/b.ts'), { recursive: true });
  writeFileSync(join(root, 'secret'), 'secret');
  symlinkSync(join(root, 'secret'), join(root, 'a/link.ts'));
  execFileSync(makePipe, [join(root, 'a/pipe.ts')]);
  for (const name of ['b.ts', 'link.ts', 'pipe.ts']) expect(await storage.open('a', name)).toBeUndefined();
});

test('a write that fails leaves the old file and no half of a new one', async () => {
  const storage = new DiskStorage(root);
  mkdirSync(join(root, 'a/x.ts/in-the-way'), { recursive: true });
  await expect(storage.write('a', 'x.ts', [text('x')])).rejects.toMatchObject({ code: 'EISDIR' });
  expect(readdirSync(join(root, 'a'))).toEqual(['x.ts']);
  await expect(storage.write('no/folder', 'x.ts', [text('x')])).rejects.toMatchObject({ code: 'ENOENT' });
});

test('memory gives up the oldest files of all streams when it is full, and says so', async () => {
  const storage = new MemoryStorage(1000, () => 0);
  const gone: string[] = [];
  storage.onEvicted = (folder, name) => void gone.push(`${folder}/${name}`);
  for (let id = 0; id < 8; id += 1)
    await storage.write(id % 2 === 0 ? 'a' : 'b', `${id}.ts`, [new Uint8Array(200)]);
  expect(gone).toEqual(['a/0.ts', 'b/1.ts', 'a/2.ts']);
  expect(storage.bytes).toBe(1000);
  await storage.write('a', '6.ts', [new Uint8Array(100)]);
  await storage.removeFolder('b');
  expect(storage.bytes).toBe(300);
  await expect(storage.write('a', 'large.ts', [new Uint8Array(1001)])).rejects.toMatchObject({
    code: 'ENOSPC',
  });
});

test.each([
  ['test110', 'test110'],
  ['live/test110', 'live/test110'],
  ['/test110', 'test110'],
  ['a//b/', 'a/b'],
  ['', undefined],
  ['/', undefined],
  ['..', undefined],
  ['a/../../b', undefined],
  ['./a', undefined],
  ['a\\..\\b', undefined],
  ['a\0b', undefined],
])('the folder of %j is %j', (key, folder) => {
  expect(hlsFolder(key)).toBe(folder);
});
