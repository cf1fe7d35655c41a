import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiBench } from '../../../testing/api-bench.ts';

let bench: ApiBench;

beforeEach(async () => {
  bench = new ApiBench();
  await bench.listen();
});

afterEach(() => bench.close());

async function add(body: object): Promise<string> {
  return (await bench.post('/api/ctrl/add_ip_blacklist', body)).text;
}

async function list(): Promise<unknown> {
  return (await bench.get('/api/ctrl/list_ip_blacklist')).body.data;
}

test('an address is added without data in the answer, listed with the time it has left, and let in again', async () => {
  expect(await list()).toEqual({ entries: [] });
  expect(await add({ ip: '::FFFF:192.0.2.1', duration_sec: 60 })).toBe('{"error_code":0,"desp":"succ"}');
  bench.clock.advance(500);
  expect(await list()).toEqual({ entries: [{ ip: '192.0.2.1', remaining_sec: 60 }] });
  for (const wasListed of [true, false]) {
    const { text } = await bench.post('/api/ctrl/remove_ip_blacklist', { ip: '192.0.2.1' });
    expect(text).toBe(`{"error_code":0,"desp":"succ","data":{"was_listed":${wasListed}}}`);
  }
  expect(await list()).toEqual({ entries: [] });
});

test('the sessions of the address stay, but for HLS, unless the call says otherwise', async () => {
  bench.addSession('RTMPPUBSUB1', { baseType: 'PUB', remoteAddress: '192.0.2.1:1' });
  bench.addSession('HLSSUB1', { protocol: 'HLS', remoteAddress: '192.0.2.1:2' });
  bench.addSession('FLVPUBSUB1', { protocol: 'FLV', remoteAddress: '192.0.2.2:3' });
  await add({ ip: '192.0.2.1', duration_sec: 60 });
  expect(bench.ends).toEqual(['HLSSUB1 kicked']);
  await add({ ip: '192.0.2.1', duration_sec: 60, close_sessions: true });
  expect(bench.ends).toEqual(['HLSSUB1 kicked', 'RTMPPUBSUB1 kicked']);
});

test.each([
  [{}, /^ip: /],
  [{ ip: '192.0.2.1' }, /^duration_sec: /],
  [{ duration_sec: 60 }, /^ip: /],
  [{ ip: 1, duration_sec: 60 }, /^ip: /],
  [{ ip: '192.0.2.1', duration_sec: '60' }, /^duration_sec: /],
  [{ ip: '192.0.2.1', duration_sec: 1.5 }, /^duration_sec: /],
  [{ ip: '192.0.2.1', duration_sec: 60, close_sessions: 1 }, /^close_sessions: /],
  [{ ip: 'localhost', duration_sec: 60 }, /^ip: is no IP address$/],
  [{ ip: '', duration_sec: 60 }, /^ip: is no IP address$/],
])('%j is refused and does nothing', async (body, detail) => {
  const { status, body: answer } = await bench.post('/api/ctrl/add_ip_blacklist', body);
  expect(status).toBe(200);
  expect(answer).toEqual({
    error_code: 1002,
    desp: 'param missing',
    detail: expect.stringMatching(detail) as string,
  });
  expect(await list()).toEqual({ entries: [] });
});

test.each(['localhost', '', '192.0.2.0/24'])('%j cannot be let in again: it is no address', async (ip) => {
  const { text } = await bench.post('/api/ctrl/remove_ip_blacklist', { ip });
  expect(text).toBe(
    '{"error_code":1002,"desp":"param missing","data":{"was_listed":false},"detail":"ip: is no IP address"}',
  );
});

test('lal_info has the secrets that everybody knows behind the keys of lal', async () => {
  const warnings = async (): Promise<unknown> => {
    const { data } = (await bench.get('/api/stat/lal_info')).body;
    expect(Object.keys(data as object).at(-1)).toBe('warnings');
    return (data as { warnings: unknown }).warnings;
  };
  expect(await warnings()).toEqual([]);
  await bench.close();
  bench = new ApiBench({
    simple_auth: { dangerous_lal_secret: 'pengrl', pub_rtmp_enable: true },
  });
  await bench.listen();
  expect(await warnings()).toEqual([expect.stringMatching(/^simple_auth\.dangerous_lal_secret has a value/)]);
});
