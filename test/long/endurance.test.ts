/** The server over a long time and many clients: memory and handles are the same after as before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { FlvTag } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { openSockets, untilOpenSockets, usedMemory } from '../support/memory.ts';
import { openRawViewer, RawClient, viewerRequest } from '../support/raw-client.ts';
import type { ViewerKind } from '../support/raw-client.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { clientGreeting, clientScript, publishChunks } from '../support/rtmp-wire.ts';
import { Scope } from '../support/scope.ts';
import { isSequenceHeader } from '../support/tags.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const kinds = ['rtmp', 'http', 'ws'] as const;
const portOf = (local: LocalServer, kind: ViewerKind): number =>
  local.port(kind === 'rtmp' ? 'rtmp' : 'http');

/** Ends a client in one of the ways that clients end. */
function kill(client: RawClient, way: number): void {
  if (way % 3 === 0) client.socket.end();
  else if (way % 3 === 1) client.socket.destroy();
  else client.socket.resetAndDestroy();
}

/** Everything that a closed session may have left behind is looked at after this. */
async function settle(local: LocalServer, connections: number): Promise<void> {
  await local.until(() => local.server.openConnections === connections, 'the last socket to close', 10_000);
  local.server.hub.tick(performance.now());
  local.log.length = 0;
}

test('5 000 publications, each watched and killed, leave memory and handles as they were', async () => {
  const local = await LocalServer.start(scope, { rtmp: { gop_num: 1 }, httpflv: { gop_num: 1 } });
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).slice(0, 60);
  const cycle = async (index: number): Promise<void> => {
    const clients = new Scope();
    const name = `cycle${index}`;
    const kind = kinds[index % 3]!;
    const early = await openRawViewer(clients, kind, portOf(local, kind), name);
    const publisher = await RtmpPublisher.open(clients, local.port('rtmp'), name);
    await publisher.send(tags);
    await early.until(() => early.receivedBytes > 10_000, 'some of the stream');
    const late = await openRawViewer(clients, kind, portOf(local, kind), name);
    kill(early, index);
    if (index % 2 === 0) publisher.destroy();
    else await publisher.close();
    kill(late, index + 1);
    await clients.close();
  };
  const batch = async (from: number, count: number): Promise<void> => {
    for (let index = from; index < from + count; index += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, offset) => cycle(index + offset)));
      local.log.length = 0;
    }
    await settle(local, 0);
  };
  await batch(0, 500);
  const socketsBefore = openSockets();
  const before = await usedMemory();
  await batch(500, 4500);
  expect(local.server.hub.streams.size).toBe(0);
  await untilOpenSockets(socketsBefore);
  expect((await usedMemory()) - before).toBeLessThan(3_000_000);
});

test('10 000 connections that come and go, a hundred at a time, disturb nobody and leave nothing behind', async () => {
  const local = await LocalServer.start(scope);
  const bystander = await Bystander.start(scope, local);
  const visits = [
    { kind: 'rtmp', bytes: Buffer.alloc(0) },
    { kind: 'rtmp', bytes: clientGreeting() },
    { kind: 'rtmp', bytes: viewerRequest('rtmp', 1935, 'churn').request },
    { kind: 'rtmp', bytes: clientScript(1935, publishChunks('churn')) },
    { kind: 'http', bytes: Buffer.from('GET / HTTP/1.1\r\n') },
    { kind: 'http', bytes: viewerRequest('http', 0, 'churn').request },
    { kind: 'http', bytes: viewerRequest('ws', 0, 'churn').request },
    { kind: 'https', bytes: Buffer.from('16030100f8010000f40303', 'hex') },
    { kind: 'rtmps', bytes: Buffer.from('no TLS at all') },
  ] as const;
  const visit = async (index: number): Promise<void> => {
    const clients = new Scope();
    const { kind, bytes } = visits[index % visits.length]!;
    const client = await RawClient.open(clients, local.port(kind));
    await client.send(bytes);
    kill(client, Math.floor(index / visits.length));
    await clients.close();
  };
  const rounds = async (from: number, count: number): Promise<void> => {
    for (let index = from; index < from + count; index += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, offset) => visit(index + offset)));
      await bystander.goOn(2);
    }
    expect(local.errors).toEqual([]);
    await settle(local, 2);
  };
  await rounds(0, 1000);
  const socketsBefore = openSockets();
  const before = await usedMemory();
  await rounds(1000, 9000);
  await bystander.expectUnharmed();
  expect([...local.server.hub.streams.keys()]).toEqual(['bystander']);
  await untilOpenSockets(socketsBefore);
  expect((await usedMemory()) - before).toBeLessThan(3_000_000);
});

test('a keep-alive connection that is not used again is closed', async () => {
  const local = await LocalServer.start(scope);
  const client = await RawClient.open(scope, local.port('http'));
  await client.send('GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.answered('404');
  await client.ended(15_000);
});

const soakMs = 180_000;

test('three minutes of streams in real time with viewers of all kinds: nothing is lost, nothing grows', async () => {
  const limits = { viewer_queue_bytes: 1_000_000, viewer_stall_timeout_ms: 5_000, idle_timeout_ms: 10_000 };
  const local = await LocalServer.start(scope, { limits, rtmp: { gop_num: 1 }, httpflv: { gop_num: 1 } });
  const endMs = performance.now() + soakMs;
  const streams = Array.from({ length: 6 }, (_, index) => soakStream(local, index, endMs));
  const visitors = Array.from({ length: 10 }, (_, index) => soakVisitor(local, index, endMs));
  const samples: number[] = [];
  while (performance.now() < endMs) {
    await sleep(10_000);
    local.log.length = 0;
    samples.push(await usedMemory());
  }
  await Promise.all([...streams, ...visitors]);
  expect(local.errors).toEqual([]);
  // What is in flight goes up and down; the lowest of the last minute is no higher than the highest of the first.
  const [first, last] = [samples.slice(0, 6), samples.slice(-6)];
  expect(Math.min(...last)).toBeLessThan(Math.max(...first) + 3_000_000);
  await settle(local, 0);
  expect(local.server.hub.streams.size).toBe(0);
});

/** Publishes the fixture again and again in real time, under a new connection each time, and checks what a viewer gets. */
async function soakStream(local: LocalServer, index: number, endMs: number): Promise<void> {
  const tags: FlvTag[] = readFlvTags(fixturePath(index % 2 === 0 ? 'h264-bframes-aac' : 'h264-baseline-aac'));
  const source = recordingOf(tags);
  await sleep(index * 500);
  while (performance.now() < endMs - 8_000) {
    const clients = new Scope();
    const scheme = (['http', 'ws', 'https', 'wss'] as const)[index % 4]!;
    const publisher = await RtmpPublisher.open(clients, local.port('rtmp'), `soak${index}`);
    const headers = tags.findIndex((tag) => tag.type !== 18 && !isSequenceHeader(tag));
    await publisher.send(tags.slice(0, headers));
    const reader = FlvReader.open(clients, local.flvUrl(scheme, `soak${index}`));
    await reader.joined();
    await publisher.sendPaced(tags.slice(headers));
    await reader.untilUnits(source.units.length);
    expectSamePackets(source, reader.recording, { sameOrder: true });
    const endsBefore = local.server.openConnections;
    await publisher.close();
    await clients.close();
    await local.until(() => local.server.openConnections < endsBefore, 'the publisher to be gone');
    await local.until(() => local.stream(`soak${index}`)?.publication === undefined, 'the name to be free');
  }
}

/** Comes to one stream after the other, stays a while, reads or does not read, and leaves in some way. */
async function soakVisitor(local: LocalServer, index: number, endMs: number): Promise<void> {
  for (let visit = 0; performance.now() < endMs - 8_000; visit += 1) {
    const clients = new Scope();
    const kind = kinds[(index + visit) % 3]!;
    const viewer = await openRawViewer(clients, kind, portOf(local, kind), `soak${(index * 7 + visit) % 6}`);
    if (visit % 4 === 0) viewer.socket.pause();
    await sleep(300 + ((index * 397 + visit * 211) % 2500));
    kill(viewer, visit);
    await clients.close();
  }
}
