import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { parseConfig } from '../config/load-config.ts';
import { MediaServer } from '../media-server.ts';

let clock: FakeClock;
let server: MediaServer;
let client: Socket;
let received: string;

beforeEach(async () => {
  const { config } = parseConfig(
    JSON.stringify({ httpflv: { enable: true, http_listen_addr: '127.0.0.1:0', url_pattern: '/live/' } }),
    'test config',
  );
  clock = new FakeClock();
  server = new MediaServer(config, { logger: pino({ level: 'silent' }), clock });
  await server.start();
  client = connect({ port: server.addresses[0]!.port, host: '127.0.0.1', allowHalfOpen: true });
  await once(client, 'connect');
  received = '';
  client.on('data', (chunk) => (received += chunk.toString()));
});

afterEach(async () => {
  client.destroy();
  await server.close();
});

/** Sends a request and waits for the head of the answer. */
async function ask(request: string): Promise<string> {
  client.write(request);
  await vi.waitFor(() => expect(received).toContain('\r\n\r\n'), { timeout: 10_000, interval: 5 });
  return received;
}

function upgrade(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`;
}

test.each([
  ['for which there is no route', '/other', 'HTTP/1.1 404 '],
  ['with a name that is refused', '/live/%2e%2e.flv', 'HTTP/1.1 400 '],
])('an upgrade %s is answered, and a client that stays is not kept', async (_what, path, status) => {
  expect(await ask(upgrade(path))).toMatch(new RegExp(`^${status}`));
  await vi.waitFor(() => expect(client.readableEnded).toBe(true), { timeout: 10_000, interval: 5 });
  expect(server.openConnections).toBe(1);
  clock.advance(2000);
  await vi.waitFor(() => expect(server.openConnections).toBe(0), { timeout: 10_000, interval: 5 });
});

test('an upgrade is answered by a WebSocket', async () => {
  expect(await ask(upgrade('/live/a.flv'))).toMatch(/^HTTP\/1\.1 101 [^]*Access-Control-Allow-Origin: \*/);
  expect(server.hub.get('a')!.viewerCount).toBe(1);
});

test('slashes that are written twice count once', async () => {
  expect(await ask(upgrade('//live///a.flv?b=//'))).toMatch(/^HTTP\/1\.1 101 /);
  expect(server.hub.get('a')!.viewerCount).toBe(1);
  client.destroy();
  client = connect({ port: server.addresses[0]!.port, host: '127.0.0.1' });
  received = '';
  client.on('data', (chunk) => (received += chunk.toString()));
  expect(await ask('GET /live//a.flv HTTP/1.1\r\nHost: h\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
});

test('a path without its last slash is sent to the one with it, query included', async () => {
  expect(await ask('GET /live?a=1 HTTP/1.1\r\nHost: h\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 301 [^]*Location: \/live\/\?a=1\r\n/,
  );
});

test('a preflight is answered without any action', async () => {
  const answer = await ask('OPTIONS /live/a.flv HTTP/1.1\r\nHost: h\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 204 [^]*Access-Control-Allow-Origin: \*/);
  expect(server.hub.streams.size).toBe(0);
});

test('other methods are refused', async () => {
  expect(await ask('POST /live/a.flv HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 405 /,
  );
});

test("a viewer gets lal's headers at once, also for a stream that nobody publishes yet", async () => {
  const answer = await ask('GET /live/a.flv HTTP/1.1\r\nHost: h\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  for (const header of [
    /Server: lal/,
    /Cache-Control: no-cache/,
    /Content-Type: video\/x-flv/,
    /Connection: close/,
    /Expires: -1/,
    /Pragma: no-cache/,
    /Access-Control-Allow-Credentials: true/,
  ]) {
    expect(answer).toMatch(header);
  }
  expect(answer).not.toMatch(/Content-Length|Transfer-Encoding/i);
});
