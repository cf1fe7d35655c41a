import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DumpRecordType, parseDump } from '../../../container/laldump/dump-record.ts';
import { endReason } from '../../../media/end-reason.ts';
import { ApiBench, type ApiAnswer } from '../../../testing/api-bench.ts';

const URL = 'rtmp://origin/live/test110';
const EMPTY = '"data":{"stream_name":"","session_id":""}';

let bench: ApiBench;

async function listen(config: object = {}): Promise<void> {
  bench = new ApiBench(config);
  await bench.listen();
}

beforeEach(() => listen());
afterEach(() => bench.close());

function start(body: object = {}): Promise<ApiAnswer> {
  return bench.post('/api/ctrl/start_relay_pull', { url: URL, ...body });
}

function stop(stream_name = 'test110'): Promise<ApiAnswer> {
  return bench.get('/api/ctrl/stop_relay_pull', { stream_name });
}

async function pull(stream_name = 'test110'): Promise<Record<string, unknown>> {
  const { data } = (await bench.get('/api/stat/group', { stream_name })).body;
  return (data as { pull: Record<string, unknown> }).pull;
}

describe('start_relay_pull', () => {
  test('a refusal names the limit that was reached', async () => {
    await bench.close();
    await listen({ limits: { max_streams: 1 } });
    bench.hub.open('other').hold();
    const { body } = await start();
    expect([body.error_code, body.detail]).toEqual([2001, 'max_streams']);
  });

  test("has lal's answer and defaults", async () => {
    expect((await start()).text).toBe(
      '{"error_code":0,"desp":"succ","data":{"stream_name":"test110","session_id":"RTMPPULL1"}}',
    );
    const { request } = bench.pullSources[0]!;
    expect(request).toMatchObject({ stepTimeoutMs: 10_000, verifyCertificate: true, rtspTransport: 'tcp' });
    expect(request.dump).toBeUndefined();
    // No retries, and no auto stop.
    for (let second = 0; second < 3; second += 1) {
      bench.clock.advance(1000);
      bench.context.relayPulls.tick();
    }
    expect(bench.pullSources[0]!.closed).toBeUndefined();
    bench.pullSources[0]!.fail();
    bench.clock.advance(1000);
    bench.context.relayPulls.tick();
    expect(bench.pullSources).toHaveLength(1);
  });

  test.each([
    ['rtsp://h:554/x/cam?k=v', {}, 'cam', 'RTSPPULL1'],
    ['http://h/live/cam.flv', {}, 'cam', 'FLVPULL1'],
    ['http://h/hls/cam/playlist.m3u8', {}, 'cam', 'HLSPULL1'],
    [URL, { stream_name: 'other' }, 'other', 'RTMPPULL1'],
    [URL, { stream_name: '' }, 'test110', 'RTMPPULL1'],
    [URL, { stream_name: null }, 'test110', 'RTMPPULL1'],
  ])('%s %j', async (url, body, stream_name, session_id) => {
    expect((await start({ url, ...body })).body.data).toEqual({ stream_name, session_id });
    await bench.pullSources[0]!.agree();
    expect(await pull(stream_name)).toMatchObject({ session_id, base_type: 'PULL' });
  });

  test('all parameters count', async () => {
    bench.addSession('RTMPPUBSUB1');
    const body = {
      pull_timeout_ms: 2000,
      pull_retry_num: 1,
      auto_stop_pull_after_no_out_ms: 0,
      rtsp_mode: 1,
      verify_certificate: false,
    };
    await start({ url: 'rtsp://h/test110', ...body });
    expect(bench.pullSources[0]!.request).toMatchObject({
      stepTimeoutMs: 2000,
      verifyCertificate: false,
      rtspTransport: 'udp',
    });
    bench.clock.advance(2000);
    expect(bench.pullSources[0]!.closed).toBe('handshake-timeout');
    bench.context.relayPulls.tick();
    expect(bench.pullSources).toHaveLength(2);
    bench.registry.get('test110', 'RTMPPUBSUB1')!.close({ code: 'kicked', message: '' });
    bench.clock.advance(1000);
    bench.context.relayPulls.tick();
    expect(bench.pullSources[1]!.closed).toBe('no-viewers');
  });

  test("dispatch's explicit zeros are taken", async () => {
    bench.addSession('RTMPPUBSUB1');
    const zeros = {
      stream_name: '',
      pull_timeout_ms: 0,
      pull_retry_num: 0,
      auto_stop_pull_after_no_out_ms: 0,
      rtsp_mode: 0,
      debug_dump_packet: '',
    };
    expect((await start({ url: `${URL}?lal_cluster_inner_pull=1`, ...zeros })).body).toMatchObject({
      error_code: 0,
      data: { stream_name: 'test110', session_id: 'RTMPPULL1' },
    });
    bench.clock.advance(600_000);
    expect(bench.pullSources[0]!.closed).toBeUndefined();
  });

  test("refusals have lal's code and texts", async () => {
    const refused = async (body: object): Promise<string> => (await start(body)).text;
    expect(await refused({ auto_stop_pull_after_no_out_ms: 0 })).toBe(
      `{"error_code":2001,"desp":"should auto stop pull",${EMPTY}}`,
    );
    await start();
    const inUse = `{"error_code":2001,"desp":"lal.logic: in stream already exist at group",${EMPTY}}`;
    expect(await refused({})).toBe(inUse);
    await bench.pullSources[0]!.agree();
    expect(await refused({})).toBe(inUse);
    expect(await refused({ url: 'nonsense' })).toMatch(
      /^\{"error_code":2001,"desp":"the URL does not start with rtmp/,
    );
    expect(await refused({ url: 'rtmp://user:secret@/x' })).not.toContain('secret');
    expect(await refused({ url: 'rtmp://h/live' })).toMatch(/"desp":"the stream name is empty"/);
    expect(await refused({ stream_name: 'a/../b' })).toMatch(/^\{"error_code":2001,/);
    expect(bench.pullSources).toHaveLength(1);
  });

  test.each([
    [{}],
    [{ url: 5 }],
    [{ url: URL, pull_timeout_ms: '1000' }],
    [{ url: URL, pull_retry_num: 1.5 }],
    [{ url: URL, stream_name: [] }],
    [{ url: URL, verify_certificate: 'no' }],
  ])('%j is a wrong parameter', async (body) => {
    const { text } = await bench.post('/api/ctrl/start_relay_pull', body);
    expect(text).toMatch(
      /^\{"error_code":1002,"desp":"param missing","data":\{"stream_name":"","session_id":""\}/,
    );
    expect(bench.pullSources).toEqual([]);
  });

  test('a dump is refused unless the config has a folder for it', async () => {
    expect((await start({ debug_dump_packet: '/etc/passwd' })).text).toBe(
      `{"error_code":1002,"desp":"param missing",${EMPTY},"detail":"debug_dump_packet: dumps are off: http_api.dump_path is empty"}`,
    );
    expect(bench.pullSources).toEqual([]);
  });

  test('a dump goes below that folder, and nowhere else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lal-dump-'));
    try {
      await bench.close();
      await listen({ http_api: { dump_path: folder } });
      expect((await start({ debug_dump_packet: '../x' })).body).toMatchObject({ error_code: 1002 });
      await start({ url: 'rtsp://h/test110', debug_dump_packet: './cam/x' });
      const [source] = bench.pullSources;
      source!.request.dump!.write(DumpRecordType.rtspRtp, Uint8Array.of(1, 2));
      source!.fail();
      await source!.request.dump!.close();
      const records = parseDump(readFileSync(join(folder, 'cam', 'x.laldump')));
      expect(records.map(({ type }) => type)).toEqual([DumpRecordType.fileHeader, DumpRecordType.rtspRtp]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('where apps are kept apart, the app may be given', async () => {
    await bench.close();
    await listen({ stream_key: 'app_stream' });
    await start({ app_name: 'live' });
    await start({ stream_name: 'vod/test110' });
    await start({ stream_name: 'plain' });
    for (const source of bench.pullSources) await source.agree();
    expect([...bench.hub.streams.keys()]).toEqual(['live/test110', 'vod/test110', 'plain']);
    expect(bench.registry.pullOf('vod/test110')).toMatchObject({ appName: 'vod', streamName: 'test110' });
  });
});

describe('stop_relay_pull', () => {
  const nothing = '"data":{"session_id":""}';

  test('stops what is up, and what is being established', async () => {
    await start();
    await bench.pullSources[0]!.agree();
    expect((await stop()).text).toBe('{"error_code":0,"desp":"succ","data":{"session_id":"RTMPPULL1"}}');
    expect(bench.pullSources[0]!.closed).toBe('kicked');
    await start();
    expect((await stop()).text).toBe('{"error_code":0,"desp":"succ","data":{"session_id":"RTMPPULL2"}}');
    expect(bench.pullSources[1]!.closed).toBe('kicked');
  });

  test('stops what would be tried again, and knows it no more when no try is left', async () => {
    await start({ pull_retry_num: 1 });
    bench.pullSources[0]!.fail();
    expect((await stop()).text).toBe('{"error_code":0,"desp":"succ","data":{"session_id":"RTMPPULL1"}}');
    bench.clock.advance(1000);
    bench.context.relayPulls.tick();
    expect(bench.pullSources).toHaveLength(1);
    await start();
    bench.pullSources[1]!.fail();
    expect((await stop()).body.error_code).toBe(1003);
  });

  test('stops what waits for the next viewer', async () => {
    const viewer = bench.addSession('RTMPPUBSUB1');
    await start({ auto_stop_pull_after_no_out_ms: 0 });
    await bench.pullSources[0]!.agree();
    viewer.close(endReason('kicked'));
    bench.context.relayPulls.tick();
    expect(bench.pullSources[0]!.closed).toBe('no-viewers');
    expect((await stop()).body.data).toEqual({ session_id: 'RTMPPULL1' });
    bench.addSession('RTMPPUBSUB2');
    expect(bench.pullSources).toHaveLength(1);
    expect((await stop()).body.error_code).toBe(1003);
  });

  test("has lal's codes for what is not there", async () => {
    expect((await stop()).text).toBe(`{"error_code":1001,"desp":"group not found",${nothing}}`);
    bench.addSession('RTMPPUBSUB1');
    expect((await stop()).text).toBe(`{"error_code":1003,"desp":"session not found",${nothing}}`);
    for (const query of ['', '?stream_name=']) {
      expect((await bench.fetch(`/api/ctrl/stop_relay_pull${query}`, {})).text).toMatch(
        /^\{"error_code":1002,"desp":"param missing","data":\{"session_id":""\}/,
      );
    }
  });

  test('a preflight stops nothing', async () => {
    await start();
    const preflight = { method: 'OPTIONS' };
    await bench.fetch('/api/ctrl/stop_relay_pull?stream_name=test110', preflight);
    expect(bench.pullSources[0]!.closed).toBeUndefined();
  });
});

test('kick_session stops a pull, and there are no further tries', async () => {
  await start({ pull_retry_num: -1 });
  await bench.pullSources[0]!.agree();
  const body = { stream_name: 'test110', session_id: 'RTMPPULL1' };
  expect((await bench.post('/api/ctrl/kick_session', body)).text).toBe('{"error_code":0,"desp":"succ"}');
  bench.clock.advance(1000);
  bench.context.relayPulls.tick();
  expect(bench.pullSources).toHaveLength(1);
});

describe('start_pull of lal 0.2.8', () => {
  const body = { protocol: 'rtmp', addr: 'h:1935', app_name: 'live', stream_name: 'test110' };

  test('pulls for those who watch', async () => {
    bench.addSession('RTMPPUBSUB1');
    const answer = await bench.post('/api/ctrl/start_pull', { ...body, url_param: 'k=v' });
    expect(answer.text).toBe('{"error_code":0,"desp":"succ"}');
    expect(bench.pullSources[0]!.request.url.text).toBe('rtmp://h:1935/live/test110?k=v');
    bench.pullSources[0]!.fail();
    bench.clock.advance(1000);
    bench.context.relayPulls.tick();
    expect(bench.pullSources).toHaveLength(2);
  });

  test('succeeds when nothing happens', async () => {
    expect((await bench.post('/api/ctrl/start_pull', body)).text).toBe('{"error_code":0,"desp":"succ"}');
    expect(bench.pullSources).toEqual([]);
  });

  test('but not without its parameters', async () => {
    for (const missing of Object.keys(body)) {
      const answer = await bench.post('/api/ctrl/start_pull', { ...body, [missing]: undefined });
      expect(answer.text).toMatch(/^\{"error_code":1002,"desp":"param missing"/);
    }
    expect((await bench.post('/api/ctrl/start_pull', { ...body, protocol: 'x' })).body.error_code).toBe(2001);
  });

  test.each(['', '..', 'a\r\nb', 'x'.repeat(256)])(
    'nor for %j, which no stream is called',
    async (stream_name) => {
      const { text } = await bench.post('/api/ctrl/start_pull', { ...body, stream_name });
      expect(text).toMatch(/^\{"error_code":2001,"desp":"the stream name .+"\}$/);
    },
  );
});
