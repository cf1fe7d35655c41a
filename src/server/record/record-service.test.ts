import { resolve } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import type { Publication } from '../../hub/publication.ts';
import { StreamHub } from '../../hub/stream-hub.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeFileSystem, settle, systemError } from '../../testing/fake-file-system.ts';
import { frameOf, videoTrack } from '../../testing/hub-kit.ts';
import { ConfigStore } from '../config/config-store.ts';
import { parseConfig } from '../config/load-config.ts';
import type { ServerConfig } from '../config/server-config.ts';
import { RecordService } from './record-service.ts';

const video = videoTrack();
/** One IDR slice. */
const picture = Uint8Array.of(0, 0, 0, 5, 0x65, 0x88, 0x84, 0x21, 0xa0);
const unixSec = 1_700_000_000;

interface LogLine {
  readonly msg: string;
  readonly level: number;
  readonly code?: string;
  readonly detail?: string;
  readonly path?: string;
  readonly cause?: string;
  readonly durationMs?: number;
}

function setup(record: Record<string, unknown>) {
  const configOf = (values: Record<string, unknown>): ServerConfig => {
    const section = { flv_out_path: '/rec/flv', mpegts_out_path: '/rec/ts', ...values };
    return parseConfig(JSON.stringify({ record: section }), 'test').config;
  };
  const configStore = new ConfigStore(configOf(record));
  const config = configStore.current;
  const reload = (values: Record<string, unknown>): void => void configStore.apply(configOf(values));
  const clock = new FakeClock();
  const hub = new StreamHub(new FlushScheduler(clock, 0, 0), {
    gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 0 },
  });
  const log: LogLine[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => log.push(JSON.parse(line) as LogLine) });
  const fileSystem = new FakeFileSystem();
  const service = new RecordService({ config, clock, hub, logger }, fileSystem);
  const publish = (key = 'cam'): Publication => {
    const publication = hub.open(key).publish()!;
    publication.announce({ audio: false, video: true });
    publication.setTrack(video);
    return publication;
  };
  const key = async (publication: Publication, timeMs: number): Promise<void> => {
    publication.write({ ...frameOf(video, timeMs, { isKey: true }), data: picture });
    clock.turn();
    await settle();
    clock.advance(250);
    await settle();
  };
  const lines = (msg: string): LogLine[] => log.filter((line) => line.msg === msg);
  return { clock, hub, service, fileSystem, publish, key, lines, reload };
}

test("what is switched on is recorded from a publication's start to its end, under lal's names", async () => {
  const { service, fileSystem, publish, key, lines } = setup({ enable_flv: true, enable_mpegts: true });
  const publication = publish();
  await key(publication, 0);
  expect(service.recordings).toMatchObject([
    { streamKey: 'cam', kind: 'flv', path: `/rec/flv/cam-${unixSec}.flv`, error: undefined },
    { streamKey: 'cam', kind: 'mpegts', path: `/rec/ts/cam-${unixSec}.ts`, error: undefined },
  ]);
  publication.end();
  await settle();
  expect(service.recordings).toEqual([]);
  expect(fileSystem.open.size).toBe(0);
  expect(lines('record end').map(({ cause }) => cause)).toEqual(['publication-ended', 'publication-ended']);
});

test('nothing is recorded unless it is switched on', async () => {
  const { service, fileSystem, publish, key } = setup({});
  const publication = publish();
  await key(publication, 0);
  expect(service.recordings).toEqual([]);
  expect(fileSystem.names).toEqual([]);
});

test('a second publication within the same second gets a suffix, and the first file stays as it is', async () => {
  const { fileSystem, publish } = setup({ enable_flv: true });
  for (let n = 0; n < 2; n += 1) {
    const publication = publish();
    publication.write(frameOf(video, 0, { isKey: true }));
    publication.end();
    await settle();
  }
  expect(fileSystem.names).toEqual([`/rec/flv/cam-${unixSec}.flv`, `/rec/flv/cam-${unixSec}-1.flv`]);
});

test.each(['../../etc/cron.d/x', '..', '/etc/passwd', 'a\\..\\b', 'a\0b', '%2e%2e/x', 'x'.repeat(4096)])(
  'the stream name %j is recorded inside the folder',
  async (name) => {
    const { fileSystem, publish, key } = setup({ enable_flv: true });
    await key(publish(name), 0);
    expect(fileSystem.names).toHaveLength(1);
    expect(resolve(fileSystem.names[0]!).startsWith('/rec/flv/')).toBe(true);
  },
);

test('a single stream is recorded on request, until it is told to stop', async () => {
  const { service, fileSystem, publish, key, lines } = setup({});
  expect(service.start('cam', 'flv')).toMatchObject({ code: 'stream-not-found' });
  const publication = publish();
  await key(publication, 0);
  expect(service.start('cam', 'flv')).toBeUndefined();
  expect(service.start('cam', 'flv')).toBeUndefined();
  await key(publication, 40);
  expect(fileSystem.names).toHaveLength(1);
  expect(await service.stop('cam', 'flv')).toBe(true);
  expect(await service.stop('cam', 'flv')).toBe(false);
  expect(fileSystem.open.size).toBe(0);
  expect(lines('record end')).toMatchObject([{ cause: 'stopped' }]);
  await key(publication, 80);
  expect(service.recordings).toEqual([]);
});

test('what waits in a flush window when the recording is stopped is in the file', async () => {
  const { service, publish, key, lines } = setup({});
  const publication = publish();
  service.start('cam', 'flv');
  await key(publication, 0);
  publication.write({ ...frameOf(video, 1000, { isKey: true }), data: picture });
  await service.stop('cam', 'flv');
  expect(lines('record end')).toMatchObject([{ durationMs: 1000 }]);
});

test('a folder that cannot be made, and a disk that is full, are seen in the log and in the status', async () => {
  const { service, fileSystem, publish, key, lines } = setup({ enable_flv: true });
  fileSystem.fault = () => systemError('EACCES');
  await service.makeFolders();
  expect(lines('record folder not made')).toMatchObject([{ detail: 'ERR_RECORD_OPEN', path: '/rec/flv' }]);
  const publication = publish();
  await key(publication, 0);
  expect(lines('record failed')).toMatchObject([
    { code: 'storage-failed', detail: 'ERR_RECORD_OPEN', level: 50 },
  ]);
  expect(service.recordings).toMatchObject([{ path: undefined, error: { detail: 'ERR_RECORD_OPEN' } }]);
  expect(publication.isEnded).toBe(false);
});

test('the end of the server closes all files, and waits for them', async () => {
  const { service, fileSystem, publish, key } = setup({ enable_flv: true });
  await key(publish('a'), 0);
  await key(publish('b'), 0);
  const release = fileSystem.stall();
  let isClosed = false;
  void service.close().then(() => (isClosed = true));
  await settle();
  expect(isClosed).toBe(false);
  release();
  await settle();
  expect(isClosed).toBe(true);
  expect(fileSystem.open.size).toBe(0);
  const { hub } = setup({});
  expect(hub.open('c').publish()).toBeDefined();
});

test('old recordings are removed about once a minute, those being recorded are not', async () => {
  const { clock, service, fileSystem, publish, key, lines } = setup({ enable_flv: true, retention_sec: 100 });
  const oldFile = `/rec/flv/cam-1600000000.flv`;
  fileSystem.put(oldFile, 10, clock.wallMs() - 99_000);
  const publication = publish();
  await key(publication, 0);
  service.tick(clock.monotonicMs());
  await settle();
  expect(fileSystem.names).toContain(oldFile);
  clock.advance(30_000);
  service.tick(clock.monotonicMs());
  await settle();
  expect(fileSystem.names).toContain(oldFile);
  clock.advance(30_000);
  service.tick(clock.monotonicMs());
  await settle();
  expect(fileSystem.names).toEqual([`/rec/flv/cam-${unixSec}.flv`]);
  expect(lines('record removed')).toMatchObject([{ path: oldFile }]);
});

test.each(['{unix}', '{stream}/../x', '{nonsense}{stream}'])(
  'the config refuses the file name %j, saying what would do',
  (name) => {
    expect(() => setup({ file_name: name })).toThrow(/record\.file_name.*allowed: for example/s);
  },
);

test('the config refuses to remove files by a name that any file could have', () => {
  expect(() => setup({ file_name: '{stream}', retention_sec: 1 })).toThrow(/file_name.*with retention on/s);
  expect(() => setup({ file_name: '{stream}' })).not.toThrow();
});

test('what a reload switches on or off counts for the next publication; files under way go on', async () => {
  const { service, publish, key, lines, reload } = setup({ enable_flv: true });
  const first = publish('a');
  await key(first, 0);
  reload({ enable_mpegts: true, file_name: 'new/{stream}-{unix}' });
  await key(first, 1000);
  expect(service.recordings.map(({ path }) => path)).toEqual([`/rec/flv/a-${unixSec}.flv`]);
  const second = publish('b');
  await key(second, 0);
  expect(service.recordings.map(({ kind }) => kind)).toEqual(['flv', 'mpegts']);
  expect(service.recordings[1]!.path).toMatch(/^\/rec\/ts\/new\/b-\d+\.ts$/);
  first.end();
  second.end();
  await settle();
  expect(lines('record end')).toHaveLength(2);
});
