/** Relay pull over its life: by order and for viewers, beside publishers, with origins that come, go and never answer. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DumpRecordType, parseDump } from '../../src/container/laldump/dump-record.ts';
import { ApiClient } from '../support/api-client.ts';
import { expectSamePackets } from '../support/compare.ts';
import { FileServer } from '../support/file-server.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf, writeFlvFile } from '../support/flv-file.ts';
import type { FlvTag } from '../support/flv-file.ts';
import { freePort } from '../support/free-ports.ts';
import { LocalServer } from '../support/local-server.ts';
import { runProgram } from '../support/program.ts';
import { pullUrl, startOrigin, untilListed } from '../support/relay-pull.ts';
import { watch } from '../support/relay-push.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { RtspReader } from '../support/rtsp-reader.ts';
import { Scope } from '../support/scope.ts';
import type { ConfigOverrides } from '../support/server.ts';

let scope: Scope;
let tags: FlvTag[];
beforeEach(() => {
  scope = new Scope();
  tags = readFlvTags(fixturePath('h264-baseline-aac')).filter(({ timestampMs }) => timestampMs < 2000);
});
afterEach(() => scope.close());

interface Started {
  readonly stream_name: string;
  readonly session_id: string;
}

async function startEdge(overrides: ConfigOverrides = {}): Promise<{ edge: LocalServer; api: ApiClient }> {
  const edge = await LocalServer.start(scope, {
    http_api: { enable: true, addr: '127.0.0.1:0' },
    ...overrides,
  });
  return { edge, api: new ApiClient(edge.port('http-api')) };
}

function start(api: ApiClient, body: object): ReturnType<ApiClient['post']> {
  return api.post<Started>('/api/ctrl/start_relay_pull', body);
}

/** A server that accepts connections and says nothing. */
async function startSilentServer(): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

test('a publisher who comes while an origin does not answer has the stream, and his viewers notice nothing', async () => {
  const silent = await startSilentServer();
  const { edge, api } = await startEdge();
  for (const scheme of ['rtmp', 'rtsp', 'http']) {
    const name = `cam-${scheme}`;
    const reader = await watch(scope, edge, name);
    const url = `${scheme}://127.0.0.1:${silent.port}/live/${name}`;
    expect(await start(api, { url, pull_timeout_ms: 0, pull_retry_num: -1 })).toMatchObject({
      error_code: 0,
    });
    await edge.until(() => silent.sockets.length > 0, 'the origin to be called');
    const socket = silent.sockets.pop()!;
    const closed = once(socket, 'close');
    const publisher = await RtmpPublisher.open(scope, edge.port('rtmp'), name);
    await closed;
    await publisher.send(tags);
    const source = recordingOf(tags);
    await reader.untilUnits(source.units.length);
    expectSamePackets(source, reader.recording);
    expect((await api.group(name))!.pub.session_id).not.toBe('');
    expect(await start(api, { url })).toMatchObject({
      error_code: 2001,
      desp: 'lal.logic: in stream already exist at group',
    });
    // It would be tried again once the publisher has gone.
    for (const error_code of [0, 1003]) {
      const stopped = await api.get('/api/ctrl/stop_relay_pull', { stream_name: name });
      expect(stopped).toMatchObject({ error_code });
    }
    await publisher.close();
  }
  expect(edge.errors).toEqual([]);
});

test('publishers and pulls that come at the same moment: one has the stream, and is not touched by the other', async () => {
  const origin = await startOrigin(scope);
  const { edge, api } = await startEdge();
  const published = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await published.send(tags);
  for (let round = 0; round < 24; round += 1) {
    const publisher = await RtmpPublisher.connect(scope, edge.port('rtmp'));
    const url = pullUrl(origin, (['rtmp', 'rtsp-tcp', 'flv'] as const)[round % 3]!, 'cam');
    const pull = start(api, { url });
    await sleep(round % 8);
    const isAccepted = await publisher.publish('cam').then(
      () => true,
      () => false,
    );
    const answer = await pull;
    const publication = edge.stream('cam')!.publication!;
    const before = publication.frames.video;
    if (isAccepted) {
      await publisher.send(tags);
      await edge.until(() => publication.frames.video > before, 'pictures of the publisher');
      await edge.until(() => edge.server.relayPulls.pullCount === 0, 'the pull to give way');
      await publisher.close();
    } else {
      expect(answer.error_code).toBe(0);
      await published.send(tags);
      await edge.until(() => publication.frames.video > before, 'pictures of the origin');
      await publisher.closed();
    }
    expect(publication.isEnded).toBe(isAccepted);
    await api.get('/api/ctrl/stop_relay_pull', { stream_name: 'cam' });
    await edge.until(() => edge.stream('cam')?.publication === undefined, 'the end of the round');
  }
  expect(edge.errors).toEqual([]);
});

test('while a pull is up publishers are refused; when it was stopped they are not', async () => {
  const origin = await startOrigin(scope);
  const { edge, api } = await startEdge();
  const published = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await published.send(tags);
  const url = pullUrl(origin, 'rtmp', 'cam');
  expect(await start(api, { url, stream_name: 'here' })).toMatchObject({
    data: { stream_name: 'here', session_id: 'RTMPPULL1' },
  });
  await edge.until(() => edge.stream('here')?.publication !== undefined, 'the pull');
  const { pull, pub } = (await api.group('here'))!;
  expect(pull).toMatchObject({
    session_id: 'RTMPPULL1',
    protocol: 'RTMP',
    base_type: 'PULL',
    remote_addr: `127.0.0.1:${origin.port('rtmp')}`,
  });
  expect(pull.read_bytes_sum).toBeGreaterThan(3000);
  expect(pub.session_id).toBe('');
  await expect(RtmpPublisher.open(scope, edge.port('rtmp'), 'here')).rejects.toThrow(
    'NetStream.Publish.BadName',
  );
  expect(await api.get('/api/ctrl/stop_relay_pull', { stream_name: 'here' })).toMatchObject({
    error_code: 0,
    data: { session_id: 'RTMPPULL1' },
  });
  await RtmpPublisher.open(scope, edge.port('rtmp'), 'here');
  await untilListed(origin, 'cam', 0);
});

test('an origin that dies and comes back: viewers see one after the other', async () => {
  const rtmp = { addr: `127.0.0.1:${await freePort()}` };
  const { edge } = await startEdge({ static_relay_pull: { enable: true, addr: rtmp.addr } });
  const reader = await watch(scope, edge, 'cam');
  const source = recordingOf(tags);
  for (let round = 0; round < 3; round += 1) {
    const origin = await LocalServer.start(scope, { rtmp });
    await untilListed(origin, 'cam', 1);
    const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
    await publisher.send(tags);
    await reader.untilUnits(source.units.length * (round + 1));
    await origin.server.close();
  }
  for (let round = 0; round < 3; round += 1) {
    const units = reader.units.slice(round * source.units.length, (round + 1) * source.units.length);
    expectSamePackets(source, { ...source, units });
  }
  const starts = edge.log.filter(({ msg }) => msg === 'relay pull start').length;
  expect(starts).toBe(3);
  expect(edge.errors).toEqual([]);
});

test('a viewer who only asks for a description, and one of HLS with an id, start a pull, too', async () => {
  const origin = await startOrigin(scope);
  const hls = { enable: true, url_pattern: '/hls/', out_path: join(scope.folder(), 'edge-hls') };
  const { edge } = await startEdge({
    static_relay_pull: { enable: true, addr: `127.0.0.1:${origin.port('rtmp')}` },
    rtsp: { enable: true, addr: '127.0.0.1:0' },
    hls: { ...hls, fragment_duration_ms: 500, fragment_num: 6, sub_session_hash_key: 'key' },
  });
  const reader = RtspReader.overTcp(scope, `rtsp://127.0.0.1:${edge.port('rtsp')}/live/cam`);
  const list = await fetch(`http://127.0.0.1:${edge.port('http')}/hls/live/tracked.m3u8`, {
    redirect: 'manual',
  });
  expect(list.status).toBe(302);
  for (const name of ['cam', 'tracked']) {
    await untilListed(origin, name, 1);
    const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), name);
    await publisher.sendPaced(tags);
  }
  await reader.playing();
  await reader.until(() => (reader.track('video')?.count ?? 0) > 10, 'pictures');
  const place = new URL(list.headers.get('location')!, `http://127.0.0.1:${edge.port('http')}`);
  expect((await fetch(place)).status).toBe(200);
});

test('names with slashes and signs of URLs pass from server to server by push and pull', async () => {
  const name = 'rooms/7 & #1';
  const origin = await LocalServer.start(scope);
  const addr = `127.0.0.1:${origin.port('rtmp')}`;
  const source = await LocalServer.start(scope, { relay_push: { enable: true, addr_list: [addr] } });
  const { edge } = await startEdge({ static_relay_pull: { enable: true, addr } });
  const player = await RtmpPlayer.open(scope, edge.port('rtmp'), name);
  await untilListed(origin, name, 1);
  const publisher = await RtmpPublisher.open(scope, source.port('rtmp'), name);
  await publisher.send(tags);
  const sent = recordingOf(tags);
  await player.untilUnits(sent.units.length);
  expectSamePackets(sent, player.recording);
  const groups = [source, origin, edge].flatMap(({ server }) => server.statistics.groups());
  expect(groups.map((group) => [group.app_name, group.stream_name])).toEqual(
    Array.from({ length: 3 }, () => ['live', name]),
  );
});

test("dispatch's explicit zeros: the pull comes with the order and goes with the last viewer", async () => {
  const origin = await startOrigin(scope);
  const { edge, api } = await startEdge();
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  const url = `${pullUrl(origin, 'rtmp', 'cam')}?lal_cluster_inner_pull=1`;
  const zeros = {
    url,
    stream_name: '',
    pull_timeout_ms: 0,
    pull_retry_num: 0,
    auto_stop_pull_after_no_out_ms: 0,
    rtsp_mode: 0,
    debug_dump_packet: '',
  };
  expect(await start(api, zeros)).toMatchObject({ error_code: 2001, desp: 'should auto stop pull' });
  const reader = await watch(scope, edge, 'cam');
  expect(await start(api, zeros)).toMatchObject({ error_code: 0, data: { stream_name: 'cam' } });
  await untilListed(origin, 'cam', 1);
  await publisher.send(tags);
  const source = recordingOf(tags);
  await reader.untilUnits(source.units.length);
  expectSamePackets(source, reader.recording);
  reader.close();
  await untilListed(origin, 'cam', 0);
  await edge.until(() => edge.stream('cam') === undefined, 'the stream to be forgotten');
  expect(edge.log.find(({ msg }) => msg.startsWith('relay pull stop'))).toMatchObject({ code: 'no-viewers' });
});

test('edge and origin: what is published at the edge is there too, what is there is at the edge, and nothing goes round', async () => {
  const origin = await startOrigin(scope);
  const addr = `127.0.0.1:${origin.port('rtmp')}`;
  const { edge, api } = await startEdge({
    relay_push: { enable: true, addr_list: [addr] },
    relay_pull: { enable: true, addr },
    rtmp: { gop_num: 2 },
  });
  const source = recordingOf(tags);
  const atOrigin = await watch(scope, origin, 'up');
  const up = await RtmpPublisher.open(scope, edge.port('rtmp'), 'up');
  await up.send(tags);
  await atOrigin.untilUnits(source.units.length);
  expectSamePackets(source, atOrigin.recording);
  const down = await RtmpPublisher.open(scope, origin.port('rtmp'), 'down');
  const atEdge = await watch(scope, edge, 'down');
  await untilListed(origin, 'down', 1);
  await down.send(tags);
  await atEdge.untilUnits(source.units.length);
  expectSamePackets(source, atEdge.recording);
  // A viewer of what is published here is not a reason to ask elsewhere.
  const own = await watch(scope, edge, 'up');
  await untilListed(edge, 'up', 1);
  expect((await api.group('up'))!.pull.session_id).toBe('');
  expect(edge.server.statistics.group('down')).toMatchObject({
    pushs: [],
    pull: { session_id: 'RTMPPULL1' },
  });
  expect(origin.server.statistics.group('down')!.subs).toHaveLength(1);
  expect(edge.server.relayPulls.pullCount).toBe(1);
  own.close();
});

test('lists and fragments of FFmpeg on a web server are played in real time, once', async () => {
  const folder = scope.folder();
  writeFlvFile(join(folder, 'vod.flv'), tags);
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '0', join(folder, 'list.m3u8')];
  await runProgram('ffmpeg', ['-loglevel', 'error', '-i', join(folder, 'vod.flv'), '-c', 'copy', ...hls]);
  const files = await FileServer.start(scope, folder);
  const { edge, api } = await startEdge();
  const reader = await watch(scope, edge, 'vod');
  const startedMs = performance.now();
  const order = { url: files.url('list.m3u8'), stream_name: 'vod', pull_retry_num: -1 };
  expect(await start(api, order)).toMatchObject({ data: { session_id: 'HLSPULL1' } });
  const source = recordingOf(tags);
  await reader.untilUnits(source.units.length);
  expect(performance.now() - startedMs).toBeGreaterThan(1800);
  // The list is asked for again, and found to be the same.
  const lists = (): number => files.requests.filter((path) => path === '/list.m3u8').length;
  await edge.until(() => lists() >= 3, 'further looks at the list');
  expectSamePackets(source, reader.recording, { constantOffsetWithinMs: 1.02, audioWithinMs: 2 });
  expect(edge.log.filter(({ msg }) => msg === 'relay pull start')).toHaveLength(1);
});

test('an FLV file on a web server is played in real time, once', async () => {
  const folder = scope.folder();
  writeFlvFile(join(folder, 'a.flv'), tags);
  const files = await FileServer.start(scope, folder);
  const { edge, api } = await startEdge();
  const reader = await watch(scope, edge, 'a');
  const startedMs = performance.now();
  expect(await start(api, { url: files.url('a.flv'), pull_retry_num: -1 })).toMatchObject({
    data: { stream_name: 'a', session_id: 'FLVPULL1' },
  });
  const source = recordingOf(tags);
  await reader.untilUnits(source.units.length);
  expect(performance.now() - startedMs).toBeGreaterThan(1800);
  await edge.until(() => files.requests.length >= 3, 'further looks at the file');
  expectSamePackets(source, reader.recording, { sameOrder: true });
});

test('what an RTSP source sends can be dumped, below the configured folder only', async () => {
  const folder = scope.folder();
  const origin = await startOrigin(scope);
  const { edge, api } = await startEdge({
    http_api: { enable: true, addr: '127.0.0.1:0', dump_path: join(folder, 'dumps') },
  });
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await publisher.send(tags);
  const order = { url: pullUrl(origin, 'rtsp-tcp', 'cam') };
  expect(await start(api, { ...order, debug_dump_packet: '../../x' })).toMatchObject({ error_code: 1002 });
  expect(await start(api, { ...order, debug_dump_packet: 'cam.laldump' })).toMatchObject({ error_code: 0 });
  await edge.until(() => (edge.stream('cam')?.publication?.frames.video ?? 0) > 20, 'pictures');
  await edge.server.close();
  const records = parseDump(readFileSync(join(folder, 'dumps', 'cam.laldump')));
  expect(records.slice(0, 2).map(({ type }) => type)).toEqual([
    DumpRecordType.fileHeader,
    DumpRecordType.rtspSdp,
  ]);
  expect(Buffer.from(records[1]!.body).toString()).toMatch(/^v=0\r\n[^]*m=video/);
  const packets = records.slice(2);
  expect(packets.length).toBeGreaterThan(40);
  for (const { type, body } of packets) expect([type, body[0]! >> 6]).toEqual([DumpRecordType.rtspRtp, 2]);
});

test('certificates are checked unless the order says otherwise', async () => {
  const origin = await startOrigin(scope);
  const { edge, api } = await startEdge();
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await publisher.send(tags);
  for (const kind of ['rtmps', 'rtsps', 'https-flv'] as const) {
    const url = pullUrl(origin, kind, 'cam');
    expect(await start(api, { url, stream_name: kind })).toMatchObject({ error_code: 0 });
    const isRefused = (): boolean =>
      edge.log.some(({ msg, code, detail }) => {
        return (
          msg.startsWith('relay pull failed') &&
          code === 'connect-failed' &&
          detail === 'DEPTH_ZERO_SELF_SIGNED_CERT'
        );
      });
    await edge.until(isRefused, `the refusal of ${kind}`);
    edge.log.length = 0;
    expect(await start(api, { url, stream_name: kind, verify_certificate: false })).toMatchObject({
      error_code: 0,
    });
    await edge.until(() => edge.stream(kind)?.publication !== undefined, `the pull by ${kind}`);
  }
});
