import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { fixturePath, makeFixture } from '../support/fixtures.ts';
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
import { Scope } from '../support/scope.ts';
import type { TestServer } from '../support/server.ts';

const watchMs = 120_000;

const scope = new Scope();
const streams: Record<string, Source> = {
  demo: { file: fixturePath('demo-by-the-second'), publisher: 'lal' },
  changing: { file: join(scope.folder(), 'changing.flv'), publisher: 'lal' },
  audio: sources.audio,
};
const list = hlsOver('http', '.m3u8');
const watches: readonly Watch[] = [
  { name: 'hls.js', stream: 'demo', via: list, measureSync: true },
  { name: 'Chromium itself', stream: 'demo', via: hlsOver('http', '.m3u8', 'native-hls'), measureSync: true },
  { name: 'hls.js, over changes of picture size and sample rate', stream: 'changing', via: list },
  { name: 'hls.js, a stream without video', stream: 'audio', via: list },
  { name: 'HTTP-FLV', stream: 'demo', via: flvOver('http'), measureSync: true },
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

async function resultOf(name: string): Promise<Watched> {
  watched ??= watchTogether(browser, server, watches, watchMs);
  return (await watched).get(name)!;
}

test.each(watches)('the live list plays for two minutes without a stop: $name', async ({ name, stream }) => {
  expectSmoothPlayback(await resultOf(name), ratesOf(streams[stream]!.file), watchMs - 1_000);
});

test.each(['hls.js', 'Chromium itself'])(
  'after two minutes flash and beep still come together, as over HTTP-FLV: %s',
  async (name) => {
    expectSameSync(await resultOf(name), await resultOf('HTTP-FLV'));
  },
);
