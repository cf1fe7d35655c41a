import type { LiveStream } from '../../hub/live-stream.ts';
import type { StatGroup } from '../stats/stat-group.ts';
import type { MetricFamily } from './metric-family.ts';
import type { MetricSources } from './scrape.ts';

/** Streams whose series one answer has at most: a label with many values makes Prometheus large and slow. */
const MAX_STREAMS = 500;

/** Which streams to show one by one: by their keys, or as many as there may be. */
export type StreamSelection = 'all' | readonly string[];

/** Streams to show. */
export interface StreamScrape {
  readonly shown: readonly ShownStream[];
  /** How many more were asked for. */
  readonly leftOut: number;
}

/** A stream, and lal's view of it. */
interface ShownStream {
  readonly stream: LiveStream;
  readonly group: StatGroup;
}

/** @returns those of the selection that there are */
export function scrapeStreams(
  { hub, statistics }: Pick<MetricSources, 'hub' | 'statistics'>,
  selection: StreamSelection,
): StreamScrape {
  const keys = selection === 'all' ? hub.streams.keys() : new Set(selection);
  const streams = [...keys].flatMap((key) => hub.get(key) ?? []);
  const shown = streams.slice(0, MAX_STREAMS);
  return {
    shown: shown.map((stream) => ({ stream, group: statistics.group(stream.key)! })),
    leftOut: streams.length - shown.length,
  };
}

/** Of each stream that is shown. */
export const streamSeriesFamilies: readonly MetricFamily<StreamScrape>[] = [
  {
    name: 'lal_stream_series_left_out',
    type: 'gauge',
    help: 'Streams that were asked for and are not shown, because there are too many.',
    read: ({ leftOut }) => leftOut,
  },
  gauge('lal_stream_published', 'Whether somebody publishes the stream: 1 or 0.', ({ group }) =>
    group.health === null ? 0 : 1,
  ),
  gauge('lal_stream_viewers', 'Its viewers.', ({ group }) => group.subs?.length ?? 0),
  gauge(
    'lal_stream_received_bytes_per_second',
    'What its publisher, or the server that it is pulled from, sends; in the mean of 5 s.',
    ({ group: { pub, pull } }) => bytesOf(pub.read_bitrate_kbits + pull.read_bitrate_kbits),
  ),
  gauge('lal_stream_sent_bytes_per_second', 'What all its viewers get; in the mean of 5 s.', ({ group }) =>
    bytesOf(sum(group, (sub) => sub.write_bitrate_kbits)),
  ),
  gauge('lal_stream_queue_bytes', 'What waits for its viewers.', ({ group }) =>
    sum(group, (sub) => sub.queued_bytes),
  ),
  gauge('lal_stream_dropped_frames', 'What the viewers that are there have lost.', ({ group }) =>
    sum(group, (sub) => sub.dropped_frames),
  ),
  gauge(
    'lal_stream_gop_cache_bytes',
    'What is kept for its new viewers.',
    ({ stream }) => stream.cachedBytes,
  ),
  gauge(
    'lal_stream_frames_per_second',
    'Video frames received, in the mean of 5 s.',
    ({ group }) => group.health?.frames_per_sec,
  ),
  gauge(
    'lal_stream_gop_seconds',
    'The key frame interval: the last complete group of pictures.',
    ({ group }) => secondsOf(group.health?.gop_ms || undefined),
  ),
  gauge('lal_stream_last_frame_age_seconds', 'Since the newest frame.', ({ group: { health } }) =>
    health === null || health.last_frame_age_ms < 0 ? undefined : secondsOf(health.last_frame_age_ms),
  ),
  gauge(
    'lal_stream_av_offset_seconds',
    'By how much sound arrives later than the picture of the same time; negative: earlier.',
    ({ group }) => secondsOf(group.health?.av_offset_ms ?? undefined),
  ),
  counter(
    'lal_stream_gaps_total',
    'Pauses of more than a second without audio and video. Begins anew with each publisher.',
    ({ group }) => group.health?.gaps,
  ),
  counter(
    'lal_stream_timestamp_jumps_repaired_total',
    'Leaps of its publisher’s clock that were closed. Begins anew with each publisher.',
    ({ group }) => (group.health === null ? undefined : group.in_jumps_repaired),
  ),
  counter(
    'lal_stream_rtp_packets_lost_total',
    'RTP packets that were given up. Begins anew with each publisher.',
    ({ group }) => group.health?.rtp?.lost,
  ),
];

type ValueOf = (shown: ShownStream) => number | undefined;

function gauge(name: string, help: string, valueOf: ValueOf): MetricFamily<StreamScrape> {
  return { name, help, type: 'gauge', labels: ['stream'], read: perStream(valueOf) };
}

function counter(name: string, help: string, valueOf: ValueOf): MetricFamily<StreamScrape> {
  return { name, help, type: 'counter', labels: ['stream'], read: perStream(valueOf) };
}

/** Streams without a value have no series. */
function perStream(valueOf: ValueOf): MetricFamily<StreamScrape>['read'] {
  return ({ shown }) =>
    shown.flatMap((each) => {
      const value = valueOf(each);
      return value === undefined ? [] : { labels: { stream: each.stream.key }, value };
    });
}

type StatSub = NonNullable<StatGroup['subs']>[number];

function sum({ subs }: StatGroup, valueOf: (sub: StatSub) => number | undefined): number {
  return (subs ?? []).reduce((total, sub) => total + (valueOf(sub) ?? 0), 0);
}

/** lal's rates are in 1024 bit/s. */
function bytesOf(kbits: number): number {
  return (kbits * 1024) / 8;
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
