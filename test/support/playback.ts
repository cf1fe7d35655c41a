import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from './browser.ts';
import type { PlaybackReport } from './browser.ts';
import { fixturePath } from './fixtures.ts';
import { FlvReader } from './flv-reader.ts';
import { ProcessorLoad } from './processor-load.ts';
import { demoFile } from './project.ts';
import { publishWithFfmpeg, publishWithLal } from './publishers.ts';
import type { Scope } from './scope.ts';
import { startServer } from './server.ts';
import type { TestServer } from './server.ts';

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

/** One page that plays one stream. */
export interface Watch {
  readonly name: string;
  readonly scheme: 'http' | 'https' | 'ws' | 'wss';
  readonly stream: string;
  /** Also compare picture and sound, for a stream that flashes and beeps as the demo does. */
  readonly measureSync?: boolean;
}

/** What became of one watch. */
export interface Watched {
  readonly report: PlaybackReport;
  /** See `ProcessorLoad`. */
  readonly slowdown: number;
}

/** Longer than any test. */
const publisherTimeoutMs = 600_000;

/** A server with a cache for late viewers, a browser, and streams on the air; all end with the scope. */
export async function openPlayback(
  scope: Scope,
  streams: Readonly<Record<string, Source>>,
): Promise<{ server: TestServer; browser: Browser }> {
  const [server, browser] = await Promise.all([
    startServer(scope, { httpflv: { gop_num: 1 } }),
    Browser.launch(scope),
  ]);
  await Promise.all(
    Object.entries(streams).map(([streamName, source]) => publish(scope, server, streamName, source)),
  );
  return { server, browser };
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
    watches.map(({ scheme, stream }, index) => players[index]!.play(server.flvUrl(scheme, stream))),
  );
  // Who does not start shows it in the report.
  await Promise.allSettled(players.map((player) => player.started(10_000)));
  await sleep(durationMs);
  const slowdown = load.stop();
  const reports = await Promise.all(players.map((player) => player.report()));
  await Promise.all(players.map((player) => player.close()));
  return new Map(watches.map(({ name }, index) => [name, { report: reports[index]!, slowdown }]));
}
