import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../media/clock.ts';
import { HttpCallbackClient, type CallbackResult } from './callback-client.ts';
import { parseCallbackUrl } from './callback-endpoint.ts';

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let client: HttpCallbackClient;
let heard: Heard[];
let sockets: Set<Socket>;
let respond: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  heard = [];
  sockets = new Set();
  respond = (_, response) => response.end();
  server = createServer((request, response) => {
    sockets.add(request.socket);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      heard.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      respond(request, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new HttpCallbackClient(systemClock);
});

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});

function post(
  path: string,
  options: { timeoutMs?: number; hmacKey?: string; user?: string } = {},
): Promise<CallbackResult> {
  const { port } = server.address() as AddressInfo;
  const { timeoutMs = 5000, hmacKey = '', user = '' } = options;
  const endpoint = parseCallbackUrl(`http://${user}127.0.0.1:${port}${path}`)!;
  return client.post({ endpoint, body: '{"server_id":"ü"}', timeoutMs, hmacKey });
}

test('a body is posted as JSON, and the answer is status and text', async () => {
  respond = (_, response) => response.writeHead(201).end('{"code":0}');
  expect(await post('/on_pub_start?a=b')).toEqual({ status: 201, text: '{"code":0}' });
  expect(heard).toMatchObject([{ method: 'POST', url: '/on_pub_start?a=b', body: '{"server_id":"ü"}' }]);
  expect(heard[0]!.headers['content-type']).toBe('application/json');
  expect(heard[0]!.headers).not.toHaveProperty('x-lal-signature');
  expect(heard[0]!.headers).not.toHaveProperty('authorization');
});

test('connections are kept: answers are read to their end', async () => {
  respond = (_, response) => response.end('x'.repeat(60_000));
  for (let count = 0; count < 5; count += 1) await post('/a');
  expect(heard).toHaveLength(5);
  // The first is still busy with its end when the second request comes.
  expect(sockets.size).toBeLessThanOrEqual(2);
});

test('an answer without end is not read to its end', async () => {
  respond = (_, response) => {
    response.on('error', () => {});
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
    };
    response.on('drain', write);
    write();
  };
  expect(await post('/a')).toEqual({ status: 200, text: undefined });
});

test('user and password of a URL are sent as Basic credentials, and are not in the URL', async () => {
  await post('/a', { user: 'me:p%40ss%3A@' });
  expect(heard[0]!.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss:').toString('base64')}`);
  expect(heard[0]!.headers.host).toMatch(/^127\.0\.0\.1:\d+$/);
});

test('with a key, timestamp and body are signed', async () => {
  await post('/a', { hmacKey: 'k1' });
  const [{ headers, body }] = heard as [Heard];
  const timestamp = headers['x-lal-timestamp'] as string;
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5);
  const digest = createHmac('sha256', 'k1').update(`${timestamp}.${body}`).digest('hex');
  expect(headers['x-lal-signature']).toBe(`sha256=${digest}`);
});

test.each([
  { status: 301, method: 'GET', body: '' },
  { status: 302, method: 'GET', body: '' },
  { status: 303, method: 'GET', body: '' },
  { status: 307, method: 'POST', body: '{"server_id":"ü"}' },
  { status: 308, method: 'POST', body: '{"server_id":"ü"}' },
])('a redirect by $status is followed with $method', async ({ status, method, body }) => {
  respond = ({ url }, response) => {
    if (url === '/old') response.writeHead(status, { Location: '/new' }).end('moved');
    else response.end('done');
  };
  expect(await post('/old')).toEqual({ status: 200, text: 'done' });
  expect(heard[1]).toMatchObject({ method, url: '/new', body });
});

test('redirects without end are given up', async () => {
  let count = 0;
  respond = (_, response) => response.writeHead(307, { Location: `/${(count += 1)}` }).end();
  expect(await post('/a')).toMatchObject({ status: 307 });
  expect(count).toBe(11);
});

test('a receiver that does not answer in time is given up', async () => {
  respond = () => {};
  expect(await post('/a', { timeoutMs: 30 })).toEqual({
    code: 'ERR_NOTIFY_TIMEOUT',
    message: 'no answer within 30 ms',
  });
});

test('a body that does not end in time is no body, but its status counts', async () => {
  respond = (_, response) => void response.writeHead(200).write('{"allow":');
  expect(await post('/a', { timeoutMs: 60 })).toEqual({ status: 200, text: undefined });
});

test('a receiver that closes the connection, or speaks no HTTP, or is not there, is a failed connection', async () => {
  respond = ({ socket }) => void socket.destroy();
  expect(await post('/a')).toMatchObject({ code: 'ERR_NOTIFY_CONNECTION' });
  respond = ({ socket }) => void socket.end('no HTTP\r\n\r\n');
  expect(await post('/a')).toMatchObject({ code: 'ERR_NOTIFY_CONNECTION' });
  const endpoint = parseCallbackUrl('http://127.0.0.1:1/')!;
  const result = await client.post({ endpoint, body: '', timeoutMs: 5000, hmacKey: '' });
  expect(result).toMatchObject({ code: 'ERR_NOTIFY_CONNECTION' });
  expect((result as { message: string }).message).toMatch(/ECONNREFUSED|bad port/);
});

test('close gives up what is under way', async () => {
  respond = () => {};
  const pending = post('/a');
  while (heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await client.close();
  expect(await pending).toMatchObject({ code: 'ERR_NOTIFY_CONNECTION' });
});

test('what finds no free connection is given up in time, too, and never sent', async () => {
  respond = () => {};
  const results = await Promise.all(Array.from({ length: 200 }, () => post('/a', { timeoutMs: 300 })));
  expect(new Set(results.map((result) => 'code' in result && result.code))).toEqual(
    new Set(['ERR_NOTIFY_TIMEOUT']),
  );
  expect(heard.length).toBeLessThanOrEqual(128);
  respond = (_, response) => response.end('again');
  expect(await post('/a')).toEqual({ status: 200, text: 'again' });
});

test('close gives up those that wait for a connection, and closes those that are being opened', async () => {
  respond = () => {};
  const pending = Array.from({ length: 200 }, () => post('/a'));
  await client.close();
  for (const result of await Promise.all(pending))
    expect(result).toMatchObject({ code: 'ERR_NOTIFY_CONNECTION' });
  expect(await post('/a')).toMatchObject({ code: 'ERR_NOTIFY_CONNECTION' });
  expect(heard).toEqual([]);
});

test.each(['', '127.0.0.1:10101/a', 'ftp://a/', '/a', 'http://', 'file:///etc/passwd'])(
  '%j is no URL for callbacks',
  (text) => {
    expect(parseCallbackUrl(text)).toBeUndefined();
  },
);

test('secrets of a URL are not shown', () => {
  const { shown } = parseCallbackUrl('https://me:pw@host/a?token=t1&b=c')!;
  expect(shown).toBe('https://***@host/a?token=***&b=c');
});
