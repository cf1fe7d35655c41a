/** Relay push to a server that others wrote: nginx with its RTMP module. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { LocalServer } from '../support/local-server.ts';
import { startNginx } from '../support/nginx.ts';
import { rtspOn, watch } from '../support/relay-push.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { publishRtspWithLal } from '../support/rtsp-publishers.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const fixture = fixturePath('h264-bframes-aac');

async function startOrigin(nginxPort: number): Promise<LocalServer> {
  const relayPush = { enable: true, addr_list: [`127.0.0.1:${nginxPort}`] };
  return await LocalServer.start(scope, { relay_push: relayPush, rtsp: rtspOn });
}

test('an RTMP publisher’s stream comes out of nginx unit by unit, metadata included', async () => {
  const nginx = await startNginx(scope);
  const origin = await startOrigin(nginx.port);
  const player = await RtmpPlayer.open(scope, nginx.port, 'cam');
  const tags = readFlvTags(fixture).filter(({ timestampMs }) => timestampMs < 3000);
  const source = recordingOf(tags);
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await publisher.sendPaced(tags);
  await player.untilUnits(source.units.length);
  await publisher.close();
  expectSamePackets(source, player.recording);
  expectSameHeaders(source, player.recording);
  expect(player.recording.scripts.map(({ name }) => name)).toContain('onMetaData');
  await nginx.program.printed(/deleteStream|disconnect/);
});

test('an RTSP publisher’s stream comes out of nginx as our own viewers get it', async () => {
  const nginx = await startNginx(scope);
  const origin = await startOrigin(nginx.port);
  const own = await watch(scope, origin, 'cam');
  const player = await RtmpPlayer.open(scope, nginx.port, 'cam');
  await publishRtspWithLal(scope, fixture, `rtsp://127.0.0.1:${origin.port('rtsp')}/live/cam`, 'tcp');
  await own.untilUnits(recordingOf(readFlvTags(fixture)).units.length);
  await player.untilUnits(own.units.length);
  expectSamePackets(own.recording, player.recording);
  expectSameHeaders(own.recording, player.recording);
});
