import { expect, test } from 'vitest';
import type { HlsOutput } from '../../output/hls/hls-output.ts';
import type { HlsStorage } from '../../output/hls/hls-storage.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FileCache } from './file-cache.ts';
import { HlsFiles } from './hls-files.ts';

const MIB = 1024 * 1024;

/** Lists of ended streams on disk, by folder; each read is noted. */
function filesOf(lengths: Readonly<Record<string, number>>): { files: HlsFiles; reads: string[] } {
  const reads: string[] = [];
  const storage = {
    open: async (folder: string) => {
      const length = lengths[folder]!;
      const readAll = async (): Promise<Uint8Array> => {
        reads.push(folder);
        return new Uint8Array(length);
      };
      return { length, modifiedMs: 1, readAll, close: async () => {} };
    },
  } as unknown as HlsStorage;
  const nothingRuns = { get: () => undefined } as unknown as HlsOutput;
  return { files: new HlsFiles(nothingRuns, storage, new FileCache(MIB), new FakeClock()), reads };
}

test('lists of ended streams are read once, and kept within a number and a sum of bytes', async () => {
  const { files, reads } = filesOf({
    a: 30 * MIB,
    b: 30 * MIB,
    c: 30 * MIB,
    whole: 64 * MIB,
    huge: 65 * MIB,
  });
  for (const folder of ['a', 'b', 'a', 'b']) await files.playlist(folder, 'record');
  expect([reads.splice(0), files.listBytes]).toEqual([['a', 'b'], 60 * MIB]);
  await files.playlist('c', 'record');
  expect(files.listBytes).toBe(60 * MIB);
  for (const folder of ['b', 'c', 'a']) await files.playlist(folder, 'record');
  expect(reads.splice(0)).toEqual(['c', 'a']);
  await files.playlist('whole', 'record');
  expect(files.listBytes).toBe(64 * MIB);
  expect(await files.playlist('huge', 'record')).toBeUndefined();
});

test('many short lists are kept up to a number', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  const { files } = filesOf(Object.fromEntries(names.map((name) => [name, 100])));
  for (const name of names) await files.playlist(name, 'record');
  expect(files.listBytes).toBe(1600);
});
