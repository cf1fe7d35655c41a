import { afterEach, expect, test } from 'vitest';
import { ApiBench } from '../../../testing/api-bench.ts';
import { systemError } from '../../../testing/fake-file-system.ts';

let bench: ApiBench;

afterEach(() => bench.close());

async function listen(config: object = {}): Promise<void> {
  bench = new ApiBench({
    record: { flv_out_path: '/rec/flv', mpegts_out_path: '/rec/ts' },
    hls: { enable: true, use_memory_as_disk_flag: true, fragment_duration_ms: 1000, auto_start: false },
    ...config,
  });
  await bench.listen();
}

interface Recording {
  readonly stream_name: string;
  readonly type: string;
  readonly path: string;
  readonly bytes: number;
  readonly duration_ms: number;
  readonly error: string;
}

async function recordings(): Promise<Recording[]> {
  const { data } = (await bench.get('/api/stat/recordings')).body;
  return (data as { recordings: Recording[] }).recordings;
}

function ask(what: 'start' | 'stop', type: string, stream_name = 'test110'): Promise<string> {
  return bench.post(`/api/ctrl/${what}_record`, { stream_name, type }).then(({ text }) => text);
}

test.each([
  ['flv', '/rec/flv/test110-1700000000.flv'],
  ['mpegts', '/rec/ts/test110-1700000000.ts'],
])('%s: a stream is recorded from the call to the other call', async (type, path) => {
  await listen();
  expect((await bench.get('/api/stat/recordings')).text).toBe(
    '{"error_code":0,"desp":"succ","data":{"recordings":[]}}',
  );
  const publication = bench.publish();
  expect(await ask('start', type)).toBe(
    `{"error_code":0,"desp":"succ","data":{"stream_name":"test110","type":"${type}"}}`,
  );
  expect(await recordings()).toMatchObject([{ stream_name: 'test110', type, path: '', bytes: 0, error: '' }]);
  await bench.picture(publication, 0);
  await bench.picture(publication, 1000);
  const [recording] = await recordings();
  expect(Object.keys(recording!)).toEqual([
    'stream_name',
    'type',
    'start_time',
    'path',
    'bytes',
    'duration_ms',
    'queued_bytes',
    'error',
    'error_text',
  ]);
  expect(recording).toMatchObject({ path, duration_ms: 1000 });
  expect(await ask('stop', type)).toBe(
    `{"error_code":0,"desp":"succ","data":{"stream_name":"test110","type":"${type}","path":"${path}"}}`,
  );
  expect(bench.files.open.size).toBe(0);
  expect(await recordings()).toEqual([]);
});

test('hls: lists and fragments are made from the call to the other call', async () => {
  await listen();
  const publication = bench.publish();
  await bench.picture(publication, 0);
  expect(await recordings()).toEqual([]);
  expect(await ask('start', 'hls')).toMatch(/^\{"error_code":0,/);
  for (const timeMs of [1000, 2000, 3000]) await bench.picture(publication, timeMs);
  expect(await recordings()).toMatchObject([{ type: 'hls', path: '', duration_ms: 2000, error: '' }]);
  expect(await ask('stop', 'hls')).toMatch(/^\{"error_code":0,/);
  expect(await recordings()).toEqual([]);
});

test('what is being recorded already goes on as it is', async () => {
  await listen();
  const publication = bench.publish();
  await ask('start', 'flv');
  await bench.picture(publication, 0);
  expect(await ask('start', 'flv')).toMatch(/^\{"error_code":0,/);
  expect(await recordings()).toHaveLength(1);
});

test.each(['start', 'stop'] as const)(
  '%s: of a stream that nobody publishes there is nothing to record',
  async (what) => {
    await listen();
    bench.addSession('RTMPPUBSUB1', { streamName: 'waited-for' });
    for (const type of ['flv', 'mpegts', 'hls']) {
      expect(await ask(what, type, 'waited-for')).toMatch(
        /^\{"error_code":1001,"desp":"group not found","data":\{/,
      );
    }
  },
);

test('what is not recorded cannot be stopped', async () => {
  await listen();
  bench.publish();
  for (const type of ['flv', 'mpegts', 'hls']) {
    expect(await ask('stop', type)).toMatch(/^\{"error_code":2003,"desp":"no such recording","data":\{/);
  }
});

test('hls that is off cannot be started', async () => {
  await listen({ hls: {} });
  bench.publish();
  expect(await ask('start', 'hls')).toMatch(/^\{"error_code":2003,"desp":"hls is off/);
});

test('a kind that does not exist is a wrong parameter', async () => {
  await listen();
  bench.publish();
  expect(await ask('start', 'mp4')).toMatch(/^\{"error_code":1002,/);
});

test('a recording that stands still says why', async () => {
  await listen();
  const publication = bench.publish();
  bench.files.fault = () => systemError('ENOSPC');
  await ask('start', 'flv');
  await bench.picture(publication, 0);
  expect(await recordings()).toMatchObject([{ path: '', error: 'ERR_RECORD_DISK_FULL' }]);
});

test('a disk that hangs holds the answer up for no longer than five seconds', async () => {
  await listen();
  const publication = bench.publish();
  await ask('start', 'flv');
  await bench.picture(publication, 0);
  const goOn = bench.files.stall();
  await bench.picture(publication, 1000);
  const answer = ask('stop', 'flv');
  while ((await recordings()).length > 0);
  bench.clock.advance(5000);
  expect(await answer).toMatch(/^\{"error_code":0,/);
  goOn();
});
