import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiBench } from '../../../testing/api-bench.ts';

let bench: ApiBench;

beforeEach(async () => {
  bench = new ApiBench({ server_id: '7' });
  await bench.listen();
});
afterEach(() => bench.close());

const SESSION = [
  'session_id string',
  'protocol string',
  'base_type string',
  'remote_addr string',
  'start_time string',
  'read_bytes_sum number',
  'wrote_bytes_sum number',
  'bitrate_kbits number',
  'read_bitrate_kbits number',
  'write_bitrate_kbits number',
  // lal 0.2.8
  'bitrate number',
  'read_bitrate number',
  'write_bitrate number',
];

/** lal's; ours come behind them. */
const GROUP = [
  'stream_name string',
  'app_name string',
  'audio_codec string',
  'video_codec string',
  'video_width number',
  'video_height number',
  'pub object',
  'subs object',
  'pull object',
  'in_frame_per_sec object',
];

/** Keys with their types, in their order. */
function shapeOf(value: unknown): string[] {
  return Object.entries(value as object).map(([key, inner]) => `${key} ${typeof inner}`);
}

interface Group {
  readonly [key: string]: unknown;
  readonly pub: object;
  readonly pull: object;
  readonly subs: object[] | null;
  readonly in_frame_per_sec: object[];
}

async function group(query: Record<string, string> = { stream_name: 'test110' }): Promise<Group> {
  return (await bench.get('/api/stat/group', query)).body.data as Group;
}

test('a group without anybody has empty sessions, no viewers, and keys in lal’s order', async () => {
  bench.hub.open('test110').hold();
  const data = await group();
  expect(shapeOf(data).slice(0, GROUP.length)).toEqual(GROUP);
  expect(data.subs).toBeNull();
  expect(data.in_frame_per_sec).toEqual([]);
  for (const session of [data.pub, data.pull]) {
    expect(shapeOf(session)).toEqual(SESSION);
    expect(Object.values(session)).toEqual(['', '', '', '', '', 0, 0, 0, 0, 0, 0, 0, 0]);
  }
});

test('publisher, pull and viewers are where lal has them, each with lal’s keys', async () => {
  bench.addSession('RTSPPUB1', { baseType: 'PUB', protocol: 'RTSP' });
  bench.addSession('RTMPPULL1', { baseType: 'PULL' });
  bench.addSession('HLSSUB1', { protocol: 'HLS' });
  bench.addSession('RTMPPUBSUB1');
  bench.addSession('RTMPPUSH1', { baseType: 'PUSH' });
  const data = await group();
  expect(data).toMatchObject({ stream_name: 'test110', app_name: 'live' });
  expect(data.pub).toMatchObject({ session_id: 'RTSPPUB1', protocol: 'RTSP', base_type: 'PUB' });
  expect(data.pull).toMatchObject({ session_id: 'RTMPPULL1', base_type: 'PULL' });
  expect(data.subs).toMatchObject([
    { session_id: 'RTMPPUBSUB1', remote_addr: '127.0.0.1:5000', read_bytes_sum: 1000, wrote_bytes_sum: 2000 },
    { session_id: 'HLSSUB1' },
  ]);
  for (const session of [data.pub, data.pull, ...data.subs!]) {
    expect(shapeOf(session).slice(0, SESSION.length)).toEqual(SESSION);
  }
});

test('frames per second are a list of seconds and counts', async () => {
  const publication = bench.publish();
  await bench.picture(publication, 0);
  bench.statistics.tick();
  const { in_frame_per_sec: seconds, video_codec: codec } = await group();
  expect(codec).toBe('H264');
  expect(seconds.map(shapeOf)).toEqual([['unix_sec number', 'v number']]);
});

test('a group that does not exist is null', async () => {
  const { text } = await bench.get('/api/stat/group', { stream_name: 'none' });
  expect(text).toBe('{"error_code":1001,"desp":"group not found","data":null}');
});

test.each(['', '?stream_name=', '?stream_name=&stream_name=test110'])(
  'without a name there is no group either: %s',
  async (query) => {
    const { text } = await bench.fetch(`/api/stat/group${query}`, {});
    expect(text).toMatch(
      /^\{"error_code":1002,"desp":"param missing","data":null,"detail":"stream_name: [^"]+"\}$/,
    );
  },
);

test('all groups are null when there are none, else a list', async () => {
  expect((await bench.get('/api/stat/all_group')).text).toBe(
    '{"error_code":0,"desp":"succ","data":{"groups":null}}',
  );
  bench.addSession('RTMPPUBSUB1');
  bench.addSession('RTMPPUBSUB2', { streamName: 'other' });
  const { groups } = (await bench.get('/api/stat/all_group')).body.data as { groups: Group[] };
  expect(groups.map(({ stream_name }) => stream_name)).toEqual(['test110', 'other']);
  expect(shapeOf(groups[0]).slice(0, GROUP.length)).toEqual(GROUP);
});

test('the server tells what it is, in lal’s keys and forms', async () => {
  const { body } = await bench.get('/api/stat/lal_info');
  const keys = ['server_id', 'bin_info', 'lal_version', 'api_version', 'notify_version', 'WebUiVersion'];
  expect(shapeOf(body.data).slice(0, 7)).toEqual([...keys, 'start_time'].map((key) => `${key} string`));
  const info = body.data as Record<string, string>;
  expect(info).toMatchObject({ server_id: '7', api_version: 'v0.4.9', notify_version: 'v0.2.5' });
  expect(info['lal_version']).toMatch(/^v\d+\.\d+\.\d+/);
  expect(info['start_time']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})? (Z|[+-]\d{4}) \S+$/);
  // What lal's page takes it apart by.
  const parts = info['bin_info']!.split('. ').map((part) => part.split('=')[0]);
  expect(parts).toEqual(['GitTag', 'GitCommitLog', 'GitStatus', 'BuildTime', 'GoVersion', 'runtime']);
  expect(info['bin_info']).toMatch(/ runtime=[a-z\d]+\/[a-z\d]+\.$/);
});

const ODD_NAMES = [
  ' ',
  'a b',
  'a&b=c',
  'a+b',
  'a#b',
  'a?b',
  'a%2fb',
  'a/b',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '"\'`\\',
  '\u0000\u0001\r\n',
  '__proto__',
  'constructor',
  '\ud83d\ude00 \u202e',
  'a'.repeat(4000),
];

test.each(ODD_NAMES)('a stream named %j is found by its name, and by no other', async (name) => {
  bench.addSession('RTMPPUBSUB1', { streamName: name });
  expect(await group({ stream_name: name })).toMatchObject({ stream_name: name });
  expect(await group({ stream_name: `${name}x` })).toBeNull();
});

test('where apps are kept apart, a stream is named by both, by its key, or by its name while there is but one', async () => {
  await bench.close();
  bench = new ApiBench({ stream_key: 'app_stream' });
  await bench.listen();
  const add = (id: string, appName: string, streamName: string): void => {
    bench.addSession(id, { appName, streamName, streamKey: `${appName}/${streamName}` });
  };
  add('A1', 'live', 'a');
  add('A2', 'vod', 'a');
  add('A5', 'live', 'c');
  add('A6', 'vod', 'c');
  add('A3', 'live', 'b');
  bench.addSession('A4', { appName: '', streamName: 'a' });
  const appOf = async (query: Record<string, string>): Promise<unknown> => (await group(query))?.['app_name'];
  expect(await appOf({ stream_name: 'a', app_name: 'vod' })).toBe('vod');
  expect(await appOf({ stream_name: 'live/a' })).toBe('live');
  expect(await appOf({ stream_name: 'b' })).toBe('live');
  expect(await appOf({ stream_name: 'a' })).toBe('');
  expect(await appOf({ stream_name: 'c' })).toBeUndefined();
  expect(await appOf({ stream_name: 'b', app_name: 'vod' })).toBeUndefined();
});
