import { expect, test } from 'vitest';
import { FileCache, type CachedFile } from './file-cache.ts';

const fileOf = (length: number): CachedFile => ({ bytes: new Uint8Array(length), modifiedMs: 0 });

test('a file is loaded once, for those who ask at the same time and those who ask later', async () => {
  const cache = new FileCache(1000);
  let loads = 0;
  const load = async (): Promise<CachedFile> => {
    loads += 1;
    return fileOf(100);
  };
  const files = await Promise.all(Array.from({ length: 500 }, () => cache.load('a', 0, load)));
  expect(new Set(files.map((file) => file!.bytes)).size).toBe(1);
  expect((await cache.load('a', 1, load))!.bytes).toBe(files[0]!.bytes);
  expect(loads).toBe(1);
});

test('the one not used for longest makes room', async () => {
  const cache = new FileCache(400);
  for (const key of ['a', 'b', 'c', 'd']) await cache.load(key, 0, async () => fileOf(100));
  expect(cache.get('a', 1)).toBeDefined();
  await cache.load('e', 2, async () => fileOf(100));
  expect(cache.bytes).toBe(400);
  expect(['a', 'b', 'c', 'd', 'e'].filter((key) => cache.get(key, 3) !== undefined)).toEqual([
    'a',
    'c',
    'd',
    'e',
  ]);
});

test('a large file, and a failure, are not kept', async () => {
  const cache = new FileCache(400);
  expect((await cache.load('a', 0, async () => fileOf(101)))!.bytes).toHaveLength(101);
  expect(cache.bytes).toBe(0);
  await expect(cache.load('b', 0, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await cache.load('b', 0, async () => undefined)).toBeUndefined();
  expect(await cache.load('b', 0, async () => fileOf(1))).toBeDefined();
});

test('what is in no list any more goes when nobody has asked for it for ten seconds', async () => {
  const cache = new FileCache(1000);
  await cache.load('listed', 0, async () => fileOf(10));
  await cache.load('old', 0, async () => fileOf(10));
  cache.tick(10_000, (key) => key === 'listed');
  expect(cache.bytes).toBe(20);
  cache.tick(10_001, (key) => key === 'listed');
  expect(cache.bytes).toBe(10);
});
