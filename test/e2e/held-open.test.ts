/** Connections that are opened and held without saying anything useful: many, slow, encrypted or not. */
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { LocalServer } from '../support/local-server.ts';
import { openSockets, untilOpenSockets, usedMemory } from '../support/memory.ts';
import { openRawViewer, RawClient } from '../support/raw-client.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { clientGreeting, clientScript, playChunks, publishChunks } from '../support/rtmp-wire.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const kinds = ['rtmp', 'rtmps', 'http', 'https'] as const;
const hurried = { limits: { handshake_timeout_ms: 300 } };

/** The start of a TLS record with a ClientHello that never comes. */
const startOfTls = Buffer.from('16030100f8010000f40303', 'hex');

test.each(kinds)('a connection to the %s port that says nothing is closed in time', async (kind) => {
  const local = await LocalServer.start(scope, hurried);
  const client = await RawClient.open(scope, local.port(kind));
  await client.ended(5_000);
  await local.untilNoConnections();
});

test.each(['rtmps', 'https'] as const)(
  'a TLS handshake with the %s port that never ends is cut off',
  async (kind) => {
    const local = await LocalServer.start(scope, hurried);
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => RawClient.open(scope, local.port(kind))),
    );
    await Promise.all(clients.map((client) => client.send(startOfTls)));
    // Byte by byte does not extend the time.
    const drip = setInterval(
      () => clients.forEach((client) => client.isEnded || client.socket.write('a')),
      50,
    );
    await Promise.all(clients.map((client) => client.ended(5_000)));
    clearInterval(drip);
    await local.untilNoConnections();
  },
);

test.each(['rtmps', 'https'] as const)('what is no TLS is refused by the %s port', async (kind) => {
  const local = await LocalServer.start(scope);
  for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), clientGreeting(), Buffer.alloc(5000, 255)]) {
    const client = await RawClient.open(scope, local.port(kind));
    await client.send(bytes);
    await client.ended();
  }
  await local.untilNoConnections();
  expect(local.errors).toEqual([]);
});

test.each(['rtmps', 'https'] as const)(
  'TLS with the %s port that then says nothing is closed in time',
  async (kind) => {
    const local = await LocalServer.start(scope, hurried);
    const socket = connectTls({ port: local.port(kind), host: '127.0.0.1', rejectUnauthorized: false });
    scope.defer(() => void socket.destroy());
    socket.on('error', () => {}).resume();
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await local.untilNoConnections();
  },
);

test('a broken record in the middle of TLS is a protocol error of the client', async () => {
  const local = await LocalServer.start(scope);
  const client = await RawClient.open(scope, local.port('rtmps'));
  const socket = connectTls({ socket: client.socket, rejectUnauthorized: false });
  socket.on('error', () => {});
  socket.write(clientGreeting());
  // The answer shows that the server has finished the TLS handshake too.
  await new Promise<void>((resolve) => socket.once('data', () => resolve()));
  client.socket.write(Buffer.from('1703030020'.padEnd(74, '5a'), 'hex'));
  await local.untilEnds(1);
  expect(local.ends[0]).toMatch(/^protocol-error ERR_SSL_/);
  expect(local.errors).toEqual([]);
});

test('a thousand half-done handshakes disturb nobody, and leave nothing behind', async () => {
  const local = await LocalServer.start(scope, { limits: { handshake_timeout_ms: 1500 } });
  const bystander = await Bystander.start(scope, local);
  const socketsBefore = openSockets();
  const before = await usedMemory();
  const clients = new Scope();
  const open = async (index: number): Promise<RawClient> => {
    const client = await RawClient.open(clients, local.port(index % 2 === 0 ? 'rtmp' : 'http'));
    await client.send(index % 2 === 0 ? clientGreeting().subarray(0, 1000) : 'GET /live/a.flv HTTP/1.1\r\n');
    return client;
  };
  const all: RawClient[] = [];
  for (let index = 0; index < 1000; index += 1) {
    all.push(await open(index));
    if (index % 20 === 0) await bystander.goOn(2);
  }
  await bystander.expectUnharmed();
  await Promise.all(all.map((client) => client.ended()));
  await clients.close();
  all.length = 0;
  await local.until(() => local.server.openConnections === 2, 'only the bystanders');
  await untilOpenSockets(socketsBefore);
  local.log.length = 0;
  expect((await usedMemory()) - before).toBeLessThan(4_000_000);
});

test('connections beyond max_connections are closed at once, and those inside go on', async () => {
  const local = await LocalServer.start(scope, { limits: { max_connections: 50 } });
  const bystander = await Bystander.start(scope, local);
  const inside: RawClient[] = [];
  for (let index = 0; index < 48; index += 1) {
    inside.push(await RawClient.open(scope, local.port(kinds[index % 4]!)));
  }
  await local.until(() => local.server.openConnections === 50, 'fifty connections');
  for (const kind of kinds) {
    const oneTooMany = await RawClient.open(scope, local.port(kind));
    await oneTooMany.ended();
  }
  expect(local.server.openConnections).toBe(50);
  await bystander.expectUnharmed();
  inside[0]!.socket.destroy();
  await local.until(() => local.server.openConnections === 49, 'room for one');
  await openRawViewer(scope, 'rtmp', local.port('rtmp'), 'last');
});

test('max_connections_per_address counts every port of the server', async () => {
  const local = await LocalServer.start(scope, { limits: { max_connections_per_address: 4 } });
  for (const kind of kinds) await RawClient.open(scope, local.port(kind));
  await local.until(() => local.server.openConnections === 4, 'four connections');
  const fifth = await RawClient.open(scope, local.port('rtmp'));
  await fifth.ended();
  expect(local.server.openConnections).toBe(4);
});

test('names beyond max_streams are refused, for publishers and for viewers that would wait', async () => {
  const local = await LocalServer.start(scope, { limits: { max_streams: 20 } });
  const bystander = await Bystander.start(scope, local);
  for (let index = 0; index < 19; index += 1) {
    if (index % 2 === 0) await RtmpPublisher.open(scope, local.port('rtmp'), `name${index}`);
    else await openRawViewer(scope, 'http', local.port('http'), `name${index}`);
  }
  await local.until(() => local.server.hub.streams.size === 20, 'twenty streams');
  for (let index = 0; index < 30; index += 1) {
    const name = `flood${index}`;
    const client = await RawClient.open(scope, local.port('rtmp'));
    await client.send(clientScript(1935, index % 2 === 0 ? publishChunks(name) : playChunks(name)));
    await client.answered(index % 2 === 0 ? 'NetStream.Publish.BadName' : 'NetStream.Play.Failed');
  }
  expect(local.ends).toEqual(Array.from({ length: 30 }, () => 'limit-reached max_streams'));
  const http = await RawClient.open(scope, local.port('http'));
  await http.send('GET /live/one-more.flv HTTP/1.1\r\nHost: x\r\n\r\n');
  await http.answered('503 Service Unavailable');
  // Who wants a stream that is there is welcome.
  await openRawViewer(scope, 'http', local.port('http'), 'name0');
  expect(local.server.hub.streams.size).toBe(20);
  await bystander.expectUnharmed();
});
