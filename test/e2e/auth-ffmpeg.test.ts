/** FFmpeg with and without credentials: what gets through is complete, and who does not get through is told why. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { signedQuery } from '../../src/server/auth/signed-query.ts';
import { expectSamePackets, oneTick } from '../support/compare.ts';
import { fixturePath, referenceOf } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import type { Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { untilHlsList } from '../support/hls-list.ts';
import { UnitProbe } from '../support/probe-units.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { expectSamePresentation, expectSameStream, msTimes } from '../support/rtsp-compare.ts';
import { publishRtspWithFfmpeg } from '../support/rtsp-publishers.ts';
import { startRtspServer } from '../support/rtsp-server.ts';
import type { RtspTestServer } from '../support/rtsp-server.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
let rtsp: RtspTestServer;

const key = 'a key of ours';
const signKey = 'another key';
const source = referenceOf('h264-bframes-aac');

beforeEach(async () => {
  scope = new Scope();
  const gopCache = { gop_num: 100 };
  rtsp = await startRtspServer(scope, {
    rtmp: gopCache,
    httpflv: gopCache,
    httpts: { enable: true, url_pattern: '/', ...gopCache },
    hls: {
      enable: true,
      url_pattern: '/hls/',
      out_path: join(scope.folder(), 'hls'),
      fragment_duration_ms: 1000,
      fragment_num: 6,
      cleanup_mode: 1,
      sub_session_hash_key: 'tracked',
    },
    simple_auth: {
      key,
      sign_key: signKey,
      pub_rtmp_enable: true,
      sub_rtmp_enable: true,
      sub_httpflv_enable: true,
      sub_httpts_enable: true,
      pub_rtsp_enable: true,
      sub_rtsp_enable: true,
      hls_m3u8_enable: true,
    },
  });
});
afterEach(() => scope.close());

const secret = (name: string): string =>
  `lal_secret=${createHash('md5')
    .update(key + name)
    .digest('hex')}`;

function signed(action: 'publish' | 'play', streamKey: string, inSec = 60, ip?: string): string {
  const expiresSec = Math.floor(Date.now() / 1000) + inSec;
  return signedQuery(signKey, { action, streamKey, expiresSec, ip });
}

const publishing = [
  {
    over: 'RTMP',
    publish: (target: string) =>
      publishWithFfmpeg(scope, fixturePath('h264-bframes-aac'), rtsp.server.rtmpUrl(target)),
    expectSame: (received: Recording) => expectSamePackets(source, received, { sameOrder: true }),
    told: /Server error: the signature does not fit/,
  },
  {
    over: 'RTSP',
    // Without sound, of which ffmpeg's packetizer forgets the end.
    publish: (target: string) =>
      publishRtspWithFfmpeg(scope, fixturePath('video-only-h264'), rtsp.rtspUrl(target), 'tcp'),
    expectSame: (received: Recording) =>
      expectSameStream(referenceOf('video-only-h264'), received, msTimes, true),
    told: /403 Forbidden/,
  },
];

test.each(publishing)('publishing over $over', async ({ publish, expectSame, told }) => {
  const refused = publish(`a?${signed('play', 'a')}`);
  expect((await refused.ended(15_000)).code).not.toBe(0);
  expect(refused.output).toMatch(told);
  const reader = FlvReader.open(scope, `${rtsp.server.flvUrl('http', 'a')}?${secret('a')}`);
  await reader.joined();
  const publisher = publish(`a?${signed('publish', 'a', 60, '127.0.0.1')}`);
  expect((await publisher.exited).code, publisher.describe()).toBe(0);
  await rtsp.server.stop();
  await reader.ended();
  expectSame(reader.recording);
});

const playing: {
  over: string;
  url: () => string;
  options?: string[];
  told: RegExp;
  expectSame: (received: Recording) => void;
}[] = [
  {
    over: 'RTMP',
    url: () => rtsp.server.rtmpUrl('a'),
    told: /Server error: the (?:signature has expired|secret is wrong)/,
    expectSame: (received) => expectSamePackets(source, received),
  },
  {
    over: 'RTSP',
    url: () => rtsp.rtspUrl('a'),
    options: ['-rtsp_transport', 'tcp'],
    told: /403 Forbidden/,
    expectSame: (received) => expectSamePresentation(source, received, msTimes),
  },
  {
    over: 'HTTP-FLV',
    url: () => rtsp.server.flvUrl('http', 'a'),
    told: /403 Forbidden/,
    expectSame: (received) => expectSamePackets(source, received),
  },
  {
    over: 'HTTP-TS',
    url: () => rtsp.server.tsUrl('http', 'a'),
    told: /403 Forbidden/,
    expectSame: (received) => expectSamePackets(source, received, oneTick),
  },
  {
    over: 'HLS',
    url: () => rtsp.server.hlsUrl('http', 'a/record.m3u8'),
    told: /403 Forbidden/,
    expectSame: (received) => expectSamePackets(source, received, oneTick),
  },
];

test.each(playing)('playing over $over', async ({ over, url, options = [], told, expectSame }) => {
  const publisher = await RtmpPublisher.open(scope, rtsp.server.ports.rtmp, `a?${secret('a')}`);
  await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')));
  for (const query of [secret('b'), signed('play', 'a', -1)]) {
    const { program } = new UnitProbe(scope, `${url()}?${query}`, options);
    expect((await program.ended(15_000)).code).not.toBe(0);
    expect(program.output).toMatch(told);
  }
  if (over === 'HLS') {
    await publisher.close();
    // A record list has its end from the first fragment on.
    await untilHlsList(rtsp.server, `a.m3u8?${secret('a')}`, ({ isEnded }) => isEnded);
  }
  const probe = new UnitProbe(scope, `${url()}?${signed('play', 'a')}`, options);
  // A live viewer has all of it from the cached groups, and leaves when the server does.
  if (over === 'HLS') await probe.program.exited;
  else await rtsp.server.program.printed(/play start session=/);
  await rtsp.server.stop();
  expectSame(await probe.recording());
});

test.each([
  { scheme: 'Basic', method: 0 },
  { scheme: 'Digest', method: 1 },
])('RTSP with name and password by $scheme, over TCP and TLS', async ({ method }) => {
  const asked = await startRtspServer(
    scope,
    { rtmp: { gop_num: 100 } },
    { auth_enable: true, auth_publish_enable: true, auth_method: method, username: 'cam', password: 'p:ss' },
  );
  const withUser = (url: string, user: string): string => url.replace('://', `://${user}@`);
  const publisher = await RtmpPublisher.open(scope, asked.server.ports.rtmp, 'a');
  await publisher.send(readFlvTags(fixturePath('h264-bframes-aac')));
  const tcp = ['-rtsp_transport', 'tcp'];
  for (const url of [asked.rtspUrl('a'), withUser(asked.rtspUrl('a'), 'cam:wrong')]) {
    const { program } = new UnitProbe(scope, url, tcp);
    expect((await program.ended(15_000)).code).not.toBe(0);
    expect(program.output).toMatch(/401 Unauthorized/);
  }
  const refused = publishRtspWithFfmpeg(scope, fixturePath('video-only-h264'), asked.rtspUrl('b'), 'tcp');
  expect((await refused.ended(15_000)).code).not.toBe(0);
  expect(refused.output).toMatch(/401 Unauthorized/);
  const url = withUser(asked.rtspUrl('b'), 'cam:p%3Ass');
  publishRtspWithFfmpeg(scope, fixturePath('video-only-h264'), url, 'tcp');
  await asked.server.program.printed(/publish start session=RTSPPUB1 /);
  const probes = [asked.rtspUrl('a'), asked.rtspsUrl('a')].map((target, index) => {
    return new UnitProbe(scope, withUser(target, 'cam:p%3Ass'), index === 0 ? tcp : []);
  });
  await asked.server.program.printed(/(?:play start session=RTSPSUB[^]*){2}/);
  await asked.server.stop();
  for (const probe of probes) expectSamePresentation(source, await probe.recording(), msTimes);
});
