/** What people look at: Chromium with mpegts.js plays what the server sends, without a stop. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { atOnce, flvOver, openPlayback, sources, watchTogether } from '../support/playback.ts';
import type { Source, Watch, Watched } from '../support/playback.ts';
import { expectSmoothPlayback, medianBeepDelayMs, ratesOf } from '../support/playback-checks.ts';
import { runProgram } from '../support/program.ts';
import { demoFile } from '../support/project.ts';
import { publishWithLal } from '../support/publishers.ts';
import { Scope } from '../support/scope.ts';
import type { TestServer } from '../support/server.ts';

const watchMs = 15_000;
const lateByMs = 200;

const scope = new Scope();
const streams: Record<string, Source> = {
  ...sources,
  'late-sound': { file: join(scope.folder(), 'late-sound.flv'), publisher: 'lal' },
};

const watches: readonly Watch[] = [
  { name: 'HTTP-FLV, published by ffmpeg', stream: 'from-ffmpeg', via: flvOver('http') },
  { name: 'WebSocket-FLV, published by lal push', stream: 'from-lal', via: flvOver('ws'), measureSync: true },
  { name: 'HTTPS-FLV with a self-signed certificate', stream: 'from-lal', via: flvOver('https') },
  { name: 'WebSocket-FLV over TLS', stream: 'from-ffmpeg', via: flvOver('wss') },
  { name: 'a stream without video', stream: 'audio', via: flvOver('http'), player: atOnce },
  { name: 'a stream without audio', stream: 'video', via: flvOver('ws') },
  { name: 'a stream whose sound is late', stream: 'late-sound', via: flvOver('http'), measureSync: true },
];

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  const late = ['-itsoffset', String(lateByMs / 1000), '-i', demoFile, '-map', '0:v', '-map', '1:a'];
  const file = streams['late-sound']!.file;
  await runProgram('ffmpeg', ['-v', 'error', '-nostdin', '-i', demoFile, ...late, '-c', 'copy', file]);
  ({ server, browser } = await openPlayback(scope, streams));
});
afterAll(() => scope.close());

let watched: Promise<Map<string, Watched>> | undefined;

/** What became of one watch; all are played at once, when the first is asked for. */
async function resultOf(name: string): Promise<Watched> {
  watched ??= watchTogether(browser, server, watches, watchMs);
  return (await watched).get(name)!;
}

test.each(watches)('mpegts.js plays without a stop: $name', async ({ name, stream }) => {
  expectSmoothPlayback(await resultOf(name), ratesOf(streams[stream]!.file), watchMs - 1_000);
});

test('flash and beep of the demo stream come together', async () => {
  const { report } = await resultOf('WebSocket-FLV, published by lal push');
  expect(Math.abs(medianBeepDelayMs(report))).toBeLessThan(60);
});

test('sound that was published late is late by as much', async () => {
  const { report } = await resultOf('a stream whose sound is late');
  expect(Math.abs(medianBeepDelayMs(report) - lateByMs)).toBeLessThan(60);
});

/** Resolves when a key frame has arrived that was not in the cache. */
async function untilNextKeyFrame(streamName: string): Promise<void> {
  const witness = FlvReader.open(scope, server.flvUrl('http', streamName));
  const keyFrames = (): number => witness.units.filter((unit) => unit.kind === 'video' && unit.isKey).length;
  await witness.until(() => keyFrames() === 2, 'the second key frame');
  witness.close();
}

test('with gop_num 1 a viewer starts within a second, however far the next key frame is', async () => {
  const startsMs: number[] = [];
  // The stream has a key frame every two seconds: without the cache each of these viewers would wait for 1.8. With it,
  // only a busy processor makes one wait.
  while (startsMs.length < 3 && !startsMs.some((startMs) => startMs < 1_000)) {
    const player = await browser.openPlayer();
    await untilNextKeyFrame('from-lal');
    await sleep(200);
    await player.play('flv', server.flvUrl('http', 'from-lal'), atOnce);
    startsMs.push((await player.started(10_000)).startMs!);
    await player.close();
  }
  expect(Math.min(...startsMs)).toBeLessThan(1_000);
});

test.each(['from-lal', 'audio', 'video'] as const)(
  'a page that is open before the publisher comes plays when it does: %s',
  async (source) => {
    const streamName = `awaited-${source}`;
    const player = await browser.openPlayer();
    await player.play('flv', server.flvUrl('ws', streamName), atOnce);
    const witness = FlvReader.open(scope, server.flvUrl('http', streamName));
    await witness.joined();
    const publisher = publishWithLal(scope, sources[source].file, server.rtmpUrl(streamName));
    await witness.untilUnits(1);
    await player.started(5_000);
    expect((await player.report()).problems).toEqual([]);
    await publisher.stop();
    await player.close();
  },
);
