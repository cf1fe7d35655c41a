import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parsePrometheusText } from '../../src/testing/prometheus-text.ts';
import { ApiClient } from '../support/api-client.ts';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { publishRtspWithLal } from '../support/rtsp-publishers.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
let local: LocalServer;
let before: Map<string, number>;

beforeEach(async () => {
  scope = new Scope();
  before = new Map();
  const folder = scope.folder();
  local = await LocalServer.start(scope, {
    http_api: { enable: true, addr: '127.0.0.1:0' },
    rtsp: { enable: true, addr: '127.0.0.1:0' },
    record: { enable_flv: true, flv_out_path: join(folder, 'flv') },
    hls: { enable: true, url_pattern: '/hls/', out_path: join(folder, 'hls'), fragment_duration_ms: 1000 },
  });
});
afterEach(() => scope.close());

/** All series, after a look at every counter: none may be lower than at the scrape before, or gone. */
async function scrape(): Promise<(name: string, labels?: string) => number> {
  const response = await fetch(`http://127.0.0.1:${local.port('http-api')}/metrics`);
  expect(response.status).toBe(200);
  const values = new Map<string, number>();
  for (const { name, type, samples } of parsePrometheusText(await response.text()).values()) {
    for (const { labels, value } of samples) {
      const key = [name, ...Object.values(labels)].join(' ');
      values.set(key, value);
      if (type === 'counter') expect(value, key).toBeGreaterThanOrEqual(before.get(key) ?? 0);
    }
  }
  for (const key of before.keys()) expect(values.has(key), `${key} is still there`).toBe(true);
  before = values;
  return (name, labels) => values.get(labels === undefined ? name : `${name} ${labels}`) ?? Number.NaN;
}

test('a scrape says what publishers send and viewers get, and counters outlive both', async () => {
  const empty = await scrape();
  expect(empty('lal_streams')).toBe(0);
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  const source = recordingOf(tags);
  const viewers = [
    await RtmpPlayer.open(scope, local.port('rtmp'), 'cam'),
    FlvReader.open(scope, local.flvUrl('http', 'cam')),
    FlvReader.open(scope, local.flvUrl('ws', 'cam')),
  ] as const;
  await Promise.all([viewers[1].joined(), viewers[2].joined()]);
  const rtsp = publishRtspWithLal(
    scope,
    fixturePath('h264-bframes-aac'),
    `rtsp://127.0.0.1:${local.port('rtsp')}/live/rtsp`,
    'udp',
  );
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'cam');
  await publisher.send(tags.slice(0, 200));
  await viewers[1].untilUnits(150);
  const during = await scrape();
  expect(during('lal_sessions', 'rtmp pub')).toBe(1);
  expect(during('lal_sessions', 'rtmp sub')).toBe(1);
  expect(during('lal_sessions', 'flv sub')).toBe(2);
  expect(during('lal_connections')).toBeGreaterThanOrEqual(5);
  expect(during('lal_recordings', 'flv')).toBe(2);
  expect(during('lal_streams_published')).toBe(2);
  expect(during('lal_event_loop_active_seconds_total')).toBeGreaterThan(0);

  await publisher.send(tags.slice(200));
  for (const viewer of viewers) {
    await viewer.untilUnits(source.units.length);
    expectSamePackets(source, viewer.recording, { sameOrder: true });
  }
  const sent = await scrape();
  const bodies = tags.reduce((sum, { body }) => sum + body.length, 0);
  expect(sent('lal_received_bytes_total', 'rtmp pub')).toBeGreaterThan(bodies);
  expect(sent('lal_received_bytes_total', 'rtmp pub')).toBeLessThan(bodies * 1.1);
  expect(sent('lal_sent_bytes_total', 'flv sub')).toBeGreaterThan(2 * bodies);
  expect(sent('lal_subscription_drops_total')).toBe(0);

  const [, kicked] = (await new ApiClient(local.port('http-api')).group('cam'))!.subs!;
  await new ApiClient(local.port('http-api')).kick('cam', kicked!.session_id);
  await publisher.close();
  await rtsp;
  await local.until(() => local.server.hub.streams.get('cam')?.publication === undefined, 'the end');
  const after = await scrape();
  expect(after('lal_sessions', 'rtmp pub')).toBe(0);
  expect(after('lal_sessions_ended_total', 'flv sub kicked')).toBe(1);
  expect(after('lal_received_bytes_total', 'rtmp pub')).toBeGreaterThanOrEqual(
    sent('lal_received_bytes_total', 'rtmp pub'),
  );
  expect(after('lal_rtp_packets_received_total', 'rtsp pub')).toBeGreaterThan(300);
  expect(after('lal_rtp_packets_lost_total', 'rtsp pub')).toBe(0);
  const pictures = source.units.filter(({ kind }) => kind === 'video').length;
  expect(after('lal_frames_received_total', 'video')).toBe(2 * pictures);
  expect(after('lal_hls_fragments_total')).toBeGreaterThan(5);
});

/** The keys of the statistics that are looked at here. */
interface Group {
  readonly tracks: readonly { readonly codec: string; readonly profile: string; readonly level: string }[];
  readonly health: {
    readonly frames_per_sec: number;
    readonly gop_frames: number;
    readonly gop_ms: number;
    readonly last_frame_age_ms: number;
    readonly av_offset_ms: number;
    readonly rtp: { readonly received: number; readonly lost: number };
  } | null;
  readonly last_ends: readonly { readonly session_id: string; readonly code: string }[];
}

test('an edge that pulls by RTSP over UDP shows how its input is doing, and how sessions ended', async () => {
  const edge = await LocalServer.start(scope, { http_api: { enable: true, addr: '127.0.0.1:0' } });
  const api = new ApiClient(edge.port('http-api'));
  const group = async (): Promise<Group> =>
    (await api.get<Group>('/api/stat/group', { stream_name: 'cam' })).data;
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'cam');
  const sent = publisher.sendPaced(tags);
  await local.until(() => local.stream('cam')?.isOpen === true, 'the tracks');
  const url = `rtsp://127.0.0.1:${local.port('rtsp')}/live/cam`;
  await api.post('/api/ctrl/start_relay_pull', { url, stream_name: 'cam', rtsp_mode: 1 });
  const reader = FlvReader.open(scope, edge.flvUrl('http', 'cam'));
  await reader.joined();
  const keyFrames = (): number =>
    reader.recording.units.filter(({ kind, isKey }) => kind === 'video' && isKey).length;
  await reader.until(() => keyFrames() >= 3, 'three key pictures');
  const { tracks, health } = await group();
  expect(tracks).toMatchObject([
    { codec: 'H264', profile: 'Main' },
    { codec: 'AAC', profile: 'LC' },
  ]);
  const keys = recordingOf(tags).units.filter(({ kind, isKey }) => kind === 'video' && isKey);
  expect(health!.gop_ms).toBeCloseTo(keys[1]!.dtsMs - keys[0]!.dtsMs, -1);
  expect(health!.frames_per_sec).toBeGreaterThan(5);
  expect(health!.last_frame_age_ms).toBeLessThan(1000);
  expect(Math.abs(health!.av_offset_ms)).toBeLessThan(500);
  expect(health!.rtp.received).toBeGreaterThan(50);
  expect(health!.rtp.lost).toBe(0);
  reader.close();
  await edge.untilViewers('cam', 0);
  expect((await group()).last_ends).toMatchObject([{ code: 'peer-closed' }]);
  await api.get('/api/ctrl/stop_relay_pull', { stream_name: 'cam' });
  await sent;
});
