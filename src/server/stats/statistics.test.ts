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
  ]);
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
