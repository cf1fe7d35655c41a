import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import {
  CAMERA_SCRIPT,
  CAMERA_SDP,
  RECORDER_SCRIPT,
  ScriptedRtspServer,
  scriptedMessage,
} from '../../testing/rtsp-script.ts';
import type { RtspScript } from '../../testing/rtsp-script.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { RtspClientAuth } from './auth/client-auth.ts';
import { RtspClientConnection } from './client-connection.ts';
import type { RtspClientConnectionOptions } from './client-connection.ts';
import type { RtspClientEvent } from './client-events.ts';
import { serializeInterleavedPacket } from './interleaved-packet.ts';
import type { PortPair } from './transport-header.ts';

const URL = 'rtsp://h/a';
const CREDENTIALS = { user: 'me', password: 'secret' };
const PUBLICATION = { sdp: CAMERA_SDP, controls: ['trackID=0', 'trackID=1'] };

function auth(credentials?: { user: string; password: string }): RtspClientAuth {
  return new RtspClientAuth(credentials, () => 'c0ffee');
}

function describeWith(sdp: string, headers = ''): string {
  return `200 OK\nContent-Type: application/sdp${headers}\n\n${sdp}`;
}

/** A client and a scripted server joined in memory, the client's owner wanting all tracks and having all ports. */
class Conversation {
  readonly client: RtspClientConnection;
  readonly server: ScriptedRtspServer;
  readonly events: RtspClientEvent[] = [];
  ports: (trackIndex: number) => PortPair | undefined = (index) => ({
    rtp: 5000 + 2 * index,
    rtcp: 5001 + 2 * index,
  });
  tracks: readonly number[] | undefined;

  constructor(script: RtspScript, options: Partial<RtspClientConnectionOptions> = {}) {
    this.server = new ScriptedRtspServer(script);
    this.client = new RtspClientConnection({
      url: URL,
      transports: ['tcp', 'udp'],
      auth: auth(),
      ...options,
    });
  }

  /** Until neither side has anything to say. */
  run(): this {
    for (;;) {
      const output = this.client.takeOutput();
      if (output.length === 0) return this;
      for (const bytes of output) this.say(this.server.receive(bytes));
    }
  }

  /** The server says something by itself. */
  say(bytes: Uint8Array | string): this {
    this.client.receive(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
    for (let event = this.client.nextEvent(); event !== undefined; event = this.client.nextEvent()) {
      this.events.push(event);
      if (event.type === 'described') {
        this.client.setUp(this.tracks ?? event.tracks.map(({ index }) => index));
      }
      if (event.type === 'ports-needed') this.client.usePorts(this.ports(event.trackIndex));
    }
    return this;
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  get lastEvent(): RtspClientEvent | undefined {
    return this.events.at(-1);
  }

  /** The header of each request of a method. */
  sent(method: string, header: string): (string | undefined)[] {
    return this.server.requests
      .filter((request) => request.method === method)
      .map(({ headers }) => headers.get(header));
  }
}

function converse(script: RtspScript, options: Partial<RtspClientConnectionOptions> = {}): Conversation {
  return new Conversation(script, options).run();
}

const VIDEO = Uint8Array.of(0x80, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x65);

describe('a player', () => {
  test('asks for options, description and each track, and plays', () => {
    const talk = converse(CAMERA_SCRIPT);
    expect(talk.server.log).toEqual([
      'OPTIONS rtsp://h/a',
      'DESCRIBE rtsp://h/a',
      'SETUP rtsp://h/a/trackID=0',
      'SETUP rtsp://h/a/trackID=1',
      'PLAY rtsp://h/a/',
    ]);
    expect(talk.types).toEqual(['described', 'track', 'track', 'started']);
    expect(talk.sent('DESCRIBE', 'Accept')).toEqual(['application/sdp']);
    expect(talk.sent('SETUP', 'Transport')).toEqual([
      'RTP/AVP/TCP;unicast;interleaved=0-1',
      'RTP/AVP/TCP;unicast;interleaved=2-3',
    ]);
    expect(talk.sent('SETUP', 'Session')).toEqual([undefined, '42']);
    expect(talk.sent('PLAY', 'Session')).toEqual(['42']);
    expect(talk.sent('PLAY', 'Range')).toEqual(['npt=0.000-']);
    expect(talk.server.requests.map(({ headers }) => headers.get('CSeq'))).toEqual(['1', '2', '3', '4', '5']);
    expect(talk.sent('OPTIONS', 'User-Agent')).toEqual(['lal-ts']);
    expect(talk.client.isStarted).toBe(true);
    expect(talk.client.pendingMethod).toBeUndefined();
  });

  test('is told the tracks, and sets up those that its owner wants', () => {
    const talk = new Conversation(CAMERA_SCRIPT);
    talk.tracks = [1, 7];
    talk.run();
    expect(talk.events[0]).toMatchObject({
      type: 'described',
      description: { name: 'camera' },
      tracks: [
        { index: 0, controlUrl: 'rtsp://h/a/trackID=0', media: { media: 'video' } },
        { index: 1, controlUrl: 'rtsp://h/a/trackID=1', media: { media: 'audio' } },
      ],
    });
    const [described] = talk.events;
    const sdp = described?.type === 'described' ? described.sdp : new Uint8Array(0);
    expect(Buffer.from(sdp).toString()).toContain('s=camera');
    expect(talk.server.log.slice(2)).toEqual(['SETUP rtsp://h/a/trackID=1', 'PLAY rtsp://h/a/']);
    expect(talk.sent('SETUP', 'Transport')).toEqual(['RTP/AVP/TCP;unicast;interleaved=0-1']);
  });

  test('gets the same from bytes that are cut anywhere', () => {
    const answers = ['200 OK', describeWith(CAMERA_SDP), '200 OK\nSession: 4', '200 OK', '200 OK'];
    const { requests } = converse(CAMERA_SCRIPT).server;
    const bytes = new TextEncoder().encode(
      answers.map((answer, index) => scriptedMessage(answer, requests[index]!)).join(''),
    );
    for (const pieces of splitEveryWay(bytes)) {
      const talk = new Conversation({});
      for (const piece of pieces) talk.say(piece);
      expect(talk.types).toEqual(['described', 'track', 'track', 'started']);
    }
  });

  test('learns from PLAY where the media begin', () => {
    const talk = converse({
      ...CAMERA_SCRIPT,
      PLAY: [
        '200 OK',
        'Range: npt=now-',
        'RTP-Info: url=rtsp://10.0.0.1/a/trackID=1;seq=7;rtptime=70,url=trackID=0;seq=9',
      ].join('\n'),
    });
    expect(talk.lastEvent).toEqual({
      type: 'started',
      range: { unit: 'npt', start: 'now', end: undefined },
      firstPackets: new Map([
        [0, { sequenceNumber: 9, timestamp: undefined }],
        [1, { sequenceNumber: 7, timestamp: 70 }],
      ]),
    });
  });

  test('takes RTP-Info in order when the URLs match nothing', () => {
    const info = 'url=x;seq=1;rtptime=1,url=y;seq=2;rtptime=2';
    const talk = converse({ ...CAMERA_SCRIPT, PLAY: `200 OK\nRTP-Info: ${info}` });
    expect(talk.lastEvent).toMatchObject({
      firstPackets: new Map([
        [0, { sequenceNumber: 1, timestamp: 1 }],
        [1, { sequenceNumber: 2, timestamp: 2 }],
      ]),
    });
  });

  test('receives packets on the channels that the server named, even before PLAY is answered', () => {
    const talk = new Conversation({
      ...CAMERA_SCRIPT,
      SETUP: [
        '200 OK\nSession: 1\nTransport: RTP/AVP/TCP;interleaved=8-9;unicast',
        '200 OK\nTransport: RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=1',
      ],
      PLAY: '',
    });
    talk.run().say(serializeInterleavedPacket(8, VIDEO)).say(serializeInterleavedPacket(3, VIDEO));
    expect(talk.events.slice(3)).toEqual([
      { type: 'packet', trackIndex: 0, isRtcp: false, packet: VIDEO },
      { type: 'packet', trackIndex: 1, isRtcp: true, packet: VIDEO },
    ]);
    expect(talk.client.isStarted).toBe(false);
  });

  test('finds out whose packets they are when the server gives all tracks the same channels', () => {
    const talk = converse({
      ...CAMERA_SCRIPT,
      SETUP: '200 OK\nSession: 1\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1',
    });
    talk.say(serializeInterleavedPacket(0, VIDEO));
    expect(talk.lastEvent).toMatchObject({ type: 'packet', trackIndex: 0 });
    talk.say(serializeInterleavedPacket(2, Uint8Array.of(0x80, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9)));
    expect(talk.lastEvent).toMatchObject({ type: 'packet', trackIndex: 1 });
    expect(talk.client.strayPackets).toBe(0);
    talk.say(serializeInterleavedPacket(6, Uint8Array.of(1, 2, 3)));
    expect(talk.client.strayPackets).toBe(1);
  });

  test('goes on with the tracks that the server grants', () => {
    const talk = converse({
      ...CAMERA_SCRIPT,
      SETUP: ['404 Not Found', '200 OK\nSession: 42\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1'],
    });
    expect(talk.types).toEqual(['described', 'track-refused', 'track', 'started']);
    expect(talk.sent('SETUP', 'Transport')[1]).toBe('RTP/AVP/TCP;unicast;interleaved=0-1');
  });

  test('gives up when no track is granted', () => {
    const talk = converse({ ...CAMERA_SCRIPT, SETUP: ['404 Not Found', '453 Not Enough Bandwidth'] });
    expect(talk.types).toEqual(['described', 'track-refused', 'track-refused', 'refused']);
    expect(talk.lastEvent).toEqual({
      type: 'refused',
      method: 'SETUP',
      status: 453,
      reason: 'Not Enough Bandwidth',
    });
  });

  test('plays without a range when the server knows no beginning', () => {
    const talk = converse({ ...CAMERA_SCRIPT, PLAY: ['457 Invalid Range', '200 OK'] });
    expect(talk.sent('PLAY', 'Range')).toEqual(['npt=0.000-', undefined]);
    expect(talk.lastEvent?.type).toBe('started');
    const inVain = converse({ ...CAMERA_SCRIPT, PLAY: '457 Invalid Range' });
    expect(inVain.lastEvent).toMatchObject({ type: 'refused', method: 'PLAY', status: 457 });
  });
});

describe('the URLs of a player', () => {
  const withControls = (session: string, video: string): string =>
    CAMERA_SDP.replace('a=control:*', session).replace('a=control:trackID=0', video);

  test.each([
    ['no Content-Base', '', 'a=control:*', 'a=control:trackID=0', 'rtsp://h/a/trackID=0', 'rtsp://h/a'],
    [
      'Content-Location',
      '\nContent-Location: rtsp://h/b',
      'a=control:*',
      'a=control:t',
      'rtsp://h/b/t',
      'rtsp://h/b',
    ],
    [
      'Content-Base with another host and a user',
      '\nContent-Base: rtsp://x:y@10.0.0.1/a/',
      'a=control:*',
      'a=control:t',
      'rtsp://10.0.0.1/a/t',
      'rtsp://10.0.0.1/a/',
    ],
    [
      'an absolute control URL of another host',
      '',
      'a=tool:x',
      'a=control:rtsp://other/t?x=1',
      'rtsp://other/t?x=1',
      'rtsp://h/a',
    ],
    [
      'an absolute control URL of the session',
      '\nContent-Base: rtsp://h/a/',
      'a=control:rtsp://h/s',
      'a=control:t',
      'rtsp://h/s/t',
      'rtsp://h/s',
    ],
    [
      'a relative control URL of the session',
      '\nContent-Base: rtsp://h/a/',
      'a=control:all',
      'a=control:t',
      'rtsp://h/a/t',
      'rtsp://h/a/all',
    ],
    ['a track without control URL', '', 'a=control:*', 'a=x', 'rtsp://h/a', 'rtsp://h/a'],
    ['a track with *', '', 'a=control:*', 'a=control:*', 'rtsp://h/a', 'rtsp://h/a'],
  ])('with %s', (_, headers, session, video, setupUrl, playUrl) => {
    const script = { ...CAMERA_SCRIPT, DESCRIBE: describeWith(withControls(session, video), headers) };
    const { log } = converse(script).server;
    expect(log[2]).toBe(`SETUP ${setupUrl}`);
    expect(log[4]).toBe(`PLAY ${playUrl}`);
  });
});

describe('a publisher', () => {
  test('announces, sets up each track and records', () => {
    const talk = converse(RECORDER_SCRIPT, { publication: PUBLICATION });
    expect(talk.server.log).toEqual([
      'OPTIONS rtsp://h/a',
      'ANNOUNCE rtsp://h/a',
      'SETUP rtsp://h/a/trackID=0',
      'SETUP rtsp://h/a/trackID=1',
      'RECORD rtsp://h/a',
    ]);
    expect(talk.sent('ANNOUNCE', 'Content-Type')).toEqual(['application/sdp']);
    expect(new TextDecoder().decode(talk.server.requests[1]!.body)).toBe(CAMERA_SDP);
    expect(talk.sent('SETUP', 'Transport')).toEqual([
      'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record',
      'RTP/AVP/TCP;unicast;interleaved=2-3;mode=record',
    ]);
    expect(talk.types).toEqual(['track', 'track', 'started']);
    expect(talk.client.transportOf(1)).toEqual({ kind: 'tcp', channels: { rtp: 2, rtcp: 3 } });
  });

  test('uses the session that ANNOUNCE was answered with', () => {
    const script = { ...RECORDER_SCRIPT, ANNOUNCE: '200 OK\nSession: abc;timeout=20' };
    const talk = converse(script, { publication: PUBLICATION });
    expect(talk.sent('SETUP', 'Session')).toEqual(['abc', 'abc']);
    expect(talk.sent('RECORD', 'Session')).toEqual(['abc']);
  });

  test.each([
    ['ANNOUNCE', { ANNOUNCE: '403 Forbidden' }, 403, 'Forbidden'],
    ['SETUP', { SETUP: ['200 OK\nSession: 1', '500 No'] }, 500, 'No'],
    ['RECORD', { RECORD: '455 Method Not Valid in This State' }, 455, 'Method Not Valid in This State'],
  ])('gives up when %s is refused', (method, change, status, reason) => {
    const talk = converse({ ...RECORDER_SCRIPT, ...change }, { publication: PUBLICATION });
    expect(talk.lastEvent).toEqual({ type: 'refused', method, status, reason });
    expect(talk.client.isStarted).toBe(false);
  });

  test('over UDP has to be told where to send', () => {
    const script = {
      ...RECORDER_SCRIPT,
      SETUP: '200 OK\nTransport: RTP/AVP/UDP;unicast;client_port=5000-5001',
    };
    const talk = converse(script, { publication: PUBLICATION, transports: ['udp'] });
    expect(talk.lastEvent).toMatchObject({ type: 'refused', method: 'SETUP', status: 461 });
  });
});

describe('transports', () => {
  const UDP_REPLY = '200 OK\nSession: 42\nTransport: RTP/AVP;unicast;client_port=5000-5001';

  test('over UDP need ports, and may come without those of the server', () => {
    const script = {
      ...CAMERA_SCRIPT,
      SETUP: [UDP_REPLY, `${UDP_REPLY};server_port=7000-7001;source=192.0.2.9`],
    };
    const talk = converse(script, { transports: ['udp'] });
    expect(talk.types).toEqual(['described', 'ports-needed', 'track', 'ports-needed', 'track', 'started']);
    expect(talk.sent('SETUP', 'Transport')).toEqual([
      'RTP/AVP/UDP;unicast;client_port=5000-5001',
      'RTP/AVP/UDP;unicast;client_port=5002-5003',
    ]);
    expect(talk.client.transportOf(0)).toEqual({ kind: 'udp', serverPort: undefined, source: undefined });
    expect(talk.client.transportOf(1)).toEqual({
      kind: 'udp',
      serverPort: { rtp: 7000, rtcp: 7001 },
      source: '192.0.2.9',
    });
  });

  test.each([
    ['tcp', 'udp', 'RTP/AVP/UDP;unicast;client_port=5002-5003', UDP_REPLY],
    ['udp', 'tcp', 'RTP/AVP/TCP;unicast;interleaved=2-3', '200 OK\nSession: 42'],
  ] as const)(
    '%s that is not supported is followed by %s, which the next track asks for first',
    (first, second, last, reply) => {
      const script = { ...CAMERA_SCRIPT, SETUP: ['461 Unsupported transport', reply] };
      const talk = converse(script, { transports: [first, second] });
      expect(talk.lastEvent?.type).toBe('started');
      expect(talk.server.log.filter((line) => line.startsWith('SETUP'))).toHaveLength(3);
      expect(talk.sent('SETUP', 'Transport')[2]).toBe(last);
      expect(talk.client.transportOf(0)?.kind).toBe(second);
      expect(talk.client.transportOf(1)?.kind).toBe(second);
    },
  );

  test('may all be refused', () => {
    const talk = converse({ ...CAMERA_SCRIPT, SETUP: '461 Unsupported transport' });
    expect(talk.server.log.filter((line) => line.startsWith('SETUP'))).toHaveLength(4);
    expect(talk.lastEvent).toMatchObject({ type: 'refused', status: 461 });
  });

  test('other than UDP are tried when there are no ports', () => {
    const talk = new Conversation(CAMERA_SCRIPT, { transports: ['udp', 'tcp'] });
    talk.ports = () => undefined;
    talk.run();
    expect(talk.sent('SETUP', 'Transport')).toEqual([
      'RTP/AVP/TCP;unicast;interleaved=0-1',
      'RTP/AVP/TCP;unicast;interleaved=2-3',
    ]);
  });

  test('may fail without a request when there are no ports and nothing else', () => {
    const talk = new Conversation(CAMERA_SCRIPT, { transports: ['udp'] });
    talk.ports = () => undefined;
    talk.run();
    expect(talk.lastEvent).toMatchObject({ type: 'refused', method: 'SETUP', status: 461 });
    expect(talk.server.log).toHaveLength(2);
  });

  test.each([
    ['TCP although UDP was asked for', 'udp', 'RTP/AVP/TCP;unicast;interleaved=4-5', 'tcp'],
    ['UDP although TCP was asked for', 'tcp', 'RTP/AVP/UDP;unicast;server_port=7000-7001', undefined],
    ['nothing but the profile', 'tcp', 'RTP/AVP;unicast', 'tcp'],
    ['channels without the word TCP', 'tcp', 'RTP/AVP;unicast;interleaved=0-1', 'tcp'],
    ['multicast', 'udp', 'RTP/AVP;multicast;destination=224.0.0.1;port=1-2', undefined],
    ['nonsense', 'udp', 'what?', 'udp'],
  ] as const)('may be answered with %s', (_, kind, reply, expected) => {
    const script = { ...CAMERA_SCRIPT, SETUP: `200 OK\nSession: 1\nTransport: ${reply}` };
    const talk = converse(script, { transports: [kind] });
    expect(talk.client.transportOf(0)?.kind).toBe(expected);
    expect(talk.client.isStarted).toBe(expected !== undefined);
  });
});

describe('authentication', () => {
  const challenge = (nonce: string, more = ''): string =>
    `401 Unauthorized\nWWW-Authenticate: Digest realm="lal", nonce="${nonce}"${more}`;

  test('answers the challenge, and sends credentials with each request from then on', () => {
    const script = { ...CAMERA_SCRIPT, DESCRIBE: [challenge('1f'), CAMERA_SCRIPT['DESCRIBE'] as string] };
    const talk = converse(script, { auth: auth(CREDENTIALS) });
    expect(talk.lastEvent?.type).toBe('started');
    expect(talk.sent('OPTIONS', 'Authorization')).toEqual([undefined]);
    expect(talk.sent('DESCRIBE', 'Authorization')).toEqual([
      undefined,
      expect.stringContaining('uri="rtsp://h/a"'),
    ]);
    expect(talk.sent('SETUP', 'Authorization')[1]).toContain('uri="rtsp://h/a/trackID=1"');
    expect(talk.sent('PLAY', 'Authorization')[0]).toContain('uri="rtsp://h/a/"');
    expect(talk.server.requests.map(({ headers }) => headers.get('CSeq'))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
    ]);
  });

  test('takes a new nonce in the middle', () => {
    const script = {
      ...CAMERA_SCRIPT,
      OPTIONS: [challenge('1'), '200 OK'],
      PLAY: [challenge('2', ', stale=true'), challenge('3', ', stale=true'), '200 OK'],
    };
    const talk = converse(script, { auth: auth(CREDENTIALS) });
    expect(talk.lastEvent?.type).toBe('started');
    expect(talk.sent('PLAY', 'Authorization')[2]).toContain('nonce="3"');
  });

  test.each([
    ['without a user', undefined, challenge('1'), 1],
    ['with a wrong password', CREDENTIALS, challenge('1'), 2],
    ['with nonces that are always stale', CREDENTIALS, challenge('1', ', stale=true'), 4],
    ['with a scheme that is unknown', CREDENTIALS, '401 Unauthorized\nWWW-Authenticate: Negotiate', 1],
    ['without a challenge', CREDENTIALS, '401 Unauthorized', 1],
  ])('gives up %s', (_, credentials, answer, attempts) => {
    const talk = converse({ ...CAMERA_SCRIPT, DESCRIBE: answer }, { auth: auth(credentials) });
    expect(talk.sent('DESCRIBE', 'CSeq')).toHaveLength(attempts);
    expect(talk.lastEvent).toEqual({
      type: 'refused',
      method: 'DESCRIBE',
      status: 401,
      reason: 'Unauthorized',
    });
  });

  test.each(['OPTIONS', 'SETUP', 'PLAY'])('gives up at %s', (method) => {
    const talk = converse({ ...CAMERA_SCRIPT, [method]: challenge('1') }, { auth: auth(CREDENTIALS) });
    expect(talk.lastEvent).toMatchObject({ type: 'refused', method, status: 401 });
    expect(talk.sent(method, 'CSeq')).toHaveLength(2);
  });
});

describe('servers that', () => {
  test.each([
    ['301 Moved Permanently', 'DESCRIBE'],
    ['302 Moved Temporarily', 'DESCRIBE'],
    ['303 See Other', 'OPTIONS'],
    ['305 Use Proxy', 'DESCRIBE'],
    ['307 Temporary Redirect', 'SETUP'],
    ['308 Permanent Redirect', 'PLAY'],
  ])('redirect with %s at %s', (status, method) => {
    const talk = converse({ ...CAMERA_SCRIPT, [method]: `${status}\nLocation: rtsp://other/a` });
    expect(talk.lastEvent).toEqual({ type: 'redirect', location: 'rtsp://other/a' });
  });

  test('redirect to nowhere refuse', () => {
    const talk = converse({ ...CAMERA_SCRIPT, DESCRIBE: '302 Moved Temporarily' });
    expect(talk.lastEvent).toMatchObject({ type: 'refused', status: 302 });
  });

  test.each(['404 Not Found', '501 Not Implemented', '500 x'])('do not know OPTIONS: %s', (status) => {
    expect(converse({ ...CAMERA_SCRIPT, OPTIONS: status }).lastEvent?.type).toBe('started');
  });

  const headOf = (message: string): string => message.slice(0, message.indexOf('\r\n\r\n') + 4);
  const bodyOf = (message: string): string => message.slice(headOf(message).length);
  const answerWith = (change: (message: string) => string): RtspScript =>
    Object.fromEntries(
      Object.keys(CAMERA_SCRIPT).map((method) => {
        const entry = CAMERA_SCRIPT[method]!;
        const answers = (Array.isArray(entry) ? entry : [entry]) as readonly string[];
        return [method, answers.map((answer) => (request) => change(scriptedMessage(answer, request)))];
      }),
    );

  test.each<[string, (message: string) => string]>([
    ['count wrongly', (message) => message.replace(/CSeq: \d+/, 'CSeq: 1')],
    ['do not count', (message) => message.replace(/CSeq: \d+\r\n/, '')],
    [
      'write odd header names',
      (message) => message.replace('CSeq:', 'cseq :').replace('Session:', 'SESSION:'),
    ],
    ['give no reason', (message) => message.replace(' OK', '')],
    ['end lines with LF alone', (message) => headOf(message).replaceAll('\r\n', '\n') + bodyOf(message)],
    ['send line breaks between messages', (message) => `${message}\r\n\r\n`],
    ['say that they go on', (message) => `RTSP/1.0 100 Continue\r\n\r\n${message}`],
    ['say another version', (message) => message.replace('RTSP/1.0', 'RTSP/2.0')],
  ])('%s are understood', (_, change) => {
    expect(converse(answerWith(change)).lastEvent?.type).toBe('started');
  });

  test('name no session get none back', () => {
    const talk = converse({ ...CAMERA_SCRIPT, SETUP: '200 OK', PLAY: '200 OK' });
    expect(talk.lastEvent?.type).toBe('started');
    expect(talk.sent('PLAY', 'Session')).toEqual([undefined]);
    talk.client.end();
    expect(talk.client.takeOutput()).toEqual([]);
  });

  test('answer what nobody asked are ignored', () => {
    const talk = converse(CAMERA_SCRIPT).say('RTSP/1.0 500 Why\r\nCSeq: 99\r\n\r\n').run();
    expect(talk.lastEvent?.type).toBe('started');
    expect(talk.client.isStarted).toBe(true);
  });

  test.each([
    ['OPTIONS', '', 200, 'OPTIONS, ANNOUNCE, GET_PARAMETER, SET_PARAMETER, REDIRECT, TEARDOWN'],
    ['GET_PARAMETER', 'Content-Type: text/parameters\r\nContent-Length: 3\r\n', 200, undefined],
    ['SET_PARAMETER', '', 200, undefined],
    ['ANNOUNCE', '', 200, undefined],
    ['PLAY', '', 501, undefined],
    ['FROBNICATE', '', 501, undefined],
  ])('ask with %s are answered', (method, headers, status, methods) => {
    const talk = converse(CAMERA_SCRIPT);
    const body = headers.includes('Content-Length') ? 'a\r\n' : '';
    talk.say(`${method} * RTSP/1.0\r\nCSeq: 77\r\nSession: 42\r\n${headers}\r\n${body}`).run();
    const [response] = talk.server.responses;
    expect(response!.status).toBe(status);
    expect(response!.headers.get('CSeq')).toBe('77');
    expect(response!.headers.get('Session')).toBe('42');
    expect(response!.headers.get('Public')).toBe(methods);
    expect(talk.client.isStarted).toBe(true);
  });

  test('send REDIRECT are followed, those that send TEARDOWN are left', () => {
    const redirected = converse(CAMERA_SCRIPT);
    redirected.say('REDIRECT rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\nLocation: rtsp://other/\r\n\r\n').run();
    expect(redirected.lastEvent).toEqual({ type: 'redirect', location: 'rtsp://other/' });
    expect(redirected.server.responses[0]!.status).toBe(200);
    for (const method of ['TEARDOWN', 'REDIRECT']) {
      const stopped = converse(CAMERA_SCRIPT).say(`${method} rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n`).run();
      expect(stopped.lastEvent).toEqual({ type: 'stopped' });
      stopped.say(serializeInterleavedPacket(0, VIDEO));
      expect(stopped.lastEvent).toEqual({ type: 'stopped' });
    }
  });
});

describe('keep-alive', () => {
  const keptAlive = (methods: string, more: RtspScript = {}): Conversation => {
    const talk = converse({ ...CAMERA_SCRIPT, OPTIONS: `200 OK\nPublic: ${methods}`, ...more });
    talk.client.keepAlive();
    return talk.run();
  };

  test.each([
    ['OPTIONS, GET_PARAMETER, SET_PARAMETER', 'GET_PARAMETER'],
    ['get_parameter', 'GET_PARAMETER'],
    ['OPTIONS, DESCRIBE, SET_PARAMETER', 'OPTIONS'],
    ['DESCRIBE, SET_PARAMETER', 'SET_PARAMETER'],
    ['DESCRIBE', 'OPTIONS'],
    ['', 'OPTIONS'],
  ])('of a server that offers %s is %s', (methods, expected) => {
    const { server } = keptAlive(methods);
    expect(server.log[5]).toBe(`${expected} rtsp://h/a/`);
    expect(server.requests[5]!.headers.get('Session')).toBe('42');
  });

  test('is sent at half the session timeout', () => {
    const withTimeout = (timeout: string): number =>
      converse({ ...CAMERA_SCRIPT, SETUP: `200 OK\nSession: 1${timeout}` }).client.keepAliveIntervalMs;
    expect(withTimeout('')).toBe(30_000);
    expect(withTimeout(';timeout=10')).toBe(5000);
    expect(withTimeout(';timeout=0')).toBe(30_000);
    expect(withTimeout(';timeout=x')).toBe(30_000);
  });

  test('changes to OPTIONS when what the server offered is refused, and goes on when it is not answered', () => {
    const talk = keptAlive('GET_PARAMETER', {
      GET_PARAMETER: '501 Not Implemented',
      OPTIONS: ['200 OK\nPublic: GET_PARAMETER', ''],
    });
    for (let times = 0; times < 3; times += 1) {
      talk.client.keepAlive();
      talk.run();
    }
    expect(talk.server.log.slice(5).map((line) => line.split(' ')[0])).toEqual([
      'GET_PARAMETER',
      'OPTIONS',
      'OPTIONS',
      'OPTIONS',
    ]);
    expect(talk.client.isStarted).toBe(true);
  });

  test('answers a challenge too', () => {
    const script = {
      ...CAMERA_SCRIPT,
      OPTIONS: '401 x\nWWW-Authenticate: Basic realm="r"',
      GET_PARAMETER: ['401 x\nWWW-Authenticate: Basic realm="r"', '200 OK'],
    };
    const talk = new Conversation(
      { ...script, OPTIONS: CAMERA_SCRIPT['OPTIONS']! },
      { auth: auth(CREDENTIALS) },
    ).run();
    talk.client.keepAlive();
    talk.run();
    expect(talk.sent('GET_PARAMETER', 'Authorization')).toEqual([undefined, 'Basic bWU6c2VjcmV0']);
  });

  test('is not sent before the start or after the end', () => {
    const talk = new Conversation(CAMERA_SCRIPT);
    talk.client.takeOutput();
    talk.client.keepAlive();
    expect(talk.client.takeOutput()).toEqual([]);
  });
});

describe('the end', () => {
  test('is a TEARDOWN of the whole', () => {
    const talk = converse(CAMERA_SCRIPT);
    talk.client.end();
    talk.client.end();
    talk.run();
    expect(talk.server.log.slice(5)).toEqual(['TEARDOWN rtsp://h/a/']);
    expect(talk.sent('TEARDOWN', 'Session')).toEqual(['42']);
    talk.say(serializeInterleavedPacket(0, VIDEO));
    expect(talk.lastEvent?.type).toBe('started');
  });

  test('needs no words while there is no session', () => {
    const talk = new Conversation({ ...CAMERA_SCRIPT, DESCRIBE: '' }).run();
    talk.client.end();
    expect(talk.client.takeOutput()).toEqual([]);
  });
});

describe('what is refused with a code', () => {
  test.each([
    ['a description without media', 'v=0\r\ns=x\r\nt=0 0\r\n'],
    ['a description of encrypted media', CAMERA_SDP.replaceAll('RTP/AVP', 'RTP/SAVP')],
  ])('%s', (_, sdp) => {
    const script = { ...CAMERA_SCRIPT, DESCRIBE: describeWith(sdp) };
    expect(codeOf(() => converse(script))).toBe('ERR_RTSP_NO_TRACK');
  });

  test('a publication without tracks', () => {
    const publication = { sdp: CAMERA_SDP, controls: [] };
    expect(codeOf(() => converse(RECORDER_SCRIPT, { publication }))).toBe('ERR_RTSP_NO_TRACK');
  });

  test('a description that is none', () => {
    const script = { ...CAMERA_SCRIPT, DESCRIBE: '200 OK\n\n<html>' };
    expect(codeOf(() => converse(script))).toMatch(/^ERR_/);
  });

  test('an owner that wants nothing', () => {
    const talk = new Conversation(CAMERA_SCRIPT);
    talk.tracks = [];
    expect(codeOf(() => talk.run())).toBe('ERR_RTSP_NO_TRACK');
  });

  test('what is no RTSP, once, and then the connection is closed', () => {
    const { client } = new Conversation(CAMERA_SCRIPT);
    client.receive(new TextEncoder().encode('HTTP/1.1 200 OK\r\n\r\n'));
    expect(codeOf(() => client.nextEvent())).toBe('ERR_RTSP_START_LINE');
    client.receive(new TextEncoder().encode('RTSP/1.0 200 OK\r\n\r\n'));
    expect(client.nextEvent()).toBeUndefined();
  });
});

test('whatever a server sends, the client ends in a state or with a coded error, and never asks for ever', () => {
  const answers = Object.values(CAMERA_SCRIPT)
    .flat()
    .map((answer) =>
      new TextEncoder().encode(`RTSP/1.0 ${(answer as string).replaceAll('\n', '\r\n')}\r\n\r\n`),
    );
  const chunk = fc.oneof(
    damagedBytes(answers, 100),
    fc.constantFrom(...answers),
    fc.constant(serializeInterleavedPacket(0, VIDEO)),
    fc
      .constantFrom(
        '401 x\r\nWWW-Authenticate: Digest nonce=1',
        '461 x',
        '100 x',
        '302 x\r\nLocation: rtsp://h/',
      )
      .map((head) => new TextEncoder().encode(`RTSP/1.0 ${head}\r\n\r\n`)),
  );
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 30 }), fc.boolean(), (chunks, isPublisher) => {
      const talk = new Conversation(CAMERA_SCRIPT, {
        auth: auth(CREDENTIALS),
        publication: isPublisher ? PUBLICATION : undefined,
      });
      try {
        for (const bytes of chunks) {
          talk.say(bytes);
          expect(talk.client.takeOutput().length).toBeLessThan(40);
        }
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
      }
      expect(talk.client.requestsSent).toBeLessThan(100);
    }),
    { numRuns: 300 },
  );
});
