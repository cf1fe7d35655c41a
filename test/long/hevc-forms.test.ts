import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { enhancedFixturePath, playWithFfmpeg8, publishWithFfmpeg8 } from '../support/peers.ts';
import type { Player } from '../support/players.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { asLegacyHevc } from '../support/tags.ts';
import { Tap } from '../support/tap.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** FFmpeg 8 over RTMP, when the server has accepted it. */
async function joined(server: TestServer, name: string, fourCcList?: readonly string[]): Promise<Player> {
  const tap = await Tap.open(scope, server.ports.rtmp, 'NetStream.Play.Start');
  const player = playWithFfmpeg8(scope, `rtmp://127.0.0.1:${tap.port}/live/${name}`, fourCcList);
  await tap.seen();
  return player;
}

test('H.265 published as codec id 12 plays in FFmpeg 8 when it announces hvc1, or asks for it in the URL', async () => {
  const enhanced = readFlvTags(enhancedFixturePath('hevc-aac'));
  const server = await startServer(scope);
  const players = [await joined(server, 'old', ['hvc1']), await joined(server, 'old?hevc=enhanced')];
  const reader = FlvReader.open(scope, server.flvUrl('http', 'old'));
  await reader.joined();
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'old');
  await publisher.sendPaced(asLegacyHevc(enhanced));
  await reader.untilUnits(recordingOf(enhanced).units.length);
  await server.stop();
  for (const player of players) {
    expect((await player.ended()).code, player.program.describe()).toBe(0);
    expectSamePackets(recordingOf(enhanced), player.recording());
    expectSameHeaders(recordingOf(enhanced), player.recording());
  }
  expectSamePackets(recordingOf(asLegacyHevc(enhanced)), reader.recording, { sameOrder: true });
});

test('H.265 published by FFmpeg 8 reaches viewers who ask for codec id 12', async () => {
  const file = enhancedFixturePath('hevc-aac');
  const server = await startServer(scope);
  const reader = FlvReader.open(scope, `${server.flvUrl('wss', 'new')}?hevc=legacy`);
  await reader.joined();
  const publisher = publishWithFfmpeg8(scope, file, server.rtmpUrl('new'));
  expect((await publisher.exited).code, publisher.describe()).toBe(0);
  const legacy = recordingOf(asLegacyHevc(readFlvTags(file)));
  await reader.untilUnits(legacy.units.length);
  await server.stop();
  expectSamePackets(legacy, reader.recording, { sameOrder: true });
  expectSameHeaders(legacy, reader.recording);
});
