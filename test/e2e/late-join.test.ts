import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { AccessUnit, FlvTag } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { playWithFfmpeg, playWithGstreamer, playWithRtmpdump } from '../support/players.ts';
import { runProgram } from '../support/program.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { keyIndices } from '../support/tags.ts';
import { Tap } from '../support/tap.ts';

const withGops = (count: number): { rtmp: { gop_num: number }; httpflv: { gop_num: number } } => ({
  rtmp: { gop_num: count },
  httpflv: { gop_num: count },
});

let scope: Scope;
let tags: FlvTag[];
beforeEach(() => {
  scope = new Scope();
  tags = readFlvTags(fixturePath('h264-bframes-aac'));
});
afterEach(() => scope.close());

/** A publisher that has sent `tags` up to an index, and a viewer that has received all of it. */
async function publishUntil(
  server: TestServer,
  index: number,
): Promise<{ publisher: RtmpPublisher; witness: FlvReader }> {
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'late');
  const witness = FlvReader.open(scope, server.flvUrl('http', 'late'));
  await witness.joined();
  await publisher.send(tags.slice(0, index));
  await witness.untilUnits(recordingOf(tags.slice(0, index)).units.length);
  return { publisher, witness };
}

function firstPicture(units: readonly AccessUnit[]): AccessUnit | undefined {
  return units.find((unit) => unit.kind === 'video');
}

function dtsOfKey(number: number): number {
  return tags[keyIndices(tags)[number]!]!.timestampMs;
}

test.each([
  { gops: 1, firstGop: 3 },
  { gops: 2, firstGop: 2 },
  { gops: 3, firstGop: 1 },
])(
  'with gop_num $gops a late viewer begins that many groups back, with the next frame at the latest',
  async (row) => {
    const server = await startServer(scope, withGops(row.gops));
    // In the middle of the fourth group of pictures.
    const middle = keyIndices(tags)[3]! + 30;
    const { publisher, witness } = await publishUntil(server, middle);
    const late = FlvReader.open(scope, server.flvUrl('http', 'late'));
    await late.joined();
    const nextPicture = tags.findIndex((tag, index) => index >= middle && tag.type === 9);
    await publisher.send(tags.slice(middle, nextPicture + 1));
    await late.until(() => firstPicture(late.units) !== undefined, 'a first picture', 2_000);
    expect(firstPicture(late.units)).toMatchObject({ isKey: true, dtsMs: dtsOfKey(row.firstGop) });
    await publisher.send(tags.slice(nextPicture + 1));
    const source = recordingOf(tags);
    await witness.untilUnits(source.units.length);
    await publisher.close();
    await server.stop();
    await late.ended();
    expectSamePackets(source, late.recording, { allowMissingHead: true, sameOrder: true });
    expectSameHeaders(source, late.recording);
  },
);

test('with gop_num 0 a late viewer receives nothing but headers before the next key frame', async () => {
  const server = await startServer(scope, withGops(0));
  const { publisher, witness } = await publishUntil(server, keyIndices(tags)[2]! + 10);
  const late = FlvReader.open(scope, server.flvUrl('http', 'late'));
  await late.joined();
  await publisher.send(tags.slice(keyIndices(tags)[2]! + 10));
  const source = recordingOf(tags);
  await witness.untilUnits(source.units.length);
  await publisher.close();
  await server.stop();
  await late.ended();
  expect(late.units[0]).toMatchObject({ kind: 'video', isKey: true, dtsMs: dtsOfKey(3) });
  expectSamePackets(source, late.recording, { allowMissingHead: true, sameOrder: true });
  expectSameHeaders(source, late.recording);
});

test.each([0, 1])(
  'with gop_num %i, viewers that join after each single tag miss nothing from their key frame on',
  async (gops) => {
    const server = await startServer(scope, withGops(gops));
    const [from = 0, to = 0] = keyIndices(tags).slice(1);
    const { publisher, witness } = await publishUntil(server, from);
    const viewers: FlvReader[] = [];
    for (let index = from; index < to; index += 1) {
      const scheme = index % 2 === 0 ? 'http' : 'ws';
      const viewer = FlvReader.open(scope, server.flvUrl(scheme, 'late'));
      viewers.push(viewer);
      // Every third viewer connects while the tag is on its way, so that joins fall into a flush as well as between two.
      if (index % 3 !== 0) await viewer.joined();
      await publisher.send([tags[index]!]);
    }
    await Promise.all(viewers.map((viewer) => viewer.joined()));
    await publisher.send(tags.slice(to));
    const source = recordingOf(tags);
    await witness.untilUnits(source.units.length);
    await publisher.close();
    await server.stop();
    for (const viewer of viewers) {
      await viewer.ended();
      expectSamePackets(source, viewer.recording, { allowMissingHead: true, sameOrder: true });
      const first = firstPicture(viewer.units)!.dtsMs;
      expect([dtsOfKey(0), dtsOfKey(1), dtsOfKey(2)]).toContain(first);
      if (gops === 0) expect(viewer.units[0]!.kind).toBe('video');
    }
  },
);

test.each([0, 1])('with gop_num %i, ffmpeg, rtmpdump and GStreamer join late over RTMP', async (gops) => {
  const server = await startServer(scope, withGops(gops));
  const middle = keyIndices(tags)[2]! + 20;
  const { publisher, witness } = await publishUntil(server, middle);
  const tap = (): Promise<Tap> => Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
  const players = [];
  for (const play of [playWithFfmpeg, playWithRtmpdump, playWithGstreamer]) {
    const door = await tap();
    players.push(play(scope, `rtmp://127.0.0.1:${door.port}/live/late`));
    await door.seen();
  }
  await publisher.send(tags.slice(middle));
  const source = recordingOf(tags);
  await witness.untilUnits(source.units.length);
  await publisher.close();
  for (const player of players) await player.caughtUp(source.units.at(-1)!);
  await server.stop();
  for (const player of players) {
    await player.ended();
    const received = player.recording();
    expectSamePackets(source, received, { allowMissingHead: true });
    expectSameHeaders(source, received);
    expect(firstPicture(received.units)!.dtsMs).toBe(dtsOfKey(gops === 0 ? 3 : 2));
  }
});

test.each(['rtmp', 'http'] as const)(
  'ffmpeg, late over %s, finds a video and an audio stream and nothing else',
  async (door) => {
    const server = await startServer(scope, withGops(1));
    const middle = keyIndices(tags)[2]! + 20;
    const { publisher, witness } = await publishUntil(server, middle);
    const sign = door === 'rtmp' ? 'NetStream.Play.Start' : 'HTTP/1.1 200';
    const tap = await Tap.open(scope, server.ports[door], sign);
    const player = playWithFfmpeg(
      scope,
      `${door}://127.0.0.1:${tap.port}/live/late${door === 'http' ? '.flv' : ''}`,
    );
    await tap.seen();
    await publisher.send(tags.slice(middle));
    await witness.untilUnits(recordingOf(tags).units.length);
    await server.stop();
    await player.ended();
    const input = player.program.output.split('Output #0')[0]!;
    expect(input.match(/Stream #0:\d.*?: (\w+)/g)?.length, input).toBe(2);
    expect(input).toContain('Video: h264');
    expect(input).toContain('Audio: aac');
  },
);

test('what a late viewer receives decodes from its first picture on without an error', async () => {
  const server = await startServer(scope, withGops(1));
  const { publisher, witness } = await publishUntil(server, keyIndices(tags)[2]! + 20);
  const tap = await Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
  const player = playWithRtmpdump(scope, `rtmp://127.0.0.1:${tap.port}/live/late`);
  await tap.seen();
  await publisher.send(tags.slice(keyIndices(tags)[2]! + 20));
  await witness.untilUnits(recordingOf(tags).units.length);
  await publisher.close();
  await server.stop();
  await player.ended();
  const pictures = player.recording().units.filter((unit) => unit.kind === 'video').length;
  const decode = ['-hide_banner', '-loglevel', 'warning', '-nostdin', '-xerror', '-i', player.file];
  const report = await runProgram('ffmpeg', [...decode, '-f', 'null', '-progress', 'pipe:1', '-']);
  expect(report).not.toMatch(/error|invalid|missing/i);
  expect(report).toContain(`frame=${pictures}\n`);
});
