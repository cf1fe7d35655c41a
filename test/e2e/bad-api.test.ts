/** Clients of the HTTP API that send too much, too slowly, or only half. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ENDPOINTS } from '../../src/server/api/endpoints.ts';
import { ApiClient } from '../support/api-client.ts';
import { LocalServer } from '../support/local-server.ts';
import { usedMemory } from '../support/memory.ts';
import { RawClient } from '../support/raw-client.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

function start(more: Record<string, Record<string, unknown>> = {}): Promise<LocalServer> {
  return LocalServer.start(scope, { http_api: { enable: true, addr: '127.0.0.1:0' }, ...more });
}

const block = Buffer.alloc(65_536, 'a');
const gigabyte = 1_000_000_000;
/** What may be sent before the end is felt: what the server looks at, and what the kernel holds for both sides. */
const enoughBytes = 16_000_000;

function head(path: string, ...headers: string[]): string {
  return `${[`POST ${path} HTTP/1.1`, 'Host: x', ...headers].join('\r\n')}\r\n\r\n`;
}

/** Sends a body without end until the server has closed. @returns how much was sent */
async function sendWithoutEnd(client: RawClient, unit: Buffer): Promise<number> {
  let sentBytes = 0;
  while (!client.socket.destroyed && !client.isEnded && sentBytes < gigabyte) {
    await Promise.race([client.send(unit), client.ended().catch(() => {})]);
    sentBytes += unit.length;
  }
  return sentBytes;
}

const paths = ['/api/none', '/lal.html', '/metrics', '/openapi.json', ...ENDPOINTS.map(({ path }) => path)];

test('a body of a gigabyte is cut off early, in every call, and its sender sees the answer', async () => {
  const server = await start();
  const port = server.port('http-api');
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), block, Buffer.from('\r\n')]);
  const before = await usedMemory();
  for (const path of paths) {
    for (const [headers, unit] of [
      [`Content-Length: ${gigabyte}`, block],
      ['Transfer-Encoding: chunked', chunk],
    ] as const) {
      const client = await RawClient.open(scope, port);
      await client.send(head(path, headers));
      const sentBytes = await sendWithoutEnd(client, unit);
      expect(sentBytes, path).toBeLessThan(enoughBytes);
      expect(client.text, path).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n/i);
    }
  }
  await server.untilNoConnections();
  expect((await usedMemory()) - before).toBeLessThan(20_000_000);
});

test.each([
  ['a head', 'POST /api/ctrl/kick_session HTTP/1.1\r\nHost: x\r\n'],
  ['a body', head('/api/ctrl/kick_session', 'Content-Length: 1000')],
])('%s that never comes to its end is not waited for', async (_what, bytes) => {
  const server = await start({ limits: { handshake_timeout_ms: 300 } });
  const client = await RawClient.open(scope, server.port('http-api'));
  await client.send(bytes);
  const drip = setInterval(() => client.socket.write('a'), 50);
  scope.defer(() => clearInterval(drip));
  await client.ended(5_000).catch(() => {});
  await server.untilNoConnections();
  expect(server.errors).toEqual([]);
});

test('a sender that leaves in the middle of its body leaves nothing behind', async () => {
  const server = await start();
  for (let count = 0; count < 20; count += 1) {
    const client = await RawClient.open(scope, server.port('http-api'));
    await client.send(`${head('/api/ctrl/kick_session', 'Content-Length: 1000')}{"stream_name":`);
    client.socket.destroy();
  }
  await server.untilNoConnections();
  const api = new ApiClient(server.port('http-api'));
  expect((await api.get('/api/stat/lal_info')).error_code).toBe(0);
  expect(server.errors).toEqual([]);
});

test('what is no HTTP is refused, and an upgrade is answered like any request', async () => {
  const server = await start();
  const garbage = await RawClient.open(scope, server.port('http-api'));
  await garbage.send('hello\r\n\r\n');
  await garbage.ended();
  expect(garbage.text).toMatch(/^HTTP\/1\.1 400 /);
  const upgrade = await RawClient.open(scope, server.port('http-api'));
  const webSocket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  await upgrade.send(['GET /api/stat/all_group HTTP/1.1', 'Host: x', ...webSocket].join('\r\n') + '\r\n\r\n');
  await upgrade.until(() => upgrade.text.endsWith('}'), 'the answer');
  expect(upgrade.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{"error_code":0,/);
});

test('requests that do not wait for each other are answered in their order', async () => {
  const server = await start();
  const client = await RawClient.open(scope, server.port('http-api'));
  const ask = (name: string): string => `GET /api/stat/group?stream_name=${name} HTTP/1.1\r\nHost: x\r\n\r\n`;
  await client.send(ask('a') + head('/api/ctrl/kick_session', 'Content-Length: 2') + '{}' + ask('b'));
  const codes = (): string[] => [...client.text.matchAll(/"error_code":(\d+)/g)].map(([, code]) => code!);
  await client.until(() => codes().length === 3, 'three answers');
  expect(codes()).toEqual(['1001', '1002', '1001']);
});

test('more connections than one address may have are turned away', async () => {
  const server = await start({ limits: { max_connections_per_address: 2 } });
  const port = server.port('http-api');
  // The API has 64 beyond the limit.
  for (let index = 0; index < 66; index += 1) await RawClient.open(scope, port);
  const last = await RawClient.open(scope, port);
  await last.ended().catch(() => {});
  expect(server.server.openConnections).toBe(66);
});

test('a server that stops does not wait for idle connections', async () => {
  const server = await start();
  const client = await RawClient.open(scope, server.port('http-api'));
  await client.send('GET /api/stat/lal_info HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.until(() => client.text.endsWith('}}'), 'the answer');
  const startedMs = performance.now();
  await server.server.close();
  expect(performance.now() - startedMs).toBeLessThan(1000);
});
