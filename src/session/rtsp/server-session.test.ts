import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endReason, type EndCode } from '../../media/end-reason.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import { RtspServerConnection } from '../../protocol/rtsp/server-connection.ts';
import { duplexPair, settle, type PairedSocket } from '../../testing/duplex-pair.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeUdpPorts } from '../../testing/fake-udp-ports.ts';
import {
  EMPTY_RTCP,
  emptyRtp,
  RTSP_LIMITS,
  RTSP_SDP,
  RTSP_URL,
  RtspTestClient,
  RtspTestHandler,
} from '../../testing/rtsp-server-kit.ts';
import { RtspServerSession } from './server-session.ts';
import { SocketTransport } from './server-socket-transport.ts';

const CLIENT_HOST = '192.0.2.1';
const UDP = 'RTP/AVP;unicast;client_port=7000-7001';

let clock: FakeClock;
let handler: RtspTestHandler;
let ports: FakeUdpPorts;
let session: RtspServerSession;
let server: PairedSocket;
let clientEnd: PairedSocket;
let client: RtspTestClient;

beforeEach(() => {
  clock = new FakeClock();
  handler = new RtspTestHandler();
  ports = new FakeUdpPorts();
  ({ server, client: clientEnd } = duplexPair());
  const transport = new SocketTransport(server.socket, clock);
  const connection = new RtspServerConnection({ sessionId: 'a1b2c3' });
  session = new RtspServerSession(transport, connection, handler, RTSP_LIMITS, ports, clock);
  session.start();
  client = new RtspTestClient((bytes) => clientEnd.write(bytes));
  clientEnd.on('data', (chunk: Buffer) => client.receive(chunk));
});

afterEach(async () => {
  // Whatever a test did: the session ends once, and leaves neither socket nor port nor timer.
  session.close(endReason('kicked'));
  await settle();
  clock.advance(60_000);
  await settle();
  expect(session.isEnded).toBe(true);
  expect(server.destroyed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
  expect(ports.opened.every(({ isClosed }) => isClosed)).toBe(true);
  expect(handler.log.filter((line) => line.startsWith('ended'))).toHaveLength(1);
});

function tick(ms: number): void {
  clock.advance(ms);
  session.tick(clock.monotonicMs());
}

/** @param transports of the tracks, in order */
async function play(...transports: (string | undefined)[]): Promise<void> {
  handler.isOpen = true;
  client.send('DESCRIBE');
  for (const [track, transport] of transports.entries()) client.setup(track, transport);
  client.send('PLAY');
  await settle();
}

async function record(...transports: (string | undefined)[]): Promise<void> {
  handler.isOpen = true;
  client.announce();
  for (const [track, transport] of transports.entries()) client.setup(track, transport);
  client.send('RECORD');
  await settle();
}

function loggedMedia(): string[] {
  return handler.log.filter((line) => /^rtc?p /.test(line));
}

describe('a player over TCP', () => {
  test('gets the reply first, then what the feed wrote while it was attached, then everything at once', async () => {
    handler.onPlay = () => handler.sink!.write(serializeInterleavedPacket(0, Uint8Array.of(1)));
    handler.starts = [{ trackIndex: 0, sequenceNumber: 5, timestamp: 6 }];
    await play(undefined, undefined);
    expect(handler.sink!.write(serializeInterleavedPacket(2, Uint8Array.of(2)))).toBe(true);
    await settle();
    expect(client.heard).toEqual(['200', '200', '200', '200', '$0 1', '$2 2']);
    expect(client.replies.at(-1)!.headers.get('RTP-Info')).toBe(`url=${RTSP_URL}/streamid=0;seq=5;rtptime=6`);
    expect(handler.log).toEqual([`describe ${RTSP_URL}`, 'play 0@0-1,1@2-3']);
    expect(handler.framing).toBeUndefined();
    expect(session.transportName).toBe('tcp');
  });

  test('on other channels than the usual ones is fed on those', async () => {
    await play('RTP/AVP/TCP;interleaved=8-9', 'RTP/AVP/TCP;interleaved=8-9');
    expect(handler.log.at(-1)).toBe('play 0@8-9,1@0-1');
  });

  test('that reads nothing fills its socket; the feed goes on when it reads', async () => {
    await play(undefined);
    clientEnd.pause();
    while (handler.sink!.write(serializeInterleavedPacket(0, new Uint8Array(1000))));
    expect(handler.sink!.queuedBytes).toBeGreaterThan(0);
    await settle();
    expect(handler.log.at(-1)).toBe('play 0@0-1');
    clientEnd.resume();
    await settle();
    expect(handler.log.at(-1)).toBe('feed resumed');
    expect(handler.sink!.queuedBytes).toBe(0);
  });

  test('that pauses is detached, and attached anew when it plays on', async () => {
    await play(undefined);
    client.send('PAUSE');
    await settle();
    expect(handler.log.at(-1)).toBe('feed closed: peer-stopped');
    client.send('PLAY');
    await settle();
    expect(handler.log.at(-1)).toBe('play 0@0-1');
    expect(client.statuses).toEqual([200, 200, 200, 200, 200]);
  });

  test('that pauses and says nothing more is given up', async () => {
    await play(undefined);
    client.send('PAUSE');
    await settle();
    tick(80_000);
    client.send('OPTIONS');
    await settle();
    tick(80_000);
    expect(session.isEnded).toBe(false);
    tick(10_001);
    expect(handler.endedBy?.code).toBe('idle-timeout');
  });

  test('may be silent for ever: its socket keeps it', async () => {
    await play(undefined);
    tick(3_600_000);
    expect(session.isEnded).toBe(false);
  });

  test('that tears down is answered, and done', async () => {
    await play(undefined);
    client.send('TEARDOWN');
    client.send('OPTIONS');
    await settle();
    expect(client.statuses).toEqual([200, 200, 200, 200]);
    expect(handler.log.slice(-2)).toEqual(['feed closed: peer-stopped', 'ended: peer-stopped']);
  });

  test('is told goodbye when it is closed', async () => {
    await play(undefined);
    handler.goodbye = serializeInterleavedPacket(1, Uint8Array.of(203));
    session.close(endReason('source-ended'));
    await settle();
    expect(client.heard.at(-1)).toBe('$1 203');
    expect(handler.log.slice(-2)).toEqual(['feed closed: source-ended', 'ended: source-ended']);
  });

  test('whose feed gives up while it is being attached stays ended', async () => {
    handler.onPlay = () => handler.sink!.end(endReason('consumer-overflow'));
    await play(undefined);
    expect(handler.log.slice(-2)).toEqual(['ended: consumer-overflow', 'feed closed: consumer-overflow']);
  });

  test('that leaves is detached', async () => {
    await play(undefined);
    clientEnd.end();
    await settle();
    expect(handler.log.slice(-2)).toEqual(['feed closed: peer-closed', 'ended: peer-closed']);
  });

  test('whose connection breaks is detached', async () => {
    await play(undefined);
    clientEnd.reset();
    await settle();
    expect(handler.endedBy?.code).toBe('peer-reset');
  });

  test('may send RTP, which is nothing to us', async () => {
    await play(undefined);
    client.packet(0, emptyRtp(96));
    client.packet(1, EMPTY_RTCP);
    await settle();
    expect(handler.log.at(-1)).toBe('play 0@0-1');
  });
});

describe('a player over UDP', () => {
  test('gets each packet on the port of its channel', async () => {
    await play(UDP, 'RTP/AVP;unicast;client_port=7002-7003');
    expect(client.replies[2]!.headers.get('Transport')).toBe(
      'RTP/AVP;unicast;client_port=7002-7003;server_port=5002-5003',
    );
    expect(handler.log.at(-1)).toBe('play 0@0-1,1@2-3');
    expect(ports.opened.map(({ use }) => use)).toEqual(['play', 'play']);
    handler.sink!.write(serializeInterleavedPacket(3, Uint8Array.of(9)));
    expect(ports.opened[1]!.rtcp.sent).toEqual([
      { packet: Uint8Array.of(9), port: 7003, address: CLIENT_HOST },
    ]);
    expect(session.transportName).toBe('udp');
    expect(session.bytesWritten).toBe(server.bytesWritten + 1);
  });

  test('of one track of several is fed on the channels that all have', async () => {
    handler.isOpen = true;
    client.send('DESCRIBE');
    client.setup(1, UDP);
    client.send('PLAY');
    await settle();
    expect(handler.log.at(-1)).toBe('play 1@2-3');
    handler.sink!.write(serializeInterleavedPacket(2, Uint8Array.of(9)));
    expect(ports.opened[0]!.rtp.sent).toHaveLength(1);
  });

  test('that sends neither reports nor requests is given up; either keeps it', async () => {
    await play(UDP);
    tick(80_000);
    ports.opened[0]!.rtcp.arrive(EMPTY_RTCP, CLIENT_HOST, 7001);
    tick(80_000);
    client.send('GET_PARAMETER');
    await settle();
    tick(80_000);
    expect(session.isEnded).toBe(false);
    ports.opened[0]!.rtcp.arrive(EMPTY_RTCP, '192.0.2.66', 7001);
    tick(10_001);
    expect(handler.endedBy?.code).toBe('idle-timeout');
    expect(session.strangerPackets).toBe(1);
  });

  test('is told goodbye before its ports are freed', async () => {
    await play(UDP);
    handler.goodbye = serializeInterleavedPacket(1, Uint8Array.of(203));
    session.close(endReason('source-ended'));
    expect(ports.opened[0]!.rtcp.sent).toHaveLength(1);
    expect(ports.opened[0]!.isClosed).toBe(true);
  });

  test('for which there are no ports is refused, and may ask for TCP', async () => {
    ports.available = 0;
    handler.isOpen = true;
    client.send('DESCRIBE');
    client.setup(0, UDP);
    client.setup(0);
    await settle();
    expect(client.statuses).toEqual([200, 503, 200]);
  });

  test('for which there are no ports goes by TCP if that was its next choice', async () => {
    ports.available = 0;
    await play(`${UDP},RTP/AVP/TCP;interleaved=4-5`);
    expect(client.replies[1]!.headers.get('Transport')).toBe('RTP/AVP/TCP;unicast;interleaved=4-5');
    expect(handler.log.at(-1)).toBe('play 0@4-5');
    expect(session.transportName).toBe('tcp');
  });

  test('that leaves while its ports are being opened leaves none', async () => {
    handler.isOpen = true;
    client.send('DESCRIBE');
    await settle();
    client.setup(0, UDP);
    await new Promise((resolve) => setImmediate(resolve));
    clientEnd.reset();
    await settle();
    expect(session.isEnded).toBe(true);
  });
});

describe('a publisher over TCP', () => {
  test('is heard, track by track, until it leaves', async () => {
    await record(undefined, undefined);
    client.packet(0, emptyRtp(96));
    client.packet(3, EMPTY_RTCP);
    client.packet(2, new Uint8Array(60_000));
    await settle();
    clientEnd.end();
    await settle();
    expect(handler.log).toEqual([
      `announce ${RTSP_URL}`,
      'record 0,1',
      'rtp 0: 12',
      'rtcp 1: 8',
      'rtp 1: 60000',
      'target closed: peer-closed',
      'ended: peer-closed',
    ]);
  });

  test('that sends ahead of all answers loses nothing', async () => {
    client.announce();
    client.setup(0);
    client.send('RECORD');
    client.packet(0, emptyRtp(96));
    await settle();
    expect(handler.log).toEqual([`announce ${RTSP_URL}`]);
    handler.decide('yes');
    await settle();
    expect(loggedMedia()).toEqual(['rtp 0: 12']);
    expect(client.statuses).toEqual([200, 200, 200]);
  });

  test('may send reports on the channel of media, and media where nothing was agreed on', async () => {
    await record(undefined);
    client.packet(0, EMPTY_RTCP);
    client.packet(7, emptyRtp(97));
    client.packet(8, EMPTY_RTCP);
    client.packet(1, Uint8Array.of(0x80));
    await settle();
    expect(loggedMedia()).toEqual(['rtcp 0: 8', 'rtp 0: 12', 'rtcp 0: 1']);
  });

  test('is told how it is received', async () => {
    await record(undefined);
    session.sendReport(0, Uint8Array.of(1, 2));
    session.sendReport(1, Uint8Array.of(3));
    await settle();
    expect(client.heard.at(-1)).toBe('$1 1,2');
  });

  test('that falls silent is given up, counted from its last media; requests do not help', async () => {
    await record(undefined);
    tick(19_000);
    client.packet(0, emptyRtp(96));
    await settle();
    tick(19_000);
    client.send('GET_PARAMETER');
    await settle();
    expect(session.isEnded).toBe(false);
    tick(1001);
    expect(handler.log.slice(-2)).toEqual(['target closed: idle-timeout', 'ended: idle-timeout']);
  });

  test('that pauses is not heard until it records on, and must ask for its session to be kept', async () => {
    await record(undefined);
    client.send('PAUSE');
    client.packet(0, emptyRtp(96));
    await settle();
    expect(loggedMedia()).toEqual([]);
    client.send('RECORD');
    client.packet(0, emptyRtp(96));
    client.send('PAUSE');
    await settle();
    expect(loggedMedia()).toEqual(['rtp 0: 12']);
    tick(80_000);
    client.send('GET_PARAMETER');
    await settle();
    tick(80_000);
    expect(session.isEnded).toBe(false);
    tick(10_001);
    expect(handler.endedBy?.code).toBe('idle-timeout');
  });

  test('that tears down in mid-recording is answered, and done', async () => {
    await record(undefined);
    client.packet(0, emptyRtp(96));
    client.send('TEARDOWN');
    client.packet(0, emptyRtp(96));
    await settle();
    expect(client.statuses.at(-1)).toBe(200);
    expect(handler.log.slice(-3)).toEqual([
      'rtp 0: 12',
      'target closed: peer-stopped',
      'ended: peer-stopped',
    ]);
  });
});

describe('a publisher over UDP', () => {
  const RECORD_UDP = 'RTP/AVP/UDP;unicast;client_port=7000-7001;mode=record';

  test('is heard from its own address alone, and told how it is received', async () => {
    await record(RECORD_UDP);
    expect(client.replies[1]!.headers.get('Transport')).toBe(
      'RTP/AVP/UDP;unicast;client_port=7000-7001;server_port=5000-5001;mode=record',
    );
    expect(handler.log.at(-1)).toBe('record 0 in any order');
    const [pair] = ports.opened;
    expect(pair!.use).toBe('publish');
    pair!.rtp.arrive(emptyRtp(96), '192.0.2.66', 7000);
    pair!.rtp.arrive(emptyRtp(96), CLIENT_HOST, 7777);
    pair!.rtcp.arrive(EMPTY_RTCP, CLIENT_HOST, 7778);
    expect(loggedMedia()).toEqual(['rtp 0: 12', 'rtcp 0: 8']);
    expect(session.strangerPackets).toBe(1);
    expect(session.bytesRead).toBe(server.bytesRead + 20);
    session.sendReport(0, Uint8Array.of(1));
    expect(pair!.rtcp.sent).toEqual([{ packet: Uint8Array.of(1), port: 7778, address: CLIENT_HOST }]);
  });

  test('that sends requests but no media is given up', async () => {
    await record(RECORD_UDP);
    tick(19_000);
    client.send('OPTIONS');
    await settle();
    tick(1001);
    expect(handler.endedBy?.code).toBe('idle-timeout');
  });

  test('is not heard before RECORD', async () => {
    handler.isOpen = true;
    client.announce();
    client.setup(0, RECORD_UDP);
    await settle();
    ports.opened[0]!.rtp.arrive(emptyRtp(96), CLIENT_HOST, 7000);
    expect(loggedMedia()).toEqual([]);
  });
});

describe('decisions', () => {
  test('a DESCRIBE may wait for its stream, and what follows waits with it', async () => {
    client.send('DESCRIBE');
    client.send('OPTIONS');
    await settle();
    tick(19_000);
    expect(client.statuses).toEqual([]);
    handler.decide('yes');
    await settle();
    expect(client.statuses).toEqual([200, 200]);
    expect(client.replies[0]!.body).toEqual(Uint8Array.from(RTSP_SDP));
    // The time of waiting was not the client's.
    tick(9000);
    expect(session.isEnded).toBe(false);
    tick(1001);
    expect(handler.endedBy?.code).toBe('handshake-timeout');
  });

  test('a stream that does not come in time is not found', async () => {
    client.send('DESCRIBE');
    await settle();
    tick(20_001);
    await settle();
    expect(client.statuses).toEqual([404]);
    expect(handler.endedBy?.code).toBe('stream-not-found');
    handler.decide('yes');
    await settle();
    expect(handler.log.at(-1)).toBe('ended: stream-not-found');
  });

  test('a player that leaves while it waits is noticed', async () => {
    client.send('DESCRIBE');
    await settle();
    clientEnd.end();
    await settle();
    expect(handler.endedBy?.code).toBe('peer-closed');
    handler.decide(new Error('too late to matter'));
    await settle();
  });

  test('a publisher that leaves while it is decided on gives its stream back', async () => {
    client.announce();
    await settle();
    clientEnd.reset();
    await settle();
    handler.decide('yes');
    await settle();
    expect(handler.log.slice(-2)).toEqual(['ended: peer-reset', 'target closed: peer-reset']);
  });

  test('a decision on a publisher that takes too long is none', async () => {
    client.announce();
    await settle();
    tick(5001);
    await settle();
    expect(client.statuses).toEqual([503]);
    expect(handler.endedBy?.code).toBe('admission-timeout');
    handler.decide('yes');
    await settle();
    expect(handler.log.at(-1)).toBe('target closed: admission-timeout');
  });

  test.each<[EndCode, number]>([
    ['name-refused', 400],
    ['stream-in-use', 403],
    ['refused', 403],
    ['stream-not-found', 404],
    ['internal-error', 500],
    ['limit-reached', 503],
    ['server-shutdown', 503],
  ])('%s is told as %i, and ends the session', async (code, status) => {
    client.announce();
    await settle();
    handler.decide(endReason(code));
    await settle();
    expect(client.statuses).toEqual([status]);
    expect(handler.endedBy?.code).toBe(code);
  });

  test('credentials are asked for on the same connection', async () => {
    client.send('DESCRIBE');
    await settle();
    handler.decide({ wwwAuthenticate: ['Digest realm="lal", nonce="1"'] });
    await settle();
    expect(client.replies[0]!.headers.get('WWW-Authenticate')).toBe('Digest realm="lal", nonce="1"');
    client.send('DESCRIBE', RTSP_URL, { Authorization: 'Digest x' });
    await settle();
    expect(handler.log.at(-1)).toBe(`describe ${RTSP_URL} as Digest x`);
    handler.decide('yes');
    await settle();
    expect(client.statuses).toEqual([401, 200]);
  });

  test('whoever guesses on and on is ended', async () => {
    for (let attempt = 0; attempt < 8 && !session.isEnded; attempt += 1) {
      client.send('DESCRIBE');
      await settle();
      handler.decide({ wwwAuthenticate: ['Basic realm="lal"'] });
      await settle();
    }
    expect(client.statuses).toEqual([401, 401, 401, 401, 401, 401, 401]);
    expect(handler.endedBy?.code).toBe('refused');
  });

  test('an error of ours is told as 500, and kept for the log', async () => {
    client.send('DESCRIBE');
    await settle();
    const error = new Error('broken');
    handler.decide(error);
    await settle();
    expect(client.statuses).toEqual([500]);
    expect(handler.endedBy).toMatchObject({ code: 'internal-error', cause: error });
  });

  test('so is one while a player is being attached', async () => {
    handler.onPlay = () => {
      throw new Error('broken');
    };
    await play(undefined);
    expect(client.statuses).toEqual([200, 200, 500]);
    expect(handler.endedBy?.code).toBe('internal-error');
  });

  test('a client that sends on and on ahead of a decision is not read', async () => {
    client.send('DESCRIBE');
    await settle();
    let passed = 0;
    const send = (): void => {
      while (clientEnd.write(client.request('OPTIONS', RTSP_URL, { X: 'x'.repeat(1000) }))) passed += 1;
    };
    for (let turn = 0; turn < 50; turn += 1) {
      send();
      await settle();
    }
    expect(server.isPaused()).toBe(true);
    expect(passed).toBeLessThan(300);
    handler.decide('yes');
    await settle();
    expect(server.isPaused()).toBe(false);
  });
});

describe('time limits', () => {
  test('a client that says nothing, or wants nothing, is given up', async () => {
    tick(5000);
    client.send('OPTIONS');
    await settle();
    tick(5000);
    expect(session.isEnded).toBe(false);
    tick(1);
    expect(handler.endedBy?.code).toBe('handshake-timeout');
  });

  test('a request that drips in does not buy time', async () => {
    const request = client.request('DESCRIBE');
    for (const byte of request.subarray(0, 10)) {
      clientEnd.write(Uint8Array.of(byte));
      await settle();
      tick(1001);
    }
    expect(handler.endedBy?.code).toBe('handshake-timeout');
  });

  test('neither does asking again and again for what is refused', async () => {
    handler.isOpen = true;
    for (let attempt = 0; attempt < 12 && !session.isEnded; attempt += 1) {
      client.send('DESCRIBE');
      await settle();
      tick(1000);
    }
    expect(handler.endedBy?.code).toBe('handshake-timeout');
  });

  test('a publisher that sets up and never records is given up', async () => {
    handler.isOpen = true;
    client.announce();
    client.setup(0);
    await settle();
    tick(10_001);
    expect(handler.log.slice(-2)).toEqual(['target closed: handshake-timeout', 'ended: handshake-timeout']);
  });
});

describe('what breaks the protocol', () => {
  test('is answered, and ends the session with a coded error', async () => {
    clientEnd.write('hello\r\n\r\n');
    await settle();
    expect(client.statuses).toEqual([400]);
    expect(handler.endedBy).toMatchObject({ code: 'protocol-error', detail: 'ERR_RTSP_START_LINE' });
  });

  test('a player that sends more than reports is ended', async () => {
    await play(undefined);
    client.packet(0, new Uint8Array(5000));
    await settle();
    expect(handler.endedBy?.detail).toBe('ERR_RTSP_INTERLEAVED_TOO_LARGE');
  });

  test('a client that asks and reads nothing is not read either', async () => {
    clientEnd.pause();
    for (let count = 0; count < 2000; count += 1) client.send('OPTIONS');
    await settle();
    expect(server.isPaused()).toBe(true);
    expect(server.writableLength).toBeLessThan(300_000);
    clientEnd.resume();
    await settle();
    await settle();
    expect(client.statuses.length).toBeGreaterThan(500);
  });
});

test('a client that waits for an answer when it is closed gets one', async () => {
  client.send('DESCRIBE');
  await settle();
  session.close(endReason('server-shutdown'));
  await settle();
  expect(client.statuses).toEqual([503]);
  handler.decide('yes');
});

test('closing again is harmless', async () => {
  await play(undefined);
  session.close(endReason('kicked'));
  session.close(endReason('server-shutdown'));
  session.sendReport(0, Uint8Array.of(1));
  server.destroy();
  await settle();
  expect(handler.log.filter((line) => /closed|ended/.test(line))).toEqual([
    'feed closed: kicked',
    'ended: kicked',
  ]);
});
