/** RTSP clients that break the rules: each is told, or ends with a coded reason, and nobody else notices. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { LocalServer } from '../support/local-server.ts';
import { openUdpSockets, usedMemory } from '../support/memory.ts';
import { pseudoRandom } from '../support/pseudo-random.ts';
import { RawClient } from '../support/raw-client.ts';
import { rtspOffences, type RtspOffence } from '../support/rtsp-offences.ts';
import {
  bare,
  conversation,
  describeStream,
  packetOn,
  publishing,
  rtpPacket,
  setup,
} from '../support/rtsp-wire.ts';
import { Scope } from '../support/scope.ts';
import type { ConfigOverrides } from '../support/server.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** A server with an RTSP port. */
function startLocal(overrides: ConfigOverrides = {}): Promise<LocalServer> {
  return LocalServer.start(scope, { rtsp: { enable: true, addr: '127.0.0.1:0' }, ...overrides });
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const nothing = Buffer.alloc(0);

/** Commits one offence, waits for the answer and for the end of its session. */
async function offend(local: LocalServer, offence: RtspOffence, owner: Scope = scope): Promise<void> {
  const { name, bytes, end = 'peer-closed', answer } = offence;
  const endsBefore = local.ends.length;
  const client = await RawClient.open(owner, local.port('rtsp'));
  await client.send(bytes());
  await client.until(() => client.text.includes(answer), `${answer} for ${name}`);
  if (offence.end === undefined) client.socket.end();
  await local.untilEnds(endsBefore + 1);
  expect(local.ends.at(-1), name).toBe(end);
  await client.ended();
}

test('whoever breaks the rules is told, ends with a code, and leaves nothing behind', async () => {
  const local = await startLocal();
  const bystander = await Bystander.start(scope, local);
  await bystander.goOn(40);
  for (const offence of rtspOffences) {
    await offend(local, offence);
    await bystander.goOn(2);
  }
  await bystander.expectUnharmed();
  await local.untilViewers('bystander', 1);
  local.server.hub.tick(performance.now());
  expect([...local.server.hub.streams.keys()]).toEqual(['bystander']);
  expect(local.errors).toEqual([]);
});

test('memory and sockets are back at their baseline after many offences', async () => {
  const local = await startLocal();
  const bystander = await Bystander.start(scope, local);
  await bystander.goOn(40);
  const round = async (): Promise<number> => {
    const clients = new Scope();
    for (const offence of rtspOffences) await offend(local, offence, clients);
    await clients.close();
    // The bystander has two: publisher and viewer.
    await local.until(() => local.server.openConnections === 2, 'the last socket to close', 6000);
    local.server.hub.tick(performance.now());
    local.log.length = 0;
    return usedMemory();
  };
  await round();
  const baseline = await round();
  for (let again = 0; again < 3; again += 1) await round();
  expect((await round()) - baseline).toBeLessThan(1_000_000);
  expect(openUdpSockets()).toBe(0);
});

/** All that a publisher says. */
function publishSession(streamName: string): Buffer {
  return conversation(
    bare('OPTIONS', streamName),
    ...publishing(streamName),
    packetOn(0, rtpPacket(1, Buffer.from([0x65, 1, 2, 3]))),
    packetOn(1, Buffer.from('80c80006', 'hex')),
    bare('TEARDOWN', streamName),
  );
}

/** All that a player says. */
function playSession(streamName: string): Buffer {
  return conversation(
    bare('OPTIONS', streamName),
    describeStream(streamName),
    setup(streamName, 0),
    setup(streamName, 1),
    bare('PLAY', streamName),
    packetOn(1, Buffer.from('80c9000100000001', 'hex')),
    bare('PAUSE', streamName),
    bare('PLAY', streamName),
    bare('TEARDOWN', streamName),
  );
}

test.each([
  ['publishes', (cut: number) => publishSession(`cut-${`${cut}`.padStart(4, '0')}`)],
  ['plays', () => playSession('bystander')],
] as const)('a client that %s and is cut off at any place leaves nothing behind', async (_name, session) => {
  const local = await startLocal();
  const bystander = await Bystander.start(scope, local);
  await bystander.goOn(40);
  const { length } = session(0);
  for (let from = 1; from < length; from += 50) {
    const cuts = Array.from({ length: Math.min(50, length - from) }, (_, index) => from + index);
    const endsBefore = local.ends.length;
    await Promise.all(
      cuts.map(async (cut) => {
        const client = await RawClient.open(scope, local.port('rtsp'));
        await client.send(session(cut).subarray(0, cut));
        if (cut % 2 === 0) client.socket.end();
        else client.socket.resetAndDestroy();
      }),
    );
    await local.untilEnds(endsBefore + cuts.length);
    await bystander.goOn(4);
  }
  expect(new Set(local.ends.map((end) => end.split(' ')[0]))).toEqual(new Set(['peer-closed', 'peer-reset']));
  await bystander.expectUnharmed();
  await local.untilViewers('bystander', 1);
  local.server.hub.tick(performance.now());
  expect([...local.server.hub.streams.keys()]).toEqual(['bystander']);
  expect(local.errors).toEqual([]);
});

test('random bytes, alone or behind a request, end in a status and a code, or in silence', async () => {
  const local = await startLocal({ limits: { handshake_timeout_ms: 200 } });
  const rounds = 40;
  for (let seed = 0; seed < rounds; seed += 1) {
    const client = await RawClient.open(scope, local.port('rtsp'));
    const before = seed % 2 === 0 ? nothing : conversation(...publishing(`random-${seed}`));
    // The first byte says that it is no HTTP.
    await client.send(Buffer.concat([before, text('R'), pseudoRandom(seed, 20_000)]));
  }
  await local.untilEnds(rounds, 60_000);
  for (const end of local.ends) {
    expect(end).toMatch(/^(protocol-error ERR_RTSP_|handshake-timeout|idle-timeout)/);
  }
  expect(local.errors).toEqual([]);
});
