import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { fixturePath, referenceOf } from '../support/fixtures.ts';
import { readFlvFile, readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { CodecHeader, Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { playWithRtmpdump } from '../support/players.ts';
import { publishWithFfmpeg, publishWithGstreamer } from '../support/publishers.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { Tap } from '../support/tap.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

async function watch(
  server: TestServer,
  streamName: string,
  scheme: 'http' | 'wss' = 'http',
): Promise<FlvReader> {
  const reader = FlvReader.open(scope, server.flvUrl(scheme, streamName));
  await reader.joined();
  return reader;
}

test('ffmpeg publishes over RTMPS', async () => {
  const server = await startServer(scope);
  const reader = await watch(server, 'secure');
  const source = referenceOf('h264-bframes-aac');
  const publisher = publishWithFfmpeg(scope, fixturePath('h264-bframes-aac'), server.rtmpsUrl('secure'));
  expect((await publisher.exited).code, publisher.describe()).toBe(0);
  await reader.untilUnits(source.units.length);
  await server.stop();
  expectSamePackets(source, reader.recording, { sameOrder: true });
  expectSameHeaders(source, reader.recording);
});

test('GStreamer publishes with rtmp2sink', async () => {
  const server = await startServer(scope);
  const reader = await watch(server, 'gst');
  const { program, reference } = publishWithGstreamer(
    scope,
    fixturePath('h264-baseline-aac'),
    server.rtmpUrl('gst'),
  );
  expect((await program.exited).code, program.describe()).toBe(0);
  const source = readFlvFile(reference);
  expect(source.units.length).toBeGreaterThan(400);
  await reader.untilUnits(source.units.length);
  await server.stop();
  expectSamePackets(source, reader.recording, { sameOrder: true });
  expectSameHeaders(source, reader.recording);
});

test('a second publisher is refused with a status, and the first one goes on undisturbed', async () => {
  const server = await startServer(scope);
  const reader = await watch(server, 'taken');
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  const first = await RtmpPublisher.open(scope, server.ports.rtmp, 'taken');
  await first.send(tags.slice(0, 200));
  const second = await RtmpPublisher.connect(scope, server.ports.rtmp);
  await expect(second.publish('taken')).rejects.toThrow(/NetStream\.Publish\.BadName/);
  await second.closed();
  const ffmpeg = publishWithFfmpeg(scope, fixturePath('h264-mp3'), server.rtmpUrl('taken'));
  expect((await ffmpeg.ended(10_000)).code, ffmpeg.describe()).not.toBe(0);
  await first.send(tags.slice(200));
  const source = recordingOf(tags);
  await reader.untilUnits(source.units.length);
  await server.stop();
  expectSamePackets(source, reader.recording, { sameOrder: true });
});

test('the name is free again as soon as its publisher has left, also without a goodbye', async () => {
  const server = await startServer(scope);
  const tags = readFlvTags(fixturePath('h264-baseline-aac'));
  const reader = await watch(server, 'again');
  const first = await RtmpPublisher.open(scope, server.ports.rtmp, 'again');
  await first.send(tags.slice(0, 100));
  await reader.untilUnits(90);
  first.destroy();
  await first.closed();
  // The server may still be reading what was sent before the end: until then it may refuse.
  const giveUpMs = performance.now() + 5_000;
  for (;;) {
    const next = await RtmpPublisher.connect(scope, server.ports.rtmp);
    const accepted = await next.publish('again').then(
      () => true,
      () => false,
    );
    if (accepted) break;
    expect(performance.now(), 'the name stayed taken').toBeLessThan(giveUpMs);
  }
  await server.stop();
});

/** The part of a recording that begins with the `number`th video header, counted from 0. */
function publicationPart(
  recording: Recording,
  firstUnit: number,
  endUnit: number,
  headers: CodecHeader[],
): Recording {
  return { units: recording.units.slice(firstUnit, endUnit), headers, scripts: [] };
}

test('viewers who stay see the next publisher with its own headers', async () => {
  const server = await startServer(scope);
  const one = readFlvTags(fixturePath('h264-bframes-aac'));
  const two = readFlvTags(fixturePath('h264-baseline-aac'));
  const sources = [recordingOf(one), recordingOf(two)] as const;
  const readers = [await watch(server, 'relay'), await watch(server, 'relay', 'wss')];
  const tap = await Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
  const rtmpdump = playWithRtmpdump(scope, `rtmp://127.0.0.1:${tap.port}/live/relay`);
  await tap.seen();

  const first = await RtmpPublisher.open(scope, server.ports.rtmp, 'relay');
  await first.send(one);
  for (const reader of readers) await reader.untilUnits(sources[0].units.length);
  await first.close();
  // The server closes its side when it has released the name.
  const second = await RtmpPublisher.open(scope, server.ports.rtmp, 'relay');
  await second.send(two);
  const total = sources[0].units.length + sources[1].units.length;
  for (const reader of readers) await reader.untilUnits(total);
  await second.close();
  await server.stop();
  await rtmpdump.ended();

  const recordings = [...readers.map((reader) => reader.recording), rtmpdump.recording()];
  for (const recording of recordings) {
    const border = sources[0].units.length;
    const headers = recording.headers;
    const secondVideoHeader = headers.findIndex((header, index) => index > 0 && header.kind === 'video');
    const start = Math.min(
      secondVideoHeader,
      headers.findIndex((header, index) => index > 1 && header.kind === 'audio'),
    );
    expect(start, 'new headers').toBeGreaterThan(0);
    const before = publicationPart(recording, 0, border, headers.slice(0, start));
    const after = publicationPart(recording, border, total, headers.slice(start));
    expectSamePackets(sources[0], before, { sameOrder: true });
    expectSameHeaders(sources[0], before);
    // The second publication may go on where the first one ended, by one shift for sound and picture.
    expectSamePackets(sources[1], after, { constantOffsetWithinMs: 0 });
    expectSameHeaders(sources[1], after);
  }
});

test('many streams at once do not mix', async () => {
  const server = await startServer(scope);
  const fixtures = [
    'h264-bframes-aac',
    'h264-mp3',
    'h264-g711a',
    'audio-only-aac',
    'video-only-h264',
  ] as const;
  const streams = [...fixtures, ...fixtures].map((fixture, index) => ({ name: `s${index}`, fixture }));
  const readers = await Promise.all(streams.map(({ name }) => watch(server, name)));
  await Promise.all(
    streams.map(async ({ name, fixture }) => {
      const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, name);
      const tags = readFlvTags(fixturePath(fixture));
      for (let at = 0; at < tags.length; at += 20) await publisher.send(tags.slice(at, at + 20));
    }),
  );
  for (const [index, { fixture }] of streams.entries()) {
    const source = referenceOf(fixture);
    await readers[index]!.untilUnits(source.units.length);
    expectSamePackets(source, readers[index]!.recording, { sameOrder: true });
  }
  await server.stop();
});
