import { afterAll, beforeAll, test } from 'vitest';
import type { Browser } from '../support/browser.ts';
import {
  atOnce,
  flvOver,
  openPlayback,
  sources,
  tsOver,
  watchTogether,
  withTs,
} from '../support/playback.ts';
import type { Watch, Watched } from '../support/playback.ts';
import { expectSameSync, expectSmoothPlayback, ratesOf } from '../support/playback-checks.ts';
import { Scope } from '../support/scope.ts';
import type { TestServer } from '../support/server.ts';

const watchMs = 120_000;

const watches = [
  { name: 'HTTP-TS, published by ffmpeg', stream: 'from-ffmpeg', via: tsOver('http') },
  { name: 'WebSocket-TS, published by lal push', stream: 'from-lal', via: tsOver('ws'), measureSync: true },
  { name: 'a stream without video', stream: 'audio', via: tsOver('ws'), player: atOnce },
  { name: 'a stream without audio', stream: 'video', via: tsOver('http') },
  { name: 'HTTP-FLV', stream: 'from-lal', via: flvOver('http'), measureSync: true },
] as const satisfies readonly Watch[];

const scope = new Scope();
let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  ({ server, browser } = await openPlayback(scope, sources, withTs));
});
afterAll(() => scope.close());

let watched: Promise<Map<string, Watched>> | undefined;

async function resultOf(name: string): Promise<Watched> {
  watched ??= watchTogether(browser, server, watches, watchMs);
  return (await watched).get(name)!;
}

test.each(watches)('mpegts.js plays for two minutes without a stop: $name', async ({ name, stream }) => {
  expectSmoothPlayback(await resultOf(name), ratesOf(sources[stream].file), watchMs - 1_000);
});

test('after two minutes flash and beep still come together, as over HTTP-FLV', async () => {
  expectSameSync(await resultOf('WebSocket-TS, published by lal push'), await resultOf('HTTP-FLV'));
});
