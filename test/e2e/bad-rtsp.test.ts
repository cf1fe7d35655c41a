/** RTSP clients that break the rules: each is told, or ends with a coded reason, and nobody else notices. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { LocalServer } from '../support/local-server.ts';
import { openUdpSockets, usedMemory } from '../support/memory.ts';
import { pseudoRandom } from '../support/pseudo-random.ts';
import { RawClient } from '../support/raw-client.ts';
import {
  announce,
  bare,
  conversation,
  describeStream,
  packetOn,
  publishing,
  rtpPacket,
  setup,
  wireSdp,
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

interface Offence {
  readonly name: string;
  readonly bytes: () => Buffer;
  /** In the last reply. */
  readonly answer: string;
  /** Code and detail of the session's end; where there is none, the client may stay, and leaves by itself. */
  readonly end?: string;
}

/** What nobody can go on from. */
const fatal: readonly Offence[] = [
  {
    name: 'no RTSP at all',
    bytes: () => text('hello\r\n\r\n'),
    answer: '400 Bad Request',
    end: 'protocol-error ERR_RTSP_START_LINE',
  },
  {
    name: 'a request line of 100 000 bytes',
    bytes: () => text(`OPTIONS rtsp://127.0.0.1/${'x'.repeat(100_000)} RTSP/1.0\r\n\r\n`),
    answer: '414 Request-URI Too Large',
    end: 'protocol-error ERR_RTSP_START_LINE_TOO_LONG',
  },
  {
    name: 'a header of 100 000 bytes',
    bytes: () => text(`OPTIONS * RTSP/1.0\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`),
    answer: '400 Bad Request',
    end: 'protocol-error ERR_RTSP_HEAD_TOO_LARGE',
  },
  {
    name: '1000 headers',
    bytes: () => text(`OPTIONS * RTSP/1.0\r\n${'a: b\r\n'.repeat(1000)}\r\n`),
    answer: '400 Bad Request',
    end: 'protocol-error ERR_RTSP_HEAD_TOO_LARGE',
  },
  ...['-1', 'ten', '0x10', '1e3', '1 2'].map((length): Offence => ({
    name: `a Content-Length of ${length}`,
    bytes: () => text(`OPTIONS * RTSP/1.0\r\nContent-Length: ${length}\r\n\r\n`),
    answer: '400 Bad Request',
    end: 'protocol-error ERR_RTSP_CONTENT_LENGTH',
  })),
  {
    name: 'a body of a petabyte',
    bytes: () => text('OPTIONS * RTSP/1.0\r\nContent-Length: 999999999999999\r\n\r\n'),
    answer: '413 Request Entity Too Large',
    end: 'protocol-error ERR_RTSP_BODY_TOO_LARGE',
  },
  {
    name: 'SDP of 1 MB',
    bytes: () => conversation(announce('bad', wireSdp + `a=x:${'y'.repeat(1_000_000)}\r\n`)),
    answer: '413 Request Entity Too Large',
    end: 'protocol-error ERR_RTSP_BODY_TOO_LARGE',
  },
  {
    name: 'a packet of 64 KiB before RECORD',
    bytes: () => conversation(bare('OPTIONS', 'bad'), packetOn(0, Buffer.alloc(65_535))),
    answer: '400 Bad Request',
    end: 'protocol-error ERR_RTSP_INTERLEAVED_TOO_LARGE',
  },
  {
    name: 'a packet of 64 KiB from a player',
    bytes: () =>
      conversation(
        describeStream('bystander'),
        setup('bystander', 0),
        bare('PLAY', 'bystander'),
        packetOn(1, Buffer.alloc(65_535)),
      ),
    answer: '400 Bad Request',
    end: 'protocol-error ERR_RTSP_INTERLEAVED_TOO_LARGE',
  },
  {
    name: 'TEARDOWN in mid-RECORD, with packets behind it',
    bytes: () =>
      conversation(
        ...publishing('bad'),
        packetOn(0, rtpPacket(1, Buffer.from([0x65, 1, 2]))),
        bare('TEARDOWN', 'bad'),
        packetOn(0, rtpPacket(2, Buffer.from([0x65, 1, 2]))),
        bare('OPTIONS', 'bad'),
      ),
    answer: 'CSeq: 5',
    end: 'peer-stopped',
  },
];

/** Paths that are no names of streams. */
const badNames = [
  '..',
  '.',
  '../up',
  '%2e%2e',
  '..%2fup',
  'a%00b',
  'a%0d%0ab',
  'a%5cb',
  '%zz',
  '%ff',
  'x'.repeat(4096),
];

/** What is answered with a status, after which the client may go on. */
const refused: readonly Offence[] = [
  {
    name: 'two SETUPs on one track',
    bytes: () => conversation(announce('bad'), setup('bad', 0), setup('bad', 0), bare('OPTIONS', 'bad')),
    answer: '455 Method Not Valid in This State',
  },
  ...['/', '*', 'rtsp://127.0.0.1/', 'rtsp://127.0.0.1', '//', 'rtsp:///', '?'].map((uri): Offence => ({
    name: `SETUP ${uri}`,
    bytes: () =>
      conversation(announce('bad'), {
        method: 'SETUP',
        uri,
        headers: { Transport: 'RTP/AVP/TCP;interleaved=0-1' },
      }),
    answer: '404 Not Found',
  })),
  ...['PLAY', 'RECORD', 'PAUSE', 'TEARDOWN', 'SETUP'].map((method): Offence => ({
    name: `${method} before anything else`,
    bytes: () => conversation(bare(method, 'bad')),
    answer: '455 Method Not Valid in This State',
  })),
  {
    name: 'PLAY without SETUP',
    bytes: () => conversation(describeStream('bystander'), bare('PLAY', 'bystander')),
    answer: '455 Method Not Valid in This State',
  },
  {
    name: 'RECORD of a player',
    bytes: () =>
      conversation(describeStream('bystander'), setup('bystander', 0), bare('RECORD', 'bystander')),
    answer: '455 Method Not Valid in This State',
  },
  {
    name: 'a second ANNOUNCE',
    bytes: () => conversation(announce('bad'), announce('worse')),
    answer: '455 Method Not Valid in This State',
  },
  {
    name: 'a session of somebody else',
    bytes: () => conversation({ ...bare('TEARDOWN', 'bystander'), headers: { Session: '0123456789abcdef' } }),
    answer: '454 Session Not Found',
  },
  {
    name: 'a track that there is not',
    bytes: () => conversation(announce('bad'), setup('bad', 99)),
    answer: '404 Not Found',
  },
  ...[
    'RTP/AVP;multicast',
    'RTP/AVP;unicast;client_port=0-1',
    'RTP/SAVP/TCP',
    ';;;',
    ',',
    'x'.repeat(8000),
  ].map((transport): Offence => ({
    name: `a transport of ${transport.slice(0, 40)}`,
    bytes: () => conversation(describeStream('bystander'), setup('bystander', 0, transport)),
    answer: '461 Unsupported transport',
  })),
  {
    name: 'more tracks over UDP than anybody needs',
    bytes: () => manyUdpTracks(17),
    answer: '503 Service Unavailable',
  },
  {
    name: 'SDP with 10 000 media lines',
    bytes: () => conversation(announce('bad', `v=0\r\n${'m=audio 0 RTP/AVP 0\r\n'.repeat(10_000)}`)),
    answer: '400 Bad Request',
  },
  {
    name: 'SDP with 10 000 attributes',
    bytes: () => conversation(announce('bad', `${wireSdp}${'a=control:x\r\n'.repeat(10_000)}`)),
    answer: '400 Bad Request',
  },
  {
    name: 'SDP that is none',
    bytes: () => conversation(announce('bad', Buffer.alloc(200_000, 0))),
    answer: '400 Bad Request',
  },
  {
    name: 'no SDP',
    bytes: () => conversation(announce('bad', '')),
    answer: '400 Bad Request',
  },
  {
    name: 'parameters',
    bytes: () => conversation({ ...bare('SET_PARAMETER', 'bad'), body: 'x'.repeat(200_000) }),
    answer: '451 Parameter Not Understood',
  },
  {
    name: 'a method of 4000 letters',
    bytes: () => conversation(bare('X'.repeat(4000), 'bad')),
    answer: '501 Not Implemented',
  },
];

/** A track each, over UDP. */
function manyUdpTracks(count: number): Buffer {
  const media = (index: number): string => `m=audio 0 RTP/AVP 0\r\na=control:streamid=${index}\r\n`;
  const indices = [...Array.from({ length: count }).keys()];
  return conversation(
    announce('bad', `v=0\r\n${indices.map(media).join('')}`),
    ...indices.map((index) => setup('bad', index, 'RTP/AVP;unicast;client_port=40000-40001;mode=record')),
  );
}

const badStreams: readonly Offence[] = badNames.flatMap((name) => [
  {
    name: `publish of the name ${name.slice(0, 20)}`,
    bytes: () => conversation(announce(name)),
    answer: '400 Bad Request',
    end: 'name-refused',
  },
  {
    name: `play of the name ${name.slice(0, 20)}`,
    bytes: () => conversation(describeStream(name)),
    answer: '400 Bad Request',
    end: 'name-refused',
  },
]);

const offences: readonly Offence[] = [...fatal, ...refused, ...badStreams];

/** Commits one offence, waits for the answer and for the end of its session. */
async function offend(local: LocalServer, offence: Offence, owner: Scope = scope): Promise<void> {
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
  for (const offence of offences) {
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
    for (const offence of offences) await offend(local, offence, clients);
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
