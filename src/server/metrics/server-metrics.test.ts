import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import { ApiBench } from '../../testing/api-bench.ts';
import { CollectingSink, frameOf, roomyLimits, textVariant, videoTrack } from '../../testing/hub-kit.ts';
import { parsePrometheusText } from '../../testing/prometheus-text.ts';
import { METRIC_FAMILIES } from './server-metrics.ts';
import { streamSeriesFamilies, type StreamSelection } from './stream-series.ts';

const ALL_FAMILIES = [...METRIC_FAMILIES, ...streamSeriesFamilies];

let bench: ApiBench;

beforeEach(() => {
  bench = new ApiBench({ hls: { enable: true, http_listen_addr: ':0', use_memory_as_disk_flag: true } });
});

afterEach(() => bench.close());

/** All series: `name{label="value"}` to the value. */
async function scrape(streams?: StreamSelection): Promise<Record<string, number>> {
  const { text, contentType } = await bench.context.metrics.text(streams);
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  const series: Record<string, number> = {};
  for (const { name, samples } of parsePrometheusText(text).values()) {
    for (const { labels, value } of samples) {
      const shown = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      series[shown.length === 0 ? name : `${name}{${shown.join(',')}}`] = value;
    }
  }
  return series;
}

describe('names', () => {
  test('are documented as they are, and no others', () => {
    const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(lal_\w+)` \| (\w+) \| (.*?) \| (.*) \|$/gm)].map(
      ([, name, type, labels, help]) => ({ name, type, labels: labels!.match(/\w+/g) ?? [], help }),
    );
    expect(rows).toEqual(
      ALL_FAMILIES.map(({ name, type, labels = [], help }) => ({ name, type, labels, help })),
    );
  });

  test('are all exposed, with the documented type and text, from the first scrape on', async () => {
    const { text } = await bench.context.metrics.text('all');
    const exposed = [...parsePrometheusText(text).values()].map(({ name, type, help }) => ({
      name,
      type,
      help,
    }));
    expect(exposed).toEqual(ALL_FAMILIES.map(({ name, type, help }) => ({ name, type, help })));
  });

  test.each(ALL_FAMILIES)('$name keeps to the conventions', ({ name, type, help, labels = [] }) => {
    expect(name).toMatch(/^lal_[a-z0-9_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(?:ms|milliseconds|kb|mb|bits)(?:_|$)/);
    expect(help).toMatch(/^[A-Z].*[.]$/);
    // What there is no end of must not be a label, but in answers to those who want it.
    const unbounded = name.startsWith('lal_stream_')
      ? /session|address|url|app/
      : /stream|session|address|url|app/;
    for (const label of labels) expect(label).not.toMatch(unbounded);
  });
});

test('sessions show while they are there, and their counts and bytes stay', async () => {
  let bytes = 0;
  const session = bench.addSession('RTMPPUBSUB1', { bytesRead: () => 0, bytesWritten: () => bytes });
  bench.addSession('RTSPSUB1', { protocol: 'RTSP' });
  bytes = 700;
  expect(await scrape()).toMatchObject({
    'lal_sessions{protocol="rtmp",type="sub"}': 1,
    'lal_sessions{protocol="rtsp",type="sub"}': 1,
    'lal_sent_bytes_total{protocol="rtmp",type="sub"}': 700,
    lal_streams: 1,
    lal_streams_published: 0,
  });
  bench.registry.remove(session, endReason('viewer-too-slow'));
  const after = await scrape();
  expect(after).toMatchObject({
    'lal_sessions{protocol="rtmp",type="sub"}': 0,
    'lal_sessions_started_total{protocol="rtmp",type="sub"}': 1,
    'lal_sessions_ended_total{protocol="rtmp",type="sub",code="viewer-too-slow"}': 1,
    'lal_sent_bytes_total{protocol="rtmp",type="sub"}': 700,
  });
  expect(Object.keys(after).filter((name) => name.startsWith('lal_rtp'))).toEqual([]);
});

test('frames and repaired times of publishers that have left are still counted', async () => {
  const track = videoTrack();
  for (let round = 0; round < 2; round += 1) {
    const publication = bench.publish();
    publication.setTrack(track);
    for (const timeMs of [0, 40, 20, 100_000]) publication.write(frameOf(track, timeMs, { isKey: true }));
    publication.write(frameOf(track, 0, { isKey: true }));
    if (round === 0) publication.end();
  }
  const series = await scrape();
  expect(series['lal_frames_received_total{kind="video"}']).toBe(10);
  expect(series['lal_frames_received_total{kind="audio"}']).toBe(0);
  expect(series['lal_frames_out_of_order_total']).toBe(2);
  expect(series['lal_timestamp_jumps_repaired_total']).toBeGreaterThanOrEqual(2);
  expect(series['lal_streams_published']).toBe(1);
});

test('what viewers wait for and lose shows, and what they lost stays when they leave', async () => {
  const track = videoTrack();
  const sink = new CollectingSink();
  const limits = {
    maxQueueBytes: 30,
    maxQueueMs: 1e6,
    maxBehindMs: 1e6,
    idleTimeoutMs: 1e6,
    overflow: 'drop',
  } as const;
  const publication = bench.publish();
  publication.setTrack(track);
  const subscription = bench.hub.open('test110').attach(textVariant(1), sink, limits);
  const send = (timeMs: number, isKey: boolean): void => {
    publication.write(frameOf(track, timeMs, { isKey }));
    bench.clock.turn();
  };
  send(0, true);
  sink.isFull = true;
  for (let index = 1; index < 12; index += 1) send(index * 40, false);
  const full = await scrape();
  expect(full['lal_subscriptions']).toBe(1);
  expect(full['lal_subscription_drops_total']).toBe(subscription.counters.drops);
  expect(subscription.counters.drops).toBeGreaterThan(0);
  expect(full['lal_subscription_queue_bytes']).toBe(subscription.queuedBytes);
  expect(full['lal_subscription_queue_max_bytes']).toBe(subscription.queuedBytes);
  const { drops, droppedUnits, droppedBytes, sentBytes } = subscription.counters;
  subscription.close();
  expect(await scrape()).toMatchObject({
    lal_subscriptions: 0,
    lal_subscription_queue_bytes: 0,
    lal_subscription_drops_total: drops,
    lal_subscription_dropped_units_total: droppedUnits,
    lal_subscription_dropped_bytes_total: droppedBytes,
    lal_subscription_sent_bytes_total: sentBytes,
  });
});

test('recordings show by kind, and their bytes do not go back when they end', async () => {
  const publication = bench.publish();
  bench.context.records.start('test110', 'flv');
  await bench.picture(publication, 0);
  await bench.picture(publication, 1000);
  const during = await scrape();
  expect(during['lal_recordings{kind="flv"}']).toBe(1);
  expect(during['lal_recordings{kind="mpegts"}']).toBe(0);
  expect(during['lal_record_bytes_total{kind="flv"}']).toBeGreaterThan(0);
  await bench.context.records.stop('test110', 'flv');
  const after = await scrape();
  expect(after).toMatchObject({ 'lal_recordings{kind="flv"}': 0, 'lal_record_files_total{kind="flv"}': 1 });
  expect(after['lal_record_bytes_total{kind="flv"}']!).toBeGreaterThanOrEqual(
    during['lal_record_bytes_total{kind="flv"}']!,
  );
});

test('relay pushes show by state', async () => {
  bench.context.relayPushes.start({ streamKey: 'test110', url: 'rtmp://127.0.0.1:1/live/x' });
  expect(await scrape()).toMatchObject({
    'lal_relay_pushes{state="waiting"}': 1,
    'lal_relay_pushes{state="pushing"}': 0,
  });
});

test('callbacks show as they count themselves', async () => {
  Object.assign(bench.callbacks.counters, { sent: 5, failed: 4, retried: 3, dropped: 2, queued: 1 });
  Object.assign(bench.callbacks.decisions, { allowed: 9, refused: 8, undecided: 7, pending: 6 });
  expect(await scrape()).toMatchObject({
    lal_callbacks_sent_total: 5,
    lal_callbacks_failed_total: 4,
    lal_callbacks_retried_total: 3,
    lal_callbacks_dropped_total: 2,
    lal_callbacks_queued: 1,
    'lal_callback_decisions_total{result="allowed"}': 9,
    'lal_callback_decisions_total{result="refused"}': 8,
    'lal_callback_decisions_total{result="undecided"}': 7,
    lal_callback_decisions_pending: 6,
  });
});

test('the server, its log, its ports and its blacklist', async () => {
  bench.lostLogLines = 3;
  bench.context.blacklist.add('192.0.2.1', 60);
  const series = await scrape();
  expect(series).toMatchObject({
    lal_log_lines_lost_total: 3,
    lal_blacklisted_addresses: 1,
    lal_connections: 0,
    lal_connections_refused_total: 0,
    lal_start_time_seconds: 1_700_000_000,
  });
  expect(series['lal_process_resident_memory_bytes']).toBeGreaterThan(1e7);
  expect(series['lal_process_cpu_seconds_total']).toBeGreaterThan(0);
  expect(series['lal_event_loop_active_seconds_total']).toBeGreaterThan(0);
  expect(series['lal_event_loop_delay_max_seconds']).toBeLessThan(60);
});

test('whatever the server is called, the text stays readable', async () => {
  const serverId = 'a"b\\c\nd}e';
  await bench.close();
  bench = new ApiBench({ server_id: serverId });
  const { text } = await bench.context.metrics.text();
  expect(parsePrometheusText(text).get('lal_info')!.samples[0]!.labels['server_id']).toBe(serverId);
});

test('scrapes at one time do not get into each other’s way', async () => {
  bench.publish('a');
  bench.publish('b');
  const answers = await Promise.all([scrape(['a']), scrape(), scrape(['b']), scrape('all')]);
  const shown = answers.map((series) =>
    Object.keys(series).filter((name) => name.startsWith('lal_stream_viewers')),
  );
  expect(shown).toEqual([
    ['lal_stream_viewers{stream="a"}'],
    [],
    ['lal_stream_viewers{stream="b"}'],
    ['lal_stream_viewers{stream="a"}', 'lal_stream_viewers{stream="b"}'],
  ]);
});

describe('single streams', () => {
  test('are shown to those who ask for them, as they are in the statistics', async () => {
    const track = videoTrack();
    const publication = bench.publish();
    publication.setTrack(track);
    const subscription = bench.hub.open('test110').attach(textVariant(1), new CollectingSink(), roomyLimits);
    bench.addSession('RTMPPUBSUB1', { subscription });
    bench.addSession('RTMPPUBSUB2', { baseType: 'PUB' });
    for (let index = 0; index <= 5; index += 1) {
      publication.write(frameOf(track, index * 1000, { isKey: true }));
      bench.clock.advance(1000);
      bench.statistics.tick();
    }
    const series = await scrape(['test110', 'unknown']);
    const own = Object.entries(series).filter(([name]) => name.startsWith('lal_stream_'));
    expect(Object.fromEntries(own)).toEqual({
      lal_stream_series_left_out: 0,
      'lal_stream_published{stream="test110"}': 1,
      'lal_stream_viewers{stream="test110"}': 1,
      'lal_stream_received_bytes_per_second{stream="test110"}': 128,
      'lal_stream_sent_bytes_per_second{stream="test110"}': 384,
      'lal_stream_queue_bytes{stream="test110"}': 0,
      'lal_stream_dropped_frames{stream="test110"}': 0,
      'lal_stream_gop_cache_bytes{stream="test110"}': bench.hub.get('test110')!.cachedBytes,
      'lal_stream_frames_per_second{stream="test110"}': 1,
      'lal_stream_gop_seconds{stream="test110"}': 1,
      'lal_stream_last_frame_age_seconds{stream="test110"}': 1,
      'lal_stream_gaps_total{stream="test110"}': 0,
      'lal_stream_timestamp_jumps_repaired_total{stream="test110"}': 0,
    });
  });

  test('that nobody publishes have no values of a publisher; a name is a name, whatever it holds', async () => {
    bench.hub.open('a"b\\c\nd}');
    const { text } = await bench.context.metrics.text('all');
    const families = parsePrometheusText(text);
    expect(families.get('lal_stream_published')!.samples).toEqual([
      { labels: { stream: 'a"b\\c\nd}' }, value: 0 },
    ]);
    expect(families.get('lal_stream_gaps_total')!.samples).toEqual([]);
  });

  test('are 500 at most, and the answer says how many are missing', async () => {
    for (let index = 0; index < 503; index += 1) bench.hub.open(`s${index}`);
    const series = await scrape('all');
    expect(series['lal_stream_series_left_out']).toBe(3);
    expect(Object.keys(series).filter((name) => name.startsWith('lal_stream_viewers'))).toHaveLength(500);
  });
});

describe('/metrics', () => {
  const fetchMetrics = (headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${bench.port}/metrics`, { headers });

  test('answers on the port of the API, for whoever has its token', async () => {
    await bench.close();
    bench = new ApiBench({ http_api: { token: 'secret' } });
    await bench.listen();
    expect((await fetchMetrics()).status).toBe(401);
    const answer = await fetchMetrics({ Authorization: 'Bearer secret' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    expect(Number(answer.headers.get('content-length'))).toBe(Buffer.byteLength(text));
    expect(parsePrometheusText(text).get('lal_connections')!.samples[0]!.value).toBeGreaterThan(0);
  });

  test('shows single streams by their names in the query, or all', async () => {
    await bench.listen();
    for (const name of ['a', 'b', 'c']) bench.hub.open(name);
    const shown = async (query: string): Promise<string[]> => {
      const text = await (await fetch(`http://127.0.0.1:${bench.port}/metrics${query}`)).text();
      const viewers = parsePrometheusText(text).get('lal_stream_viewers')?.samples ?? [];
      return viewers.map(({ labels }) => labels['stream']!);
    };
    expect(await shown('')).toEqual([]);
    expect(await shown('?stream=c&stream=a&stream=a&stream=x')).toEqual(['c', 'a']);
    expect(await shown('?streams=all')).toEqual(['a', 'b', 'c']);
  });

  test('is not there when it is switched off', async () => {
    await bench.close();
    bench = new ApiBench({ http_api: { metrics_enable: false } });
    await bench.listen();
    expect(await (await fetchMetrics()).json()).toMatchObject({ error_code: 404 });
  });
});
