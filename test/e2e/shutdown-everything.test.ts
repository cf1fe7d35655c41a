/** The server stops in the middle of everything that takes time: decisions, connections, profiles, files. */
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfigFile } from '../../src/server/config/load-config.ts';
import type { ServerHooks } from '../../src/server/hooks/server-hooks.ts';
import { ApiClient } from '../support/api-client.ts';
import { CallbackServer } from '../support/callback-server.ts';
import { CountingClock } from '../support/counting-clock.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { openSockets, openUdpSockets, untilOpenSockets } from '../support/memory.ts';
import { RawClient, viewerRequest } from '../support/raw-client.ts';
import { rtspOn } from '../support/relay-push.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { clientScript, playChunks, publishChunks } from '../support/rtmp-wire.ts';
import { RtspReader } from '../support/rtsp-reader.ts';
import { announce, conversation, describeStream } from '../support/rtsp-wire.ts';
import { Scope } from '../support/scope.ts';
import { testConfig } from '../support/server.ts';
import type { ConfigOverrides } from '../support/server.ts';
import { StallingRelay } from '../support/stalling-relay.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** Longer than any test: what waits for this is there when the server stops. */
const patienceMs = 60_000;
const shutdownTimeoutMs = 2_000;

/** Who asks for a stream of such a name waits for a decision that never comes. */
const askedReceiver = 'ask-receiver';
const askedApplication = 'ask-application';

const hooks: ServerHooks = {
  onPublish: ({ streamName }) => (streamName === askedApplication ? new Promise(() => {}) : true),
  onPlay: ({ streamName }) => (streamName === askedApplication ? new Promise(() => {}) : true),
  onPublishStart: () => new Promise(() => {}),
};

/** A receiver that decides for all but those who ask for `askedReceiver`. */
async function startReceiver(): Promise<CallbackServer> {
  const receiver = await CallbackServer.start(scope);
  receiver.answer = (response, { body }) => {
    if (body['stream_name'] !== askedReceiver || body['blocking'] !== true) response.end();
  };
  return receiver;
}

function configOf(receiver: CallbackServer): ConfigOverrides {
  const off = { enable: false };
  const folder = scope.folder();
  const blocking = {
    on_pub_start_blocking: true,
    on_sub_start_blocking: true,
    blocking_timeout_ms: patienceMs,
    blocking_fail_open: true,
  };
  return {
    rtsp: rtspOn,
    httpts: { enable: true, url_pattern: '/' },
    hls: { enable: true, out_path: join(folder, 'hls'), cleanup_mode: 1, sub_session_hash_key: 'k' },
    record: { enable_flv: true, flv_out_path: folder, enable_mpegts: true, mpegts_out_path: folder },
    http_api: { enable: true, addr: '127.0.0.1:0' },
    pprof: { enable: true, addr: '127.0.0.1:0' },
    gb28181: { listen_host: '127.0.0.1' },
    static_relay_pull: off,
    http_notify: receiver.section({ ...blocking, update_interval_sec: 1 }),
    limits: { shutdown_timeout_ms: shutdownTimeoutMs, admission_timeout_ms: patienceMs + 1 },
  };
}

/** A machine that takes connections and says nothing. */
async function startSilence(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    scope.defer(() => void socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** All ways to ask for a stream, at the same time. */
async function askFor(local: LocalServer, streamName: string): Promise<RawClient[]> {
  const [rtmp, http, rtsp] = [local.port('rtmp'), local.port('http'), local.port('rtsp')];
  const list = Buffer.from(`GET /hls/${streamName}.m3u8 HTTP/1.1\r\nHost: x\r\n\r\n`);
  const requests: [number, Buffer][] = [
    [rtmp, clientScript(rtmp, publishChunks(streamName))],
    [rtmp, clientScript(rtmp, playChunks(streamName))],
    [http, viewerRequest('http', http, streamName).request],
    [http, viewerRequest('ws', http, streamName).request],
    [http, list],
    [rtsp, conversation(announce(streamName))],
    [rtsp, conversation(describeStream(streamName))],
  ];
  return await Promise.all(
    requests.map(async ([port, request]) => {
      const client = await RawClient.open(scope, port);
      await client.send(request);
      return client;
    }),
  );
}

test('a stop in the middle of everything is over in time, and leaves nothing', async () => {
  const receiver = await startReceiver();
  const target = await LocalServer.start(scope, { rtsp: rtspOn });
  const stalling = await StallingRelay.open(scope, target.port('rtmp'));
  const silence = await startSilence();
  const before = { sockets: openSockets(), udp: openUdpSockets() };
  const clock = new CountingClock();
  const overrides = configOf(receiver);
  const configFile = join(scope.folder(), 'lalserver.json');
  writeFileSync(configFile, JSON.stringify(testConfig({ rtmp: 0, rtmps: 0, http: 0, https: 0 }, overrides)));
  const local = await LocalServer.start(scope, overrides, {
    clock,
    hooks,
    hookTimeoutMs: patienceMs,
    configSource: () => loadConfigFile(configFile),
  });
  const api = new ApiClient(local.port('http-api'));
  const call = async (name: string, parameters: object): Promise<unknown> => {
    const answer = await api.post<unknown>(`/api/ctrl/${name}`, parameters);
    expect(answer, name).toMatchObject({ error_code: 0 });
    return answer.data;
  };

  // What is established: a publisher, viewers of all kinds, recordings, relays there and back.
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'on');
  await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')).slice(0, 200));
  const rtspUrl = `rtsp://127.0.0.1:${local.port('rtsp')}/live/on`;
  await RtmpPlayer.open(scope, local.port('rtmp'), 'on');
  for (const scheme of ['http', 'https', 'ws', 'wss'] as const) {
    await FlvReader.open(scope, local.flvUrl(scheme, 'on')).joined();
  }
  await RtspReader.overTcp(scope, rtspUrl).playing();
  await RtspReader.withLal(scope, rtspUrl, 'udp').playing();
  const list = await fetch(`http://127.0.0.1:${local.port('http')}/hls/live/on.m3u8`, { redirect: 'manual' });
  expect(list.status).toBe(302);
  await list.arrayBuffer();
  await call('start_relay_push', {
    stream_name: 'on',
    url: `rtmp://127.0.0.1:${target.port('rtmp')}/live/p`,
  });
  await call('start_relay_push', {
    stream_name: 'on',
    url: `rtsp://127.0.0.1:${target.port('rtsp')}/live/r`,
  });
  await target.until(() => target.stream('p')?.publication !== undefined, 'the push by RTMP');
  await target.until(() => target.stream('r')?.publication !== undefined, 'the push by RTSP');
  await call('start_relay_pull', { stream_name: 'q', url: `rtmp://127.0.0.1:${target.port('rtmp')}/live/p` });
  await local.until(() => local.stream('q')?.publication !== undefined, 'the pull');
  const { port: rtpPort } = (await call('start_rtp_pub', { stream_name: 'gb-udp' })) as { port: number };
  const device = createSocket('udp4');
  scope.defer(() => void device.close());
  device.send(Buffer.from('8060000100000001000000010000', 'hex'), rtpPort, '127.0.0.1');
  const tcp = (await call('start_rtp_pub', { stream_name: 'gb-tcp', is_tcp_flag: 1 })) as { port: number };
  const camera = await RawClient.open(scope, tcp.port);
  await camera.send(Buffer.from('00ff', 'hex'));

  // What is under way.
  const asking = [...(await askFor(local, askedReceiver)), ...(await askFor(local, askedApplication))];
  const waiting = await RawClient.open(scope, local.port('rtsp'));
  await waiting.send(conversation(describeStream('nobody')));
  const pending = (): number => local.server.callbacks.decisions.pending;
  await local.until(() => pending() === 7, 'the questions to the receiver');
  stalling.stall();
  const silent = `127.0.0.1:${silence}/live/x`;
  for (const url of [`rtmp://127.0.0.1:${stalling.port}/live/s`, `rtmp://${silent}`, `rtsp://${silent}`]) {
    await call('start_relay_push', { stream_name: 'on', url, push_timeout_ms: patienceMs });
  }
  const origins = [`rtmp://${silent}`, `rtsp://${silent}`, `http://${silent}.flv`, `http://${silent}.m3u8`];
  for (const [index, url] of origins.entries()) {
    await call('start_relay_pull', {
      stream_name: `pull${index}`,
      url,
      pull_retry_num: -1,
      pull_timeout_ms: 0,
    });
  }
  const caller = { stream_name: 'gb-call', is_tcp_flag: 2, tcp_active_addr: `127.0.0.1:${silence}` };
  await call('start_rtp_pub', caller);
  const profile = fetch(`http://127.0.0.1:${local.port('pprof')}/debug/pprof/profile?seconds=30`);
  await local.until(() => local.log.some(({ msg }) => msg.startsWith('pprof')), 'the profile to begin');
  const halfCall = await RawClient.open(scope, local.port('http-api'));
  await halfCall.send('POST /api/ctrl/kick_session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
  // A push whose stream has ended sends what waits: the target does not take it.
  const leaving = await RtmpPublisher.open(scope, local.port('rtmp'), 'off');
  await leaving.send(readFlvTags(fixturePath('h264-bframes-aac')).slice(0, 60));
  await call('start_relay_push', { stream_name: 'off', url: `rtmp://127.0.0.1:${stalling.port}/live/off` });
  await leaving.close();

  const startedMs = performance.now();
  const reload = local.server.reloadFromSource();
  const closed = local.server.close();
  const lateReload = local.server.reloadFromSource();
  await closed;
  expect(performance.now() - startedMs).toBeLessThan(shutdownTimeoutMs + 500);

  expect([reload, lateReload]).toMatchObject([{ applied: [] }, { applied: [] }]);
  await Promise.allSettled([profile]);
  expect(clock.pending).toEqual([]);
  expect(local.errors).toEqual([]);
  expect(local.server.openConnections).toBe(0);
  expect([...local.server.hub.streams.values()].filter(({ publication }) => publication)).toEqual([]);
  await Promise.all(asking.map((client) => client.ended()));
  const started = receiver.lines.filter((line) => /_start (?!$)/.test(line)).length;
  const stopped = receiver.lines.filter((line) => /_stop (?!$)/.test(line)).length;
  expect({ started: started - pendingQuestions(receiver), stopped }).toEqual({ started: stopped, stopped });
  // Nobody was let in because there was nobody left to ask.
  await sleep(100);
  const letIn = local.log.filter(({ msg }) => msg === 'publish start' || msg === 'play start');
  expect(letIn.map(({ url }) => String(url)).filter((url) => url.includes('ask-'))).toEqual([]);
  await target.server.close();
  await scope.close();
  await untilOpenSockets(before.sockets);
  expect(openUdpSockets()).toBe(before.udp);
});

/** Questions look like the events that follow when they are answered. */
function pendingQuestions(receiver: CallbackServer): number {
  return receiver.received.filter(({ body }) => body['blocking'] === true).length;
}
