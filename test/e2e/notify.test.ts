/** Callbacks as a receiver gets them: everything that happens to a stream, in order, with all fields. */
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallbackServer } from '../support/callback-server.ts';
import type { CallbackBody } from '../support/callback-server.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { publishRtspWithLal } from '../support/rtsp-publishers.ts';
import { RtspReader } from '../support/rtsp-reader.ts';
import { Scope } from '../support/scope.ts';
import type { ConfigOverrides } from '../support/server.ts';
import { TsReader } from '../support/ts-reader.ts';

let scope: Scope;
let receiver: CallbackServer;
beforeEach(async () => {
  scope = new Scope();
  receiver = await CallbackServer.start(scope);
});
afterEach(() => scope.close());

/** All outputs, the API, and callbacks to `receiver`. */
function start(notify: Record<string, unknown> = {}, other: ConfigOverrides = {}): Promise<LocalServer> {
  return LocalServer.start(scope, {
    httpts: { enable: true, url_pattern: '/' },
    hls: {
      enable: true,
      out_path: scope.folder(),
      fragment_duration_ms: 1000,
      sub_session_hash_key: 'k',
      // Who has come stays, however busy the machine is.
      sub_session_timeout_ms: 60_000,
    },
    rtsp: { enable: true, addr: '127.0.0.1:0' },
    http_api: { enable: true, addr: '127.0.0.1:0' },
    http_notify: receiver.section(notify),
    ...other,
  });
}

async function call(local: LocalServer, name: string, parameters: object): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${local.port('http-api')}/api/ctrl/${name}`, {
    method: 'POST',
    body: JSON.stringify(parameters),
  });
  expect(await response.json()).toMatchObject({ error_code: 0 });
}

/** What must be in a session's callback, in lal's order. */
function session(id: string, protocol: string, url: string, other: CallbackBody): CallbackBody {
  return {
    server_id: 'e2e',
    session_id: id,
    protocol,
    base_type: id.startsWith('RTMPPUBSUB1') || id.includes('PUB1') ? 'PUB' : 'SUB',
    remote_addr: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
    url,
    app_name: 'live',
    stream_name: 'a',
    url_param: '',
    has_in_session: true,
    has_out_session: true,
    read_bytes_sum: 0,
    wrote_bytes_sum: 0,
    ...other,
  };
}

test('publish, play over every protocol, kick, end: each session is told of with all fields, in order', async () => {
  const local = await start();
  const http = `http://127.0.0.1:${local.port('http')}`;
  const rtmpUrl = `rtmp://127.0.0.1:${local.port('rtmp')}/live/a`;
  const rtspUrl = `rtsp://127.0.0.1:${local.port('rtsp')}/live/a`;
  const tags = readFlvTags(fixturePath('h264-baseline-aac'));

  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'a?token=t1');
  await publisher.send(tags.slice(0, 120));
  const rtmp = await RtmpPlayer.open(scope, local.port('rtmp'), 'a');
  const flv = FlvReader.open(scope, `${http}/live/a.flv?x=1`);
  await flv.joined();
  const webSocket = FlvReader.open(scope, `${http.replace('http', 'ws')}/live/a.flv`);
  await webSocket.joined();
  const ts = TsReader.open(scope, `${http}/live/a.ts`);
  await ts.joined();
  const rtsp = RtspReader.overTcp(scope, rtspUrl);
  await rtsp.playing();
  const list = await fetch(`${http}/hls/live/a.m3u8`, { redirect: 'manual' });
  expect(list.status).toBe(302);
  await publisher.send(tags.slice(120));
  await receiver.heard('on_hls_make_ts');
  await rtmp.untilUnits(100);
  await flv.untilUnits(100);
  await ts.untilBytes();

  await call(local, 'kick_session', { stream_name: 'a', session_id: 'RTMPPUBSUB2' });
  await rtmp.ended();
  flv.close();
  webSocket.close();
  ts.close();
  rtsp.close();
  for (const id of ['RTMPPUBSUB2', 'FLVPUBSUB1', 'FLVPUBSUB2', 'TSPUBSUB1', 'RTSPSUB1']) {
    await receiver.heard('on_sub_stop', id);
  }
  await publisher.close();
  await receiver.heard('on_pub_stop');
  await local.server.close();
  await receiver.heard('on_sub_stop', 'HLSSUB1');

  const sums = {
    read_bytes_sum: expect.any(Number) as number,
    wrote_bytes_sum: expect.any(Number) as number,
  };
  const sessions: { id: string; protocol: string; url: string; other?: CallbackBody }[] = [
    { id: 'RTMPPUBSUB2', protocol: 'RTMP', url: rtmpUrl },
    { id: 'FLVPUBSUB1', protocol: 'FLV', url: `${http}/live/a.flv?x=1`, other: { url_param: 'x=1' } },
    { id: 'FLVPUBSUB2', protocol: 'FLV', url: `${http}/live/a.flv` },
    { id: 'TSPUBSUB1', protocol: 'TS', url: `${http}/live/a.ts` },
    { id: 'RTSPSUB1', protocol: 'RTSP', url: rtspUrl },
    { id: 'HLSSUB1', protocol: 'HLS', url: `${http}/hls/live/a.m3u8` },
  ];
  const publication = session('RTMPPUBSUB1', 'RTMP', `${rtmpUrl}?token=t1`, {
    base_type: 'PUB',
    url_param: 'token=t1',
  });
  const inOrder = (callbacks: CallbackBody[]): [string, unknown][][] =>
    callbacks.map((body) => Object.entries(body));
  expect(inOrder(receiver.bodies('on_pub_start'))).toEqual(
    inOrder([{ ...publication, has_out_session: false }]),
  );
  expect(inOrder(receiver.bodies('on_pub_stop'))).toEqual(
    inOrder([{ ...publication, ...sums, has_in_session: false, end_code: 'peer-stopped' }]),
  );
  expect(inOrder(receiver.bodies('on_sub_start'))).toEqual(
    inOrder(
      sessions.map(({ id, protocol, url, other }) =>
        session(id, protocol, url, { base_type: 'SUB', ...other }),
      ),
    ),
  );
  expect(receiver.bodies('on_sub_stop').toSorted((a, b) => indexOf(a) - indexOf(b))).toEqual(
    sessions.map(({ id, protocol, url, other }) =>
      session(id, protocol, url, {
        base_type: 'SUB',
        ...other,
        ...sums,
        end_code: id === 'RTMPPUBSUB2' ? 'kicked' : protocol === 'HLS' ? 'server-shutdown' : 'peer-closed',
        // The publisher, and every other viewer, had gone before.
        ...(protocol === 'HLS' ? { has_in_session: false, has_out_session: false } : {}),
      }),
    ),
  );
  function indexOf(body: CallbackBody): number {
    return sessions.findIndex(({ id }) => id === body['session_id']);
  }
  const stopOf = (id: string): CallbackBody =>
    receiver.bodies('on_sub_stop').find((body) => body['session_id'] === id)!;
  for (const id of ['RTMPPUBSUB2', 'FLVPUBSUB1', 'TSPUBSUB1']) {
    expect(stopOf(id)['wrote_bytes_sum'], id).toBeGreaterThan(100_000);
  }
  expect(receiver.bodies('on_pub_stop')[0]!['read_bytes_sum']).toBeGreaterThan(100_000);

  // What is about one stream or session came in the order in which it happened.
  const lines = receiver.lines;
  expect(lines.slice(0, 2)).toEqual(['on_server_start', 'on_update']);
  const ofStream = lines.filter((line) => /on_(pub|sub)_/.test(line));
  expect(ofStream.slice(0, 8)).toEqual([
    'on_pub_start RTMPPUBSUB1',
    ...sessions.map(({ id }) => `on_sub_start ${id}`),
    'on_sub_stop RTMPPUBSUB2',
  ]);
  expect(ofStream.slice(-2)).toEqual(['on_pub_stop RTMPPUBSUB1', 'on_sub_stop HLSSUB1']);
  for (const id of ['RTMPPUBSUB1', 'RTMPPUBSUB2']) {
    const own = lines.filter((line) => line.endsWith(` ${id}`)).map((line) => line.split(' ')[0]);
    expect(own[0]).toBe('on_rtmp_connect');
    expect(own).toHaveLength(3);
  }
  expect(receiver.bodies('on_rtmp_connect').map((body) => Object.entries(body))[0]).toEqual(
    Object.entries({
      server_id: 'e2e',
      session_id: 'RTMPPUBSUB1',
      remote_addr: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      app: 'live',
      flashVer: 'FMLE/3.0',
      tcUrl: rtmpUrl.replace('/a', ''),
    }),
  );
  expect(local.server.callbacks.counters).toMatchObject({
    failed: 0,
    dropped: 0,
    queued: 0,
    sent: lines.length,
  });
});

test('each fragment of HLS is told of when it begins and when it can be read, with paths that lead to it', async () => {
  const local = await start();
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'a');
  await publisher.send(readFlvTags(fixturePath('h264-baseline-aac')));
  const fragmentCount = 6;
  const missing: string[] = [];
  receiver.answer = (response, { name, body }) => {
    response.end();
    const files = [body['ts_file'], body['live_m3u8_file'], body['record_m3u8_file']] as string[];
    if (name === 'on_hls_make_ts' && body['event'] === 'close')
      missing.push(...files.filter((file) => !existsSync(file)));
  };
  await publisher.close();
  await receiver.heard('on_pub_stop');
  await receiver.until(
    () => receiver.bodies('on_hls_make_ts').length >= 2 * fragmentCount,
    'the last fragment, which a slow disk has later than the publisher is gone',
  );
  await local.server.close();
  const fragments = receiver.bodies('on_hls_make_ts');
  expect(fragments.map(({ event, id }) => `${event as string} ${id as number}`)).toEqual(
    Array.from({ length: fragmentCount }, (_, id) => [`open ${id}`, `close ${id}`]).flat(),
  );
  expect(missing).toEqual([]);
  for (const fragment of fragments) {
    const { event, id, duration, ts_file: file } = fragment;
    expect(Object.keys(fragment)).toEqual([
      'server_id',
      'event',
      'stream_name',
      'cwd',
      'ts_file',
      'live_m3u8_file',
      'record_m3u8_file',
      'id',
      'duration',
    ]);
    expect(fragment).toMatchObject({
      stream_name: 'a',
      cwd: process.cwd(),
      live_m3u8_file: join(scope.folder(), 'a', 'playlist.m3u8'),
      record_m3u8_file: join(scope.folder(), 'a', 'record.m3u8'),
    });
    expect(file).toMatch(new RegExp(`/a/a-\\d{13}-${id as number}\\.ts$`));
    if (event === 'open') expect(duration).toBe(0);
    else expect(duration).toBeCloseTo(1, 1);
  }
});

test('a publisher over RTSP is told of too; a client that is refused, or asks for nothing, is not', async () => {
  const local = await start();
  const url = `rtsp://127.0.0.1:${local.port('rtsp')}/live/a`;
  const publishing = publishRtspWithLal(scope, fixturePath('h264-baseline-aac'), `${url}?k=v`, 'tcp');
  const begun = await receiver.heard('on_pub_start');
  expect(begun).toMatchObject({
    session_id: 'RTSPPUB1',
    protocol: 'RTSP',
    base_type: 'PUB',
    url: `${url}?k=v`,
    app_name: 'live',
    url_param: 'k=v',
    has_in_session: true,
  });
  await expect(publishRtspWithLal(scope, fixturePath('h264-baseline-aac'), url, 'tcp')).rejects.toThrow(
    '403',
  );
  await expect(RtmpPublisher.open(scope, local.port('rtmp'), 'a')).rejects.toThrow('BadName');
  connect(local.port('rtsp'), '127.0.0.1').end();
  await publishing;
  const stop = await receiver.heard('on_pub_stop');
  expect(stop).toMatchObject({ session_id: 'RTSPPUB1', has_in_session: false });
  await local.server.close();
  expect(receiver.lines.filter((line) => /on_(pub|sub)/.test(line))).toEqual([
    'on_pub_start RTSPPUB1',
    'on_pub_stop RTSPPUB1',
  ]);
});

test('on_server_start comes first, on_update when all ports are open, and then in its interval', async () => {
  const local = await start({ update_interval_sec: 1 });
  expect(await receiver.heard('on_update')).toEqual({ server_id: 'e2e', groups: null });
  const file = { path: fixturePath('h264-baseline-aac'), appName: 'live', streamName: 'f', loop: true };
  await local.server.publishFile(file);
  await receiver.until(() => receiver.bodies('on_update').length >= 3, 'three updates');
  expect(receiver.lines.slice(0, 2)).toEqual(['on_server_start', 'on_update']);
  const [info] = receiver.bodies('on_server_start') as [CallbackBody];
  const response = await fetch(`http://127.0.0.1:${local.port('http-api')}/api/stat/lal_info`);
  const { data } = (await response.json()) as { data: CallbackBody };
  expect(data).toMatchObject(info);
  const update = receiver.bodies('on_update')[2]!;
  expect(Object.keys(update)).toEqual(['server_id', 'groups']);
  expect(update['groups']).toMatchObject([
    { stream_name: 'f', app_name: 'live', pub: { protocol: 'CUSTOMIZE' } },
  ]);
  // lal has no events of its own inputs.
  expect(receiver.lines.filter((line) => line.startsWith('on_pub'))).toEqual([]);
});

test('a server whose ports cannot be opened has told that it starts, and nothing else', async () => {
  const occupied = new URL(receiver.url).port;
  await expect(start({}, { http_api: { enable: true, addr: `127.0.0.1:${occupied}` } })).rejects.toThrow(
    'EADDRINUSE',
  );
  expect(receiver.lines).toEqual(['on_server_start']);
});

test('with internal_publishers files are told of as well', async () => {
  const local = await start({ internal_publishers: true });
  const file = { path: fixturePath('h264-baseline-aac'), appName: 'live', streamName: 'f', loop: true };
  const publisher = await local.server.publishFile(file);
  if ('code' in publisher) throw new Error(publisher.message);
  expect(await receiver.heard('on_pub_start')).toMatchObject({
    protocol: 'CUSTOMIZE',
    session_id: 'CUSTOMIZEPUB1',
  });
  publisher.close();
  await receiver.heard('on_pub_stop', 'CUSTOMIZEPUB1');
});

test('with a key each callback is signed', async () => {
  await start({ hmac_key: 'k1' });
  await receiver.heard('on_update');
  for (const { headers, text } of receiver.received) {
    const timestamp = headers['x-lal-timestamp'] as string;
    const digest = createHmac('sha256', 'k1').update(`${timestamp}.${text}`).digest('hex');
    expect(headers['x-lal-signature']).toBe(`sha256=${digest}`);
    expect(headers['content-type']).toBe('application/json');
  }
});

test.each(['rtmp', 'rtsp'] as const)(
  'a pull by %s is told of from its start to its end; one that finds nobody is not',
  async (protocol) => {
    const local = await start();
    const origin = await LocalServer.start(scope, { rtsp: { enable: true, addr: '127.0.0.1:0' } });
    const file = { path: fixturePath('h264-baseline-aac'), appName: 'live', streamName: 'o', loop: true };
    await origin.server.publishFile(file);
    const nobody = `rtmp://127.0.0.1:${new URL(receiver.url).port}/live/o`;
    await call(local, 'start_relay_pull', { url: nobody, stream_name: 'b', pull_timeout_ms: 500 });
    const url = `${protocol}://127.0.0.1:${origin.port(protocol)}/live/o?k=v`;
    await call(local, 'start_relay_pull', { url, stream_name: 'a' });
    const begun = await receiver.heard('on_relay_pull_start');
    const id = protocol === 'rtmp' ? 'RTMPPULL2' : 'RTSPPULL1';
    const pull = {
      session_id: id,
      protocol: protocol.toUpperCase(),
      base_type: '',
      url,
      app_name: 'live',
      stream_name: 'o',
      url_param: 'k=v',
      local_app_name: '',
      local_stream_name: 'a',
    };
    expect(begun).toMatchObject({ ...pull, has_in_session: true, has_out_session: false, read_bytes_sum: 0 });
    await call(local, 'kick_session', { stream_name: 'a', session_id: id });
    const ended = await receiver.heard('on_relay_pull_stop');
    expect(ended).toMatchObject({ ...pull, has_in_session: false, read_bytes_sum: 0, end_code: 'kicked' });
    expect(Object.keys(ended).slice(0, -1)).toEqual(Object.keys(begun));
    await local.server.close();
    expect(receiver.lines.filter((line) => line.startsWith('on_relay'))).toEqual([
      `on_relay_pull_start ${id}`,
      `on_relay_pull_stop ${id}`,
    ]);
  },
);

test('callbacks that are switched on, or get another URL, by a reload are sent from then on', async () => {
  const local = await start({ enable: false });
  const { server } = local;
  const early = await RtmpPublisher.open(scope, local.port('rtmp'), 'a');
  const notify = { ...server.config.http_notify, enable: true, on_pub_stop: `${receiver.url}/other` };
  server.reload({ ...server.config, http_notify: notify });
  await early.close();
  const late = await RtmpPublisher.open(scope, local.port('rtmp'), 'b');
  await late.close();
  await receiver.heard('other', 'RTMPPUBSUB2');
  expect(receiver.lines).toEqual([
    'on_rtmp_connect RTMPPUBSUB2',
    'on_pub_start RTMPPUBSUB2',
    'other RTMPPUBSUB2',
  ]);
});
