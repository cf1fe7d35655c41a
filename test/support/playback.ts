import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from './browser.ts';
import type { MpegtsConfig, PlaybackReport, StreamForm } from './browser.ts';
import { fixturePath, makeFixture } from './fixtures.ts';
import { readFlvTags, writeFlvFile } from './flv-file.ts';
import type { FlvTag } from './flv-file.ts';
import { FlvReader } from './flv-reader.ts';
import { untilHlsList } from './hls-list.ts';
import { ProcessorLoad } from './processor-load.ts';
import { demoFile } from './project.ts';
import { publishWithFfmpeg, publishWithLal } from './publishers.ts';
import type { Scope } from './scope.ts';
import { startServer } from './server.ts';
import type { ConfigOverrides, HttpScheme, TestServer } from './server.ts';
import { shiftTags } from './tags.ts';

/** An FLV file that is on the air in a loop while a test runs, under the name of its key. */
export interface Source {
  readonly file: string;
  readonly publisher: 'ffmpeg' | 'lal';
}

/** What browsers are tested with: both tracks, and each alone. */
export const sources = {
  'from-ffmpeg': { file: demoFile, publisher: 'ffmpeg' },
  'from-lal': { file: demoFile, publisher: 'lal' },
  audio: { file: fixturePath('audio-only-aac'), publisher: 'lal' },
  video: { file: fixturePath('video-only-h264'), publisher: 'lal' },
} as const satisfies Record<string, Source>;

/** How a stream gets to a page. */
export interface Delivery {
  readonly form: StreamForm;
  readonly url: (server: TestServer, stream: string) => string;
}

/** Makes an FLV file in which picture size and sample rate change, and again where its end joins its beginning. */
export async function makeChangingFile(path: string): Promise<void> {
  // Where both have a key frame.
  const partMs = 3_000;
  const partOf = (file: string): FlvTag[] =>
    readFlvTags(file).filter(({ timestampMs }) => timestampMs < partMs);
  const [one, other] = [await makeFixture('demo-by-the-second'), fixturePath('h264-bframes-aac')];
  writeFlvFile(path, [...partOf(one), ...shiftTags(partOf(other), partMs)]);
}

/** One page that plays one stream. */
export interface Watch {
  readonly name: string;
  readonly stream: string;
  readonly via: Delivery;
  /** Also compare picture and sound, for a stream that flashes and beeps as the demo does. */
  readonly measureSync?: boolean;
  /** For mpegts.js; default: its own defaults. */
  readonly player?: MpegtsConfig;
}

/** What became of one watch. */
export interface Watched {
  readonly report: PlaybackReport;
  /** See `ProcessorLoad`. */
  readonly slowdown: number;
}

/**
 * What arrives is decoded at once. mpegts.js by itself first collects 8 KiB: a second of sound alone, so that it runs dry at
 * its start when less than that was ready for it.
 */
export const atOnce: MpegtsConfig = { enableStashBuffer: false };

const hlsFragments = 6;
/** Longer than any test. */
const publisherTimeoutMs = 600_000;

export function flvOver(scheme: HttpScheme): Delivery {
  return { form: 'flv', url: (server, stream) => server.flvUrl(scheme, stream) };
}

export function tsOver(scheme: HttpScheme): Delivery {
  return { form: 'ts', url: (server, stream) => server.tsUrl(scheme, stream) };
}

/** @param list what follows the stream's name in the playlist's URL */
export function hlsOver(
  scheme: 'http' | 'https',
  list: '.m3u8' | '/playlist.m3u8' | '/record.m3u8',
  form: 'hls' | 'native-hls' = 'hls',
): Delivery {
  return { form, url: (server, stream) => server.hlsUrl(scheme, stream + list) };
}

/**
 * A server with a cache for late viewers, a browser, and streams on the air; all end with the scope.
 * @param config what is to be on besides HTTP-FLV
 */
export async function openPlayback(
  scope: Scope,
  streams: Readonly<Record<string, Source>>,
  config: ConfigOverrides = {},
): Promise<{ server: TestServer; browser: Browser }> {
  const [server, browser] = await Promise.all([
    startServer(scope, { httpflv: { gop_num: 1 }, ...config }),
    Browser.launch(scope),
  ]);
  await Promise.all(
    Object.entries(streams).map(([streamName, source]) => publish(scope, server, streamName, source)),
  );
  return { server, browser };
}

/** With MPEG-TS over HTTP and WebSocket, for `openPlayback`. */
export const withTs: ConfigOverrides = {
  httpts: { enable: true, enable_https: true, url_pattern: '/', gop_num: 1 },
};

/** With HLS in fragments of a second, for `openPlayback`. */
export const withHls: ConfigOverrides = {
  hls: {
    enable: true,
    enable_https: true,
    url_pattern: '/hls/',
    out_path: './hls/',
    fragment_duration_ms: 1_000,
    fragment_num: hlsFragments,
  },
};

/** Resolves when the stream's playlist is as long as it gets: what players find that come to a stream long on the air. */
export async function untilListFull(server: TestServer, streamName: string): Promise<void> {
  await untilHlsList(server, `${streamName}.m3u8`, ({ entries }) => entries.length === hlsFragments);
}

/** Resolves when the stream can be watched. */
async function publish(
  scope: Scope,
  server: TestServer,
  streamName: string,
  { file, publisher }: Source,
): Promise<void> {
  const url = server.rtmpUrl(streamName);
  if (publisher === 'lal') publishWithLal(scope, file, url);
  else publishWithFfmpeg(scope, file, url, { loops: 1000, timeoutMs: publisherTimeoutMs });
  const witness = FlvReader.open(scope, server.flvUrl('http', streamName));
  await witness.untilUnits(1);
  witness.close();
}

/** Plays everything at the same time, for `durationMs` after the last has started; what became of them by the watches' names. */
export async function watchTogether(
  browser: Browser,
  server: TestServer,
  watches: readonly Watch[],
  durationMs: number,
): Promise<Map<string, Watched>> {
  const players = await browser.openPlayers(watches.length);
  await Promise.all(
    players.filter((_, index) => watches[index]!.measureSync).map((player) => player.measureSync()),
  );
  const load = new ProcessorLoad();
  await Promise.all(
    watches.map(({ stream, via, player }, index) =>
      players[index]!.play(via.form, via.url(server, stream), player),
    ),
  );
  // Who does not start shows it in the report.
  await Promise.allSettled(players.map((player) => player.started(10_000)));
  await sleep(durationMs);
  const slowdown = load.stop();
  const reports = await Promise.all(players.map((player) => player.report()));
  await Promise.all(players.map((player) => player.close()));
  return new Map(watches.map(({ name }, index) => [name, { report: reports[index]!, slowdown }]));
}
