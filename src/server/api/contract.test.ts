import { afterEach, expect, test } from 'vitest';
import { ApiBench, type ApiAnswer } from '../../testing/api-bench.ts';
import type { Endpoint } from './endpoint.ts';
import { ENDPOINTS } from './endpoints.ts';

/* What clients were written against: every key of every answer, with its type, in its order. lal's come first. */

/** A value's keys and types; of a list the form of its first item, which the others share. */
function formOf(value: unknown): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.slice(0, 1).map(formOf);
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, formOf(inner)]));
}

const SESSION = {
  session_id: 'string',
  protocol: 'string',
  base_type: 'string',
  remote_addr: 'string',
  start_time: 'string',
  read_bytes_sum: 'number',
  wrote_bytes_sum: 'number',
  bitrate_kbits: 'number',
  read_bitrate_kbits: 'number',
  write_bitrate_kbits: 'number',
  bitrate: 'number',
  read_bitrate: 'number',
  write_bitrate: 'number',
};
const GROUP = {
  stream_name: 'string',
  app_name: 'string',
  audio_codec: 'string',
  video_codec: 'string',
  video_width: 'number',
  video_height: 'number',
  pub: SESSION,
  subs: [SESSION],
  pull: SESSION,
  in_frame_per_sec: [{ unix_sec: 'number', v: 'number' }],
  // Items: endpoints/relay-push.test.ts.
  pushs: [],
  in_jumps_repaired: 'number',
  in_non_monotonic_frames: 'number',
  ts_left_out: [],
  tracks: [
    {
      kind: 'string',
      codec: 'string',
      codec_string: 'string',
      profile: 'string',
      level: 'string',
      width: 'number',
      height: 'number',
      sample_rate: 'number',
      channels: 'number',
    },
  ],
  health: {
    last_frame_age_ms: 'number',
    frames_per_sec: 'number',
    media_kbits: 'number',
    gop_frames: 'number',
    gop_ms: 'number',
    gop_max_ms: 'number',
    key_frame_age_ms: 'number',
    av_offset_ms: null,
    gaps: 'number',
    longest_gap_ms: 'number',
    rtp: null,
  },
};
const END = {
  session_id: 'string',
  protocol: 'string',
  base_type: 'string',
  remote_addr: 'string',
  start_time: 'string',
  end_time: 'string',
  code: 'string',
  detail: 'string',
  message: 'string',
  read_bytes_sum: 'number',
  wrote_bytes_sum: 'number',
};
const RECORDING = {
  stream_name: 'string',
  type: 'string',
  start_time: 'string',
  path: 'string',
  bytes: 'number',
  duration_ms: 'number',
  queued_bytes: 'number',
  error: 'string',
  error_text: 'string',
};
const STARTED = { stream_name: 'string', session_id: 'string' };
const NOT_STARTED = { stream_name: '', session_id: '' };

interface Contract {
  /** Parameters of a call that succeeds on the bench below. */
  readonly input: Readonly<Record<string, unknown>>;
  /** What is done before. */
  readonly before?: (bench: ApiBench) => Promise<unknown>;
  /** Form of `data`; absent: the answer has none. */
  readonly data?: unknown;
  /** What stands there when a parameter is missing; absent: no call can miss one, or there is no `data`. */
  readonly onFailure?: unknown;
}

const stream = { stream_name: 'test110' };
/** Nobody publishes it, so that nothing is pushed. */
const idle = { stream_name: 'idle' };
const pullUrl = 'rtmp://h/live/other';
const pushUrl = 'rtmp://h/live/pushed';
const blocked = { ip: '192.0.2.9', duration_sec: 60 };

const CONTRACTS: Readonly<Record<string, Contract>> = {
  '/api/stat/group': { input: stream, data: { ...GROUP, last_ends: [END] }, onFailure: null },
  '/api/stat/all_group': { input: {}, data: { groups: [GROUP] } },
  '/api/stat/lal_info': {
    input: {},
    data: {
      server_id: 'string',
      bin_info: 'string',
      lal_version: 'string',
      api_version: 'string',
      notify_version: 'string',
      WebUiVersion: 'string',
      start_time: 'string',
      warnings: [],
    },
  },
  '/api/stat/recordings': { input: {}, data: { recordings: [RECORDING] } },
  '/api/ctrl/kick_session': { input: { ...stream, session_id: 'FLVPUBSUB1' } },
  '/api/ctrl/kick_out_session': { input: { ...stream, session_id: 'FLVPUBSUB1' } },
  '/api/ctrl/add_ip_blacklist': { input: blocked },
  '/api/ctrl/list_ip_blacklist': {
    input: {},
    before: (bench) => bench.post('/api/ctrl/add_ip_blacklist', blocked),
    data: { entries: [{ ip: 'string', remaining_sec: 'number' }] },
  },
  '/api/ctrl/remove_ip_blacklist': {
    input: blocked,
    data: { was_listed: 'boolean' },
    onFailure: { was_listed: false },
  },
  '/api/ctrl/reload_config': {
    input: {},
    before: async (bench) => {
      bench.configText = '{ "server_id": "9", "rtmp": { "addr": ":1", "gop": 1 } }';
    },
    data: { applied: [{ key: 'string', effect: 'string' }], needs_restart: ['string'], warnings: ['string'] },
  },
  '/api/ctrl/start_relay_pull': { input: { url: pullUrl }, data: STARTED, onFailure: NOT_STARTED },
  '/api/ctrl/stop_relay_pull': {
    input: { stream_name: 'other' },
    before: (bench) => bench.post('/api/ctrl/start_relay_pull', { url: pullUrl }),
    data: { session_id: 'string' },
    onFailure: { session_id: '' },
  },
  '/api/ctrl/start_pull': { input: { ...stream, protocol: 'rtmp', addr: 'h', app_name: 'live' } },
  '/api/ctrl/start_relay_push': {
    input: { ...idle, url: pushUrl },
    data: STARTED,
    onFailure: NOT_STARTED,
  },
  '/api/ctrl/stop_relay_push': {
    input: { ...idle, url: pushUrl },
    before: (bench) => bench.post('/api/ctrl/start_relay_push', { ...idle, url: pushUrl }),
    data: STARTED,
    onFailure: NOT_STARTED,
  },
  '/api/ctrl/start_rtp_pub': {
    input: { stream_name: 'camera' },
    data: { ...STARTED, port: 'number' },
    onFailure: { ...NOT_STARTED, port: 0 },
  },
  '/api/ctrl/stop_rtp_pub': {
    input: { stream_name: 'camera' },
    before: (bench) => bench.post('/api/ctrl/start_rtp_pub', { stream_name: 'camera' }),
    data: { session_id: 'string' },
    onFailure: { session_id: '' },
  },
  '/api/ctrl/start_record': {
    input: { ...stream, type: 'mpegts' },
    data: { stream_name: 'string', type: 'string' },
    onFailure: { stream_name: '', type: '' },
  },
  '/api/ctrl/stop_record': {
    input: { ...stream, type: 'flv' },
    data: { stream_name: 'string', type: 'string', path: 'string' },
    onFailure: { stream_name: '', type: '', path: '' },
  },
};

let bench: ApiBench | undefined;

afterEach(() => bench?.close());

/** A stream with a publisher, a viewer, a pull, a recording, and a viewer who has left. */
async function listen(): Promise<ApiBench> {
  const made = new ApiBench({ record: { flv_out_path: '/rec', mpegts_out_path: '/rec' } });
  bench = made;
  await made.listen();
  await made.picture(made.publish(), 0);
  made.statistics.tick();
  made.addSession('RTMPPUBSUB1', { baseType: 'PUB' });
  made.addSession('RTMPPULL1', { baseType: 'PULL' });
  made.addSession('FLVPUBSUB1', { protocol: 'FLV' });
  made.addSession('FLVPUBSUB2', { protocol: 'FLV' });
  await made.post('/api/ctrl/kick_session', { ...stream, session_id: 'FLVPUBSUB2' });
  await made.post('/api/ctrl/start_record', { ...stream, type: 'flv' });
  return made;
}

function ask(
  asked: ApiBench,
  { path, call }: Endpoint,
  input: Readonly<Record<string, unknown>>,
): Promise<ApiAnswer> {
  return call === 'GET' ? asked.get(path, input as Record<string, string>) : asked.post(path, input);
}

/** As text, so that the order of keys counts. */
function expectForm(form: unknown, wanted: unknown): void {
  expect(JSON.stringify(form, undefined, 1)).toBe(JSON.stringify(wanted, undefined, 1));
}

test('every call has its contract', () => {
  expect(Object.keys(CONTRACTS).sort()).toEqual(ENDPOINTS.map(({ path }) => path).sort());
});

test.each(ENDPOINTS)('$path: an answer has these keys, types and order', async (endpoint) => {
  const { input, before, data } = CONTRACTS[endpoint.path]!;
  const asked = await listen();
  await before?.(asked);
  const { status, body } = await ask(asked, endpoint, input);
  expect([status, body.error_code, body.desp]).toEqual([200, 0, 'succ']);
  const head = { error_code: 'number', desp: 'string' };
  expectForm(formOf(body), data === undefined ? head : { ...head, data });
});

test.each(ENDPOINTS.filter(({ path }) => Object.keys(CONTRACTS[path]!.input).length > 0))(
  '$path: a refusal has nothing, or empty values, in the place of its data',
  async (endpoint) => {
    const { onFailure } = CONTRACTS[endpoint.path]!;
    const { status, body } = await ask(await listen(), endpoint, {});
    const { detail, ...others } = body;
    expect([status, detail]).toEqual([200, expect.stringMatching(/\S/)]);
    const head = { error_code: 1002, desp: 'param missing' };
    expectForm(others, onFailure === undefined ? head : { ...head, data: onFailure });
  },
);
