import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DumpRecordType, parseDump } from '../../../container/laldump/dump-record.ts';
import { ApiBench, type ApiAnswer } from '../../../testing/api-bench.ts';
import { rtpOf } from '../../../testing/gb28181-kit.ts';

const EMPTY = '"data":{"stream_name":"","session_id":"","port":0}';

let bench: ApiBench;

async function listen(config: object = {}): Promise<void> {
  bench = new ApiBench(config);
  await bench.listen();
}

beforeEach(() => listen());
afterEach(() => bench.close());

function start(body: object = {}): Promise<ApiAnswer> {
  return bench.post('/api/ctrl/start_rtp_pub', { stream_name: 'test110', ...body });
}

describe('start_rtp_pub', () => {
  test('a refusal names the limit that was reached', async () => {
    await bench.close();
    await listen({ limits: { max_streams: 1 } });
    bench.hub.open('other').hold();
    const { body } = await start();
    expect([body.error_code, body.detail]).toEqual([2001, 'max_streams']);
  });

  test("has lal's answer and defaults", async () => {
    expect((await start()).text).toBe(
      '{"error_code":0,"desp":"succ","data":{"stream_name":"test110","session_id":"PSPUB1","port":30000}}',
    );
    expect(bench.gb28181Network.opened[0]!.way).toEqual({ transport: 'udp', port: 0 });
    bench.clock.advance(59_999);
    expect(bench.registry.publisherOf('test110')).toBeDefined();
    bench.clock.advance(1);
    expect(bench.registry.publisherOf('test110')).toBeUndefined();
  });

  test('shows the publisher as lal does', async () => {
    await start();
    const { data } = (await bench.get('/api/stat/group', { stream_name: 'test110' })).body;
    expect(data).toMatchObject({
      stream_name: 'test110',
      app_name: '',
      pub: { session_id: 'PSPUB1', protocol: 'PS', base_type: 'PUB', remote_addr: '', read_bytes_sum: 0 },
    });
  });

  test.each([
    [{ port: 5000 }, { transport: 'udp', port: 5000 }, 5000],
    [{ port: 5001, is_tcp_flag: 1 }, { transport: 'tcp', port: 5001 }, 5001],
    [{ is_tcp_flag: 1 }, { transport: 'tcp', port: 0 }, 30_000],
    [
      { is_tcp_flag: 2, tcp_active_addr: '192.0.2.7:9000' },
      { transport: 'tcp-active', peer: { host: '192.0.2.7', port: 9000 } },
      0,
    ],
    [
      { is_tcp_flag: 2, tcp_active_addr: '[2001:db8::7]:9000' },
      { transport: 'tcp-active', peer: { host: '2001:db8::7', port: 9000 } },
      0,
    ],
    [
      { stream_name: 'test110', port: null, timeout_ms: null, is_tcp_flag: null },
      { transport: 'udp', port: 0 },
      30_000,
    ],
  ])('%j', async (body, way, port) => {
    expect((await start(body)).body.data).toMatchObject({ session_id: 'PSPUB1', port });
    expect(bench.gb28181Network.opened[0]!.way).toEqual(way);
  });

  test.each([
    [999, 1e7],
    [-5, 1e7],
    [0, 1e7],
    [1999, 1000],
    [2 ** 40, 1e7],
  ])('a time-out of %i ms', async (timeout_ms, aliveMs) => {
    // Over UDP a clock would have to run through every look at gaps.
    await start({ timeout_ms, is_tcp_flag: 1 });
    bench.clock.advance(aliveMs - 1);
    expect(bench.registry.publisherOf('test110')).toBeDefined();
    bench.clock.advance(1);
    expect(bench.registry.publisherOf('test110') !== undefined).toBe(aliveMs === 1e7);
  });

  test.each([
    ['7', [true, false]],
    [7, [true, false]],
    ['0000000007', [true, false]],
    [undefined, [true, true]],
  ])('source %j alone is received', async (ssrc, taken) => {
    await start({ ssrc });
    const { handler } = bench.gb28181Network.opened[0]!;
    const other = rtpOf(2);
    other[11] = 8;
    expect(handler.receiveRtp(rtpOf(1))).toBe(taken[0]);
    bench.clock.advance(3000);
    expect(handler.receiveRtp(other)).toBe(taken[1]);
  });

  test.each([
    { stream_name: undefined },
    { port: -1 },
    { port: 65_536 },
    { port: '5000' },
    { is_tcp_flag: 3 },
    { is_tcp_flag: 2 },
    { is_tcp_flag: 2, tcp_active_addr: '192.0.2.7' },
    { is_tcp_flag: 2, tcp_active_addr: ':9000' },
    { is_tcp_flag: 2, tcp_active_addr: '192.0.2.7:0' },
    { ssrc: -1 },
    { ssrc: '4294967296' },
    { ssrc: 'x' },
    { debug_dump_packet: 'a.laldump' },
  ])('%j is 1002, and opens nothing', async (body) => {
    expect((await start(body)).text).toMatch(/^\{"error_code":1002,"desp":"param missing","data":\{/);
    expect(bench.gb28181Network.opened).toEqual([]);
    expect(bench.hub.streams.size).toBe(0);
  });

  test('a stream that has an input is 2001', async () => {
    await start();
    const inUse = `{"error_code":2001,"desp":"lal.logic: in stream already exist at group",${EMPTY}}`;
    expect((await start()).text).toBe(inUse);
    expect((await start({ stream_name: '..' })).body.error_code).toBe(2001);
  });

  test('a port that cannot be had is 2002, in the words of the system', async () => {
    bench.gb28181Network.failures = [new Error('bind EADDRINUSE 0.0.0.0:5000')];
    expect((await start({ port: 5000 })).text).toBe(
      `{"error_code":2002,"desp":"bind EADDRINUSE 0.0.0.0:5000",${EMPTY}}`,
    );
    expect((await start({ port: 5000 })).body.error_code).toBe(0);
  });

  test('the app counts where the config says so', async () => {
    await bench.close();
    await listen({ stream_key: 'app_stream' });
    expect((await start({ app_name: 'live' })).body.data).toMatchObject({ stream_name: 'test110' });
    expect(bench.registry.publisherOf('live/test110')).toMatchObject({
      appName: 'live',
      streamName: 'test110',
    });
    await start({ stream_name: 'other/cam' });
    expect(bench.registry.publisherOf('other/cam')).toMatchObject({ appName: 'other', streamName: 'cam' });
  });

  test('a dump has every packet', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lal-gb-'));
    await bench.close();
    await listen({ http_api: { dump_path: folder } });
    expect((await start({ debug_dump_packet: '../x' })).body.error_code).toBe(1002);
    await start({ debug_dump_packet: './cam.laldump' });
    bench.gb28181Network.opened[0]!.handler.receiveRtp(rtpOf(1));
    bench.context.gb28181.stop('test110');
    await expect
      .poll(() => parseDump(readFileSync(join(folder, 'cam.laldump'))).map(({ type }) => type))
      .toEqual([DumpRecordType.fileHeader, DumpRecordType.psRtp]);
    rmSync(folder, { recursive: true });
  });
});

describe('the end', () => {
  test('by stop_rtp_pub', async () => {
    await start();
    const stop = (stream_name: string): Promise<ApiAnswer> =>
      bench.get('/api/ctrl/stop_rtp_pub', { stream_name });
    expect((await stop('test110')).text).toBe(
      '{"error_code":0,"desp":"succ","data":{"session_id":"PSPUB1"}}',
    );
    expect(bench.gb28181Network.opened[0]!.isClosed).toBe(true);
    expect((await stop('test110')).body).toMatchObject({ error_code: 1003, data: { session_id: '' } });
    expect((await stop('other')).body.error_code).toBe(1001);
  });

  test('by kick_session, as with lal', async () => {
    await start();
    const kick = { stream_name: 'test110', session_id: 'PSPUB1' };
    expect((await bench.post('/api/ctrl/kick_session', kick)).text).toBe('{"error_code":0,"desp":"succ"}');
    expect(bench.gb28181Network.opened[0]!.isClosed).toBe(true);
    expect((await start()).body.data).toMatchObject({ session_id: 'PSPUB2' });
  });
});
