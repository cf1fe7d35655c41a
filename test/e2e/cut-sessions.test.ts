/** Sessions that break off: after every byte, in order or with a reset, in every role. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import { LocalServer } from '../support/local-server.ts';
import { openSockets, untilOpenSockets, usedMemory } from '../support/memory.ts';
import { RawClient, viewerRequest } from '../support/raw-client.ts';
import { chunksOf, clientScript, handshakeSize, mediaStreamId, publishChunks } from '../support/rtmp-wire.ts';
import { Scope } from '../support/scope.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** A whole publication: handshake, commands, headers and a few frames. */
function publishScript(): Buffer {
  const media = readFlvTags(fixturePath('h264-bframes-aac'))
    .filter((tag) => tag.type !== 18 && tag.body.length < 120)
    .slice(0, 6)
    .map(({ type, timestampMs, body }) =>
      chunksOf(type === 8 ? 4 : 6, type, mediaStreamId, timestampMs, body),
    );
  return clientScript(1935, Buffer.concat([publishChunks('cut'), ...media]));
}

const scripts: { name: string; kind: 'rtmp' | 'http'; bytes: () => Buffer; from: number }[] = [
  { name: 'a publisher', kind: 'rtmp', bytes: publishScript, from: 2 * handshakeSize },
  {
    name: 'an RTMP player',
    kind: 'rtmp',
    bytes: () => viewerRequest('rtmp', 1935, 'cut').request,
    from: 2 * handshakeSize,
  },
  { name: 'an HTTP viewer', kind: 'http', bytes: () => viewerRequest('http', 0, 'cut').request, from: 0 },
  { name: 'a WebSocket viewer', kind: 'http', bytes: () => viewerRequest('ws', 0, 'cut').request, from: 0 },
];

/** How a peer may go: in order, without waiting for anything, with a reset. */
const ways = [
  (client: RawClient): unknown => client.socket.end(),
  (client: RawClient): unknown => client.socket.destroy(),
  (client: RawClient): unknown => client.socket.resetAndDestroy(),
];

/** Lengths to cut at: some within the handshake, then each single one. */
function cutsOf(length: number, from: number): number[] {
  const cuts = [];
  for (let at = 0; at < from; at += 193) cuts.push(at);
  for (let at = from; at <= length; at += 1) cuts.push(at);
  return cuts;
}

test.each(scripts)(
  '$name that breaks off at any byte leaves nothing behind',
  async ({ kind, bytes, from }) => {
    const local = await LocalServer.start(scope);
    const bystander = await Bystander.start(scope, local);
    const script = bytes();
    const cuts = cutsOf(script.length, from);
    const socketsBefore = openSockets();
    let baseline = 0;
    for (const [index, length] of cuts.entries()) {
      if (index === 20) baseline = await usedMemory();
      const clients = new Scope();
      const client = await RawClient.open(clients, local.port(kind));
      await client.send(script.subarray(0, length));
      ways[index % ways.length]!(client);
      await clients.close();
      if (index % 10 === 0) await bystander.goOn(3);
    }
    await local.until(() => local.server.openConnections === 2, 'only the bystanders', 6_000);
    await bystander.expectUnharmed();
    local.server.hub.tick(performance.now());
    expect([...local.server.hub.streams.keys()]).toEqual(['bystander']);
    expect(local.errors).toEqual([]);
    for (const end of local.ends) expect(end).toMatch(/^(peer-closed|peer-reset \w+)$/);
    if (kind === 'rtmp') expect(local.ends).toHaveLength(cuts.length);
    await untilOpenSockets(socketsBefore);
    local.log.length = 0;
    expect((await usedMemory()) - baseline).toBeLessThan(3_000_000);
  },
);
