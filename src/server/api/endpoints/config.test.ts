import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiBench } from '../../../testing/api-bench.ts';

let bench: ApiBench;

beforeEach(async () => {
  bench = new ApiBench({ limits: { max_streams: 5 } });
  await bench.listen();
});

afterEach(() => bench.close());

test('the config is read again: what has changed is in force, and named with what it counts for', async () => {
  bench.configText =
    '{ "server_id": "9", "limits": { "max_streams": 6 }, "rtmp": { "addr": ":1", "gop": 2 } }';
  const { text, body } = await bench.post('/api/ctrl/reload_config', {});
  expect(text).toMatch(/^\{"error_code":0,"desp":"succ","data":\{"applied":\[/);
  expect(body.data).toEqual({
    applied: [
      { key: 'server_id', effect: 'now' },
      { key: 'limits.max_streams', effect: 'now' },
    ],
    needs_restart: ['rtmp.addr'],
    warnings: expect.arrayContaining([expect.stringMatching(/^test\.json:1:\d+: rtmp\.gop: unknown key/)]),
  });
  expect(bench.context.config.server_id).toBe('9');
  expect((await bench.get('/api/stat/lal_info')).text).toContain('"server_id":"9"');
});

test('a file that cannot be used changes nothing, and the answer says what is wrong', async () => {
  bench.configText = '{ "server_id": 9,\n "limits": { "max_streams": -1 } }';
  const { status, text, body } = await bench.get('/api/ctrl/reload_config');
  expect(status).toBe(200);
  expect(text).toMatch(
    /^\{"error_code":2010,"desp":"the config cannot be used; nothing has changed","data":\{"applied":\[\],"needs_restart":\[\],"warnings":\[\]\},/,
  );
  expect(body.detail).toMatch(/^test\.json:1:16: server_id: .*\ntest\.json:2:\d+: limits\.max_streams: /);
  expect(bench.context.config.limits.max_streams).toBe(5);
});

test('a secret that everybody knows is named in the answer, and in what the server says of itself', async () => {
  bench.configText = '{ "simple_auth": { "key": "q191201771", "pub_rtmp_enable": true } }';
  const reload = (await bench.get('/api/ctrl/reload_config')).body.data as { warnings: string[] };
  expect(reload.warnings.filter((text) => text.startsWith('SECURITY: '))).toEqual([
    expect.stringContaining('simple_auth.key has a value of lal'),
  ]);
  const info = (await bench.get('/api/stat/lal_info')).body.data as { warnings: string[] };
  expect(info.warnings).toEqual([expect.stringContaining('simple_auth.key ')]);
});
