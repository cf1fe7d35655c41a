/** Relay push between servers of ours: what a publisher sends arrives at every target, unit by unit. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { LocalServer } from '../support/local-server.ts';
import { rtspOn, startTarget, templateOn, watch } from '../support/relay-push.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { expectSameStream, msTimes } from '../support/rtsp-compare.ts';
import { publishRtspWithLal } from '../support/rtsp-publishers.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const names = { rtmp: 'cam', rtmps: 'cam-tls', rtsp: 'cam-rtsp', rtsps: 'cam-rtsp-tls' } as const;
const kinds = Object.keys(names) as (keyof typeof names)[];

/** An origin that pushes `cam` to one target by every protocol, each under a name of its own. */
async function startPair(): Promise<{ origin: LocalServer; target: LocalServer }> {
  const target = await startTarget(scope);
  const others = kinds.slice(1).map((kind) => ({
    ...templateOn(target, kind, `{app}/${names[kind].replace('cam', '{stream}')}?{param}`),
    streams: 'cam',
  }));
  const relayPush = { enable: true, addr_list: [`127.0.0.1:${target.port('rtmp')}`], url_list: others };
  const origin = await LocalServer.start(scope, { relay_push: relayPush, rtsp: rtspOn });
  return { origin, target };
}

test('what is published by RTMP goes on by RTMP, RTMPS, RTSP and RTSPS', async () => {
  const { origin, target } = await startPair();
  const readers = await Promise.all(kinds.map((kind) => watch(scope, target, names[kind])));
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).filter(({ timestampMs }) => timestampMs < 3000);
  const source = recordingOf(tags);
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam?token=x');
  await publisher.sendPaced(tags);
  const pushes = origin.server.statistics.group('cam')!.pushs;
  expect(pushes.map(({ protocol, state }) => [protocol, state])).toEqual([
    ['RTMP', 'pushing'],
    ['RTMP', 'pushing'],
    ['RTSP', 'pushing'],
    ['RTSP', 'pushing'],
  ]);
  await publisher.close();
  await target.untilEnds(4);
  for (const [index, kind] of kinds.entries()) {
    const reader = readers[index]!;
    await reader.untilUnits(source.units.length);
    const { recording } = reader;
    if (kind.startsWith('rtmp')) {
      expectSamePackets(source, recording, { sameOrder: true });
      expectSameHeaders(source, recording);
      expect(recording.scripts.map(({ name, body }) => [name, body])).toEqual(
        source.scripts.map(({ name, body }) => [name, body]),
      );
    } else {
      expectSameStream(source, recording, msTimes, true);
    }
  }
  expect([...origin.ends, ...target.ends].filter((end) => !/^peer-(closed|stopped)/.test(end))).toEqual([]);
  await origin.untilNoConnections();
  expect(origin.server.statistics.group('cam')?.pushs ?? []).toEqual([]);
});

test('what is published by RTSP goes on by RTMP, RTMPS, RTSP and RTSPS', async () => {
  const { origin, target } = await startPair();
  const own = await watch(scope, origin, 'cam');
  const readers = await Promise.all(kinds.map((kind) => watch(scope, target, names[kind])));
  await publishRtspWithLal(
    scope,
    fixturePath('h264-bframes-aac'),
    `rtsp://127.0.0.1:${origin.port('rtsp')}/live/cam`,
    'tcp',
  );
  await own.untilUnits(recordingOf(readFlvTags(fixturePath('h264-bframes-aac'))).units.length);
  const source = own.recording;
  for (const [index, kind] of kinds.entries()) {
    const reader = readers[index]!;
    await reader.untilUnits(source.units.length);
    const { recording } = reader;
    if (kind.startsWith('rtmp')) {
      expectSamePackets(source, recording, { sameOrder: true });
      expectSameHeaders(source, recording);
    } else {
      expectSameStream(source, recording, msTimes, true);
    }
  }
});
