import { expect, test } from 'vitest';
import { NotifyBench } from '../../testing/notify-bench.ts';
import { settled } from '../../testing/settled.ts';
import type { CallbackName } from './callback-names.ts';

/** Keys of lal's bodies, in order, with the types of their values. */
const SESSION_KEYS = {
  server_id: 'string',
  session_id: 'string',
  protocol: 'string',
  base_type: 'string',
  remote_addr: 'string',
  url: 'string',
  app_name: 'string',
  stream_name: 'string',
  url_param: 'string',
  has_in_session: 'boolean',
  has_out_session: 'boolean',
  read_bytes_sum: 'number',
  wrote_bytes_sum: 'number',
};
/** Ours, behind lal's. */
const STOP_KEYS = { ...SESSION_KEYS, end_code: 'string' };
const PULL_KEYS = { ...SESSION_KEYS, local_app_name: 'string', local_stream_name: 'string' };
const KEYS: Readonly<Record<CallbackName, Readonly<Record<string, string>>>> = {
  on_server_start: {
    server_id: 'string',
    bin_info: 'string',
    lal_version: 'string',
    api_version: 'string',
    notify_version: 'string',
    WebUiVersion: 'string',
    start_time: 'string',
  },
  on_update: { server_id: 'string', groups: 'object' },
  on_pub_start: SESSION_KEYS,
  on_pub_stop: STOP_KEYS,
  on_sub_start: SESSION_KEYS,
  on_sub_stop: STOP_KEYS,
  on_relay_pull_start: PULL_KEYS,
  on_relay_pull_stop: { ...PULL_KEYS, end_code: 'string' },
  on_rtmp_connect: {
    server_id: 'string',
    session_id: 'string',
    remote_addr: 'string',
    app: 'string',
    flashVer: 'string',
    tcUrl: 'string',
  },
  on_hls_make_ts: {
    server_id: 'string',
    event: 'string',
    stream_name: 'string',
    cwd: 'string',
    ts_file: 'string',
    live_m3u8_file: 'string',
    record_m3u8_file: 'string',
    id: 'number',
    duration: 'number',
  },
};

/** Makes a server do what the callback tells of, and nothing else that a receiver of only this one would hear of. */
const OCCASIONS: Readonly<Record<CallbackName, (bench: NotifyBench) => void>> = {
  on_server_start: ({ events }) => events.serverStarts(),
  on_update: ({ events }) => events.serverStarted(),
  on_pub_start: (bench) => void bench.start('RTMPPUBSUB1'),
  on_pub_stop: (bench) => bench.stop(bench.start('RTMPPUBSUB1')),
  on_sub_start: (bench) => void bench.start('FLVPUBSUB1', 'a', { baseType: 'SUB', protocol: 'FLV' }),
  on_sub_stop: (bench) => bench.stop(bench.start('FLVPUBSUB1', 'a', { baseType: 'SUB', protocol: 'FLV' })),
  on_relay_pull_start: (bench) => void bench.start('RTSPPULL1', 'a', { baseType: 'PULL', protocol: 'RTSP' }),
  on_relay_pull_stop: (bench) =>
    bench.stop(bench.start('RTSPPULL1', 'a', { baseType: 'PULL', protocol: 'RTSP' })),
  on_rtmp_connect: ({ events }) =>
    events.connected({
      sessionId: 'RTMPPUBSUB1',
      remoteAddress: '192.0.2.1:5000',
      app: 'live',
      flashVer: '',
      tcUrl: 'rtmp://127.0.0.1/live',
    }),
  on_hls_make_ts: ({ events }) =>
    events.fragmentClosed({
      streamKey: 'a',
      folder: 'a',
      name: 'a-1700000000000-3.ts',
      id: 3,
      durationMs: 4004,
    }),
};

async function bodyOf(
  name: CallbackName,
  other: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const bench = new NotifyBench({}, other);
  OCCASIONS[name](bench);
  await settled();
  return bench.client.heard.find(({ path }) => path === name)!.body;
}

test.each(Object.keys(KEYS) as CallbackName[])(
  "%s has lal's keys, in lal's order, with lal's types",
  async (name) => {
    const body = await bodyOf(name);
    const types = Object.entries(body).map(([key, value]) => [key, typeof value]);
    expect(types).toEqual(Object.entries(KEYS[name]));
    expect(body['server_id']).toBe('s1');
  },
);

test('a publisher that came has no bytes yet, one that has gone has its sums', async () => {
  const session = {
    server_id: 's1',
    session_id: 'RTMPPUBSUB1',
    protocol: 'RTMP',
    base_type: 'PUB',
    remote_addr: '192.0.2.1:5000',
    url: 'rtmp://127.0.0.1/live/a?token=1',
    app_name: 'live',
    stream_name: 'a',
    url_param: 'token=1',
    has_out_session: false,
  };
  const zero = { read_bytes_sum: 0, wrote_bytes_sum: 0 };
  const sums = { read_bytes_sum: 7, wrote_bytes_sum: 9 };
  expect(await bodyOf('on_pub_start')).toEqual({ ...session, has_in_session: true, ...zero });
  expect(await bodyOf('on_pub_stop')).toEqual({
    ...session,
    has_in_session: false,
    ...sums,
    end_code: 'peer-closed',
  });
});

test('a viewer counts as output from its start to its stop', async () => {
  const start = await bodyOf('on_sub_start');
  expect(start).toMatchObject({
    base_type: 'SUB',
    protocol: 'FLV',
    has_in_session: false,
    has_out_session: true,
  });
  expect(await bodyOf('on_sub_stop')).toMatchObject({ has_out_session: false, read_bytes_sum: 7 });
});

test('a relay pull is an input without a base type and without sums', async () => {
  const pull = { base_type: '', protocol: 'RTSP', read_bytes_sum: 0, wrote_bytes_sum: 0 };
  expect(await bodyOf('on_relay_pull_start')).toMatchObject({ ...pull, has_in_session: true });
  expect(await bodyOf('on_relay_pull_stop')).toMatchObject({ ...pull, has_in_session: false });
});

test('a relay pull has the names of its source, and behind them what it is called here', async () => {
  const bench = new NotifyBench();
  const origin = { appName: 'up', streamName: 'main', urlParam: 'k=v' };
  const pull = { baseType: 'PULL', appName: 'cam', streamName: 'gate', urlParam: 'k=v', origin } as const;
  bench.stop(bench.start('RTMPPULL1', 'gate', pull));
  await settled();
  const names = {
    app_name: 'up',
    stream_name: 'main',
    url_param: 'k=v',
    local_app_name: 'cam',
    local_stream_name: 'gate',
  };
  expect(bench.client.heard.map(({ path, body }) => [path, body])).toEqual([
    ['on_relay_pull_start', expect.objectContaining(names)],
    ['on_relay_pull_stop', expect.objectContaining(names)],
  ]);
});

test('a start says what was so when it happened, however late it is sent', async () => {
  const bench = new NotifyBench({ connections: 1 });
  bench.client.result = undefined;
  const publisher = bench.start('RTMPPUBSUB1');
  const viewer = bench.start('FLVPUBSUB1', 'a', { baseType: 'SUB' });
  bench.stop(publisher);
  bench.stop(viewer);
  const states: unknown[] = [];
  for (let count = 0; count < 4; count += 1) {
    await settled();
    const [{ path, body, answer }] = bench.client.open as [(typeof bench.client.open)[0]];
    states.push([path, body['has_in_session'], body['has_out_session']]);
    answer({ status: 200, text: '' });
  }
  expect(states).toEqual([
    ['on_pub_start', true, false],
    ['on_sub_start', true, true],
    ['on_pub_stop', false, true],
    ['on_sub_stop', false, false],
  ]);
});

test('an update without streams has null in place of a list; with streams the statistics of each', async () => {
  expect(await bodyOf('on_update')).toEqual({ server_id: 's1', groups: null });
  const bench = new NotifyBench();
  bench.hub.open('a').publish();
  bench.start('RTMPPUBSUB1');
  bench.events.serverStarted();
  await settled();
  const [update] = bench.client.heard.filter(({ path }) => path === 'on_update');
  expect(update!.body['groups']).toMatchObject([
    { stream_name: 'a', app_name: 'live', pub: { session_id: 'RTMPPUBSUB1' } },
  ]);
});

test('a fragment is told when it begins, without length, and when it is complete, in seconds', async () => {
  const bench = new NotifyBench({}, { hls: { out_path: './lal_record/hls/' } });
  const fragment = { streamKey: 'a', folder: 'a', name: 'a-1700000000000-0.ts', id: 0 };
  bench.events.fragmentOpened({ ...fragment, durationMs: 0 });
  bench.events.fragmentClosed({ ...fragment, durationMs: 3003 });
  await settled();
  const files = {
    stream_name: 'a',
    cwd: process.cwd(),
    ts_file: 'lal_record/hls/a/a-1700000000000-0.ts',
    live_m3u8_file: 'lal_record/hls/a/playlist.m3u8',
    record_m3u8_file: 'lal_record/hls/a/record.m3u8',
    id: 0,
  };
  expect(bench.client.heard.map(({ body }) => body)).toEqual([
    { server_id: 's1', event: 'open', ...files, duration: 0 },
    { server_id: 's1', event: 'close', ...files, duration: 3.003 },
  ]);
});

test('with apps that keep streams apart, stream names are still names', async () => {
  const hls = { out_path: '/hls' };
  const bench = new NotifyBench({}, { stream_key: 'app_stream', hls });
  bench.hub.open('live/a').publish();
  bench.start('RTMPPUBSUB1', 'live/a', { streamName: 'a' });
  const fragment = { streamKey: 'live/a', folder: 'live/a', name: 'a-1-0.ts', id: 0, durationMs: 1 };
  bench.events.fragmentClosed(fragment);
  await settled();
  bench.events.fragmentClosed({ ...fragment, streamKey: 'live/gone', folder: 'live/gone' });
  await settled();
  const shown = bench.client.heard.map(({ body }) => [body['stream_name'], body['ts_file']]);
  expect(shown).toEqual([
    ['a', undefined],
    ['a', '/hls/live/a/a-1-0.ts'],
    ['gone', '/hls/live/gone/a-1-0.ts'],
  ]);
});
