/** RTSP clients that are slow, half there, or send packets that are none: nobody else notices. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { LocalServer } from '../support/local-server.ts';
import { openUdpSockets } from '../support/memory.ts';
import { pseudoRandom } from '../support/pseudo-random.ts';
import { RawClient } from '../support/raw-client.ts';
import {
  announce,
  bare,
  conversation,
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

const hesitations: { name: string; bytes: Buffer; hasSession: boolean }[] = [
  { name: 'nothing', bytes: nothing, hasSession: false },
  { name: 'what may become HTTP', bytes: text('GET'), hasSession: false },
  { name: 'a TLS handshake', bytes: Buffer.from('16030100f8010000f40303', 'hex'), hasSession: true },
  { name: 'half a request', bytes: text('DESCRIBE rtsp://127.0.0.1/live/x'), hasSession: true },
  { name: 'half a body', bytes: conversation(announce('half')).subarray(0, -10), hasSession: true },
  { name: 'OPTIONS and no more', bytes: conversation(bare('OPTIONS', 'x')), hasSession: true },
  { name: 'ANNOUNCE and no more', bytes: conversation(announce('a')), hasSession: true },
  { name: 'SETUP and no more', bytes: conversation(announce('s'), setup('s', 0)), hasSession: true },
  {
    name: 'half a tunnel, downwards',
    bytes: text('GET /live/x HTTP/1.0\r\nx-sessioncookie: down\r\n\r\n'),
    hasSession: true,
  },
  {
    name: 'half a tunnel, upwards',
    bytes: text('POST /live/x HTTP/1.0\r\nx-sessioncookie: up\r\n\r\nT1BUSU9OUw=='),
    hasSession: false,
  },
  { name: 'half a tunnel request', bytes: text('POST /live/x HTTP/1.0\r\nx-session'), hasSession: false },
];

test('whoever does not get as far as PLAY or RECORD in time is closed, halves of tunnels too', async () => {
  const local = await startLocal({ limits: { handshake_timeout_ms: 200 } });
  const clients = await Promise.all(hesitations.map(() => RawClient.open(scope, local.port('rtsp'))));
  await Promise.all(clients.map((client, index) => client.send(hesitations[index]!.bytes)));
  for (const client of clients) await client.ended();
  const sessions = hesitations.filter(({ hasSession }) => hasSession).length;
  await local.untilEnds(sessions);
  expect(local.ends).toEqual(Array.from({ length: sessions }, () => 'handshake-timeout'));
  await local.untilNoConnections();
  local.server.hub.tick(performance.now());
  expect(local.server.hub.streams.size).toBe(0);
});

test('a request that drips in does not extend the time for it', async () => {
  const local = await startLocal({ limits: { handshake_timeout_ms: 200 } });
  const client = await RawClient.open(scope, local.port('rtsp'));
  const drip = setInterval(() => client.socket.write('O'), 20);
  await client.ended();
  clearInterval(drip);
  expect(local.ends).toEqual(['handshake-timeout']);
});

test('a thousand tunnels that never become whole cost nothing once their time is over', async () => {
  const local = await startLocal({ limits: { handshake_timeout_ms: 300 } });
  const bystander = await Bystander.start(scope, local);
  const clients = await Promise.all(
    Array.from({ length: 1000 }, async (_, index) => {
      const client = await RawClient.open(scope, local.port('rtsp'));
      const method = index % 2 === 0 ? 'GET' : 'POST';
      await client.send(text(`${method} / HTTP/1.1\r\nx-sessioncookie: ${index}\r\n\r\n`));
      return client;
    }),
  );
  await bystander.goOn();
  for (const client of clients) await client.ended();
  await local.until(() => local.server.openConnections === 2, 'the last tunnel to close', 6000);
  await bystander.expectUnharmed();
  expect(new Set(local.ends)).toEqual(new Set(['handshake-timeout']));
  expect(local.errors).toEqual([]);
});

test.each([
  ['a GET without a cookie', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a cookie of 4 KB', `GET / HTTP/1.1\r\nx-sessioncookie: ${'x'.repeat(4096)}\r\n\r\n`],
  ['a head without end', `POST / HTTP/1.1\r\n${'a: b\r\n'.repeat(5000)}`],
  ['HTTP/2', 'GET / HTTP/2\r\nx-sessioncookie: a\r\n\r\n'],
])('%s on the RTSP port gets 400', async (_name, request) => {
  const local = await startLocal();
  const client = await RawClient.open(scope, local.port('rtsp'));
  await client.send(text(request));
  await client.answered('400 Bad Request');
  await client.ended();
  expect(local.ends).toEqual([]);
});

test('what a tunnel carries up that is no Base64 ends its session', async () => {
  const local = await startLocal();
  const down = await RawClient.open(scope, local.port('rtsp'));
  await down.send(text('GET / HTTP/1.0\r\nx-sessioncookie: c\r\n\r\n'));
  await down.answered('application/x-rtsp-tunnelled');
  const up = await RawClient.open(scope, local.port('rtsp'));
  await up.send(text('POST / HTTP/1.0\r\nx-sessioncookie: c\r\n\r\n'));
  await up.send(Buffer.from(conversation(bare('OPTIONS', 'x')).toString('base64')));
  await down.answered('Public: ');
  await up.send(text('!'));
  await down.ended();
  await up.ended();
  expect(local.ends).toEqual(['protocol-error ERR_RTSP_TUNNEL_BASE64']);
});

/** Packets that are none, as a publisher might send them. RTP comes on channel 0, RTCP on 1. */
const badPackets: readonly (readonly [channel: number, packet: Buffer])[] = [
  [1, Buffer.from([0x80])],
  [1, nothing],
  [1, Buffer.from('80c8ffff00000001', 'hex')],
  [1, Buffer.from('00c8000000000001', 'hex')],
  [0, rtpPacket(10, Buffer.from([0x65, 255]), { firstByte: 0xa0 })],
  [0, rtpPacket(11, Buffer.from([0x65, 0]), { firstByte: 0xa0 })],
  [0, rtpPacket(12, Buffer.from([0x65]), { firstByte: 0x8f })],
  [0, rtpPacket(13, Buffer.from([0x65, 1]), { firstByte: 0x90 })],
  [0, rtpPacket(14, Buffer.from([0x65]), { firstByte: 0x00 })],
  [0, Buffer.from([0x80, 0x60])],
];

test('packets that are none are counted, and the publisher goes on', async () => {
  const local = await startLocal();
  const client = await RawClient.open(scope, local.port('rtsp'));
  await client.send(conversation(...publishing('damaged')));
  await client.answered('CSeq: 4');
  for (const [channel, packet] of badPackets) await client.send(packetOn(channel, packet));
  await client.send(packetOn(200, pseudoRandom(1, 65_535)));
  await client.send(packetOn(0, rtpPacket(20, Buffer.from([0x65, 1, 2]))));
  await client.send(conversation(bare('TEARDOWN', 'damaged')));
  await local.untilEnds(1);
  expect(local.ends).toEqual(['peer-stopped']);
  expect(tracksOf(local)[0]).toMatchObject({ malformed: badPackets.length + 1, received: 1, lost: 0 });
});

interface TrackLine {
  readonly malformed: number;
  readonly received: number;
  readonly lost: number;
}

function tracksOf(local: LocalServer): readonly TrackLine[] {
  const line = local.log.find(({ msg }) => msg === 'publish stop');
  return (line as unknown as { tracks: TrackLine[] }).tracks;
}

async function udpSocket(): Promise<UdpSocket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  scope.defer(() => void socket.close());
  return socket;
}

test('UDP packets of strangers are ignored and counted, and damaged ones of the publisher too', async () => {
  const local = await startLocal();
  const udpBefore = openUdpSockets();
  const client = await RawClient.open(scope, local.port('rtsp'));
  const transport = 'RTP/AVP;unicast;client_port=40000-40001;mode=record';
  await client.send(conversation(announce('udp'), setup('udp', 0, transport), bare('RECORD', 'udp')));
  await client.answered('CSeq: 3');
  const port = Number(/server_port=(\d+)/.exec(client.text)![1]);
  const [publisher, stranger] = [await udpSocket(), await udpSocket()];
  publisher.send(rtpPacket(1, Buffer.from([0x65, 1])), port, '127.0.0.1');
  await local.until(() => local.stream('udp')?.publication !== undefined, 'the publication');
  await sleep(50);
  for (let count = 0; count < 5; count += 1) {
    stranger.send(rtpPacket(100 + count, Buffer.from([0x65, 1])), port, '127.0.0.1');
    publisher.send(Buffer.from([0x80]), port, '127.0.0.1');
    publisher.send(pseudoRandom(count, 1400), port + 1, '127.0.0.1');
  }
  await sleep(200);
  client.socket.end();
  await local.untilEnds(1);
  const line = local.log.find(({ msg }) => msg === 'publish stop');
  expect(line).toMatchObject({ code: 'peer-closed', strangerPackets: 5 });
  expect(tracksOf(local)[0]).toMatchObject({ received: 1 });
  expect(tracksOf(local)[0]!.malformed).toBeGreaterThanOrEqual(5);
  await local.until(() => openUdpSockets() <= udpBefore + 2, 'the ports to close');
});

test('answers that a client does not read do not pile up: it is not read either', async () => {
  const local = await startLocal();
  const bystander = await Bystander.start(scope, local);
  const client = await RawClient.open(scope, local.port('rtsp'));
  client.socket.pause();
  const questions = text('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n'.repeat(20_000));
  let isStuck = false;
  for (let sent = 0; sent < 60 && !isStuck; sent += 1) {
    const isTaken = client.send(questions).then(() => true);
    await bystander.goOn(4);
    isStuck = !(await Promise.race([isTaken, sleep(300, false)]));
  }
  expect(isStuck).toBe(true);
  await bystander.expectUnharmed();
});
