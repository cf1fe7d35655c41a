import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ApiBench } from '../../testing/api-bench.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
import { ApiCode } from './api-codes.ts';

let bench: ApiBench;

afterEach(() => bench.close());

const parameters = z.object({
  stream_name: z.string().meta({ description: 'name' }),
  port: z.int().default(7).meta({ description: 'port' }),
});

const calls: string[] = [];

function call(path: `/api/${string}`, kind: 'GET' | 'POST', changesState: boolean): Endpoint {
  return defineEndpoint({
    path,
    call: kind,
    changesState,
    group: 'Test',
    summary: 'A call',
    parameters: kind === 'GET' ? parameters.extend({ port: z.coerce.number().default(7) }) : parameters,
    data: { schema: z.object({ name: z.string(), port: z.int() }), onFailure: { name: '', port: 0 } },
    handle: (_context, { stream_name, port }) => {
      calls.push(`${stream_name} ${port}`);
      if (stream_name === 'broken') throw new Error('broken');
      if (stream_name === 'none') return { code: ApiCode.groupNotFound };
      return { data: { name: stream_name, port } };
    },
  });
}

const endpoints = [
  call('/api/stat/look', 'GET', false),
  call('/api/stat/ask', 'POST', false),
  call('/api/ctrl/stop', 'GET', true),
  call('/api/ctrl/start', 'POST', true),
];

async function listen(httpApi: object = {}): Promise<void> {
  calls.length = 0;
  bench = new ApiBench({ http_api: httpApi });
  await bench.listen(endpoints);
}

test('an answer has the code, its text and the data in that order, and lal’s headers', async () => {
  await listen();
  const { status, headers, text } = await bench.get('/api/stat/look', { stream_name: 'a' });
  expect(text).toBe('{"error_code":0,"desp":"succ","data":{"name":"a","port":7}}');
  expect(status).toBe(200);
  expect(Object.fromEntries(headers)).toMatchObject({
    server: expect.stringMatching(/^lal\d/) as string,
    'access-control-allow-credentials': 'true',
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'Content-Type',
    'content-type': 'application/json',
  });
});

test.each(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'QUERY'])(
  '%s is answered like the method of the call',
  async (method) => {
    await listen();
    const query = await bench.fetch('/api/stat/look?stream_name=a&stream_name=b', { method });
    expect(query.body.data).toEqual({ name: 'a', port: 7 });
    if (method === 'GET') return;
    const body = await bench.fetch('/api/stat/ask', { method, body: '{"stream_name":"a","port":1}' });
    expect(body.body.data).toEqual({ name: 'a', port: 1 });
  },
);

test.each([
  ['nothing', ''],
  ['no JSON', '{"stream_name":'],
  ['no object', '[]'],
  ['a wrong type', '{"stream_name":1}'],
  ['a wrong type of what is optional', '{"stream_name":"a","port":"1"}'],
  ['a fraction for a whole number', '{"stream_name":"a","port":1.5}'],
  ['no parameters', '{}'],
  ['null', '{"stream_name":null}'],
  ['deep JSON', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ['a body over the limit', `{"stream_name":"${'a'.repeat(65_536)}"}`],
])('%s is a missing parameter', async (_what, body) => {
  await listen();
  const { status, text } = await bench.fetch('/api/stat/ask', { method: 'POST', body });
  expect(status).toBe(200);
  expect(text).toMatch(
    /^\{"error_code":1002,"desp":"param missing","data":\{"name":"","port":0\},"detail":"[^"]+"\}$/,
  );
  expect(calls).toEqual([]);
});

test('what exists is given, even if it is empty; what is null or unknown counts for nothing', async () => {
  await listen();
  const body = { stream_name: '', port: null, other: { deep: [[]] } };
  expect((await bench.post('/api/stat/ask', body)).body.data).toEqual({ name: '', port: 7 });
});

test('a call that refuses has its code, its text and empty data', async () => {
  await listen();
  const { status, text } = await bench.get('/api/stat/look', { stream_name: 'none' });
  expect(status).toBe(200);
  expect(text).toBe('{"error_code":1001,"desp":"group not found","data":{"name":"","port":0}}');
});

test('a fault of ours is a status, and the server lives on', async () => {
  await listen();
  const { status, body } = await bench.get('/api/stat/look', { stream_name: 'broken' });
  expect([status, body.error_code]).toEqual([500, 500]);
  expect((await bench.get('/api/stat/look', { stream_name: 'a' })).status).toBe(200);
});

test.each(['/', '/api/list', '/api/stat', '/api/stat/look/', '/api/stat/look%00'])(
  '%s is no call',
  async (path) => {
    await listen();
    const { status, text } = await bench.get(path);
    expect(status).toBe(200);
    expect(text).toBe('{"error_code":404,"desp":"page not found, check this document out: lal"}');
  },
);

test('slashes that are written twice count once', async () => {
  await listen();
  const { body } = await bench.fetch('//api//stat/look?stream_name=a//b', {});
  expect(body.data).toEqual({ name: 'a//b', port: 7 });
});

test('a preflight does nothing', async () => {
  await listen();
  for (const { path } of endpoints) {
    const { status, text } = await bench.fetch(`${path}?stream_name=a`, { method: 'OPTIONS' });
    expect([status, text]).toEqual([204, '']);
  }
  expect(calls).toEqual([]);
});

test('pages of other origins may look, and change nothing', async () => {
  await listen();
  const headers = { Origin: 'https://elsewhere.example' };
  expect((await bench.get('/api/stat/look', { stream_name: 'a' }, headers)).body.error_code).toBe(0);
  calls.length = 0;
  const stop = await bench.get('/api/ctrl/stop', { stream_name: 'a' }, headers);
  const start = await bench.post('/api/ctrl/start', { stream_name: 'a' }, headers);
  for (const answer of [stop, start]) {
    expect(answer.status).toBe(403);
    expect(answer.body.error_code).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  }
  expect(calls).toEqual([]);
});

test('pages of listed origins may change something, and read the answer', async () => {
  await listen({ allowed_origins: ['https://console.example'] });
  const headers = { Origin: 'https://console.example' };
  const { status, headers: sent } = await bench.post('/api/ctrl/start', { stream_name: 'a' }, headers);
  expect(status).toBe(200);
  expect(sent.get('access-control-allow-origin')).toBe('https://console.example');
  expect(sent.get('access-control-allow-credentials')).toBeNull();
  expect(sent.get('vary')).toBe('Origin');
});

test('a token is asked for before anything else, and it opens calls to every origin', async () => {
  await listen({ token: 'secret' });
  const withoutToken = await bench.post('/api/ctrl/start', { stream_name: 'a' });
  expect([withoutToken.status, withoutToken.body.error_code]).toEqual([401, 401]);
  expect(withoutToken.headers.get('www-authenticate')).toBe('Bearer');
  expect((await bench.get('/api/other')).status).toBe(401);
  expect((await bench.get('/api/stat/look', { stream_name: 'a', token: 'secret2' })).status).toBe(401);
  const headers = { Origin: 'https://elsewhere.example', Authorization: 'Bearer secret' };
  const answer = await bench.post('/api/ctrl/start', { stream_name: 'a' }, headers);
  expect(answer.body.error_code).toBe(0);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  expect((await bench.get('/api/stat/look', { stream_name: 'a', token: 'secret' })).status).toBe(200);
});

test('pages are open to everybody, and run nothing that is not their own', async () => {
  await listen({ token: 'secret' });
  for (const [path, type] of [
    ['/lal.html', 'text/html'],
    ['/api/docs', 'text/html'],
    ['/assets/lal.js', 'text/javascript'],
    ['/assets/docs.js', 'text/javascript'],
    ['/assets/call.js', 'text/javascript'],
    ['/assets/page.css', 'text/css'],
  ] as const) {
    const response = await fetch(`http://127.0.0.1:${bench.port}${path}`);
    const text = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`]);
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self';/,
    );
    expect(text).not.toMatch(/https?:\/\/|<script>|<style|\son\w+=|innerHTML|insertAdjacentHTML|eval\(/);
  }
});

test.each([
  '/assets/',
  '/assets/../package.json',
  '/assets/%2e%2e/package.json',
  '/assets/web/lal.js',
  '/assets/demo.flv',
])('%s is no page', async (path) => {
  await listen();
  const client = connect(bench.port, '127.0.0.1');
  client.end(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(await text(client)).toContain('{"error_code":404,');
});

test('who leaves before the answer is there does no harm', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
  const slow = defineEndpoint({
    path: '/api/stat/slow',
    call: 'GET',
    changesState: false,
    group: 'Test',
    summary: 'A call that takes its time',
    parameters: z.object({}),
    handle: async () => {
      isAsked();
      await promise;
      return { data: undefined };
    },
  });
  bench = new ApiBench();
  await bench.listen([slow]);
  const client = connect(bench.port, '127.0.0.1');
  client.write('GET /api/stat/slow HTTP/1.1\r\nHost: x\r\n\r\n');
  await asked;
  client.destroy();
  await bench.context.guard.whenEmpty();
  resolve();
  expect((await bench.get('/api/none')).body.error_code).toBe(404);
  expect((await bench.get('/api/stat/slow')).body.error_code).toBe(0);
});

test('who does not take the answer is cut off, because it holds memory', async () => {
  const large = defineEndpoint({
    path: '/api/stat/large',
    call: 'GET',
    changesState: false,
    group: 'Test',
    summary: 'A call with a long answer',
    parameters: z.object({}),
    data: { schema: z.string(), onFailure: '' },
    handle: () => ({ data: 'x'.repeat(32 << 20) }),
  });
  bench = new ApiBench();
  await bench.listen([large]);
  const client = connect(bench.port, '127.0.0.1');
  client.write('GET /api/stat/large HTTP/1.1\r\nHost: x\r\n\r\n');
  // The beginning of the answer; the rest is left where it is.
  await once(client, 'readable');
  expect(bench.context.guard.open).toBe(1);
  bench.clock.advance(
    ((32 << 20) / 8192) * 1000 + bench.context.config.limits.viewer_stall_timeout_ms + 1000,
  );
  await bench.context.guard.whenEmpty();
  client.destroy();
});
