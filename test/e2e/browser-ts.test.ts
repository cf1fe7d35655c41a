/** Chromium with mpegts.js plays the server's MPEG-TS without a stop, picture and sound together. */
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import type { Browser } from '../support/browser.ts';
import {
  atOnce,
  flvOver,
  makeChangingFile,
  openPlayback,
  sources,
  tsOver,
  watchTogether,
  withTs,
} from '../support/playback.ts';
import type { Source, Watch, Watched } from '../support/playback.ts';
import { expectSameSync, expectSmoothPlayback, ratesOf } from '../support/playback-checks.ts';
import { Scope } from '../support/scope.ts';
import type { TestServer } from '../support/server.ts';

const watchMs = 15_000;

const scope = new Scope();
const streams: Record<string, Source> = {
  ...sources,
  changing: { file: join(scope.folder(), 'changing.flv'), publisher: 'lal' },
};
const overTs: Watch = {
  name: 'WebSocket-TS, published by lal push',
  stream: 'from-lal',
  via: tsOver('ws'),
  measureSync: true,
};
const overFlv: Watch = { name: 'HTTP-FLV', stream: 'from-lal', via: flvOver('http'), measureSync: true };
const watches: readonly Watch[] = [
  overTs,
  { name: 'HTTP-TS, published by ffmpeg', stream: 'from-ffmpeg', via: tsOver('http') },
  { name: 'HTTPS-TS with a self-signed certificate', stream: 'from-lal', via: tsOver('https') },
  { name: 'changes of picture size and sample rate', stream: 'changing', via: tsOver('http') },
  { name: 'a stream without video', stream: 'audio', via: tsOver('wss'), player: atOnce },
  { name: 'a stream without audio', stream: 'video', via: tsOver('http') },
  overFlv,
];

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  await makeChangingFile(streams['changing']!.file);
  ({ server, browser } = await openPlayback(scope, streams, withTs));
});
afterAll(() => scope.close());

let watched: Promise<Map<string, Watched>> | undefined;

/** What became of one watch; all are played at once, when the first is asked for. */
async function resultOf({ name }: Watch): Promise<Watched> {
  watched ??= watchTogether(browser, server, watches, watchMs);
  return (await watched).get(name)!;
}

test.each(watches)('mpegts.js plays without a stop: $name', async (watch) => {
  expectSmoothPlayback(await resultOf(watch), ratesOf(streams[watch.stream]!.file), watchMs - 1_000);
});

test('flash and beep come together, as over HTTP-FLV', async () => {
  expectSameSync(await resultOf(overTs), await resultOf(overFlv));
});
