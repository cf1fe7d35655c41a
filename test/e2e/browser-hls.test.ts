/** Chromium with hls.js, and by itself, plays the server's HLS without a stop, picture and sound together. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { fixturePath, makeFixture } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { untilHlsList } from '../support/hls-list.ts';
import {
  flvOver,
  hlsOver,
  makeChangingFile,
  openPlayback,
  sources,
  untilListFull,
  watchTogether,
  withHls,
} from '../support/playback.ts';
import type { Source, Watch, Watched } from '../support/playback.ts';
import { expectSameSync, expectSmoothPlayback, ratesOf } from '../support/playback-checks.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import type { TestServer } from '../support/server.ts';

const watchMs = 15_000;

const scope = new Scope();

const streams: Record<string, Source> = {
  demo: { file: fixturePath('demo-by-the-second'), publisher: 'lal' },
  changing: { file: join(scope.folder(), 'changing.flv'), publisher: 'lal' },
  audio: sources.audio,
  video: sources.video,
};
const byHlsJs: Watch = { name: 'hls.js', stream: 'demo', via: hlsOver('http', '.m3u8'), measureSync: true };
const byChromium: Watch = {
  name: 'Chromium itself',
  stream: 'demo',
  via: hlsOver('http', '.m3u8', 'native-hls'),
  measureSync: true,
};
const overFlv: Watch = { name: 'HTTP-FLV', stream: 'demo', via: flvOver('http'), measureSync: true };
const watches: readonly Watch[] = [
  byHlsJs,
  byChromium,
  { name: 'hls.js, the other URL, HTTPS', stream: 'demo', via: hlsOver('https', '/playlist.m3u8') },
  {
    name: 'hls.js, over changes of picture size and sample rate',
    stream: 'changing',
    via: hlsOver('http', '.m3u8'),
  },
  { name: 'hls.js, a stream without video', stream: 'audio', via: hlsOver('http', '.m3u8') },
  { name: 'hls.js, a stream without audio', stream: 'video', via: hlsOver('http', '.m3u8') },
  overFlv,
];

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  await makeFixture('demo-by-the-second');
  await makeChangingFile(streams['changing']!.file);
  ({ server, browser } = await openPlayback(scope, streams, withHls));
  await Promise.all(Object.keys(streams).map((stream) => untilListFull(server, stream)));
});
afterAll(() => scope.close());

let watched: Promise<Map<string, Watched>> | undefined;

/** What became of one watch; all are played at once, when the first is asked for. */
async function resultOf({ name }: Watch): Promise<Watched> {
  watched ??= watchTogether(browser, server, watches, watchMs);
  return (await watched).get(name)!;
}

test.each(watches)('the live list plays without a stop: $name', async (watch) => {
  expectSmoothPlayback(await resultOf(watch), ratesOf(streams[watch.stream]!.file), watchMs - 1_000);
});

test.each([byHlsJs, byChromium])('flash and beep come together, as over HTTP-FLV: $name', async (watch) => {
  expectSameSync(await resultOf(watch), await resultOf(overFlv));
});

test('the list says where picture size and sample rate change', async () => {
  const { entries } = await untilHlsList(server, 'changing.m3u8', () => true);
  expect(entries.filter(({ discontinuity }) => discontinuity).length).toBeGreaterThan(0);
});

test('hls.js plays the record list over a publisher that came back', async () => {
  const roundMs = 3_000;
  const tags = readFlvTags(fixturePath('demo-by-the-second'));
  const round = tags.filter(({ timestampMs }) => timestampMs < roundMs);
  for (const rounds of [1, 2]) {
    const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'returning');
    await publisher.send(round);
    await publisher.close();
    await untilHlsList(server, 'returning/record.m3u8', ({ entries }) => entries.length === 3 * rounds);
  }
  const player = await browser.openPlayer();
  await player.play('hls', server.hlsUrl('http', 'returning/record.m3u8'));
  await player.started(10_000);
  await player.untilPlayed(2 * roundMs - 500);
  expect(await player.report()).toMatchObject({ problems: [], corruptedFrames: 0 });
  await player.close();
});
