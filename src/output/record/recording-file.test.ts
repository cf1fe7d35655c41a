import { expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeFileSystem, settle, systemError } from '../../testing/fake-file-system.ts';
import { text } from '../../testing/hub-kit.ts';
import { RecordingFile } from './recording-file.ts';
import { WriteBudget } from './write-budget.ts';

function setup(maxQueueBytes = 1000) {
  const clock = new FakeClock();
  const fileSystem = new FakeFileSystem();
  const budget = new WriteBudget(maxQueueBytes);
  const opened: string[] = [];
  const begin = (): RecordingFile =>
    new RecordingFile({
      fileSystem,
      clock,
      budget,
      path: '/rec/a-1.flv',
      opened: (path) => opened.push(path),
    });
  const content = (path = '/rec/a-1.flv'): string => new TextDecoder().decode(fileSystem.bytesOf(path));
  return { clock, fileSystem, budget, opened, begin, content };
}

test('the opening is written at once, what follows in order and when it is half a second old', async () => {
  const { clock, fileSystem, begin, content } = setup();
  const file = begin();
  file.write(0, text('head'));
  file.write(0, text('one'), text('two'));
  await settle();
  expect(content()).toBe('headonetwo');
  expect(fileSystem.writes).toBe(1);
  clock.advance(1000);
  file.write(900, text('three'));
  clock.advance(300);
  file.write(1300, text('four'));
  await settle();
  expect(content()).toBe('headonetwo');
  clock.advance(100);
  await settle();
  expect(content()).toBe('headonetwothreefour');
  expect(fileSystem.writes).toBe(2);
});

test('what comes while the opening is being written does not wait for more to come', async () => {
  const { clock, fileSystem, begin, content } = setup();
  const release = fileSystem.stall();
  const file = begin();
  file.write(0, text('head'));
  await settle();
  file.write(0, text('one'));
  release();
  await settle();
  clock.advance(500);
  await settle();
  expect(content()).toBe('headone');
});

test('a full batch is written at once', async () => {
  const { begin, content } = setup(1e6);
  const file = begin();
  await settle();
  file.write(0, new Uint8Array(300_000));
  await settle();
  expect(content()).toHaveLength(300_000);
});

test('the end writes what waits, then the patches, and closes', async () => {
  const { fileSystem, budget, begin, content } = setup();
  const file = begin();
  file.write(0, text('head'));
  file.write(0, text('body'));
  file.finish((length) => [{ position: 0, bytes: text(`H${length}`) }]);
  expect(await file.done).toEqual({ path: '/rec/a-1.flv', bytes: 8, error: undefined });
  expect(content()).toBe('H8adbody');
  expect(fileSystem.open.size).toBe(0);
  expect(budget.usedBytes).toBe(0);
  expect(file.write(0, text('late'))).toBe(false);
});

test('a taken name is never written to: the file gets a suffix', async () => {
  const { fileSystem, opened, begin } = setup();
  fileSystem.put('/rec/a-1.flv', 5, 0);
  fileSystem.put('/rec/a-1-1.flv', 5, 0);
  const file = begin();
  file.write(0, text('head'));
  file.write(0, text('body'));
  file.finish(() => []);
  expect((await file.done).path).toBe('/rec/a-1-2.flv');
  expect(opened).toEqual(['/rec/a-1-2.flv']);
  expect(fileSystem.bytesOf('/rec/a-1.flv')).toEqual(new Uint8Array(5));
});

test('writes of which the system takes a little at a time come out whole', async () => {
  const { fileSystem, begin, content } = setup();
  fileSystem.maxWriteBytes = 3;
  const file = begin();
  file.write(0, text('head'), text('er'));
  file.write(0, text('body'));
  file.finish(() => [{ position: 0, bytes: text('HEADER') }]);
  await file.done;
  expect(content()).toBe('HEADERbody');
});

test('what waits for a slow disk is bounded, and refused beyond', async () => {
  const { clock, fileSystem, budget, begin, content } = setup(10);
  const release = fileSystem.stall();
  const file = begin();
  expect(file.write(0, text('12345'))).toBe(true);
  clock.advance(400);
  await settle();
  expect(file.write(0, text('67890'))).toBe(true);
  expect(file.write(0, text('x'))).toBe(false);
  expect(budget.usedBytes).toBe(10);
  release();
  file.finish(() => []);
  expect(await file.done).toMatchObject({ bytes: 10, error: undefined });
  expect(content()).toBe('1234567890');
});

test.each([5, 6, 7, 8, 9, 10, 11, 12, 13])(
  'a disk that is full after %i bytes leaves whole pieces',
  async (bytes) => {
    const { clock, fileSystem, budget, begin, content } = setup();
    fileSystem.capacityBytes = bytes;
    const file = begin();
    for (const piece of ['head', 'aaa', 'bbb', 'ccc', 'ddd']) file.write(0, text(piece));
    await settle();
    clock.advance(400);
    const { path, error } = await file.done;
    expect(error?.code).toBe('ERR_RECORD_DISK_FULL');
    expect(error?.endReason).toMatchObject({ code: 'storage-failed', detail: 'ERR_RECORD_DISK_FULL' });
    expect(file.hasFailed).toBe(true);
    expect(budget.usedBytes).toBe(0);
    expect(fileSystem.open.size).toBe(0);
    if (bytes < 7) {
      // Not even the first piece of media: nothing is left behind.
      expect(path).toBeUndefined();
      expect(fileSystem.names).toEqual([]);
    } else {
      expect(content()).toBe('headaaabbbccc'.slice(0, 4 + 3 * Math.floor((bytes - 4) / 3)));
    }
  },
);

test('a file that got no media is removed', async () => {
  const { fileSystem, begin } = setup();
  const file = begin();
  file.write(0, text('head'));
  file.finish(() => []);
  expect(await file.done).toEqual({ path: undefined, bytes: 0, error: undefined });
  expect(fileSystem.names).toEqual([]);
});

test.each([
  ['makeFolder', 'EACCES', 'ERR_RECORD_OPEN'],
  ['create', 'EROFS', 'ERR_RECORD_OPEN'],
  ['create', 'EEXIST', 'ERR_RECORD_OPEN'],
  ['create', 'ENOSPC', 'ERR_RECORD_DISK_FULL'],
  ['write', 'EIO', 'ERR_RECORD_WRITE'],
  ['write', 'EDQUOT', 'ERR_RECORD_DISK_FULL'],
])('%s failing with %s is %s', async (operation, systemCode, code) => {
  const { clock, fileSystem, begin } = setup();
  fileSystem.fault = (name) => (name === operation ? systemError(systemCode) : undefined);
  const file = begin();
  file.write(0, text('head'));
  file.write(0, text('body'));
  await settle();
  clock.advance(250);
  const { error } = await file.done;
  expect(error?.code).toBe(code);
  expect(error?.cause).toMatchObject({ code: systemCode });
});

test('patches that cannot be written do no harm', async () => {
  const { fileSystem, begin, content } = setup();
  const file = begin();
  file.write(0, text('head'));
  file.write(0, text('body'));
  file.finish(() => {
    fileSystem.fault = (name) => (name === 'write' ? systemError('EIO') : undefined);
    return [{ position: 0, bytes: text('HEAD') }];
  });
  const { path, error } = await file.done;
  expect([path, error?.code]).toEqual(['/rec/a-1.flv', 'ERR_RECORD_FINISH']);
  expect(content()).toBe('headbody');
});

test('a disk that refuses everything at the end is reported for its first refusal', async () => {
  const { fileSystem, begin } = setup();
  const file = begin();
  await settle();
  fileSystem.fault = () => systemError('EIO');
  file.write(0, text('head'));
  file.write(0, text('body'));
  file.finish(() => []);
  expect((await file.done).error?.code).toBe('ERR_RECORD_WRITE');
});
