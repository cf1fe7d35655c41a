import { afterAll, beforeAll, test } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { atOnce, flvOver, openPlayback, sources, watchTogether } from '../support/playback.ts';
import type { Watched } from '../support/playback.ts';
import { expectSmoothPlayback, ratesOf } from '../support/playback-checks.ts';
import { Scope } from '../support/scope.ts';
import type { TestServer } from '../support/server.ts';

const watchMs = 120_000;

const watches = [
  { name: 'HTTP-FLV, published by ffmpeg', stream: 'from-ffmpeg', via: flvOver('http') },
  { name: 'WebSocket-FLV, published by lal push', stream: 'from-lal', via: flvOver('ws') },
  { name: 'a stream without video', stream: 'audio', via: flvOver('ws'), player: atOnce },
  { name: 'a stream without audio', stream: 'video', via: flvOver('http') },
] as const;

const scope = new Scope();
let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  ({ server, browser } = await openPlayback(scope, sources));
});
afterAll(() => scope.close());

let watched: Promise<Map<string, Watched>> | undefined;

test.each(watches)('mpegts.js plays for two minutes without a stop: $name', async ({ name, stream }) => {
  watched ??= watchTogether(browser, server, watches, watchMs);
  expectSmoothPlayback((await watched).get(name)!, ratesOf(sources[stream].file), watchMs - 1_000);
});
