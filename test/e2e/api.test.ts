import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkPlaylist } from '../../src/testing/hls-rules.ts';
import { ApiClient } from '../support/api-client.ts';
import type { StatGroup } from '../support/api-client.ts';
import { expectSamePackets, oneTick } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvFile, readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { AccessUnit, FlvTag, Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { probeUnits } from '../support/probe-units.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { RtspReader } from '../support/rtsp-reader.ts';
import { Scope } from '../support/scope.ts';
import { keyIndices } from '../support/tags.ts';
import { TsReader } from '../support/ts-reader.ts';

let scope: Scope;
let folder: string;
let server: LocalServer;
let api: ApiClient;
let tags: FlvTag[];

beforeEach(async () => {
  scope = new Scope();
  folder = scope.folder();
  server = await LocalServer.start(scope, {
    http_api: { enable: true, addr: '127.0.0.1:0' },
    rtsp: { enable: true, addr: '127.0.0.1:0' },
    httpts: { enable: true, url_pattern: '/' },
    hls: {
      enable: true,
      url_pattern: '/hls/',
      out_path: join(folder, 'hls'),
      fragment_duration_ms: 1000,
      cleanup_mode: 0,
      sub_session_hash_key: 'key',
      auto_start: false,
    },
    record: { flv_out_path: join(folder, 'flv'), mpegts_out_path: join(folder, 'ts') },
  });
  api = new ApiClient(server.port('http-api'));
  tags = readFlvTags(fixturePath('h264-bframes-aac'));
});
afterEach(() => scope.close());

/** Asks for the group until it is as wanted. */
async function groupWith(wanted: (group: StatGroup) => boolean): Promise<StatGroup> {
  for (let tries = 0; tries < 200; tries += 1) {
    const group = await api.group('cam');
    if (group !== null && wanted(group)) return group;
    await sleep(25);
  }
  throw new Error(`the group never came to be as wanted: ${JSON.stringify(await api.group('cam'))}`);
}

function idsOf({ subs }: StatGroup): string[] {
  return (subs ?? []).map(({ session_id }) => session_id);
}

test('viewers of every protocol are listed in lal’s order, and each is kicked without the others noticing', async () => {
  expect(await api.get('/api/stat/all_group')).toEqual({
    error_code: 0,
    desp: 'succ',
    data: { groups: null },
  });
  const publisher = await RtmpPublisher.open(scope, server.port('rtmp'), 'cam');
  await publisher.send(tags);
  const origin = `http://127.0.0.1:${server.port('http')}`;
  const rtsp = RtspReader.overTcp(scope, `rtsp://127.0.0.1:${server.port('rtsp')}/live/cam`);
  const ts = TsReader.open(scope, `${origin}/live/cam.ts`);
  const webSocket = FlvReader.open(scope, server.flvUrl('ws', 'cam'));
  await webSocket.joined();
  const flv = FlvReader.open(scope, server.flvUrl('http', 'cam'));
  await flv.joined();
  await RtmpPlayer.open(scope, server.port('rtmp'), 'cam');
  expect((await fetch(`${origin}/hls/cam.m3u8`, { redirect: 'manual' })).status).toBe(302);

  const group = await groupWith(({ subs }) => subs?.length === 6);
  expect(group).toMatchObject({
    stream_name: 'cam',
    app_name: 'live',
    video_codec: 'H264',
    audio_codec: 'AAC',
    video_width: 320,
    video_height: 240,
    pub: { session_id: 'RTMPPUBSUB1', protocol: 'RTMP', base_type: 'PUB' },
    pull: { session_id: '' },
  });
  expect(group.pub.read_bytes_sum).toBeGreaterThan(10_000);
  expect(group.pub.remote_addr).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(group.subs!.map(({ protocol, base_type }) => `${protocol} ${base_type}`)).toEqual([
    'RTMP SUB',
    'FLV SUB',
    'FLV SUB',
    'TS SUB',
    'RTSP SUB',
    'HLS SUB',
  ]);

  let left = idsOf(group);
  for (const id of left) {
    expect(await api.kick('cam', id)).toEqual({ error_code: 0, desp: 'succ' });
    left = left.filter((other) => other !== id);
    expect(idsOf(await groupWith((now) => idsOf(now).length === left.length))).toEqual(left);
  }
  expect((await groupWith(({ subs }) => subs === null)).pub.session_id).toBe('RTMPPUBSUB1');
  for (const viewer of [rtsp, ts, webSocket, flv]) await viewer.ended();
  expect(await api.kick('cam', 'RTMPPUBSUB1')).toEqual({ error_code: 0, desp: 'succ' });
  await publisher.closed();
  expect(await api.kick('cam', 'RTMPPUBSUB1')).toMatchObject({ error_code: 1003 });
  expect(server.errors).toEqual([]);
});

test('a publisher within the process is shown, which lal does not, and is kicked like any other', async () => {
  const path = fixturePath('h264-bframes-aac');
  const publisher = await server.server.publishFile({ path, appName: 'live', streamName: 'cam', loop: true });
  if ('code' in publisher) throw new Error(publisher.message);
  const { pub } = await groupWith(({ video_codec: codec }) => codec === 'H264');
  expect(pub).toMatchObject({ protocol: 'CUSTOMIZE', base_type: 'PUB', remote_addr: '' });
  expect(await api.kick('cam', pub.session_id)).toEqual({ error_code: 0, desp: 'succ' });
  expect((await publisher.ended).code).toBe('kicked');
});

/** Sends tags a little at a time, so that files are cut and written meanwhile. */
async function sendSlowly(publisher: RtmpPublisher, sent: readonly FlvTag[]): Promise<void> {
  for (let at = 0; at < sent.length; at += 25) {
    await publisher.send(sent.slice(at, at + 25));
    await sleep(20);
  }
}

function onlyFile(...path: string[]): string {
  const parent = join(folder, ...path);
  const names = readdirSync(parent);
  expect(names).toHaveLength(1);
  return join(parent, names[0]!);
}

test('a stream is recorded from one call to the other, to FLV, TS and HLS, from a key frame on and byte for byte', async () => {
  const [, second = 0, ...others] = keyIndices(tags);
  const last = others.at(-1)!;
  const publisher = await RtmpPublisher.open(scope, server.port('rtmp'), 'cam');
  const witness = FlvReader.open(scope, server.flvUrl('http', 'cam'));
  await witness.joined();
  await publisher.send(tags.slice(0, second - 5));
  const sentBefore = recordingOf(tags.slice(0, second - 5)).units.length;
  await witness.until(() => witness.units.length >= sentBefore, 'all that was sent before');
  for (const type of ['flv', 'mpegts', 'hls']) {
    expect(await api.post('/api/ctrl/start_record', { stream_name: 'cam', type })).toMatchObject({
      error_code: 0,
    });
  }
  await sendSlowly(publisher, tags.slice(second - 5, last));
  const sent = recordingOf(tags.slice(0, last)).units.length;
  await witness.until(() => witness.units.length >= sent, 'all that was sent');
  const { data } = await api.get<{ recordings: { type: string; path: string }[] }>('/api/stat/recordings');
  expect(data.recordings.map(({ type }) => type).sort()).toEqual(['flv', 'hls', 'mpegts']);
  for (const type of ['flv', 'mpegts', 'hls']) {
    expect(await api.post('/api/ctrl/stop_record', { stream_name: 'cam', type })).toMatchObject({
      error_code: 0,
    });
  }
  await publisher.send(tags.slice(last));

  const video = (recording: Recording): AccessUnit[] =>
    recording.units.filter(({ kind }) => kind === 'video');
  const source = recordingOf(tags.slice(0, last));
  const wanted = recordingOf(tags.slice(second, last));
  expectSamePackets({ ...source, units: wanted.units }, readFlvFile(onlyFile('flv')), { sameOrder: true });
  const hls = join(folder, 'hls', 'cam');
  const list = checkPlaylist(readFileSync(join(hls, 'playlist.m3u8'), 'utf8'));
  expect(list.isEnded).toBe(true);
  expect(list.entries.length).toBeGreaterThan(1);
  const fragments = join(folder, 'fragments.ts');
  writeFileSync(fragments, Buffer.concat(list.entries.map(({ uri }) => readFileSync(join(hls, uri)))));
  for (const path of [onlyFile('ts'), fragments]) {
    const recorded = await probeUnits(scope, path);
    // Sound of the PES packet that is open at either end comes along, or stays behind.
    expectSamePackets(source, recorded, { ...oneTick, allowMissingHead: true, allowMissingTail: true });
    expect(video(recorded).map(({ hash }) => hash)).toEqual(video(wanted).map(({ hash }) => hash));
  }
});

test('calls that are turned away are in the log, with who made them', async () => {
  const secured = await LocalServer.start(scope, {
    http_api: { enable: true, addr: '127.0.0.1:0', token: 'secret' },
  });
  const ask = (asked: LocalServer, path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${asked.port('http-api')}${path}`, { headers });
  await ask(secured, '/api/stat/all_group');
  await ask(server, '/api/ctrl/stop_relay_pull?stream_name=cam', { Origin: 'https://elsewhere.example' });
  const callsOf = ({ log }: LocalServer): unknown[] => log.filter(({ msg }) => msg === 'api call');
  const remote = '127.0.0.1';
  expect(callsOf(secured)).toMatchObject([{ path: '/api/stat/all_group', remote, code: 401 }]);
  expect(callsOf(server)).toMatchObject([
    { path: '/api/ctrl/stop_relay_pull', remote, origin: 'https://elsewhere.example', code: 403 },
  ]);
});
