import { beforeEach, expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { StreamHub } from '../../hub/stream-hub.ts';
import { endReason } from '../../media/end-reason.ts';
import type { Subscription } from '../../hub/subscription.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import {
  audioTrack,
  CollectingSink,
  frameOf,
  roomyLimits,
  scriptTrack,
  textVariant,
  videoTrack,
} from '../../testing/hub-kit.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import { SessionRegistry } from '../sessions/session-registry.ts';
import { Statistics } from './statistics.ts';

let clock: FakeClock;
let hub: StreamHub;
let registry: SessionRegistry;
let statistics: Statistics;
let bytes: number;

beforeEach(() => {
  clock = new FakeClock();
  hub = new StreamHub(new FlushScheduler(clock, 60), {
    gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 1e9 },
  });
  registry = new SessionRegistry();
  statistics = new Statistics(hub, registry, clock);
  bytes = 0;
});

function record(id: string, options: Partial<SessionRecord> = {}): SessionRecord {
  const made: SessionRecord = {
    id,
    protocol: 'RTMP',
    baseType: 'SUB',
    streamKey: 'test110',
    streamName: 'test110',
    appName: 'live',
    urlParam: '',
    remoteAddress: '127.0.0.1:5000',
    startedMs: clock.wallMs(),
    url: '',
    bytesRead: () => bytes,
    bytesWritten: () => bytes * 2,
    close: () => {},
    ...options,
  };
  registry.add(made);
  return made;
}

function attach(): Subscription {
  return hub.open('test110').attach(textVariant(), new CollectingSink(), roomyLimits);
}

function tick(seconds = 1): void {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1000);
    hub.tick(clock.monotonicMs());
    statistics.tick();
  }
}

test("a group has lal's keys in lal's order, ours behind them, and null for no viewers", () => {
  hub.open('test110');
  const group = statistics.group('test110')!;
  expect(Object.keys(group)).toEqual([
    'stream_name',
    'app_name',
    'audio_codec',
    'video_codec',
    'video_width',
    'video_height',
    'pub',
    'subs',
    'pull',
    'in_frame_per_sec',
    'pushs',
    'in_jumps_repaired',
    'in_non_monotonic_frames',
    'ts_left_out',
    'tracks',
    'health',
    'last_ends',
  ]);
  expect(group).toMatchObject({ tracks: [], health: null, last_ends: [] });
  const sessionKeys = [
    'session_id',
    'protocol',
    'base_type',
    'remote_addr',
    'start_time',
    'read_bytes_sum',
    'wrote_bytes_sum',
    'bitrate_kbits',
    'read_bitrate_kbits',
    'write_bitrate_kbits',
    'bitrate',
    'read_bitrate',
    'write_bitrate',
  ];
  expect(Object.keys(group.pub)).toEqual(sessionKeys);
  expect(Object.keys(group.pull)).toEqual(sessionKeys);
  expect(Object.values(group.pub)).toEqual(['', '', '', '', '', 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(group.subs).toBeNull();
  expect(group.in_frame_per_sec).toEqual([]);
  record('RTMPPUBSUB1', { subscription: attach() });
  expect(Object.keys(statistics.group('test110')!.subs![0]!)).toEqual([
    ...sessionKeys,
    'queued_bytes',
    'drop_count',
    'dropped_frames',
    'dropped_bytes',
  ]);
});

test('codecs and picture size are those of the current publication', () => {
  const publication = hub.open('test110').publish()!;
  publication.setTrack(videoTrack());
  publication.setTrack(audioTrack());
  expect(statistics.group('test110')).toMatchObject({
    audio_codec: 'AAC',
    video_codec: 'H264',
    video_width: 320,
    video_height: 240,
  });
  publication.end();
  expect(statistics.group('test110')).toMatchObject({ audio_codec: '', video_codec: '', video_width: 0 });
});

test('bit rates are taken over five seconds; the one that counts is read for a publisher and written for a viewer', () => {
  attach();
  record('RTMPPUBSUB1', { baseType: 'PUB' });
  record('RTMPPUBSUB2');
  bytes = 640_000;
  tick(4);
  expect(statistics.group('test110')!.pub.bitrate_kbits).toBe(0);
  tick();
  const group = statistics.group('test110')!;
  expect(group.pub).toMatchObject({
    bitrate_kbits: 1000,
    read_bitrate_kbits: 1000,
    write_bitrate_kbits: 2000,
  });
  expect(group.subs![0]).toMatchObject({
    bitrate_kbits: 2000,
    read_bitrate_kbits: 1000,
    write_bitrate_kbits: 2000,
  });
  expect(group.pub).toMatchObject({ read_bytes_sum: 640_000, wrote_bytes_sum: 1_280_000 });
});

test('a relay pull is shown beside publisher and viewers, with the rate that it reads', () => {
  attach();
  record('RTSPPULL1', { baseType: 'PULL', protocol: 'RTSP' });
  bytes = 640_000;
  tick(5);
  const group = statistics.group('test110')!;
  expect(group.pull).toMatchObject({ session_id: 'RTSPPULL1', base_type: 'PULL', bitrate_kbits: 1000 });
  expect([group.pub.session_id, group.subs]).toEqual(['', null]);
});

test('viewers are listed by protocol, within one in the order in which they came', () => {
  attach();
  record('FLVPUBSUB1', { protocol: 'FLV' });
  record('RTMPPUBSUB1');
  record('FLVPUBSUB2', { protocol: 'FLV' });
  record('RTMPPUBSUB2');
  const ids = statistics.group('test110')!.subs!.map((sub) => sub.session_id);
  expect(ids).toEqual(['RTMPPUBSUB1', 'RTMPPUBSUB2', 'FLVPUBSUB1', 'FLVPUBSUB2']);
});

test('the app name is that of whoever came first, as long as the stream lives', () => {
  const subscription = attach();
  const viewer = record('FLVPUBSUB1', { protocol: 'FLV', appName: 'watched' });
  record('RTMPPUBSUB1', { baseType: 'PUB', appName: 'published' });
  expect(statistics.group('test110')!.app_name).toBe('watched');
  registry.remove(viewer, endReason('peer-closed'));
  expect(statistics.group('test110')!.app_name).toBe('watched');
  subscription.close();
  tick();
  expect(hub.get('test110')).toBeUndefined();
  hub.open('test110');
  expect(statistics.group('test110')!.app_name).toBe('published');
});

test('the app name of a stream that nobody has asked about is remembered too', () => {
  attach();
  const viewer = record('FLVPUBSUB1', { protocol: 'FLV', appName: 'watched' });
  tick();
  registry.remove(viewer, endReason('peer-closed'));
  record('RTMPPUBSUB1', { baseType: 'PUB', appName: 'published' });
  expect(statistics.group('test110')!.app_name).toBe('watched');
});

test('frames per second are those of the past seconds', () => {
  const publication = hub.open('test110').publish()!;
  publication.setTrack(videoTrack());
  for (let second = 0; second < 3; second += 1) {
    for (let index = 0; index < 25; index += 1)
      publication.write(frameOf(videoTrack(), second * 1000 + index * 40));
    tick();
  }
  const now = Math.floor(clock.wallMs() / 1000);
  expect(statistics.group('test110')!.in_frame_per_sec).toEqual([
    { unix_sec: now - 1, v: 25 },
    { unix_sec: now - 2, v: 25 },
    { unix_sec: now - 3, v: 25 },
  ]);
});

test('groups come in the order of the streams, as many as wanted', () => {
  for (const key of ['a', 'b', 'c']) hub.open(key);
  expect(statistics.groupCount).toBe(3);
  expect(statistics.groups().map((group) => group.stream_name)).toEqual(['a', 'b', 'c']);
  expect(statistics.groups(2)).toHaveLength(2);
  expect(statistics.group('d')).toBeUndefined();
});

test('tracks are shown with what a player must know of them, those of unknown codecs too', () => {
  const publication = hub.open('test110').publish()!;
  publication.setTrack(videoTrack());
  publication.setTrack(audioTrack());
  const opaque = {
    kind: 'opaque',
    codec: 'rtp',
    media: 'audio',
    encodingName: 'SPEEX',
    clockRate: 16_000,
    channels: 1,
    formatParameters: '',
  } as const;
  publication.setTrack({ id: 7, kind: 'opaque', config: opaque });
  publication.setTrack({ id: 8, kind: 'opaque', config: { ...opaque, media: 'application' } });
  publication.setTrack(scriptTrack());
  expect(statistics.group('test110')!.tracks).toEqual([
    {
      kind: 'video',
      codec: 'H264',
      codec_string: 'avc1.42001e',
      profile: 'Baseline',
      level: '3.0',
      width: 320,
      height: 240,
      sample_rate: 0,
      channels: 0,
    },
    {
      kind: 'audio',
      codec: 'AAC',
      codec_string: 'mp4a.40.2',
      profile: 'LC',
      level: '',
      width: 0,
      height: 0,
      sample_rate: 48_000,
      channels: 2,
    },
    {
      kind: 'audio',
      codec: 'SPEEX',
      codec_string: '',
      profile: '',
      level: '',
      width: 0,
      height: 0,
      sample_rate: 16_000,
      channels: 1,
    },
  ]);
});

test('a publisher’s health is that of the present publication', () => {
  const stream = hub.open('test110');
  const publication = stream.publish()!;
  publication.setTrack(videoTrack());
  publication.setTrack(audioTrack());
  const nothing = {
    last_frame_age_ms: -1,
    key_frame_age_ms: -1,
    av_offset_ms: null,
    gop_frames: 0,
    rtp: null,
  };
  expect(statistics.group('test110')!.health).toMatchObject(nothing);
  for (let index = 0; index <= 50; index += 1) {
    publication.write(frameOf(videoTrack(), index * 40, { isKey: index % 25 === 0, bytes: 1024 }));
    publication.write(frameOf(audioTrack(), index * 40, { bytes: 256 }));
    clock.advance(40);
    if (index % 25 === 24) statistics.tick();
  }
  clock.advance(960);
  statistics.tick();
  expect(statistics.group('test110')!.health).toEqual({
    last_frame_age_ms: 1000,
    frames_per_sec: 17,
    media_kbits: 170,
    gop_frames: 25,
    gop_ms: 1000,
    gop_max_ms: 1000,
    key_frame_age_ms: 1000,
    av_offset_ms: 0,
    gaps: 0,
    longest_gap_ms: 0,
    rtp: null,
  });
  publication.end();
  expect(statistics.group('test110')!.health).toBeNull();
  stream.publish();
  expect(statistics.group('test110')!.health).toMatchObject(nothing);
});

test('what became of packets is shown for inputs over RTP', () => {
  const reception = {
    received: 9,
    lost: 8,
    duplicated: 7,
    late: 6,
    reordered: 5,
    refused: 4,
    damagedUnits: 3,
  };
  hub.open('test110').publish();
  record('RTSPPUB1', { protocol: 'RTSP', baseType: 'PUB', rtpReception: () => reception });
  expect(statistics.group('test110')!.health!.rtp).toEqual({
    received: 9,
    lost: 8,
    late: 6,
    duplicated: 7,
    reordered: 5,
    refused: 4,
    damaged_units: 3,
  });
});

test('the sessions that ended last are remembered with their reason, ten of them, as long as the stream lives', () => {
  const subscription = attach();
  for (let index = 1; index <= 12; index += 1) {
    bytes = index;
    registry.remove(record(`RTMPPUBSUB${index}`), endReason('kicked', index === 12 ? 'by hand' : undefined));
    clock.advance(1000);
  }
  const { last_ends: ends } = statistics.group('test110')!;
  expect(ends!.map(({ session_id: id }) => id)).toEqual(
    Array.from({ length: 10 }, (_, index) => `RTMPPUBSUB${12 - index}`),
  );
  expect(Object.entries(ends![0]!)).toEqual([
    ['session_id', 'RTMPPUBSUB12'],
    ['protocol', 'RTMP'],
    ['base_type', 'SUB'],
    ['remote_addr', '127.0.0.1:5000'],
    ['start_time', expect.stringMatching(/^\d{4}-/)],
    ['end_time', expect.stringMatching(/^\d{4}-/)],
    ['code', 'kicked'],
    ['detail', 'by hand'],
    ['message', 'closed by request of the operator or the application'],
    ['read_bytes_sum', 12],
    ['wrote_bytes_sum', 24],
  ]);
  expect(ends![1]!.detail).toBe('');
  expect(statistics.groups()[0]).not.toHaveProperty('last_ends');
  subscription.close();
  tick();
  hub.open('test110');
  expect(statistics.group('test110')!.last_ends).toEqual([]);
});
