import { describe, expect, test } from 'vitest';
import { endReason } from '../../media/end-reason.ts';
import type { EndReason } from '../../media/end-reason.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { settle } from '../../testing/duplex-pair.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeRtspNetwork } from '../../testing/rtsp-client-kit.ts';
import { CAMERA_SCRIPT, CAMERA_SDP, RECORDER_SCRIPT } from '../../testing/rtsp-script.ts';
import type { RtspScript } from '../../testing/rtsp-script.ts';
import { RtspClientSession } from './client-session.ts';
import type { RtspClientListener, RtspClientSessionOptions } from './client-session.ts';

const SERVER = '192.0.2.1';
const PUBLICATION = { sdp: CAMERA_SDP, controls: ['trackID=0', 'trackID=1'] };
const RTP = Uint8Array.of(0x80, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x65);
const RTCP = Uint8Array.of(0x80, 0xc9, 0, 1, 0, 0, 0, 3);

const UDP_SETUP = [
  '200 OK\nSession: 42\nTransport: RTP/AVP;unicast;client_port=5000-5001;server_port=7000-7001',
  '200 OK\nSession: 42\nTransport: RTP/AVP;unicast;client_port=5002-5003;server_port=7002-7003',
];
const UDP_CAMERA: RtspScript = { ...CAMERA_SCRIPT, SETUP: UDP_SETUP };

/** A session over the fake network, and what it told its owner. */
class Owner {
  readonly clock = new FakeClock();
  readonly log: string[] = [];
  readonly ends: EndReason[] = [];
  readonly network: FakeRtspNetwork;
  readonly session: RtspClientSession;

  constructor(
    scripts: readonly RtspScript[],
    options: Partial<RtspClientSessionOptions> = {},
    listener: Partial<RtspClientListener> = {},
  ) {
    this.network = new FakeRtspNetwork(...scripts);
    this.session = new RtspClientSession(
      { url: 'rtsp://h/a', clock: this.clock, network: this.network, ...options },
      {
        described: (_, tracks) => {
          this.log.push(`described ${tracks.length}`);
          return undefined;
        },
        started: () => this.log.push('started'),
        rtp: (trackIndex, packet) => this.log.push(`rtp ${trackIndex} ${packet.length}`),
        rtcp: (trackIndex, packet) => this.log.push(`rtcp ${trackIndex} ${packet.length}`),
        drained: () => this.log.push('drained'),
        ended: (reason) => this.ends.push(reason),
        ...listener,
      },
    );
  }

  /** Lets time pass second by second, and what is under way arrive. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.advance(1000);
      await settle();
    }
  }

  get endCodes(): string[] {
    return this.ends.map(({ code }) => code);
  }

  /** Methods that each connection was asked for. */
  get asked(): string[] {
    return this.network.connections.map(({ server }) =>
      server.requests.map(({ method }) => method).join(' '),
    );
  }
}

async function begin(
  scripts: RtspScript | readonly RtspScript[],
  options: Partial<RtspClientSessionOptions> = {},
  listener: Partial<RtspClientListener> = {},
): Promise<Owner> {
  const owner = new Owner(Array.isArray(scripts) ? scripts : [scripts as RtspScript], options, listener);
  await settle();
  return owner;
}

describe('a pull over TCP', () => {
  test('hands out packets until it is ended, and says goodbye', async () => {
    const owner = await begin(CAMERA_SCRIPT);
    const { socket, server } = owner.network.last;
    expect(owner.session.isStarted).toBe(true);
    expect(owner.session.remoteAddress).toBe('192.0.2.1:50000');
    expect(owner.session.transportOf(0)).toBe('tcp');
    socket.write(serializeInterleavedPacket(0, RTP));
    socket.write(serializeInterleavedPacket(3, RTCP));
    socket.write(serializeInterleavedPacket(9, Uint8Array.of(1)));
    await settle();
    expect(owner.log).toEqual(['described 2', 'started', 'rtp 0 13', 'rtcp 1 8']);
    expect(owner.session.strayPackets).toBe(1);
    owner.session.sendRtcp(1, RTCP);
    owner.session.end(endReason('server-shutdown'));
    owner.session.end(endReason('kicked'));
    await settle();
    expect(server.packets).toMatchObject([{ channel: 3, data: RTCP }]);
    expect(owner.asked).toEqual(['OPTIONS DESCRIBE SETUP SETUP PLAY TEARDOWN']);
    expect(owner.ends).toEqual([endReason('server-shutdown')]);
    expect(owner.session.endReason?.code).toBe('server-shutdown');
    expect(owner.network.last.isClosed).toBe(true);
    expect(owner.session.bytesRead).toBeGreaterThan(700);
    expect(owner.session.bytesWritten).toBeGreaterThan(500);
    expect(owner.clock.pendingTimers).toBe(0);
  });

  test('sets up the tracks that its owner chooses', async () => {
    const owner = await begin(CAMERA_SCRIPT, {}, { described: () => [1] });
    expect(owner.asked).toEqual(['OPTIONS DESCRIBE SETUP PLAY']);
    expect(owner.session.transportOf(0)).toBeUndefined();
    expect(owner.session.transportOf(1)).toBe('tcp');
  });

  test('leaves out what is neither video nor audio, unless its owner wants it', async () => {
    const sdp = CAMERA_SDP.replace(
      'm=audio 0 RTP/AVP 8',
      'm=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000',
    );
    const script = { ...CAMERA_SCRIPT, DESCRIBE: `200 OK\n\n${sdp}` };
    expect((await begin(script)).asked).toEqual(['OPTIONS DESCRIBE SETUP PLAY']);
    const wanted = await begin(script, {}, { described: (_, tracks) => tracks.map(({ index }) => index) });
    expect(wanted.asked).toEqual(['OPTIONS DESCRIBE SETUP SETUP PLAY']);
  });

  test('keeps the session alive at half its timeout', async () => {
    const SETUP = '200 OK\nSession: 42;timeout=20';
    const owner = await begin({ ...CAMERA_SCRIPT, SETUP }, { idleTimeoutMs: 0 });
    await owner.pass(9);
    expect(owner.asked[0]).toMatch(/PLAY$/);
    await owner.pass(1);
    expect(owner.asked[0]).toMatch(/PLAY GET_PARAMETER$/);
    await owner.pass(20);
    expect(owner.asked[0]).toMatch(/PLAY GET_PARAMETER GET_PARAMETER GET_PARAMETER$/);
    expect(owner.ends).toEqual([]);
  });

  test('ends when nothing comes for too long, whatever the server answers', async () => {
    const owner = await begin(CAMERA_SCRIPT, { idleTimeoutMs: 5000 });
    await owner.pass(4);
    owner.network.last.socket.write(serializeInterleavedPacket(0, RTP));
    await settle();
    await owner.pass(4);
    expect(owner.ends).toEqual([]);
    await owner.pass(1);
    expect(owner.endCodes).toEqual(['idle-timeout']);
  });

  test('reads nothing while paused, and is not idle then', async () => {
    const owner = await begin(CAMERA_SCRIPT);
    owner.session.pause();
    owner.network.last.socket.write(serializeInterleavedPacket(0, RTP));
    await owner.pass(60);
    expect(owner.log).toEqual(['described 2', 'started']);
    owner.session.resume();
    await settle();
    expect(owner.log.at(-1)).toBe('rtp 0 13');
    await owner.pass(9);
    expect(owner.ends).toEqual([]);
  });
});

describe('a pull over UDP', () => {
  test('opens the way for the server, and takes its packets', async () => {
    const owner = await begin(UDP_CAMERA, { transports: ['udp'] });
    const [video, audio] = owner.network.udpPorts.opened;
    expect(owner.session.transportOf(1)).toBe('udp');
    expect(video!.rtp.sent).toMatchObject([{ port: 7000, address: SERVER }]);
    expect(video!.rtp.sent[0]!.packet).toHaveLength(12);
    expect(audio!.rtcp.sent).toMatchObject([{ port: 7003, address: SERVER }]);
    expect(audio!.rtcp.sent[0]!.packet).toHaveLength(8);
    video!.rtp.arrive(RTP, SERVER, 7000);
    audio!.rtcp.arrive(RTCP, `::ffff:${SERVER}`, 7003);
    expect(owner.log.slice(2)).toEqual(['rtp 0 13', 'rtcp 1 8']);
    owner.session.sendRtcp(0, RTCP);
    expect(video!.rtcp.sent[1]).toEqual({ packet: RTCP, port: 7001, address: SERVER });
    owner.session.end(endReason('kicked'));
    expect([video!.isClosed, audio!.isClosed]).toEqual([true, true]);
    await settle();
    expect(owner.asked[0]).toMatch(/PLAY TEARDOWN$/);
  });

  test('takes what is read after the server closed, for a moment', async () => {
    const owner = await begin(UDP_CAMERA, { transports: ['udp'] });
    const [video, audio] = owner.network.udpPorts.opened;
    owner.network.last.socket.end();
    await settle();
    video!.rtp.arrive(RTP, SERVER, 7000);
    audio!.rtcp.arrive(RTCP, SERVER, 7003);
    expect(owner.log.slice(2)).toEqual(['rtp 0 13', 'rtcp 1 8']);
    expect(owner.ends).toEqual([]);
    await owner.pass(1);
    expect(owner.endCodes).toEqual(['peer-closed']);
    expect([video!.isClosed, audio!.isClosed]).toEqual([true, true]);
    expect(owner.clock.pendingTimers).toBe(0);
  });

  test('is ended at once by its owner after the server closed', async () => {
    const owner = await begin(UDP_CAMERA, { transports: ['udp'] });
    owner.network.last.socket.end();
    await settle();
    owner.session.end(endReason('kicked'));
    await owner.pass(1);
    expect(owner.endCodes).toEqual(['kicked']);
    expect(owner.clock.pendingTimers).toBe(0);
  });

  test('ignores and counts what strangers send', async () => {
    const owner = await begin(UDP_CAMERA, { transports: ['udp'] });
    const [video] = owner.network.udpPorts.opened;
    video!.rtp.arrive(RTP, '203.0.113.9', 7000);
    video!.rtp.arrive(RTP, SERVER, 9000);
    video!.rtp.arrive(RTP, SERVER, 7000);
    video!.rtcp.arrive(RTCP, SERVER, 9001);
    expect(owner.log.slice(2)).toEqual(['rtp 0 13', 'rtcp 0 8']);
    expect(owner.session.strayPackets).toBe(2);
    owner.session.sendRtcp(0, RTCP);
    expect(video!.rtcp.sent.at(-1)).toMatchObject({ port: 9001, address: SERVER });
  });

  test('takes packets of the address that the server names as their source, behind NAT or not', async () => {
    const reply = `${UDP_SETUP[0]};source=198.51.100.7`;
    const owner = await begin({ ...CAMERA_SCRIPT, SETUP: reply }, { transports: ['udp'] });
    const [video, audio] = owner.network.udpPorts.opened;
    expect(video!.rtp.sent.map(({ address }) => address)).toEqual([SERVER, '198.51.100.7']);
    video!.rtp.arrive(RTP, '198.51.100.7', 7000);
    audio!.rtp.arrive(RTP, SERVER, 7000);
    video!.rtp.arrive(RTP, SERVER, 7000);
    expect(owner.log.slice(2)).toEqual(['rtp 0 13', 'rtp 1 13']);
    owner.session.sendRtcp(0, RTCP);
    expect(video!.rtcp.sent.at(-1)).toMatchObject({ port: 7001, address: '198.51.100.7' });
  });

  test.each(['camera.example', '0.0.0.0', '::'])('does not look up a source like %s', async (source) => {
    const owner = await begin(
      { ...CAMERA_SCRIPT, SETUP: `${UDP_SETUP[0]};source=${source}` },
      { transports: ['udp'] },
    );
    expect(owner.network.udpPorts.opened[0]!.rtp.sent).toHaveLength(1);
  });

  test('waits for packets of a server that does not name its ports', async () => {
    const SETUP = '200 OK\nSession: 42\nTransport: RTP/AVP/UDP;unicast;client_port=5000-5001';
    const owner = await begin({ ...CAMERA_SCRIPT, SETUP }, { transports: ['udp'] });
    const [video] = owner.network.udpPorts.opened;
    owner.session.sendRtcp(0, RTCP);
    expect(video!.rtp.sent).toEqual([]);
    expect(video!.rtcp.sent).toEqual([]);
    video!.rtcp.arrive(RTCP, SERVER, 4321);
    owner.session.sendRtcp(0, RTCP);
    expect(video!.rtcp.sent).toMatchObject([{ port: 4321 }]);
  });

  test('begins anew over TCP when no packet comes', async () => {
    const owner = await begin([UDP_CAMERA, CAMERA_SCRIPT], { transports: ['udp', 'tcp'] });
    await owner.pass(4);
    expect(owner.network.connections).toHaveLength(1);
    await owner.pass(2);
    expect(owner.asked).toEqual([
      'OPTIONS DESCRIBE SETUP SETUP PLAY TEARDOWN',
      'OPTIONS DESCRIBE SETUP SETUP PLAY',
    ]);
    expect(owner.network.udpPorts.opened.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    expect(owner.session.transportOf(0)).toBe('tcp');
    owner.network.last.socket.write(serializeInterleavedPacket(0, RTP));
    await settle();
    expect(owner.log).toEqual(['described 2', 'started', 'described 2', 'started', 'rtp 0 13']);
    expect(owner.ends).toEqual([]);
    await owner.pass(10);
    expect(owner.endCodes).toEqual(['idle-timeout']);
  });

  test('does not begin anew once a packet has come, nor when only UDP is wanted', async () => {
    const hadOne = await begin(UDP_CAMERA, { transports: ['udp', 'tcp'] });
    hadOne.network.udpPorts.opened[0]!.rtcp.arrive(RTCP, SERVER, 7001);
    await hadOne.pass(11);
    expect(hadOne.endCodes).toEqual(['idle-timeout']);
    const onlyUdp = await begin(UDP_CAMERA, { transports: ['udp'] });
    await onlyUdp.pass(11);
    expect(onlyUdp.endCodes).toEqual(['idle-timeout']);
    expect([...hadOne.network.connections, ...onlyUdp.network.connections]).toHaveLength(2);
  });

  test('frees its ports when the server wants TCP, or refuses the track', async () => {
    const SETUP = ['461 Unsupported transport', '200 OK\nSession: 1'];
    const tcp = await begin({ ...CAMERA_SCRIPT, SETUP }, { transports: ['udp', 'tcp'] });
    expect(tcp.session.transportOf(1)).toBe('tcp');
    expect(tcp.network.udpPorts.opened.map(({ isClosed }) => isClosed)).toEqual([true]);
    const refused = await begin(
      { ...CAMERA_SCRIPT, SETUP: ['404 x', UDP_SETUP[1]!] },
      { transports: ['udp'] },
    );
    expect(refused.network.udpPorts.opened.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  test('goes over TCP when there are no ports', async () => {
    const owner = new Owner([CAMERA_SCRIPT], { transports: ['udp', 'tcp'] });
    owner.network.udpPorts.available = 0;
    await settle();
    expect(owner.session.transportOf(0)).toBe('tcp');
  });

  test('frees ports that come too late', async () => {
    const owner = new Owner([UDP_CAMERA], { transports: ['udp'] });
    const { udpPorts } = owner.network;
    const open = udpPorts.open.bind(udpPorts);
    udpPorts.open = async () => {
      owner.session.end(endReason('kicked'));
      return await open();
    };
    await settle();
    expect(udpPorts.opened.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(owner.endCodes).toEqual(['kicked']);
  });
});

describe('a push', () => {
  const packets = new Uint8Array([
    ...serializeInterleavedPacket(0, RTP),
    ...serializeInterleavedPacket(3, RTCP),
    ...serializeInterleavedPacket(2, RTP),
  ]);

  test('sends packets of a fan-out, and single ones', async () => {
    const owner = await begin(RECORDER_SCRIPT, { publication: PUBLICATION });
    const { server } = owner.network.last;
    expect(owner.log).toEqual(['started']);
    expect(owner.session.write(packets)).toBe(true);
    owner.session.sendRtp(1, RTP);
    owner.session.sendRtcp(0, RTCP);
    owner.session.end(endReason('source-ended'));
    expect(owner.session.write(packets)).toBe(false);
    owner.session.sendRtp(1, RTP);
    await settle();
    expect(server.packets.map(({ channel, data }) => [channel, data.length])).toEqual([
      [0, 13],
      [3, 8],
      [2, 13],
      [2, 13],
      [1, 8],
    ]);
    expect(owner.asked).toEqual(['OPTIONS ANNOUNCE SETUP SETUP RECORD TEARDOWN']);
  });

  test('sends nothing before the server agreed', async () => {
    const owner = await begin({ ...RECORDER_SCRIPT, RECORD: '' }, { publication: PUBLICATION });
    expect(owner.session.write(packets)).toBe(false);
    owner.session.sendRtp(0, RTP);
    await settle();
    expect(owner.network.last.server.packets).toEqual([]);
  });

  test('uses the channels that the server wants', async () => {
    const SETUP = [
      '200 OK\nTransport: RTP/AVP/TCP;interleaved=4-5',
      '200 OK\nTransport: RTP/AVP/TCP;interleaved=0-1',
    ];
    const owner = await begin({ ...RECORDER_SCRIPT, SETUP }, { publication: PUBLICATION });
    expect(owner.session.write(packets)).toBe(true);
    owner.session.sendRtcp(0, RTCP);
    await settle();
    expect(owner.network.last.server.packets.map(({ channel }) => channel)).toEqual([4, 1, 0, 5]);
  });

  test('sends over UDP to where the server says, and no empty packets before', async () => {
    const script = { ...RECORDER_SCRIPT, SETUP: UDP_SETUP.map((reply) => `${reply};source=203.0.113.9`) };
    const owner = await begin(script, { publication: PUBLICATION, transports: ['udp', 'tcp'] });
    const [video, audio] = owner.network.udpPorts.opened;
    owner.session.write(packets);
    expect(video!.rtp.sent).toEqual([{ packet: RTP, port: 7000, address: SERVER }]);
    expect(audio!.rtcp.sent).toEqual([{ packet: RTCP, port: 7003, address: SERVER }]);
    expect(audio!.rtp.sent).toEqual([{ packet: RTP, port: 7002, address: SERVER }]);
    audio!.rtcp.arrive(RTCP, SERVER, 7003);
    expect(owner.log).toEqual(['started', 'rtcp 1 8']);
    await owner.pass(60);
    expect(owner.ends).toEqual([]);
    video!.rtp.queuedBytes = 100 * 1024 * 1024;
    owner.session.write(packets);
    expect(owner.endCodes).toEqual(['consumer-overflow']);
  });

  test('is kept alive too', async () => {
    const owner = await begin(RECORDER_SCRIPT, { publication: PUBLICATION });
    await owner.pass(30);
    expect(owner.asked[0]).toMatch(/RECORD OPTIONS$/);
  });

  test('tells when bytes wait and when they are gone, and ends when they do not move', async () => {
    const owner = await begin(RECORDER_SCRIPT, { publication: PUBLICATION, idleTimeoutMs: 5000 });
    const { socket } = owner.network.last;
    socket.pause();
    const large = serializeInterleavedPacket(0, new Uint8Array(60_000));
    while (owner.session.write(large));
    expect(owner.session.queuedBytes).toBeGreaterThan(0);
    await owner.pass(3);
    socket.resume();
    await settle();
    expect(owner.log).toEqual(['started', 'drained']);
    expect(owner.session.queuedBytes).toBe(0);
    socket.pause();
    for (let sent = 0; sent < 10; sent += 1) owner.session.write(large);
    await settle();
    await owner.pass(6);
    expect(owner.endCodes).toEqual(['idle-timeout']);
  });

  test('ends when more waits than allowed', async () => {
    const owner = await begin(RECORDER_SCRIPT, { publication: PUBLICATION, maxQueueBytes: 200_000 });
    owner.network.last.socket.pause();
    for (let sent = 0; sent < 5; sent += 1) {
      owner.session.write(serializeInterleavedPacket(0, new Uint8Array(60_000)));
      await settle();
    }
    expect(owner.endCodes).toEqual(['consumer-overflow']);
  });
});

describe('a session begins anew', () => {
  test('where a redirect leads, without the credentials when that is elsewhere', async () => {
    const challenge = '401 x\nWWW-Authenticate: Basic realm="r"';
    const owner = await begin(
      [
        { ...CAMERA_SCRIPT, DESCRIBE: [challenge, '302 Moved\nLocation: rtsp://other:8554/b'] },
        { ...CAMERA_SCRIPT, DESCRIBE: challenge },
      ],
      { url: 'rtsp://me:secret@h/a' },
    );
    expect(owner.network.connections.map(({ url }) => url.requestUrl)).toEqual([
      'rtsp://h/a',
      'rtsp://other:8554/b',
    ]);
    expect(owner.network.connections[0]!.server.requests[2]!.headers.get('Authorization')).toMatch(/^Basic/);
    expect(owner.network.connections[1]!.server.requests[1]!.headers.get('Authorization')).toBeUndefined();
    expect(owner.session.url.host).toBe('other');
    expect(owner.ends).toMatchObject([{ code: 'refused-by-peer', detail: '401' }]);
    expect(owner.network.connections[0]!.isClosed).toBe(true);
  });

  test('in the middle, when the server asks for it', async () => {
    const owner = await begin(CAMERA_SCRIPT);
    owner.network.last.socket.write(
      'REDIRECT rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\nLocation: rtsp://h/b\r\n\r\n',
    );
    await settle();
    expect(owner.network.last.url.requestUrl).toBe('rtsp://h/b');
    expect(owner.log).toEqual(['described 2', 'started', 'described 2', 'started']);
  });

  test('not for ever', async () => {
    const owner = await begin({ ...CAMERA_SCRIPT, DESCRIBE: '302 Moved\nLocation: rtsp://h/a' });
    for (let turns = 0; turns < 5; turns += 1) await settle();
    expect(owner.network.connections).toHaveLength(6);
    expect(owner.ends).toMatchObject([{ code: 'refused-by-peer', detail: 'redirect' }]);
  });

  test('not at a location that is none', async () => {
    const owner = await begin({ ...CAMERA_SCRIPT, DESCRIBE: '302 Moved\nLocation: http://me:secret@h/' });
    expect(owner.ends).toMatchObject([{ code: 'protocol-error', detail: 'ERR_RTSP_URL' }]);
  });

  test('with the answer to a challenge, when the server closed the connection behind it', async () => {
    const challenge = '401 x\nWWW-Authenticate: Digest realm="r", nonce="n"';
    const owner = new Owner([{ ...CAMERA_SCRIPT, DESCRIBE: [challenge, ''] }, CAMERA_SCRIPT], {
      url: 'rtsp://me:secret@h/a',
    });
    await settle();
    owner.network.last.socket.end();
    await settle();
    await settle();
    expect(owner.asked).toEqual(['OPTIONS DESCRIBE DESCRIBE', 'OPTIONS DESCRIBE SETUP SETUP PLAY']);
    expect(owner.network.last.server.requests[0]!.headers.get('Authorization')).toContain('nonce="n"');
  });

  test('but once only: lal closes the connection on a wrong password', async () => {
    const challenge = '401 x\nWWW-Authenticate: Digest realm="r", nonce="n"';
    const owner = new Owner([{ ...CAMERA_SCRIPT, DESCRIBE: [challenge, ''] }], {
      url: 'rtsp://me:secret@h/a',
    });
    for (let turns = 0; turns < 4; turns += 1) {
      await settle();
      owner.network.last.socket.end();
    }
    expect(owner.network.connections).toHaveLength(2);
    expect(owner.endCodes).toEqual(['peer-closed']);
  });
});

describe('ends with a coded reason', () => {
  test('when the server refuses, and the text has no password', async () => {
    const owner = await begin(
      { ...CAMERA_SCRIPT, DESCRIBE: '404 Stream Not Found' },
      { url: 'rtsp://me:secret@h/a?token=secret' },
    );
    expect(owner.ends).toEqual([
      { code: 'refused-by-peer', detail: '404', message: 'DESCRIBE: 404 Stream Not Found' },
    ]);
    expect(JSON.stringify(owner.ends)).not.toContain('secret');
  });

  test('when no connection comes about in time', async () => {
    const owner = new Owner([CAMERA_SCRIPT]);
    owner.clock.advance(9999);
    expect(owner.ends).toEqual([]);
    owner.clock.advance(1);
    expect(owner.ends).toMatchObject([{ code: 'connect-failed', detail: 'ETIMEDOUT' }]);
    await settle();
    expect(owner.asked).toEqual(['']);
  });

  test('when the server does not answer in time', async () => {
    const owner = await begin({ ...CAMERA_SCRIPT, SETUP: '' }, { answerTimeoutMs: 3000 });
    await owner.pass(2);
    expect(owner.ends).toEqual([]);
    await owner.pass(1);
    expect(owner.endCodes).toEqual(['handshake-timeout']);
    expect(owner.clock.pendingTimers).toBe(0);
  });

  test('when the server closes, or the connection breaks', async () => {
    const closed = await begin(CAMERA_SCRIPT);
    closed.network.last.socket.end();
    await settle();
    expect(closed.endCodes).toEqual(['peer-closed']);
    const broken = await begin(CAMERA_SCRIPT);
    broken.network.last.socket.reset();
    await settle();
    expect(broken.ends).toMatchObject([{ code: 'peer-reset', detail: 'ECONNRESET' }]);
  });

  test('when the server stops the stream', async () => {
    const owner = await begin(CAMERA_SCRIPT);
    owner.network.last.socket.write('TEARDOWN rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n');
    await settle();
    expect(owner.endCodes).toEqual(['peer-stopped']);
  });

  test('when the server talks nonsense', async () => {
    const owner = await begin(CAMERA_SCRIPT);
    owner.network.last.socket.write('nonsense\r\n\r\n');
    await settle();
    expect(owner.ends).toMatchObject([{ code: 'protocol-error', detail: 'ERR_RTSP_START_LINE' }]);
  });

  test('when the server asks without end and reads no answer', async () => {
    const owner = await begin(CAMERA_SCRIPT, { maxQueueBytes: 100_000, idleTimeoutMs: 0 });
    const { socket } = owner.network.last;
    socket.pause();
    for (let times = 0; times < 200; times += 1) {
      socket.write('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n'.repeat(10));
      await settle();
    }
    await owner.pass(1);
    expect(owner.endCodes).toEqual(['consumer-overflow']);
  });

  test('when there is nothing to receive', async () => {
    const owner = await begin(CAMERA_SCRIPT, {}, { described: () => [] });
    expect(owner.ends).toMatchObject([{ code: 'protocol-error', detail: 'ERR_RTSP_NO_TRACK' }]);
  });

  test.each(['described', 'started', 'rtp'] as const)('when its owner fails in %s', async (call) => {
    const fail = (): never => {
      throw new Error('the owner is broken');
    };
    const owner = await begin(CAMERA_SCRIPT, {}, { [call]: fail });
    owner.network.last.socket.write(serializeInterleavedPacket(0, RTP));
    await settle();
    expect(owner.endCodes).toEqual(['internal-error']);
  });

  test.each(['described', 'started', 'rtp'] as const)('when its owner ends it in %s', async (call) => {
    const owner: Owner = new Owner(
      [CAMERA_SCRIPT],
      {},
      {
        [call]: () => {
          owner.session.end(endReason('kicked'));
        },
      },
    );
    await settle();
    owner.network.last.socket.write(serializeInterleavedPacket(0, RTP));
    await settle();
    expect(owner.ends).toEqual([endReason('kicked')]);
  });

  test('at once, when the URL is none', () => {
    expect(codeOf(() => new Owner([CAMERA_SCRIPT], { url: 'http://h/a' }))).toBe('ERR_RTSP_URL');
  });
});
