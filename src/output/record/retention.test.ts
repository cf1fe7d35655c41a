import { expect, test } from 'vitest';
import { FakeFileSystem, systemError } from '../../testing/fake-file-system.ts';
import { FileNameTemplate } from './file-name.ts';
import { Retention, type RetentionLimits } from './retention.ts';

const template = new FileNameTemplate('{stream}-{unix}');
const folders = [
  { path: '/rec/flv', pattern: template.pattern('flv') },
  { path: '/rec/ts', pattern: template.pattern('ts') },
];
const none = (): boolean => false;

function setup(limits: Partial<RetentionLimits>) {
  const fileSystem = new FakeFileSystem();
  const retention = new Retention(fileSystem, folders, {
    maxAgeMs: 0,
    maxBytes: 0,
    foreignFolders: ['/rec/ts/hls'],
    ...limits,
  });
  return { fileSystem, retention };
}

test('files older than the limit go, in folders below too; younger ones stay', async () => {
  const { fileSystem, retention } = setup({ maxAgeMs: 1000 });
  fileSystem.put('/rec/flv/a-1700000000.flv', 10, 0);
  fileSystem.put('/rec/flv/live/b-1700000000-1.flv', 10, 500);
  fileSystem.put('/rec/ts/a-1700000000.ts', 10, 1500);
  const { removed, errors } = await retention.sweep(2000, none);
  expect(removed).toEqual(['/rec/flv/a-1700000000.flv', '/rec/flv/live/b-1700000000-1.flv']);
  expect(errors).toEqual([]);
  expect(fileSystem.names).toEqual(['/rec/ts/a-1700000000.ts']);
});

test('the oldest go first until all kinds together are small enough', async () => {
  const { fileSystem, retention } = setup({ maxBytes: 250 });
  fileSystem.put('/rec/flv/a-1700000003.flv', 100, 3);
  fileSystem.put('/rec/ts/a-1700000001.ts', 100, 1);
  fileSystem.put('/rec/flv/a-1700000002.flv', 100, 2);
  fileSystem.put('/rec/ts/a-1700000004.ts', 100, 4);
  expect((await retention.sweep(10, none)).removed).toEqual([
    '/rec/ts/a-1700000001.ts',
    '/rec/flv/a-1700000002.flv',
  ]);
});

test('what the recorder did not make is neither removed nor counted', async () => {
  const { fileSystem, retention } = setup({ maxAgeMs: 1, maxBytes: 1 });
  const foreign = [
    '/rec/flv/holiday.flv',
    '/rec/flv/a-1700000000.mp4',
    '/rec/ts/a-1700000000.flv',
    '/rec/a-1700000000.flv',
    '/rec/ts/hls/a/a-1700000000.ts',
    '/rec/ts/a/a-1700000000123-7.ts', // an HLS fragment
  ];
  for (const path of foreign) fileSystem.put(path, 100, 0);
  expect((await retention.sweep(1e9, none)).removed).toEqual([]);
  expect(fileSystem.names).toEqual(foreign);
});

test('a file being recorded is never removed, though it counts', async () => {
  const { fileSystem, retention } = setup({ maxAgeMs: 1, maxBytes: 150 });
  fileSystem.put('/rec/flv/open-1700000000.flv', 100, 0);
  fileSystem.put('/rec/flv/done-1700000000.flv', 100, 10);
  const { removed } = await retention.sweep(10, (path) => path.includes('open'));
  expect(removed).toEqual(['/rec/flv/done-1700000000.flv']);
});

test('a folder shared by two kinds, or found twice, counts each file once', async () => {
  const fileSystem = new FakeFileSystem();
  const pattern = template.pattern('flv');
  const twice = [
    { path: '/rec', pattern },
    { path: '/rec/flv', pattern },
  ];
  const retention = new Retention(fileSystem, twice, { maxAgeMs: 0, maxBytes: 250, foreignFolders: [] });
  for (const n of [1, 2]) fileSystem.put(`/rec/flv/a-170000000${n}.flv`, 100, n);
  expect((await retention.sweep(10, none)).removed).toEqual([]);
});

test('a file that cannot be removed is reported, and the others go all the same', async () => {
  const { fileSystem, retention } = setup({ maxAgeMs: 1 });
  fileSystem.put('/rec/flv/a-1700000001.flv', 100, 1);
  fileSystem.put('/rec/flv/b-1700000002.flv', 100, 2);
  fileSystem.fault = (operation, path) =>
    (operation === 'remove' && path.includes('/a-')) || (operation === 'list' && path === '/rec/ts')
      ? systemError('EACCES')
      : undefined;
  const { removed, errors } = await retention.sweep(10, none);
  expect(removed).toEqual(['/rec/flv/b-1700000002.flv']);
  expect(errors.map(({ code, path }) => [code, path])).toEqual([
    ['ERR_RECORD_RETENTION', '/rec/ts'],
    ['ERR_RECORD_RETENTION', '/rec/flv/a-1700000001.flv'],
  ]);
});
