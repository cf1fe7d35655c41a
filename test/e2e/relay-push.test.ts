/** Relay push between servers of ours: what a publisher sends arrives at every target, unit by unit. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { LocalServer } from '../support/local-server.ts';
import { projectRoot } from '../support/project.ts';
import { rtspOn, startTarget, templateOn, watch } from '../support/relay-push.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { expectSameStream, msTimes } from '../support/rtsp-compare.ts';
import { publishRtspWithLal } from '../support/rtsp-publishers.ts';
import { Scope } from '../support/scope.ts';
import { asLegacyHevc } from '../support/tags.ts';

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
  // Each says goodbye in the words of its protocol.
  const stops = target.log.filter(({ msg }) => msg === 'publish stop').map(({ code }) => code);
  expect(stops).toEqual(['peer-stopped', 'peer-stopped', 'peer-stopped', 'peer-stopped']);
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

test('RTSP goes over UDP where that is asked for', async () => {
  const target = await startTarget(scope);
  const origin = await LocalServer.start(scope, {
    relay_push: { enable: true, url_list: [{ ...templateOn(target, 'rtsp'), rtsp_mode: 1 }] },
  });
  const reader = await watch(scope, target, 'cam');
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).filter(({ timestampMs }) => timestampMs < 2000);
  const source = recordingOf(tags);
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await publisher.sendPaced(tags);
  // Two tracks, two ports each, on both sides.
  const sockets = process.getActiveResourcesInfo().filter((name) => name.startsWith('UDP'));
  expect(sockets).toHaveLength(8);
  await publisher.close();
  await reader.untilUnits(source.units.length);
  expectSameStream(source, reader.recording, msTimes, true);
});

test('sound that comes late reaches RTMP targets at once, and RTSP targets by a new announcement', async () => {
  const { origin, target } = await startPair();
  const readers = await Promise.all(kinds.map((kind) => watch(scope, target, names[kind])));
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).filter(({ type }) => type !== 18);
  const [header, ...sound] = tags.filter(({ type }) => type === 8);
  const late = sound.filter(({ timestampMs }) => timestampMs > 1500);
  const pictures = tags.filter(({ type }) => type === 9);
  const ordered = [{ ...header!, timestampMs: late[0]!.timestampMs }, ...late, ...pictures].sort(
    (one, other) => one.timestampMs - other.timestampMs,
  );
  const source = recordingOf(ordered);
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await publisher.sendPaced(ordered);
  await publisher.close();
  const last = source.units.at(-1)!.hash;
  for (const [index, kind] of kinds.entries()) {
    const reader = readers[index]!;
    await reader.until(() => reader.units.some(({ hash }) => hash === last), `the end by ${kind}`);
    if (kind.startsWith('rtmp')) {
      await reader.untilUnits(source.units.length);
      expectSamePackets(source, reader.recording, { sameOrder: true });
    } else {
      // They begin anew at the next key picture, one second later at most.
      const hashes = new Set(reader.units.map(({ hash }) => hash));
      const afterwards = source.units.filter(({ dtsMs }) => dtsMs >= 4000);
      expect(afterwards.filter(({ hash }) => !hashes.has(hash))).toEqual([]);
    }
  }
  const announcements = target.log.filter(({ msg }) => msg === 'publish start');
  expect(announcements).toHaveLength(2 + 2 * 2);
});

test('HEVC goes on as it came, or in the form that a target wants', async () => {
  const target = await startTarget(scope);
  const forms = ['source', 'enhanced', 'legacy'] as const;
  const origin = await LocalServer.start(scope, {
    relay_push: {
      enable: true,
      url_list: forms.map((form) => ({
        ...templateOn(target, 'rtmp', `{app}/{stream}-${form}`),
        hevc_form: form,
      })),
    },
  });
  const enhanced = readFlvTags(join(projectRoot, 'test/fixtures/flv/hevc-opus.flv')).filter(
    ({ type }) => type === 9,
  );
  const legacy = asLegacyHevc(enhanced);
  const readers = await Promise.all(forms.map((form) => watch(scope, target, `hevc-${form}`)));
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'hevc');
  await publisher.send(legacy);
  const expected = [legacy, enhanced, legacy].map((tags) => recordingOf(tags));
  for (const [index, reader] of readers.entries()) {
    await reader.untilUnits(expected[index]!.units.length);
    expectSamePackets(expected[index]!, reader.recording, { sameOrder: true });
    expectSameHeaders(expected[index]!, reader.recording);
  }
  await publisher.close();
});

test('a push on request waits for its publisher, outlasts publishers, and ends when it is told to', async () => {
  const target = await startTarget(scope);
  const origin = await LocalServer.start(scope, { http_api: { enable: true, addr: '127.0.0.1:0' } });
  const call = async (name: string, body: object): Promise<unknown> => {
    const url = `http://127.0.0.1:${origin.port('http-api')}/api/ctrl/${name}`;
    return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json();
  };
  const { url } = templateOn(target, 'rtmp', 'other/{stream}-copy');
  expect(await call('start_relay_push', { stream_name: 'cam', url })).toMatchObject({
    error_code: 0,
    data: { session_id: 'RTMPPUSH1' },
  });
  const reader = await watch(scope, target, 'cam-copy');
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).filter(({ timestampMs }) => timestampMs < 1000);
  const source = recordingOf(tags);
  for (const round of [1, 2]) {
    const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
    await publisher.send(tags);
    await reader.untilUnits(round * source.units.length);
    const units = reader.units.slice((round - 1) * source.units.length);
    expectSamePackets(source, { ...reader.recording, units }, { sameOrder: true });
    if (round === 1) await publisher.close();
  }
  expect(await call('stop_relay_push', { stream_name: 'cam', session_id: 'RTMPPUSH1' })).toMatchObject({
    error_code: 0,
  });
  const stops = (): (string | undefined)[] =>
    target.log.flatMap(({ msg, code }) => (msg === 'publish stop' ? [code] : []));
  await target.until(() => stops().length === 2, 'the push to end');
  expect(stops()).toEqual(['peer-stopped', 'peer-stopped']);
  expect(origin.server.statistics.group('cam')!.pushs).toEqual([]);
});

test('a publisher that returns within the grace time finds the session at the target as it was', async () => {
  const target = await startTarget(scope);
  const origin = await LocalServer.start(scope, {
    relay_push: { enable: true, addr_list: [`127.0.0.1:${target.port('rtmp')}`] },
    in_session: { grace_ms: 5000 },
  });
  const own = await watch(scope, origin, 'cam');
  const reader = await watch(scope, target, 'cam');
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).filter(({ timestampMs }) => timestampMs < 1000);
  const { length } = recordingOf(tags).units;
  for (const round of [1, 2]) {
    const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
    await publisher.send(tags);
    await own.untilUnits(round * length);
    await publisher.close();
  }
  await reader.untilUnits(2 * length);
  expectSamePackets(own.recording, reader.recording, { sameOrder: true });
  expect(target.log.filter(({ msg }) => msg === 'publish start')).toHaveLength(1);
});

test('an edge that pushes to its origin and pulls from it makes no loop', async () => {
  const origin = await startTarget(scope);
  const addr = `127.0.0.1:${origin.port('rtmp')}`;
  const edge = await LocalServer.start(scope, {
    relay_push: { enable: true, addr_list: [addr], all_inputs: true },
    static_relay_pull: { enable: true, addr },
  });
  const tags = readFlvTags(fixturePath('h264-bframes-aac')).filter(({ timestampMs }) => timestampMs < 3500);
  const source = recordingOf(tags);
  // One stream is published at the edge, the other at the origin; both are watched at both.
  const publishers = [
    await RtmpPublisher.open(scope, edge.port('rtmp'), 'up'),
    await RtmpPublisher.open(scope, origin.port('rtmp'), 'down'),
  ];
  const readers = [
    await watch(scope, origin, 'up'),
    await watch(scope, edge, 'up'),
    await watch(scope, origin, 'down'),
    await watch(scope, edge, 'down'),
  ];
  await edge.until(() => edge.server.statistics.group('down')?.pull.session_id === 'RTMPPULL1', 'the pull');
  await Promise.all(publishers.map((publisher) => publisher.sendPaced(tags)));
  for (const reader of readers) {
    await reader.untilUnits(source.units.length);
    expectSamePackets(source, reader.recording, { sameOrder: true });
  }
  const pushesOf = (streamName: string): string[] =>
    edge.server.relayPushes.pushesOf(streamName).map(({ state }) => state);
  expect(pushesOf('up')).toEqual(['pushing']);
  expect(pushesOf('down')).toEqual([]);
  for (const publisher of publishers) await publisher.close();
  const publications = ({ log }: LocalServer): number =>
    log.filter(({ msg }) => msg === 'publish start').length;
  expect([publications(origin), publications(edge)]).toEqual([2, 1]);
});
