/** Targets that stop reading, refuse, die and come back: they alone are concerned, and get the stream again. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PushStatus } from '../../src/server/relay/push/push-status.ts';
import { bulkyTags, sendAtPaceOf } from '../support/bulky-tags.ts';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { Recording } from '../support/flv-file.ts';
import { LocalServer } from '../support/local-server.ts';
import { startNginx } from '../support/nginx.ts';
import { openRawViewer } from '../support/raw-client.ts';
import { rtspOn, startTarget, templateOn, watch } from '../support/relay-push.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { StallingRelay } from '../support/stalling-relay.ts';
import { isKeyPicture, shiftTags } from '../support/tags.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const fixture = fixturePath('h264-bframes-aac');
const queueBytes = 3_000_000;
/** A queue may be over its bound by what was on the way when it was noticed: one turn's reading from a fast source. */
const largestFlush = 500_000;

function startOrigin(relayPush: Record<string, unknown>): Promise<LocalServer> {
  return LocalServer.start(scope, { relay_push: { enable: true, ...relayPush }, rtsp: rtspOn });
}

function pushesOf(origin: LocalServer, streamName: string): PushStatus[] {
  return origin.server.relayPushes.pushesOf(streamName);
}

async function untilStates(origin: LocalServer, streamName: string, ...states: string[]): Promise<void> {
  const found = (): string[] => pushesOf(origin, streamName).map(({ state }) => state);
  await origin.until(() => found().join() === states.join(), `pushes: ${states.join()}`);
}

test.each(['rtmp', 'rtsp'] as const)(
  'of three targets one stops reading (%s): the others and all viewers miss nothing, it begins anew when it can',
  async (kind) => {
    const targets = [await startTarget(scope), await startTarget(scope), await startTarget(scope)] as const;
    const relay = await StallingRelay.open(scope, targets[0].port(kind));
    const templates = targets.map((target) => templateOn(target, kind));
    templates[0]!.url = `${kind}://127.0.0.1:${relay.port}/{app}/{stream}`;
    const origin = await startOrigin({ url_list: templates, queue_bytes: queueBytes });
    const witness = await openRawViewer(scope, 'http', origin.port('http'), 'cam');
    const viewer = await watch(scope, origin, 'cam');
    const stalled = await watch(scope, targets[0], 'cam');
    const others = [await watch(scope, targets[1], 'cam'), await watch(scope, targets[2], 'cam')];
    const tags = bulkyTags(3, 60_000);
    const source = recordingOf(tags);
    const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
    await sendAtPaceOf(witness, publisher, tags.slice(0, 50));
    await untilStates(origin, 'cam', 'pushing', 'pushing', 'pushing');
    await stalled.untilUnits(recordingOf(tags.slice(0, 50)).units.length);
    relay.stall();
    let highestQueue = 0;
    await sendAtPaceOf(witness, publisher, tags.slice(50, 900), () => {
      highestQueue = Math.max(highestQueue, pushesOf(origin, 'cam')[0]!.subscription?.queuedBytes ?? 0);
    });
    expect(highestQueue).toBeGreaterThan(queueBytes / 3);
    expect(highestQueue).toBeLessThan(queueBytes + largestFlush);
    expect(pushesOf(origin, 'cam')[0]!.lastEnd?.reason.code).toBe('consumer-overflow');
    expect(
      pushesOf(origin, 'cam')
        .slice(1)
        .map(({ state, failures }) => [state, failures]),
    ).toEqual([
      ['pushing', 0],
      ['pushing', 0],
    ]);
    relay.recover();
    relay.breakOff();
    await untilStates(origin, 'cam', 'pushing', 'pushing', 'pushing');
    await sendAtPaceOf(witness, publisher, tags.slice(900));
    for (const reader of [viewer, ...others]) {
      await reader.untilUnits(source.units.length);
      if (kind === 'rtmp') expectSamePackets(source, reader.recording, { sameOrder: true });
      expectSameContent(source, reader.recording);
    }
    await stalled.until(
      () => pushesOf(origin, 'cam')[0]!.subscription?.queuedBytes === 0,
      'the rest to be sent',
    );
    await stalled.until(() => lastPicture(stalled.recording) === lastPicture(source), 'the last picture');
    if (kind === 'rtmp') expectResumed(source, stalled.recording);
    await publisher.close();
  },
);

/** RTSP has its own times where a publisher sends faster than time passes. */
function expectSameContent(source: Recording, received: Recording): void {
  const contentOf = ({ units }: Recording, kind: string): string[] =>
    units.filter((unit) => unit.kind === kind).map(({ hash }) => hash);
  for (const kind of ['video', 'audio']) expect(contentOf(received, kind)).toEqual(contentOf(source, kind));
}

function lastPicture({ units }: Recording): string | undefined {
  return units.findLast((unit) => unit.kind === 'video')?.hash;
}

/** Two runs of the source, the second from a key frame to the end. */
function expectResumed(source: Recording, received: Recording): void {
  const gap = received.units.findIndex(({ hash, dtsMs }, index) => {
    const expected = source.units[index]!;
    return hash !== expected.hash || dtsMs !== expected.dtsMs;
  });
  expect(gap).toBeGreaterThan(0);
  const [before, after] = [received.units.slice(0, gap), received.units.slice(gap)];
  expectSamePackets(source, { ...received, units: before }, { allowMissingTail: true, sameOrder: true });
  expect(after[0]).toMatchObject({ kind: 'video', isKey: true });
  expectSamePackets(source, { ...received, units: after }, { allowMissingHead: true, sameOrder: true });
}

test('a target that refuses is asked again every second, and gets the stream when it lets us', async () => {
  const target = await startTarget(scope);
  const origin = await startOrigin({ addr_list: [`127.0.0.1:${target.port('rtmp')}`] });
  const occupant = await RtmpPublisher.open(scope, target.port('rtmp'), 'cam');
  const tags = readFlvTags(fixture);
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await publisher.send(tags.slice(0, 40));
  await origin.until(() => pushesOf(origin, 'cam')[0]?.failures === 2, 'two refusals');
  expect(pushesOf(origin, 'cam')[0]!.lastEnd?.reason).toMatchObject({
    code: 'refused-by-peer',
    detail: 'NetStream.Publish.BadName',
  });
  const warnings = origin.log.filter(({ msg, level }) => msg === 'relay push stop' && level >= 40);
  expect(warnings).toMatchObject([{ code: 'refused-by-peer', detail: 'NetStream.Publish.BadName' }]);
  await occupant.close();
  const reader = await watch(scope, target, 'cam');
  await untilStates(origin, 'cam', 'pushing');
  await publisher.send(tags.slice(40));
  await reader.until(() => reader.units.at(-1)?.dtsMs === recordingOf(tags).units.at(-1)!.dtsMs, 'the end');
  expectSamePackets(recordingOf(tags), reader.recording, { allowMissingHead: true, sameOrder: true });
});

test('nginx refuses, dies, and comes back', async () => {
  const nginx = await startNginx(scope);
  const origin = await startOrigin({
    url_list: [
      { url: `rtmp://127.0.0.1:${nginx.port}/{app}/{stream}` },
      { url: `rtmp://127.0.0.1:${nginx.port}/closed/{stream}` },
    ],
  });
  const tags = readFlvTags(fixture);
  const cut = tags.findIndex((tag) => isKeyPicture(tag) && tag.timestampMs > 3000);
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  const first = await RtmpPlayer.open(scope, nginx.port, 'cam');
  await publisher.send(tags.slice(0, cut));
  const head = recordingOf(tags.slice(0, cut));
  await first.untilUnits(head.units.length);
  expectSamePackets(head, first.recording);
  const refusal = (): string | undefined => pushesOf(origin, 'cam')[1]!.lastEnd?.reason.code;
  await origin.until(() => /^peer-(reset|closed)$/.test(refusal() ?? ''), 'nginx to refuse');
  await nginx.program.stop();
  await origin.until(
    () => pushesOf(origin, 'cam')[0]!.lastEnd?.reason.code === 'connect-failed',
    'nobody there',
  );
  const again = await startNginx(scope, nginx.port);
  const second = await RtmpPlayer.open(scope, again.port, 'cam');
  await origin.until(() => pushesOf(origin, 'cam')[0]!.state === 'pushing', 'the push to begin anew');
  await publisher.send(tags.slice(cut));
  const tail = recordingOf(tags.slice(cut));
  await second.untilUnits(tail.units.length);
  expectSamePackets(tail, second.recording);
  await publisher.close();
  await again.program.printed(/disconnect/);
});

test('publishers who follow each other are pushed one after the other', async () => {
  const target = await startTarget(scope);
  const origin = await startOrigin({ addr_list: [`127.0.0.1:${target.port('rtmp')}`] });
  const reader = await watch(scope, target, 'cam');
  const tags = readFlvTags(fixture).filter(({ timestampMs }) => timestampMs < 2000);
  for (let round = 0; round < 3; round += 1) {
    const sent = shiftTags(tags, round * 10_000);
    const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), `cam?round=${round}`);
    await publisher.send(sent);
    const perRound = recordingOf(tags).units.length;
    await reader.untilUnits((round + 1) * perRound);
    await publisher.close();
    const units = reader.units.slice(round * perRound);
    expectSamePackets(recordingOf(sent), { ...reader.recording, units }, { sameOrder: true });
  }
  const publishes = target.log.filter(({ msg }) => msg === 'publish start');
  expect(publishes.map((line) => (line as unknown as { url: string }).url.split('?')[1])).toEqual([
    'round=0',
    'round=1',
    'round=2',
  ]);
});

test('a certificate that is not trusted is refused, and no stream key gets into the log', async () => {
  const target = await startTarget(scope);
  const { url } = templateOn(target, 'rtmps', 'live2/abcd-efgh-ijkl');
  const origin = await startOrigin({ url_list: [{ url }], max_retry_interval_ms: 1000 });
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await publisher.send(readFlvTags(fixture).slice(0, 40));
  await origin.until(() => pushesOf(origin, 'cam')[0]?.failures === 1, 'the first try to fail');
  expect(pushesOf(origin, 'cam')[0]!.lastEnd?.reason).toMatchObject({
    code: 'connect-failed',
    detail: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
  expect(origin.log.find(({ msg }) => msg === 'relay push stop')).toMatchObject({
    url: `rtmps://127.0.0.1:${target.port('rtmps')}/live2/***`,
  });
  expect(JSON.stringify([origin.log, origin.server.statistics.groups()])).not.toContain('abcd');
  await publisher.close();
});
