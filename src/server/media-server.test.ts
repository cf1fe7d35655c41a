import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { parseConfig } from './config/load-config.ts';
import type { ServerConfig } from './config/server-config.ts';
import { MediaServer } from './media-server.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function occupiedPort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  cleanUps.push(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function serverOf(rtmpPort: number, httpPort: number, httpsPort?: number): MediaServer {
  const { config } = parseConfig(
    JSON.stringify({
      rtmp: { enable: true, addr: `127.0.0.1:${rtmpPort}` },
      httpflv: {
        enable: true,
        http_listen_addr: `127.0.0.1:${httpPort}`,
        enable_https: httpsPort !== undefined,
        https_listen_addr: `127.0.0.1:${httpsPort}`,
        url_pattern: '/',
      },
    }),
    'test config',
  );
  const server = new MediaServer(config, { logger: pino({ level: 'silent' }) });
  cleanUps.push(() => server.close());
  return server;
}

test('a port that cannot be opened is named, and the ports opened before it are closed again', async () => {
  const rtmpPort = await freePort();
  const httpPort = await freePort();
  const server = serverOf(rtmpPort, httpPort, await occupiedPort());
  await expect(server.start()).rejects.toThrow(/^https: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
  expect(await isOpen(rtmpPort)).toBe(false);
  expect(await isOpen(httpPort)).toBe(false);
});

test('a server that is closed while it starts leaves no port open', async () => {
  const rtmpPort = await freePort();
  const httpPort = await freePort();
  const server = serverOf(rtmpPort, httpPort);
  const started = server.start();
  await server.close();
  await started;
  expect(await isOpen(rtmpPort)).toBe(false);
  expect(await isOpen(httpPort)).toBe(false);
});

test('a file is not put on the air by a server that is closing', async () => {
  const server = serverOf(0, 0);
  await server.start();
  const path = new URL('../../test/fixtures/flv/h264-aac.flv', import.meta.url).pathname;
  const publishing = server.publishFile({ path, appName: 'live', streamName: 'a', loop: true });
  const closing = server.close();
  expect(await publishing).toMatchObject({ code: 'server-shutdown' });
  await closing;
});

test('what is recorded when the server is closed has the last words of publishers that it ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lal-media-server-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  const record = { enable_flv: true, flv_out_path: folder, enable_mpegts: true, mpegts_out_path: folder };
  const { config } = parseConfig(JSON.stringify({ record }), 'test config');
  const lines: { msg: string; cause?: string }[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as (typeof lines)[0]);
  const server = new MediaServer(config, { logger: pino({ level: 'info' }, { write }) });
  await server.start();
  await server.publishFile({ path: 'assets/demo.flv', appName: 'live', streamName: 'a', loop: false });
  await vi.waitFor(() => expect(lines.filter(({ msg }) => msg === 'record start')).toHaveLength(2));
  await server.close();
  const ends = lines.filter(({ msg }) => msg === 'record end');
  expect(ends.map(({ cause }) => cause)).toEqual(['publication-ended', 'publication-ended']);
});

test('a reload reaches what was made from the config at the start, and tells whoever listens', async () => {
  const configOf = (values: object): ServerConfig =>
    parseConfig(JSON.stringify({ rtmp: { enable: true, addr: '127.0.0.1:0' }, ...values }), 'test').config;
  const server = new MediaServer(configOf({}), { logger: pino({ level: 'silent' }) });
  cleanUps.push(() => server.close());
  await server.start();
  const heard: string[] = [];
  server.onConfigChange((keys) => heard.push(...keys));
  const changed = configOf({
    server_id: 'changed',
    fanout: { max_flush_window_ms: 7 },
    limits: { max_connections: 1 },
    rtsp: { enable: true, addr: '127.0.0.1:0' },
  });
  expect(server.reload(changed)).toEqual({
    applied: [
      { key: 'server_id', effect: 'now' },
      { key: 'fanout.max_flush_window_ms', effect: 'now' },
      { key: 'limits.max_connections', effect: 'now' },
    ],
    needsRestart: ['rtsp.enable', 'rtsp.addr'],
  });
  expect(heard).toEqual(['server_id', 'fanout.max_flush_window_ms', 'limits.max_connections']);
  expect(server.config.server_id).toBe('changed');
  expect(server.hub.scheduler.maxWindowMs).toBe(7);
  expect(server.config.rtsp.enable).toBe(false);
  const { port } = server.addresses[0]!;
  const first = connect(port, '127.0.0.1');
  cleanUps.push(() => first.destroy());
  await once(first, 'connect');
  const second = connect(port, '127.0.0.1');
  second.on('error', () => {});
  await once(second, 'close');
  expect(server.openConnections).toBe(1);
  expect(server.reloadFromSource()).toMatchObject({ code: 'ERR_CONFIG_UNREADABLE' });
});

test('a fault in one part of the tick keeps neither the others from their work nor the next tick from coming', async () => {
  const clock = new FakeClock();
  const { config } = parseConfig('{}', 'test config');
  const server = new MediaServer(config, { logger: pino({ level: 'silent' }), clock });
  await server.start();
  vi.spyOn(server.relayPulls, 'tick').mockImplementation(() => {
    throw new Error('pull');
  });
  const statistics = vi.spyOn(server.statistics, 'tick');
  expect(() => clock.advance(1000)).toThrow('pull');
  vi.spyOn(server.blacklist, 'tick').mockImplementation(() => {
    throw new Error('blacklist');
  });
  expect(() => clock.advance(1000)).toThrow('several faults');
  expect(statistics).toHaveBeenCalledTimes(2);
  await server.close();
  expect(clock.pendingTimers).toBe(0);
});
