/** Peers of the control plane who are slow, silent or deaf: what they cost is bounded, shown, and gone when they are. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePullUrl } from '../../src/server/relay/pull/pull-url.ts';
import { ApiClient } from '../support/api-client.ts';
import { bulkyTags, sendAtPaceOf } from '../support/bulky-tags.ts';
import { CountingClock } from '../support/counting-clock.ts';
import { fixturePath } from '../support/fixtures.ts';
import { LocalServer } from '../support/local-server.ts';
import { openSockets, openUdpSockets, untilOpenSockets, usedMemory } from '../support/memory.ts';
import { openRawViewer, RawClient } from '../support/raw-client.ts';
import { startOrigin } from '../support/relay-pull.ts';
import { startTarget } from '../support/relay-push.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { StallingRelay } from '../support/stalling-relay.ts';
import { TricklingRelay } from '../support/trickling-relay.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const silentClients = 1_000;

test('1 000 connections to the API that say nothing, and some that do not read: others are served, and all are closed', async () => {
  const local = await LocalServer.start(scope, {
    http_api: { enable: true, addr: '127.0.0.1:0' },
    limits: { handshake_timeout_ms: 4_000, viewer_stall_timeout_ms: 1_000 },
  });
  const port = local.port('http-api');
  const api = new ApiClient(port);
  await api.get('/api/stat/lal_info');
  const socketsBefore = openSockets();
  const memoryBefore = await usedMemory();
  const clients = new Scope();
  const silent: RawClient[] = [];
  for (let index = 0; index < silentClients; index += 100) {
    silent.push(...(await Promise.all(Array.from({ length: 100 }, () => RawClient.open(clients, port)))));
  }
  // The description of the API, again and again, and nobody who reads it.
  const unread = await RawClient.open(clients, port);
  unread.socket.pause();
  await unread.send('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(300));
  const half = await RawClient.open(clients, port);
  await half.send('POST /api/ctrl/kick_session HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{');
  await local.until(() => local.server.openConnections >= silentClients + 2, 'all of them');
  const askedMs = performance.now();
  expect((await api.get('/api/stat/all_group')).error_code).toBe(0);
  expect(performance.now() - askedMs).toBeLessThan(1_000);
  expect((await usedMemory()) - memoryBefore).toBeLessThan(silentClients * 20_000);
  await Promise.all(silent.map((client) => client.ended(15_000)));
  await half.ended(15_000);
  await local.until(() => local.server.openConnections <= 1, 'the deaf one to be cut off', 60_000);
  await clients.close();
  await untilOpenSockets(socketsBefore);
  expect((await usedMemory()) - memoryBefore).toBeLessThan(5_000_000);
});

const targets = 20;
const queueBytes = 1_048_576;
/** A queue may be over its bound by what was on the way when it was noticed. */
const largestFlush = 500_000;

test('twenty targets that stop reading hold no more than their queues, over any number of tries, and nothing when they are stopped', async () => {
  const target = await startTarget(scope);
  const relays = {
    rtmp: await StallingRelay.open(scope, target.port('rtmp')),
    rtsp: await StallingRelay.open(scope, target.port('rtsp')),
  };
  const clock = new CountingClock();
  const origin = await LocalServer.start(
    scope,
    { relay_push: { queue_bytes: queueBytes, queue_ms: 600_000 } },
    { clock },
  );
  const witness = await openRawViewer(scope, 'http', origin.port('http'), 'cam');
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  const tags = bulkyTags(4, 40_000);
  await sendAtPaceOf(witness, publisher, tags.slice(0, 20));
  const socketsBefore = openSockets();
  const memoryBefore = await usedMemory();
  for (let index = 0; index < targets; index += 1) {
    const kind = index % 2 === 0 ? 'rtmp' : 'rtsp';
    const url = `${kind}://127.0.0.1:${relays[kind].port}/live/target${index}`;
    origin.server.relayPushes.start({ streamKey: 'cam', url, timeoutMs: 500 });
  }
  const pushes = (): ReturnType<typeof origin.server.relayPushes.pushesOf> =>
    origin.server.relayPushes.pushesOf('cam');
  await origin.until(
    () => pushes().every(({ state }) => state === 'pushing'),
    'all targets to take the stream',
  );
  for (const relay of Object.values(relays)) relay.stall();
  let highest = 0;
  await sendAtPaceOf(witness, publisher, tags.slice(20), () => {
    const queued = pushes().map(({ subscription }) => subscription?.queuedBytes ?? 0);
    highest = Math.max(highest, ...queued);
  });
  expect(highest).toBeGreaterThan(queueBytes / 3);
  expect(highest).toBeLessThan(queueBytes + largestFlush);
  // They are tried again, and the new connections stall as well.
  await origin.until(() => pushes().every(({ failures }) => failures >= 2), 'further tries', 30_000);
  expect(pushes().map(({ lastEnd }) => lastEnd!.reason.code)).not.toContain('internal-error');
  for (const { id } of pushes()) origin.server.relayPushes.stop('cam', { id });
  for (const relay of Object.values(relays)) relay.breakOff();
  await publisher.close();
  witness.socket.destroy();
  await origin.untilNoConnections();
  await untilOpenSockets(socketsBefore - 4);
  origin.log.length = 0;
  target.log.length = 0;
  await target.until(() => target.server.hub.streams.size === 0, 'the target to have forgotten them', 10_000);
  expect((await usedMemory()) - memoryBefore).toBeLessThan(5_000_000);
  await origin.server.close();
  expect(clock.pending).toEqual([]);
});

const pullTimeoutMs = 3_000;

test('sources that send a byte now and then, from the start or in the middle: pulls end in time or go on, cost little, and are gone when stopped', async () => {
  const clock = new CountingClock();
  const origin = await startOrigin(scope);
  const path = fixturePath('h264-baseline-aac');
  await origin.server.publishFile({ path, appName: 'live', streamName: 'cam', loop: true });
  const [rtmp, http, rtsp] = [origin.port('rtmp'), origin.port('http'), origin.port('rtsp')];
  // So that HLS has a list.
  await sleep(2_500);
  const edge = await LocalServer.start(scope, {}, { clock });
  const before = { sockets: openSockets(), udp: openUdpSockets() };
  const memoryBefore = await usedMemory();
  const clients = new Scope();
  // Of the middle one is in the handshake, the headers, the media.
  const places = [];
  for (const atOnce of [0, 500, 20_000]) {
    const relays = [];
    for (const port of [rtmp, rtsp, http, http])
      relays.push(await TricklingRelay.open(clients, port, atOnce, 1_000));
    places.push(relays.map(({ port }) => port));
  }
  for (const [place, [rtmpPort, rtspPort, flvPort, hlsPort]] of places.entries()) {
    const urls = {
      rtmp: `rtmp://127.0.0.1:${rtmpPort}/live/cam`,
      rtsp: `rtsp://127.0.0.1:${rtspPort}/live/cam`,
      flv: `http://127.0.0.1:${flvPort}/live/cam.flv`,
      hls: `http://127.0.0.1:${hlsPort}/hls/cam.m3u8`,
    };
    for (const [kind, url] of Object.entries(urls)) {
      edge.server.relayPulls.start(
        { appName: 'live', streamName: `${kind}${place}`, urlParam: '' },
        {
          origins: [{ url: parsePullUrl(url), verifyCertificate: true, rtspTransport: 'tcp' }],
          timeoutMs: pullTimeoutMs,
          retryNum: 0,
          autoStopMs: -1,
          dumpPath: undefined,
        },
      );
    }
  }
  expect(edge.server.relayPulls.pullCount).toBe(12);
  const isUp = (name: string): boolean => edge.stream(name)?.publication !== undefined;
  await edge.until(() => ['rtmp2', 'rtsp2', 'flv2'].every(isUp), 'those with media at once');
  await sleep(pullTimeoutMs + 500);
  expect(['rtmp0', 'rtsp0', 'flv0', 'hls0', 'rtmp1'].filter(isUp)).toEqual([]);
  expect(edge.server.relayPulls.pullCount).toBeLessThanOrEqual(5);
  expect((await usedMemory()) - memoryBefore).toBeLessThan(10_000_000);
  for (const name of edge.server.hub.streams.keys()) edge.server.relayPulls.stop(name);
  expect(edge.server.relayPulls.pullCount).toBe(0);
  await clients.close();
  await edge.until(() => edge.server.hub.streams.size === 0, 'all streams to be forgotten');
  await origin.until(() => origin.server.openConnections === 0, 'the origin to see them go', 15_000);
  await untilOpenSockets(before.sockets);
  expect(openUdpSockets()).toBe(before.udp);
  expect(edge.errors).toEqual([]);
  await edge.server.close();
  expect(clock.pending).toEqual([]);
});
