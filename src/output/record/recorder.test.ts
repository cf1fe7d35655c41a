import { expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { StreamHub } from '../../hub/stream-hub.ts';
import type { Publication } from '../../hub/publication.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeFileSystem, settle, systemError } from '../../testing/fake-file-system.ts';
import { audioTrack, frameOf, text, textVariant, videoTrack } from '../../testing/hub-kit.ts';
import type { WritableFile } from './file-system.ts';
import type { RecordFormat } from './record-format.ts';
import { Recorder, type RecordedFile, type RecorderOptions } from './recorder.ts';

const video = videoTrack();
const audio = audioTrack();

/** Keeps the text of the packager, and notes in an end mark what it was told. */
const textFormat: RecordFormat = {
  kind: 'flv',
  extension: 'txt',
  begin: ({ fileHeader, headers }) => {
    const places: string[] = [];
    return {
      opening: [fileHeader!, headers],
      firstUnits: (bytes) => [bytes],
      randomAccess: (position, timeUs, unit) =>
        places.push(`${timeUs / 1000}@${position}:${new TextDecoder().decode(unit).split(';')[0]}`),
      completion: ({ durationUs, bytes }) => [
        { position: bytes, bytes: text(`(${durationUs / 1000} ms, ${places.join(' ')})`) },
      ],
    };
  },
};

function setup(options: Partial<RecorderOptions> = {}) {
  const clock = new FakeClock();
  const fileSystem = new FakeFileSystem();
  const hub = new StreamHub(new FlushScheduler(clock, 0, 0), {
    gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 0 },
  });
  const stream = hub.open('a');
  const log: string[] = [];
  const files: RecordedFile[] = [];
  const recorder = new Recorder({
    format: textFormat,
    fileSystem,
    clock,
    pathOf: (segment) => `/rec/a-${segment}.txt`,
    segments: { durationMs: 0, bytes: 0 },
    maxQueueBytes: 10_000,
    isFromStart: true,
    events: {
      opened: (path) => log.push(`opened ${path}`),
      finished: (file) => {
        files.push(file);
        log.push(`finished ${file.path} ${file.cause}`);
      },
      failed: (error, retryMs) => log.push(`failed ${error.code}, again in ${retryMs}`),
    },
    ...options,
  });
  /** Publishes as the server does: recorders that record from the start come before the first track. */
  const publish = (recorded: 'recorded' | 'alone' = 'recorded'): Publication => {
    const publication = stream.publish()!;
    if (recorded === 'recorded') stream.attachConsumer(textVariant(), recorder);
    publication.setTrack(video);
    publication.setTrack(audio);
    return publication;
  };
  const content = (segment: number): string =>
    new TextDecoder().decode(fileSystem.bytesOf(`/rec/a-${segment}.txt`));
  /** Lets a flush happen, and the disk catch up. */
  const pass = async (ms = 250): Promise<void> => {
    clock.turn();
    await settle();
    clock.advance(ms);
    await settle();
  };
  return { clock, fileSystem, stream, log, files, recorder, publish, content, pass };
}

test('everything is recorded from the start, audio before the first key frame included', async () => {
  const { recorder, publish, content, pass, files, log } = setup();
  const publication = publish();
  publication.write(frameOf(audio, 5));
  publication.write(frameOf(video, 10, { isKey: true }));
  publication.write(frameOf(audio, 20));
  await pass();
  expect(recorder.current).toMatchObject({ path: '/rec/a-0.txt', durationMs: 15 });
  expect(recorder.openPaths).toEqual(['/rec/a-0.txt']);
  publication.end();
  await settle();
  expect(content(0).replaceAll('.', '')).toMatch(/^\[va\]T11;T217;a5;V10;a20;\(15 ms, 10@\d+:V10\)$/);
  expect(files).toMatchObject([{ cause: 'publication-ended', durationMs: 15, error: undefined }]);
  expect(log).toEqual(['opened /rec/a-0.txt', 'finished /rec/a-0.txt publication-ended']);
});

test('the next publication gets a file of its own', async () => {
  const { stream, recorder, publish, content, pass } = setup();
  stream.attachConsumer(textVariant(), recorder);
  for (const timeMs of [0, 1000]) {
    const publication = publish('alone');
    publication.write(frameOf(video, timeMs, { isKey: true }));
    publication.end();
    await pass();
  }
  expect(content(0)).toContain('V0;');
  expect(content(1)).toMatch(/^\[va\]T1\.1;T2\.17;V1000;/);
});

test('a recording asked for in mid-stream begins at a key frame, with headers', async () => {
  const { stream, recorder, publish, content, pass } = setup({ isFromStart: false });
  const publication = publish('alone');
  publication.write(frameOf(video, 0, { isKey: true }));
  await pass();
  stream.attachConsumer(textVariant(), recorder);
  publication.write(frameOf(audio, 10));
  await pass();
  expect(recorder.current).toBeUndefined();
  publication.write(frameOf(video, 20, { isKey: true }));
  publication.write(frameOf(audio, 30));
  await pass();
  await recorder.close();
  expect(content(0)).toMatch(/^\[va\]T1\.1;T2\.17;V20;\.*a30;/);
});

test('a change of codec parameters stays in the file', async () => {
  const { recorder, publish, content, pass } = setup();
  const publication = publish();
  publication.write(frameOf(video, 0, { isKey: true }));
  await pass();
  const changed = videoTrack(2);
  publication.setTrack(changed);
  publication.write(frameOf(changed, 40, { isKey: true }));
  await pass();
  await recorder.close();
  expect(content(0)).toMatch(/V0;\.*T1\.2;V40;/);
});

test('segments are cut at the first key frame after their time, and lose nothing', async () => {
  const { publish, content, pass, fileSystem, files } = setup({
    segments: { durationMs: 1000, bytes: 0 },
  });
  const publication = publish();
  for (let timeMs = 0; timeMs < 4000; timeMs += 100) {
    publication.write(frameOf(video, timeMs, { isKey: timeMs % 400 === 0 }));
    if (timeMs % 300 === 0) await pass();
  }
  publication.end();
  await pass();
  expect(fileSystem.names).toEqual(['/rec/a-0.txt', '/rec/a-1.txt', '/rec/a-2.txt', '/rec/a-3.txt']);
  expect(content(1)).toMatch(/^\[va\]T1\.1;T2\.17;V1200;/);
  expect(files.map(({ cause }) => cause)).toEqual(['segment', 'segment', 'segment', 'publication-ended']);
  const units = [0, 1, 2, 3].flatMap((segment) => content(segment).match(/[vV]\d+;/g) ?? []);
  expect(units.map((unit) => Number(unit.slice(1, -1)))).toEqual(
    Array.from({ length: 40 }, (_, index) => index * 100),
  );
});

test('segments are cut at the first key frame after their size, also several within one flush', async () => {
  const { publish, content, pass, fileSystem } = setup({
    segments: { durationMs: 0, bytes: 200 },
  });
  const publication = publish();
  for (let timeMs = 0; timeMs < 1000; timeMs += 100) {
    publication.write(frameOf(video, timeMs, { isKey: true, bytes: 100 }));
  }
  publication.end();
  await pass();
  expect(fileSystem.names).toHaveLength(5);
  expect(content(4)).toMatch(/V800;.*V900;/);
});

test('a size that the opening bytes exceed gives a file per key frame, none of them empty', async () => {
  const { publish, fileSystem, pass, content } = setup({
    segments: { durationMs: 0, bytes: 1 },
  });
  const publication = publish();
  for (const timeMs of [0, 100, 200]) publication.write(frameOf(video, timeMs, { isKey: true }));
  publication.end();
  await pass();
  expect(fileSystem.names).toHaveLength(3);
  expect(content(0)).toContain('V0;');
});

test('a stream of audio alone is cut at any frame', async () => {
  const { stream, recorder, pass, fileSystem } = setup({ segments: { durationMs: 1000, bytes: 0 } });
  const publication = stream.publish()!;
  stream.attachConsumer(textVariant(), recorder);
  publication.announce({ audio: true, video: false });
  publication.setTrack(audio);
  for (let timeMs = 0; timeMs < 2500; timeMs += 20) publication.write(frameOf(audio, timeMs));
  publication.end();
  await pass();
  expect(fileSystem.names).toHaveLength(3);
});

test('a full disk ends the file, whole; recording is tried again at key frames, ever more rarely, until it works', async () => {
  const { clock, recorder, publish, content, pass, fileSystem, log } = setup();
  const publication = publish();
  fileSystem.capacityBytes = 60;
  let timeMs = 0;
  const gop = async (ms: number): Promise<void> => {
    publication.write(frameOf(video, (timeMs += 40), { isKey: true, bytes: 30 }));
    await pass(ms);
  };
  await gop(250);
  await gop(500);
  expect(content(0)).toMatch(/^\[va\]T1\.1;T2\.17;V40;\.*$/);
  expect(recorder.error).toMatchObject({ code: 'ERR_RECORD_DISK_FULL' });
  while (clock.monotonicMs() < 20_000) await gop(250);
  // Files that got nothing but their headers are gone again.
  expect(log.filter((line) => line.startsWith('failed'))).toEqual([
    'failed ERR_RECORD_DISK_FULL, again in 1000',
    'failed ERR_RECORD_DISK_FULL, again in 2000',
    'failed ERR_RECORD_DISK_FULL, again in 4000',
    'failed ERR_RECORD_DISK_FULL, again in 8000',
    'failed ERR_RECORD_DISK_FULL, again in 16000',
  ]);
  expect(fileSystem.names).toEqual(['/rec/a-0.txt']);
  fileSystem.capacityBytes = Infinity;
  while (clock.monotonicMs() < 40_000) await gop(250);
  expect(recorder.error).toBeUndefined();
  await recorder.close();
  expect(fileSystem.names).toHaveLength(2);
  expect(fileSystem.open.size).toBe(0);
});

test('no file is begun while one that failed is still being closed', async () => {
  const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
  class SlowToClose extends FakeFileSystem {
    override async create(path: string): Promise<WritableFile> {
      const file = await super.create(path);
      return { ...file, close: () => isReleased.then(() => file.close()) };
    }
  }
  const fileSystem = new SlowToClose();
  const { publish, pass, log } = setup({ fileSystem });
  const publication = publish();
  publication.write(frameOf(video, 0, { isKey: true }));
  await pass();
  fileSystem.fault = (operation) => (operation === 'write' ? systemError('EIO') : undefined);
  for (let time = 1000; time < 5000; time += 1000) {
    publication.write(frameOf(video, time, { isKey: true }));
    await pass();
  }
  expect(log).toEqual(['opened /rec/a-0.txt']);
  fileSystem.fault = undefined;
  release();
  await pass(1000);
  publication.write(frameOf(video, 5000, { isKey: true }));
  await pass();
  expect(log.slice(1)).toEqual([
    'failed ERR_RECORD_WRITE, again in 1000',
    'finished /rec/a-0.txt failed',
    'opened /rec/a-1.txt',
  ]);
});

test('an unwritable folder is tried again, for at most a minute at a time', async () => {
  const { clock, recorder, publish, pass, fileSystem, log } = setup();
  fileSystem.fault = () => systemError('EACCES');
  const publication = publish();
  for (let timeMs = 0; clock.monotonicMs() < 300_000; timeMs += 1000) {
    publication.write(frameOf(video, timeMs, { isKey: true }));
    await pass(1000);
  }
  const failures = log.filter((line) => line.startsWith('failed'));
  const waits = failures.map((line) => Number(line.split(' ').at(-1)));
  expect(waits.slice(0, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  expect(recorder.error).toMatchObject({ code: 'ERR_RECORD_OPEN' });
});

test('a disk too slow for the stream ends the file after what it had taken; the stream never waits', async () => {
  const { recorder, publish, content, pass, fileSystem, log } = setup({ maxQueueBytes: 500 });
  const publication = publish();
  const release = fileSystem.stall();
  for (let timeMs = 0; timeMs < 2000; timeMs += 40) {
    publication.write(frameOf(video, timeMs, { isKey: timeMs % 400 === 0, bytes: 50 }));
    await pass(40);
    expect(recorder.queuedBytes).toBeLessThanOrEqual(500);
  }
  expect(log).toEqual(['opened /rec/a-0.txt', 'failed ERR_RECORD_TOO_SLOW, again in 1000']);
  expect(recorder.error?.endReason).toMatchObject({
    code: 'consumer-overflow',
    detail: 'ERR_RECORD_TOO_SLOW',
  });
  release();
  await settle();
  expect(log.at(-1)).toBe('finished /rec/a-0.txt failed');
  expect(content(0)).toMatch(/v320;\.*\(320 ms/);
  publication.write(frameOf(video, 2000, { isKey: true }));
  await pass();
  expect(log.at(-1)).toBe('opened /rec/a-1.txt');
});

test('files that are still being closed count into the same bound', async () => {
  const { recorder, publish, pass, fileSystem } = setup({
    maxQueueBytes: 500,
    segments: { durationMs: 40, bytes: 0 },
  });
  const publication = publish();
  fileSystem.stall();
  for (let timeMs = 0; timeMs < 4000; timeMs += 40) {
    publication.write(frameOf(video, timeMs, { isKey: true, bytes: 50 }));
    await pass(40);
    expect(recorder.queuedBytes).toBeLessThanOrEqual(500);
  }
  expect(recorder.openPaths.length).toBeLessThan(10);
});

test('what cannot be completed is kept, and says so', async () => {
  const { recorder, publish, fileSystem, pass, files } = setup();
  const publication = publish();
  publication.write(frameOf(video, 0, { isKey: true }));
  await pass();
  fileSystem.fault = (operation) => (operation === 'write' ? systemError('EIO') : undefined);
  await recorder.close();
  expect(files).toMatchObject([
    { path: '/rec/a-0.txt', cause: 'stopped', error: { code: 'ERR_RECORD_FINISH' } },
  ]);
});

test('a stream that sends nothing leaves no file', async () => {
  const { publish, fileSystem, pass } = setup();
  const publication = publish();
  publication.end();
  await pass();
  expect(fileSystem.names).toEqual([]);
});
