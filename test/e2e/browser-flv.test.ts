/** What people look at: Chromium with mpegts.js plays what the server sends, without a stop. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, PlaybackReport } from '../support/browser.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { openPlayback, sources, watchTogether } from '../support/playback.ts';
import type { Source, Watch, Watched } from '../support/playback.ts';
import { expectSmoothPlayback, ratesOf } from '../support/playback-checks.ts';
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
  { name: 'HTTP-FLV, published by ffmpeg', scheme: 'http', stream: 'from-ffmpeg' },
  { name: 'WebSocket-FLV, published by lal push', scheme: 'ws', stream: 'from-lal', measureSync: true },
  { name: 'HTTPS-FLV with a self-signed certificate', scheme: 'https', stream: 'from-lal' },
  { name: 'WebSocket-FLV over TLS', scheme: 'wss', stream: 'from-ffmpeg' },
  { name: 'a stream without video', scheme: 'http', stream: 'audio' },
  { name: 'a stream without audio', scheme: 'ws', stream: 'video' },
  { name: 'a stream whose sound is late', scheme: 'http', stream: 'late-sound', measureSync: true },
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

/** The middle one, so that a picture that a busy processor showed late does not count. */
function medianDelay({ beepDelaysMs }: PlaybackReport): number {
  // The first flash may have been at the very start, when picture and sound are not settled yet.
  const delays = beepDelaysMs.slice(1).sort((a, b) => a - b);
  expect(delays.length).toBeGreaterThanOrEqual(3);
  return delays[Math.floor(delays.length / 2)]!;
}

test('flash and beep of the demo stream come together', async () => {
  const { report } = await resultOf('WebSocket-FLV, published by lal push');
  expect(Math.abs(medianDelay(report))).toBeLessThan(60);
});

test('sound that was published late is late by as much', async () => {
  const { report } = await resultOf('a stream whose sound is late');
  expect(Math.abs(medianDelay(report) - lateByMs)).toBeLessThan(60);
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
    await player.play(server.flvUrl('http', 'from-lal'), { enableStashBuffer: false });
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
    await player.play(server.flvUrl('ws', streamName), { enableStashBuffer: false });
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
