/** The server stops while everything is going on at once. */
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { openSockets, untilOpenSockets } from '../support/memory.ts';
import { openRawViewer, RawClient, viewerRequest } from '../support/raw-client.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { clientGreeting, clientScript, publishChunks } from '../support/rtmp-wire.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** What the issue promises. */
const stopWithinMs = 5_000;

async function closeWithin(local: LocalServer): Promise<number> {
  const startedMs = performance.now();
  await local.server.close();
  return performance.now() - startedMs;
}

test('a stop tells players, ends viewers on a tag border, and is over at once when all close', async () => {
  const local = await LocalServer.start(scope);
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'end');
  const player = await RtmpPlayer.open(scope, local.port('rtmp'), 'end');
  const readers = (['http', 'https', 'ws', 'wss'] as const).map((scheme) =>
    FlvReader.open(scope, local.flvUrl(scheme, 'end')),
  );
  await Promise.all(readers.map((reader) => reader.joined()));
  await local.untilViewers('end', 5);
  await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')).slice(0, 200));
  await Promise.all([player, ...readers].map((viewer) => viewer.untilUnits(190)));
  expect(await closeWithin(local)).toBeLessThan(3_000);
  expect(player.statuses).toContain('NetStream.Play.UnpublishNotify');
  await player.ended();
  await publisher.closed();
  await Promise.all(readers.map((reader) => reader.ended()));
  expect(new Set(local.ends)).toEqual(new Set(['server-shutdown']));
  expect(local.errors).toEqual([]);
});

test('half-done handshakes, clients that do not read, and idle connections do not hold up a stop', async () => {
  const socketsBefore = openSockets();
  const local = await LocalServer.start(scope);
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'end');
  const silent = await Promise.all(
    (['rtmp', 'rtmps', 'http', 'https'] as const).map((kind) => RawClient.open(scope, local.port(kind))),
  );
  const half = await RawClient.open(scope, local.port('rtmp'));
  await half.send(clientGreeting().subarray(0, 900));
  const halfHttp = await RawClient.open(scope, local.port('http'));
  await halfHttp.send('GET /live/a.flv HTTP/1.1\r\nX: ');
  const halfTls = await RawClient.open(scope, local.port('https'));
  await halfTls.send(Buffer.from('16030100f8010000f40303', 'hex'));
  const idle = await RawClient.open(scope, local.port('http'));
  await idle.send('GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n');
  await idle.answered('404');
  const stalled: RawClient[] = [];
  for (const kind of ['rtmp', 'http', 'ws'] as const) {
    const port = local.port(kind === 'rtmp' ? 'rtmp' : 'http');
    stalled.push(await openRawViewer(scope, kind, port, 'end'));
  }
  const encrypted = connectTls({ port: local.port('https'), host: '127.0.0.1', rejectUnauthorized: false });
  encrypted.on('error', () => {});
  encrypted.write(viewerRequest('http', 0, 'end').request);
  scope.defer(() => void encrypted.destroy());
  await local.untilViewers('end', 4);
  encrypted.pause();
  for (const client of stalled) client.socket.pause();
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  for (let loop = 0; local.viewers('end').some((viewer) => viewer.queuedBytes === 0); loop += 1) {
    await publisher.send(tags.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + loop * 6040 })));
  }
  expect(await closeWithin(local)).toBeLessThan(stopWithinMs);
  expect(local.server.openConnections).toBe(0);
  await Promise.all([...silent, half, halfHttp, halfTls, idle].map((client) => client.ended()));
  await scope.close();
  await untilOpenSockets(socketsBefore);
});

test('clients that arrive while the server stops are turned away, and it still stops', async () => {
  const local = await LocalServer.start(scope);
  const [rtmp, http] = [local.port('rtmp'), local.port('http')];
  const clients = await Promise.all(
    Array.from({ length: 40 }, (_, index) => RawClient.open(scope, index % 2 === 0 ? rtmp : http)),
  );
  const requests = clients.map((client, index) =>
    client.send(
      index % 2 === 0
        ? clientScript(1935, publishChunks(`late${index}`))
        : viewerRequest(index % 4 === 1 ? 'http' : 'ws', http, `late${index}`).request,
    ),
  );
  const closed = closeWithin(local);
  await Promise.all(requests);
  expect(await closed).toBeLessThan(stopWithinMs);
  await Promise.all(clients.map((client) => client.ended()));
  expect(local.server.addresses).toEqual([]);
  expect(local.server.openConnections).toBe(0);
});

test('a server that was stopped twice, or never started, is no error', async () => {
  const local = await LocalServer.start(scope);
  await Promise.all([local.server.close(), local.server.close()]);
  await local.server.close();
});
