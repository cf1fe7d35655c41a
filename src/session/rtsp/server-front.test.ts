import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import { RtspServerConnection } from '../../protocol/rtsp/server-connection.ts';
import { duplexPair, settle, type PairedSocket } from '../../testing/duplex-pair.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeUdpPorts } from '../../testing/fake-udp-ports.ts';
import { emptyRtp, RTSP_LIMITS, RtspTestClient, RtspTestHandler } from '../../testing/rtsp-server-kit.ts';
import { RtspFront } from './server-front.ts';
import { RtspServerSession } from './server-session.ts';

const OPTIONS = {
  serverName: 'lal-ts',
  handshakeTimeoutMs: 10_000,
  pairingTimeoutMs: 10_000,
  maxWaiting: 3,
};
const TUNNELLED = 'HTTP/1.0 200 OK\r\nServer: lal-ts\r\nConnection: close\r\n';

let clock: FakeClock;
let handler: RtspTestHandler;
let front: RtspFront;
let sessions: RtspServerSession[];
let sockets: PairedSocket[];

beforeEach(() => {
  clock = new FakeClock();
  handler = new RtspTestHandler();
  handler.isOpen = true;
  sessions = [];
  sockets = [];
  front = new RtspFront(OPTIONS, clock, (transport) => {
    const connection = new RtspServerConnection();
    const ports = new FakeUdpPorts();
    const session = new RtspServerSession(transport, connection, handler, RTSP_LIMITS, ports, clock);
    sessions.push(session);
    session.start();
  });
});

afterEach(async () => {
  front.close();
  for (const session of sessions) session.close(endReason('kicked'));
  await settle();
  clock.advance(60_000);
  await settle();
  expect(front.waiting).toBe(0);
  expect(sockets.every(({ destroyed }) => destroyed)).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

/** One connection to the port, and everything that came back. */
class Peer {
  readonly end: PairedSocket;
  readonly chunks: Buffer[] = [];
  isClosed = false;

  constructor(address?: string) {
    const { server, client } = duplexPair();
    if (address !== undefined) Object.defineProperty(server, 'remoteAddress', { value: address });
    sockets.push(server);
    this.end = client;
    client.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    client.on('end', () => {
      this.isClosed = true;
      client.end();
    });
    client.on('close', () => {
      this.isClosed = true;
    });
    front.accept(server.socket);
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  async write(bytes: string | Uint8Array): Promise<this> {
    this.end.write(bytes);
    await settle();
    return this;
  }
}

function http(method: 'GET' | 'POST', cookie: string): string {
  return `${method} /live/a HTTP/1.0\r\nUser-Agent: x\r\nx-sessioncookie: ${cookie}\r\n\r\n`;
}

function get(cookie: string, address?: string): Promise<Peer> {
  return new Peer(address).write(http('GET', cookie));
}

function post(cookie: string, address?: string): Promise<Peer> {
  return new Peer(address).write(http('POST', cookie));
}

function base64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString('base64');
}

/** What an RTSP client hears through a GET. */
function heardThrough(peer: Peer): string[] {
  const client = new RtspTestClient(() => undefined);
  const all = Buffer.concat(peer.chunks);
  client.receive(all.subarray(all.indexOf('\r\n\r\n') + 4));
  return client.heard;
}

const client = new RtspTestClient(() => undefined);
const OPTIONS_REQUEST = Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n');

describe('the first bytes', () => {
  test.each(['OPTIONS', 'GET_PARAMETER', 'POST_', 'G', 'PLAY'])(
    '%s is RTSP, however it is cut',
    async (method) => {
      const request = `${method} * RTSP/1.0\r\nCSeq: 1\r\n\r\n`;
      const whole = await new Peer().write(request);
      const dripping = new Peer();
      for (const character of request.split('')) await dripping.write(character);
      expect(whole.text).toMatch(/^RTSP\/1\.0 \d{3} /);
      expect(dripping.text).toBe(whole.text);
      expect(sessions).toHaveLength(2);
    },
  );

  test('GET and POST with a space behind are HTTP, however they are cut', async () => {
    const peer = new Peer();
    for (const character of http('GET', 'a').split('')) await peer.write(character);
    expect(peer.text).toContain(TUNNELLED);
    expect(sessions).toHaveLength(1);
  });

  test('that do not come in time end the connection', async () => {
    const silent = new Peer();
    const slow = await new Peer().write('GE');
    const slower = await new Peer().write('GET / HTTP/1.1\r\n');
    expect(front.waiting).toBe(3);
    clock.advance(10_000);
    await settle();
    expect([silent, slow, slower].map(({ isClosed }) => isClosed)).toEqual([true, true, true]);
    expect(sessions).toEqual([]);
  });

  test('of a client that leaves, or breaks off, are forgotten', async () => {
    (await new Peer().write('GE')).end.end();
    (await new Peer().write('GE')).end.reset();
    await settle();
    expect(front.waiting).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  test('when the front is closed, whoever has not said anything is closed with it', async () => {
    const peers = [new Peer(), await post('a')];
    front.close();
    await settle();
    expect(peers.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });
});

describe('a tunnel', () => {
  test('carries requests up and replies and packets down', async () => {
    const down = await get('cookie');
    const up = await post('cookie');
    expect(down.text).toMatch(
      /^HTTP\/1\.0 200 OK\r\n[^]*Content-Type: application\/x-rtsp-tunnelled\r\n\r\n$/,
    );
    await up.write(base64(client.request('DESCRIBE')));
    await up.write(base64(client.request('SETUP', undefined, { Transport: 'RTP/AVP/TCP' })));
    await up.write(
      base64(
        client.request('SETUP', 'rtsp://192.0.2.9:5544/live/test110/streamid=0', {
          Transport: 'RTP/AVP/TCP',
        }),
      ),
    );
    await up.write(base64(client.request('PLAY')));
    handler.sink!.write(serializeInterleavedPacket(0, Uint8Array.of(1)));
    await settle();
    expect(heardThrough(down)).toEqual(['200', '459', '200', '200', '$0 1']);
    expect(up.text).toBe('');
    expect([sessions[0]!.transportName, sessions[0]!.bytesRead > 400]).toEqual(['http-tunnel', true]);
  });

  test('carries media up, in Base64 cut anywhere', async () => {
    const down = await get('cookie');
    const up = await post('cookie');
    const requests = new RtspTestClient((bytes) => up.end.write(base64(bytes)));
    requests.announce();
    requests.setup(0);
    requests.send('RECORD');
    await settle();
    const packet = base64(serializeInterleavedPacket(0, emptyRtp(96)));
    await up.write(packet.slice(0, 3));
    await up.write(packet.slice(3));
    expect(heardThrough(down)).toEqual(['200', '200', '200']);
    expect(handler.log.at(-1)).toBe('rtp 0: 12');
  });

  test('may begin with its POST, and what that said is not lost', async () => {
    const up = await post('cookie');
    await up.write(base64(OPTIONS_REQUEST));
    expect(sessions).toEqual([]);
    expect(front.waiting).toBe(1);
    const down = await get('cookie');
    await settle();
    expect(heardThrough(down)).toEqual(['200']);
    expect(front.waiting).toBe(0);
    clock.advance(9000);
    expect(up.isClosed).toBe(false);
  });

  test('goes on with another POST when one ends, and takes the later of two', async () => {
    const down = await get('cookie');
    const first = await post('cookie');
    await first.write(base64(OPTIONS_REQUEST).slice(0, 8));
    first.end.end();
    await settle();
    const second = await post('cookie');
    await second.write(base64(OPTIONS_REQUEST.subarray(6)));
    expect(heardThrough(down)).toEqual(['200']);
    const third = await post('cookie');
    expect([second.isClosed, third.isClosed]).toEqual([true, false]);
    await third.write(base64(OPTIONS_REQUEST));
    expect(heardThrough(down)).toEqual(['200', '200']);
    expect(sessions[0]!.isEnded).toBe(false);
    expect(sessions).toHaveLength(1);
  });

  test('ends with its GET, and takes the POST with it', async () => {
    const down = await get('cookie');
    const up = await post('cookie');
    down.end.end();
    await settle();
    expect(handler.endedBy?.code).toBe('peer-closed');
    expect(up.isClosed).toBe(true);
    await get('cookie');
    expect(sessions).toHaveLength(2);
  });

  test('has one GET: a second is refused and does no harm', async () => {
    const down = await get('cookie');
    const second = await get('cookie');
    expect(second.text).toMatch(/^HTTP\/1\.0 400 Bad Request\r\n/);
    expect(second.isClosed).toBe(true);
    const up = await post('cookie');
    await up.write(base64(OPTIONS_REQUEST));
    expect(heardThrough(down)).toEqual(['200']);
    expect(sessions).toHaveLength(1);
  });

  test('is between two addresses: a cookie seen elsewhere is another tunnel', async () => {
    const down = await get('cookie');
    const stranger = await post('cookie', '192.0.2.66');
    await stranger.write(base64(client.request('TEARDOWN')));
    expect(heardThrough(down)).toEqual([]);
    expect(front.waiting).toBe(1);
    await post('cookie', '::ffff:192.0.2.1');
    expect(front.waiting).toBe(1);
  });

  test('whose text is no Base64 ends with a coded error', async () => {
    await get('cookie');
    const up = await post('cookie');
    await up.write('OPTIONS * RTSP/1.0\r\n\r\n');
    expect(handler.endedBy).toMatchObject({ code: 'protocol-error', detail: 'ERR_RTSP_TUNNEL_BASE64' });
    expect(up.isClosed).toBe(true);
  });

  test('that stays half is given up, whichever half it is', async () => {
    const up = await post('a');
    const down = await get('b');
    clock.advance(10_001);
    for (const session of sessions) session.tick(clock.monotonicMs());
    await settle();
    expect([up.isClosed, down.isClosed]).toEqual([true, true]);
    expect(handler.endedBy?.code).toBe('handshake-timeout');
    expect(front.waiting).toBe(0);
  });

  test('waits within bounds: of many POSTs the last are turned away, one that comes again takes its place', async () => {
    const waiting = [await post('a'), await post('b'), await post('c')];
    const refused = await post('d');
    expect(refused.text).toMatch(/^HTTP\/1\.0 503 /);
    const again = await post('c');
    expect([...waiting, again].map(({ isClosed }) => isClosed)).toEqual([false, false, true, false]);
    expect(front.waiting).toBe(3);
  });

  test('is not read while the client does not read', async () => {
    const down = await get('cookie');
    const up = await post('cookie');
    down.end.pause();
    for (let count = 0; count < 3000; count += 1) up.end.write(base64(OPTIONS_REQUEST));
    await settle();
    const [, post1] = sockets;
    expect(post1!.isPaused()).toBe(true);
    expect(sockets[0]!.writableLength).toBeLessThan(300_000);
    // A POST that comes meanwhile waits too.
    await post('cookie');
    expect(sockets[2]!.isPaused()).toBe(true);
    down.end.resume();
    await settle();
    expect(sockets[2]!.isPaused()).toBe(false);
  });
});

test.each([
  ['no cookie', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['an empty cookie', 'GET / HTTP/1.1\r\nx-sessioncookie: \r\n\r\n'],
  ['a cookie too long to remember', `POST / HTTP/1.1\r\nx-sessioncookie: ${'x'.repeat(257)}\r\n\r\n`],
  ['no version', 'GET /\r\nx-sessioncookie: a\r\n\r\n'],
  ['headers without end', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(4000)}`],
])('a request with %s gets 400', async (_name, text) => {
  const peer = await new Peer().write(text);
  expect(peer.text).toMatch(/^HTTP\/1\.0 400 Bad Request\r\nConnection: close\r\n/);
  expect(peer.isClosed).toBe(true);
  expect(sessions).toEqual([]);
});
