/** Publishers that come and go at the same time as others, or as the server decides about them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { RawClient } from '../support/raw-client.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { chunksOf, clientScript, mediaStreamId, publishChunks } from '../support/rtmp-wire.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

test('of many that publish one name at once exactly one is accepted, and the name is free after it', async () => {
  const local = await LocalServer.start(scope);
  for (let round = 0; round < 5; round += 1) {
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => RawClient.open(scope, local.port('rtmp'))),
    );
    for (const client of clients) void client.send(clientScript(1935, publishChunks('one')));
    await Promise.all(
      clients.map((client) =>
        client.until(() => /Publish\.(Start|BadName)/.test(client.text), 'the decision'),
      ),
    );
    const winners = clients.filter((client) => client.text.includes('NetStream.Publish.Start'));
    expect(winners).toHaveLength(1);
    const endsBefore = local.ends.length;
    if (round % 2 === 0) winners[0]!.socket.resetAndDestroy();
    else winners[0]!.socket.destroy();
    await local.untilEnds(endsBefore + 1);
    expect(local.stream('one')?.publication).toBeUndefined();
  }
});

test('a publisher that drops while its successor connects: viewers see one after the other', async () => {
  const local = await LocalServer.start(scope);
  const tags = readFlvTags(fixturePath('h264-baseline-aac')).slice(0, 120);
  const source = recordingOf(tags);
  const reader = FlvReader.open(scope, local.flvUrl('http', 'relay'));
  await reader.joined();
  const rounds = 10;
  for (let round = 0; round < rounds; round += 1) {
    const publisher = await acceptedPublisher(local, 'relay');
    await publisher.send(tags);
    await reader.untilUnits(source.units.length * (round + 1));
    // The next one connects while this one's end is still on its way.
    publisher.destroy();
  }
  for (let round = 0; round < rounds; round += 1) {
    const units = reader.units.slice(round * source.units.length, (round + 1) * source.units.length);
    expectSamePackets(source, { ...source, units }, { constantOffsetWithinMs: 0 });
  }
  await local.untilEnds(rounds);
});

/** Publishes as an encoder does that tries again until it is accepted. */
async function acceptedPublisher(local: LocalServer, streamName: string): Promise<RtmpPublisher> {
  for (;;) {
    const publisher = await RtmpPublisher.connect(scope, local.port('rtmp'));
    const isAccepted = await publisher.publish(streamName).then(
      () => true,
      (error: Error) => {
        expect(error.message).toContain('NetStream.Publish.BadName');
        return false;
      },
    );
    if (isAccepted) return publisher;
  }
}

test('a publisher that leaves in the same breath leaves no stream behind', async () => {
  const local = await LocalServer.start(scope);
  const bystander = await Bystander.start(scope, local);
  const script = clientScript(1935, publishChunks('brief'));
  const media = chunksOf(4, 8, mediaStreamId, 0, Buffer.from([0xaf, 0, 0x12, 0x10]));
  for (let round = 0; round < 60; round += 1) {
    const client = await RawClient.open(scope, local.port('rtmp'));
    const bytes = round % 2 === 0 ? script : Buffer.concat([script, media]);
    if (round % 3 === 0) client.socket.end(bytes);
    else await client.send(bytes);
    if (round % 3 === 1) client.socket.destroy();
    if (round % 3 === 2) client.socket.resetAndDestroy();
    await bystander.goOn(3);
  }
  await local.until(() => local.server.openConnections === 2, 'only the bystanders', 6_000);
  local.server.hub.tick(performance.now());
  expect([...local.server.hub.streams.keys()]).toEqual(['bystander']);
  await RtmpPublisher.open(scope, local.port('rtmp'), 'brief');
  await bystander.expectUnharmed();
  expect(local.errors).toEqual([]);
});

test('a publisher that falls silent is ended, and its name is free', async () => {
  const local = await LocalServer.start(scope, { limits: { idle_timeout_ms: 500 } });
  const silent = await RtmpPublisher.open(scope, local.port('rtmp'), 'quiet');
  await silent.closed();
  expect(local.ends).toEqual(['idle-timeout']);
  await RtmpPublisher.open(scope, local.port('rtmp'), 'quiet');
});

test('a viewer of a stream that nobody publishes is ended after the idle time', async () => {
  const local = await LocalServer.start(scope, { limits: { idle_timeout_ms: 500 } });
  const reader = FlvReader.open(scope, local.flvUrl('http', 'nobody'));
  await reader.joined();
  await local.untilEnds(1);
  expect(local.ends).toEqual(['idle-timeout']);
  await local.untilNoConnections();
  local.server.hub.tick(performance.now());
  expect(local.server.hub.streams.size).toBe(0);
});
