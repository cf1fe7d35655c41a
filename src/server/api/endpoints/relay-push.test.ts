import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiBench, type ApiAnswer } from '../../../testing/api-bench.ts';

const URL = 'rtmps://127.0.0.1:1/live2/abcd-efgh';

let bench: ApiBench;

beforeEach(async () => {
  bench = new ApiBench({ limits: { max_relay_pushes: 2 } });
  await bench.listen();
});

afterEach(() => bench.close());

function start(more: object = {}): Promise<ApiAnswer> {
  return bench.post('/api/ctrl/start_relay_push', { stream_name: 'test110', url: URL, ...more });
}

function stop(which: object, stream_name = 'test110'): Promise<ApiAnswer> {
  return bench.post('/api/ctrl/stop_relay_push', { stream_name, ...which });
}

async function pushs(): Promise<Record<string, unknown>[]> {
  const { data } = (await bench.get('/api/stat/group', { stream_name: 'test110' })).body;
  return (data as { pushs: Record<string, unknown>[] }).pushs;
}

test('a push waits for its publisher, and shows itself without its stream key', async () => {
  expect((await start()).text).toBe(
    '{"error_code":0,"desp":"succ","data":{"stream_name":"test110","session_id":"RTMPPUSH1"}}',
  );
  const [push] = await pushs();
  expect(Object.keys(push!)).toEqual([
    'session_id',
    'protocol',
    'base_type',
    'remote_addr',
    'start_time',
    'read_bytes_sum',
    'wrote_bytes_sum',
    'bitrate_kbits',
    'read_bitrate_kbits',
    'write_bitrate_kbits',
    'bitrate',
    'read_bitrate',
    'write_bitrate',
    'url',
    'state',
    'failures',
    'last_end',
  ]);
  expect(push).toMatchObject({
    session_id: 'RTMPPUSH1',
    protocol: 'RTMP',
    base_type: 'PUSH',
    remote_addr: '127.0.0.1:1',
    url: 'rtmps://127.0.0.1:1/live2/***',
    state: 'waiting',
    failures: 0,
    last_end: null,
  });
});

test.each([{ session_id: 'RTMPPUSH1' }, { url: URL }])('%j stops it', async (which) => {
  await start();
  expect((await stop(which)).text).toBe(
    '{"error_code":0,"desp":"succ","data":{"stream_name":"test110","session_id":"RTMPPUSH1"}}',
  );
  expect(await pushs()).toEqual([]);
  expect((await stop(which)).body.error_code).toBe(1003);
  expect((await stop(which, 'unknown')).body.error_code).toBe(1001);
  expect((await stop({})).body).toMatchObject({
    error_code: 1002,
    data: { stream_name: '', session_id: '' },
  });
});

test.each([
  [{ url: 'http://h/a' }, 2004, /^the URL does not start with rtmp:/],
  [{ url: 'rtmp://h/{x}' }, 2004, /^the only places are/],
  [{ stream_name: '' }, 2004, /^the stream name is empty/],
  [{ stream_name: '../x' }, 2004, /^the stream name has a part/],
  [{ url: null }, 1002, /^param missing/],
  [{ push_retry_num: 'x' }, 1002, /^param missing/],
  [{ push_timeout_ms: 3_600_001 }, 1002, /^param missing/],
  [{ push_timeout_ms: -1 }, 1002, /^param missing/],
  [{ rtsp_mode: 2 }, 1002, /^param missing/],
])('%j is refused', async (more, code, desp) => {
  const { body } = await start(more);
  expect(body).toMatchObject({ error_code: code, data: { stream_name: '', session_id: '' } });
  expect(body.desp).toMatch(desp);
});

test('the same twice, and one too many, are refused', async () => {
  await start();
  expect((await start()).body).toMatchObject({
    error_code: 2004,
    desp: 'the stream is pushed to this URL already',
  });
  await start({ url: 'rtsp://127.0.0.1:1/{stream}' });
  expect((await start({ stream_name: 'other' })).body).toMatchObject({
    error_code: 2004,
    detail: 'max_relay_pushes',
  });
  expect((await pushs()).map(({ session_id: id }) => id)).toEqual(['RTMPPUSH1', 'RTSPPUSH1']);
});

test('a push that is established can be kicked like any session', async () => {
  bench.addSession('RTMPPUSH7', { baseType: 'PUSH' });
  const { body } = await bench.post('/api/ctrl/kick_session', {
    stream_name: 'test110',
    session_id: 'RTMPPUSH7',
  });
  expect(body.error_code).toBe(0);
  expect(bench.ends).toEqual(['RTMPPUSH7 kicked']);
});
