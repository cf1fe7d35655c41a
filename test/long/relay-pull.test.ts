/** Relay pull over a long time and many pulls. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath, makeFixture } from '../support/fixtures.ts';
import { readFlvFile } from '../support/flv-file.ts';
import { LocalServer } from '../support/local-server.ts';
import { openSockets, openUdpSockets, untilOpenSockets, usedMemory } from '../support/memory.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { pullByKind, pullKinds, pullUrl, startOrigin } from '../support/relay-pull.ts';
import { watch } from '../support/relay-push.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

test('two minutes by HLS: every unit once, and never more than some seconds behind', async () => {
  const file = await makeFixture('two-minutes');
  const origin = await startOrigin(scope);
  const edge = await LocalServer.start(scope, {
    static_relay_pull: { enable: true, url_list: [{ url: pullUrl(origin, 'hls', 'cam') }] },
  });
  const reader = await watch(scope, edge, 'by-hls');
  const publisher = publishWithFfmpeg(scope, file, `rtmp://127.0.0.1:${origin.port('rtmp')}/live/cam`);
  const { code } = await publisher.exited;
  expect(code).toBe(0);
  const endedMs = performance.now();
  const source = readFlvFile(file);
  await reader.untilUnits(source.units.length);
  expect(performance.now() - endedMs).toBeLessThan(10_000);
  expectSamePackets(source, reader.recording, { constantOffsetWithinMs: 1.02, audioWithinMs: 2 });
  const arrivals = reader.tags.filter(({ type }) => type === 9).map(({ arrivedMs }) => arrivedMs);
  const pauses = arrivals.slice(1).map((arrivedMs, index) => arrivedMs - arrivals[index]!);
  // Fragments of a second come in lumps, pictures do not.
  expect(Math.max(...pauses.slice(100))).toBeLessThan(700);
});

test('1 600 pulls by every protocol, each watched and left, leave memory and handles as they were', async () => {
  const origin = await startOrigin(scope);
  const path = fixturePath('h264-baseline-aac');
  await origin.server.publishFile({ path, appName: 'live', streamName: 'cam', loop: true });
  const edge = await LocalServer.start(scope, pullByKind(origin, 'cam'));
  const cycle = async (kind: (typeof pullKinds)[number]): Promise<void> => {
    const clients = new Scope();
    const name = `by-${kind}`;
    const reader = await watch(clients, edge, name);
    await edge.until(() => edge.server.relayPulls.pullCount > 0, 'a try');
    if (Math.random() < 0.7)
      await edge.until(() => edge.stream(name)?.publication !== undefined, `the pull by ${kind}`);
    reader.close();
    await clients.close();
    edge.server.relayPulls.stop(name);
  };
  const batch = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      for (const kind of pullKinds) await cycle(kind);
      edge.log.length = 0;
      origin.log.length = 0;
    }
    await edge.until(() => edge.server.relayPulls.pullCount === 0, 'the last pull to end', 10_000);
    await edge.untilNoConnections();
    await origin.until(() => origin.server.openConnections === 0, 'the last viewer to leave', 15_000);
  };
  // Code that gets compiled, caches and pools take their time to reach their size: hundreds of pulls of each kind.
  await batch(100);
  const socketsBefore = openSockets();
  const udpBefore = openUdpSockets();
  const before = await usedMemory();
  await batch(100);
  await untilOpenSockets(socketsBefore);
  expect(openUdpSockets()).toBe(udpBefore);
  expect((await usedMemory()) - before).toBeLessThan(3_000_000);
});
