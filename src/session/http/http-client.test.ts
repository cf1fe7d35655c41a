import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { networkHttpClient, type HttpAnswer, type HttpClient } from './http-client.ts';

const tlsFolder = join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'tls');
const cert = readFileSync(join(tlsFolder, 'localhost.crt'));
const key = readFileSync(join(tlsFolder, 'localhost.key'));

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    if ('closeAllConnections' in server)
      (server as unknown as { closeAllConnections(): void }).closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

function clientWith(options?: Parameters<typeof networkHttpClient>[0]): HttpClient {
  const client = networkHttpClient(options);
  closers.push(() => client.close());
  return client;
}

function get(client: HttpClient, url: string, signal = new AbortController().signal): Promise<HttpAnswer> {
  return client.get(url, { 'X-Test': '1' }, signal);
}

async function textOf({ body }: HttpAnswer): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

const echo: RequestListener = ({ headers }, response) => {
  response.end(JSON.stringify([headers['x-test'], headers.authorization]));
};

test('headers and the credentials of the URL are sent; connections are kept', async () => {
  const server = createServer(echo);
  let connections = 0;
  server.on('connection', () => (connections += 1));
  const port = await listening(server);
  const client = clientWith();
  for (let round = 0; round < 2; round += 1) {
    const answer = await get(client, `http://us%40er:pass@127.0.0.1:${port}/`);
    expect(answer.status).toBe(200);
    const basic = `Basic ${Buffer.from('us@er:pass').toString('base64')}`;
    expect(JSON.parse(await textOf(answer))).toEqual(['1', basic]);
  }
  expect(connections).toBe(1);
});

test('a kept connection that has been closed meanwhile is replaced', async () => {
  const server = createServer(echo);
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => void sockets.push(socket));
  const port = await listening(server);
  const client = clientWith();
  await textOf(await get(client, `http://127.0.0.1:${port}/`));
  // The next request meets a server that resets instead of answering.
  sockets[0]!.prependListener('data', () => sockets[0]!.resetAndDestroy());
  expect(await textOf(await get(client, `http://127.0.0.1:${port}/`))).toBe('["1",null]');
  expect(sockets).toHaveLength(2);
});

test('a reset of a fresh connection is told, and so is a refusal', async () => {
  const server = createServer();
  server.on('connection', (socket: Socket) => void socket.on('data', () => socket.resetAndDestroy()));
  const port = await listening(server);
  await expect(get(clientWith(), `http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'ECONNRESET' });
  server.close();
  await once(server, 'close');
  await expect(get(clientWith(), `http://127.0.0.1:${port}/`)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test('certificates are checked, unless told otherwise or by whom to trust', async () => {
  const port = await listening(createSecureServer({ cert, key }, echo));
  const url = `https://localhost:${port}/`;
  await expect(get(clientWith(), url)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  for (const options of [{ verifyCertificate: false }, { certificateAuthorities: cert.toString() }]) {
    expect(await textOf(await get(clientWith(options), url))).toBe('["1",null]');
  }
});

test('a request ends with its signal, before and after the answer', async () => {
  const port = await listening(createServer((_, response) => void response.writeHead(200).write('x')));
  const stop = new AbortController();
  const answer = await get(clientWith(), `http://127.0.0.1:${port}/`, stop.signal);
  const closed = new Promise((resolve) => answer.body.on('close', resolve));
  stop.abort();
  await closed;
  await expect(get(clientWith(), `http://127.0.0.1:${port}/`, stop.signal)).rejects.toThrow();
});
