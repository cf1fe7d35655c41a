import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { systemClock } from '../../media/clock.ts';
import { endReason } from '../../media/end-reason.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import { RtspServerConnection } from '../../protocol/rtsp/server-connection.ts';
import { FakeUdpPorts } from '../../testing/fake-udp-ports.ts';
import { emptyRtp, RTSP_LIMITS, RtspTestClient, RtspTestHandler } from '../../testing/rtsp-server-kit.ts';
import { RtspServerSession } from './server-session.ts';
import { RtspWebSocketAcceptor } from './websocket-transport.ts';

let handler: RtspTestHandler;
let server: Server;
let session: RtspServerSession | undefined;

beforeEach(async () => {
  handler = new RtspTestHandler();
  handler.isOpen = true;
  session = undefined;
  const acceptor = new RtspWebSocketAcceptor(['Server: lal-ts'], systemClock);
  server = createServer();
  server.on('upgrade', (request, socket, head) => {
    acceptor.accept(request, socket as Socket, head, (transport) => {
      const connection = new RtspServerConnection({ allowUdp: false });
      const ports = new FakeUdpPorts();
      session = new RtspServerSession(transport, connection, handler, RTSP_LIMITS, ports, systemClock);
      session.start();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  session?.close(endReason('kicked'));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A viewer or publisher over WebSocket: notes each frame by what is in it. */
class Peer {
  readonly socket: WebSocket;
  readonly client: RtspTestClient;
  readonly frames: number[] = [];
  headers: Record<string, unknown> = {};
  closedBy: string | undefined;
  /** The next requests go as text. */
  asText = false;

  constructor(protocols: string[] = ['rtsp'], options: ClientOptions = {}) {
    const { port } = server.address() as AddressInfo;
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/any/path`, protocols, options);
    this.client = new RtspTestClient((bytes) => this.socket.send(bytes, { binary: !this.asText }));
    this.socket.on('upgrade', ({ headers }) => {
      this.headers = headers;
    });
    this.socket.on('message', (data, isBinary) => {
      expect(isBinary).toBe(true);
      this.frames.push((data as Buffer).length);
      this.client.receive(data as Buffer);
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code, reason) => {
      this.closedBy = `${code} ${reason.toString()}`;
    });
  }

  async open(): Promise<this> {
    await once(this.socket, 'open');
    return this;
  }

  /** Resolves when that many replies and packets have come. */
  async heard(count: number): Promise<readonly string[]> {
    while (this.client.heard.length < count) await once(this.socket, 'message');
    return this.client.heard;
  }

  async closed(): Promise<string | undefined> {
    if (this.closedBy === undefined) await once(this.socket, 'close');
    return this.closedBy;
  }
}

async function playing(): Promise<Peer> {
  const peer = await new Peer().open();
  peer.client.send('DESCRIBE');
  peer.client.setup(0);
  peer.client.send('PLAY');
  await peer.heard(3);
  return peer;
}

test('a player gets each reply and each packet as one binary frame', async () => {
  const peer = await playing();
  const first = serializeInterleavedPacket(0, Uint8Array.of(1));
  const second = serializeInterleavedPacket(0, new Uint8Array(200));
  handler.sink!.write(handler.framing!.frame(Buffer.concat([first, second])));
  expect((await peer.heard(5)).slice(0, 4)).toEqual(['200', '200', '200', '$0 1']);
  expect(peer.frames.slice(3)).toEqual([first.length, second.length]);
  expect(peer.headers).toMatchObject({ server: 'lal-ts', 'sec-websocket-protocol': 'rtsp' });
  expect(session!.transportName).toBe('websocket');
  expect(session!.remoteHost).toBe('127.0.0.1');
});

test('UDP is refused, because only the connection can carry anything', async () => {
  const peer = await new Peer().open();
  peer.client.send('DESCRIBE');
  peer.client.setup(0, 'RTP/AVP;unicast;client_port=7000-7001');
  expect(await peer.heard(2)).toEqual(['200', '461']);
});

test('a publisher may put requests and packets into frames as it likes, text or binary', async () => {
  const peer = await new Peer().open();
  const parts: Uint8Array[] = [];
  const collecting = new RtspTestClient((bytes) => parts.push(bytes));
  collecting.announce();
  collecting.setup(0);
  const text = Buffer.concat(parts);
  peer.socket.send(text.subarray(0, 50).toString());
  peer.socket.send(text.subarray(50).toString());
  await peer.heard(2);
  peer.socket.send(
    Buffer.concat([
      collecting.request('RECORD'),
      serializeInterleavedPacket(0, emptyRtp(96)),
      serializeInterleavedPacket(0, emptyRtp(96)),
    ]),
  );
  const packet = serializeInterleavedPacket(0, emptyRtp(96));
  peer.socket.send(packet.subarray(0, 6), { fin: false });
  peer.socket.send(packet.subarray(6), { fin: true });
  await peer.heard(3);
  peer.client.send('OPTIONS');
  await peer.heard(4);
  expect(handler.log.slice(1)).toEqual(['record 0', 'rtp 0: 12', 'rtp 0: 12', 'rtp 0: 12']);
});

test('pings are answered, and a close in WebSocket’s words is one of the client', async () => {
  const peer = await playing();
  const pong = once(peer.socket, 'pong');
  peer.socket.ping('x');
  expect(String((await pong)[0])).toBe('x');
  peer.socket.close(1000);
  expect(await peer.closed()).toMatch(/^1000/);
  expect(handler.log.slice(-2)).toEqual(['feed closed: peer-closed', 'ended: peer-closed']);
});

test('a player is told goodbye in frames, and why it was closed', async () => {
  const peer = await playing();
  handler.goodbye = serializeInterleavedPacket(1, Uint8Array.of(203));
  session!.close(endReason('server-shutdown'));
  expect(await peer.closed()).toBe('1001 server-shutdown');
  expect(peer.client.heard.at(-1)).toBe('$1 203');
});

test.each([
  ['TEARDOWN', 'peer-stopped', '1000 peer-stopped'],
  ['no RTSP', 'protocol-error', '1002 protocol-error'],
])('%s ends the WebSocket too, behind the reply', async (what, code, closedBy) => {
  const peer = await playing();
  if (what === 'TEARDOWN') peer.client.send('TEARDOWN');
  else peer.socket.send('hello\r\n\r\n');
  expect(await peer.closed()).toBe(closedBy);
  expect(peer.client.heard.at(-1)).toBe(what === 'TEARDOWN' ? '200' : '400');
  expect(handler.endedBy?.code).toBe(code);
});

test('a frame that is too large ends the session, and the client is told', async () => {
  const peer = await playing();
  peer.socket.send(new Uint8Array(2 * 1024 * 1024));
  expect(await peer.closed()).toMatch(/^1009/);
  expect(handler.endedBy).toMatchObject({
    code: 'protocol-error',
    detail: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  });
});

test('a client that breaks off is noticed', async () => {
  const peer = await playing();
  peer.socket.terminate();
  await peer.closed();
  while (handler.endedBy === undefined) await new Promise((resolve) => setImmediate(resolve));
  expect(['peer-closed', 'peer-reset']).toContain(handler.endedBy.code);
});

test('a client that offers no sub-protocol gets none', async () => {
  const peer = await new Peer([]).open();
  expect(peer.headers['sec-websocket-protocol']).toBeUndefined();
  peer.client.send('OPTIONS');
  expect(await peer.heard(1)).toEqual(['200']);
});

test('what a client sends ahead of a decision is kept, and then it is not read', async () => {
  handler.isOpen = false;
  const peer = await new Peer().open();
  peer.client.send('DESCRIBE');
  const padding = 'x'.repeat(2000);
  for (let count = 0; count < 4000; count += 1) peer.client.send('OPTIONS', '*', { Padding: padding });
  for (let turn = 0; turn < 200 || session!.bytesRead < 64 * 1024; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(session!.bytesRead).toBeLessThan(1024 * 1024);
  handler.decide('yes');
  expect(await peer.heard(4001)).toHaveLength(4001);
});
