import { get } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fixturePath, referenceOf } from '../support/fixtures.ts';
import type { FixtureName } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';
import { keyIndices } from '../support/tags.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** Status of a plain request; the body is not waited for. */
function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.on('error', reject);
  });
}

test('any page may play: CORS headers, no caching, the media type of FLV', async () => {
  const server = await startServer(scope);
  const reader = FlvReader.open(scope, server.flvUrl('http', 'x'), { origin: 'http://elsewhere.example' });
  await reader.joined();
  expect(reader.responseHeaders).toMatchObject({
    'content-type': 'video/x-flv',
    'cache-control': 'no-cache',
    'access-control-allow-origin': '*',
  });
  expect(reader.responseHeaders).not.toHaveProperty('content-length');
  expect(reader.responseHeaders).not.toHaveProperty('transfer-encoding');
  await server.stop();
});

test.each<{ fixture: FixtureName; flags: number }>([
  { fixture: 'h264-bframes-aac', flags: 5 },
  { fixture: 'audio-only-aac', flags: 4 },
  { fixture: 'video-only-h264', flags: 1 },
])('the FLV header of a running stream says what is in it: $fixture', async ({ fixture, flags }) => {
  const server = await startServer(scope, { httpflv: { gop_num: 1 } });
  const tags = readFlvTags(fixturePath(fixture));
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'flags');
  const witness = FlvReader.open(scope, server.flvUrl('http', 'flags'));
  await witness.joined();
  await publisher.send(tags.slice(0, 100));
  await witness.untilUnits(90);
  const late = FlvReader.open(scope, server.flvUrl('ws', 'flags'));
  await late.joined();
  await publisher.send(tags.slice(100));
  await late.untilUnits(1);
  expect(late.flags).toBe(flags);
  await server.stop();
});

test.each([0, 1])(
  'with gop_num %i: metadata comes first and plain, and late viewers get the newest',
  async (gops) => {
    const server = await startServer(scope, { httpflv: { gop_num: gops } });
    const tags = readFlvTags(fixturePath('h264-bframes-aac'));
    const metadata = tags.find((tag) => tag.type === 18)!;
    // The same object with another last number, in the five bytes before the end marker.
    const newer = { ...metadata, body: Buffer.from(metadata.body) };
    newer.body.writeUInt8(newer.body.readUInt8(newer.body.length - 5) ^ 1, newer.body.length - 5);
    const middle = keyIndices(tags)[1]! + 20;
    const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'meta');
    const reader = FlvReader.open(scope, server.flvUrl('http', 'meta'));
    await reader.joined();
    await publisher.send(tags.slice(0, middle));
    await publisher.send([{ ...newer, timestampMs: tags[middle - 1]!.timestampMs }]);
    await reader.until(() => reader.recording.scripts.length === 2, 'the second metadata');
    expect(reader.tags[0]).toMatchObject({ type: 18 });
    expect(reader.recording.scripts.map((script) => script.body)).toEqual([metadata.body, newer.body]);
    const late = FlvReader.open(scope, server.flvUrl('http', 'meta'));
    await late.joined();
    await publisher.send(tags.slice(middle));
    await late.until(
      () => late.units.at(-1)?.dtsMs === reader.units.at(-1)?.dtsMs && late.units.length > 50,
      'the end',
    );
    expect(late.tags[0]).toMatchObject({ type: 18 });
    // Cached groups of pictures come with the metadata that held then, and the change where it happened.
    expect(late.recording.scripts.at(-1)!.body).toEqual(newer.body);
    await server.stop();
  },
);

test('the folder in the path is free, the last element names the stream', async () => {
  const server = await startServer(scope, { httpflv: { gop_num: 1 } });
  const tags = readFlvTags(fixturePath('h264-baseline-aac'));
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'camera-01.main', 'some/app');
  const base = `http://127.0.0.1:${server.ports.http}`;
  const paths = [
    '/camera-01.main.flv',
    '/any/where/camera-01.main.flv?token=1',
    '/live/camera%2D01.main.flv',
  ];
  const readers = paths.map((path) => FlvReader.open(scope, base + path));
  for (const reader of readers) await reader.joined();
  await publisher.send(tags);
  for (const reader of readers) await reader.untilUnits(referenceOf('h264-baseline-aac').units.length);
  await server.stop();
});

test('a url_pattern limits where streams are found', async () => {
  const server = await startServer(scope, { httpflv: { url_pattern: '/only/here/' } });
  const base = `http://127.0.0.1:${server.ports.http}`;
  expect(await statusOf(`${base}/only/here/a.flv`)).toBe(200);
  expect(await statusOf(`${base}/only/here/below/a.flv`)).toBe(200);
  expect(await statusOf(`${base}/live/a.flv`)).toBe(404);
  expect(await statusOf(`${base}/only/here/a.mp4`)).toBe(404);
  await server.stop();
});

test('an unknown stream is waited for, or answered with 404 when the config says so', async () => {
  const waiting = await startServer(scope);
  expect(await statusOf(waiting.flvUrl('http', 'nobody'))).toBe(200);
  await waiting.stop();
  const strict = await startServer(scope, { httpflv: { unknown_stream: '404' } });
  expect(await statusOf(strict.flvUrl('http', 'nobody'))).toBe(404);
  const webSocket = FlvReader.open(scope, strict.flvUrl('ws', 'nobody'));
  await expect(webSocket.joined()).rejects.toThrow('404');
  await strict.stop();
});
