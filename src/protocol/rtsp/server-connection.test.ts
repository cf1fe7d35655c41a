import { describe, expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { serializeInterleavedPacket } from './interleaved-packet.ts';
import { rtspRequest, serializeRtspRequest, type RtspResponse } from './rtsp-message.ts';
import { RtspReader } from './rtsp-reader.ts';
import { RtspServerConnection, type RtspServerConnectionOptions } from './server-connection.ts';
import type { RtspServerEvent, RtspServerSetupEvent } from './server-events.ts';

const URL = 'rtsp://192.0.2.1:5544/live/test110';
const SDP = bytesOf(
  'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=No Name\r\nt=0 0\r\n' +
    'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:streamid=0\r\n' +
    'm=audio 0 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\na=control:streamid=1\r\n',
);
const CONTROLS = ['streamid=0', 'streamid=1'];

type Headers = Record<string, string>;

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'utf8'));
}

/** Talks to a connection as a client does, and answers its events as told. */
class Client {
  readonly connection: RtspServerConnection;
  readonly #replies = new RtspReader();
  #sequence = 0;

  constructor(options: RtspServerConnectionOptions = {}) {
    this.connection = new RtspServerConnection({ sessionId: 'a1b2c3', ...options });
  }

  send(method: string, uri = URL, headers: Headers = {}, body?: Uint8Array): void {
    this.#sequence += 1;
    const request = rtspRequest(
      method,
      uri,
      [['CSeq', `${this.#sequence}`], ...Object.entries(headers)],
      body,
    );
    this.connection.receive(serializeRtspRequest(request));
  }

  events(): RtspServerEvent[] {
    const events: RtspServerEvent[] = [];
    for (let event = this.connection.nextEvent(); event !== undefined; event = this.connection.nextEvent()) {
      events.push(event);
    }
    return events;
  }

  /** The one event that a request leads to. */
  ask(method: string, uri = URL, headers: Headers = {}, body?: Uint8Array): RtspServerEvent {
    this.send(method, uri, headers, body);
    const [event, ...more] = this.events();
    expect(more).toEqual([]);
    return event!;
  }

  /** The reply to a request that is answered without the caller. */
  reply(method: string, uri = URL, headers: Headers = {}, body?: Uint8Array): RtspResponse {
    this.send(method, uri, headers, body);
    expect(this.events()).toEqual([]);
    return this.takeReply();
  }

  takeReplies(): RtspResponse[] {
    for (const bytes of this.connection.takeOutput()) this.#replies.receive(bytes);
    const replies: RtspResponse[] = [];
    for (let item = this.#replies.next(); item !== undefined; item = this.#replies.next()) {
      if (item.type === 'response') replies.push(item.response);
    }
    return replies;
  }

  takeReply(): RtspResponse {
    const replies = this.takeReplies();
    expect(replies).toHaveLength(1);
    return replies[0]!;
  }

  describe(): RtspResponse {
    this.ask('DESCRIBE');
    this.connection.acceptDescribe({ sdp: SDP, controls: CONTROLS });
    return this.takeReply();
  }

  announce(): RtspResponse {
    this.ask('ANNOUNCE', URL, { 'Content-Type': 'application/sdp' }, SDP);
    this.connection.acceptAnnounce();
    return this.takeReply();
  }

  setup(
    track: number,
    transport = `RTP/AVP/TCP;unicast;interleaved=${2 * track}-${2 * track + 1}`,
  ): RtspResponse {
    const event = this.ask('SETUP', `${URL}/streamid=${track}`, {
      Transport: transport,
    }) as RtspServerSetupEvent;
    const [offer] = event.offers;
    const isUdp = offer!.kind === 'udp';
    this.connection.acceptSetup(offer!, isUdp ? { serverPorts: { rtp: 30_000, rtcp: 30_001 } } : {});
    return this.takeReply();
  }

  play(): RtspResponse {
    this.ask('PLAY', `${URL}/`, { Session: 'a1b2c3', Range: 'npt=0.000-' });
    this.connection.acceptPlay();
    return this.takeReply();
  }

  record(): RtspResponse {
    this.ask('RECORD', URL, { Session: 'a1b2c3' });
    this.connection.acceptRecord();
    return this.takeReply();
  }
}

function clientThatPlays(): Client {
  const client = new Client();
  client.describe();
  client.setup(0);
  client.setup(1);
  client.play();
  return client;
}

function clientThatRecords(): Client {
  const client = new Client();
  client.announce();
  client.setup(0);
  client.setup(1);
  client.record();
  return client;
}

describe('a player', () => {
  test('learns what the server can do', () => {
    const client = new Client({ serverName: 'lal-ts/1', wallMs: () => 1_700_000_000_000 });
    const { status, headers } = client.reply('OPTIONS');
    expect(status).toBe(200);
    expect([...headers]).toEqual([
      ['CSeq', '1'],
      ['Date', 'Tue, 14 Nov 2023 22:13:20 GMT'],
      ['Server', 'lal-ts/1'],
      [
        'Public',
        'OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, PAUSE, RECORD, TEARDOWN, GET_PARAMETER, SET_PARAMETER',
      ],
    ]);
  });

  test('gets a description with a base that ends in a slash', () => {
    const client = new Client();
    const event = client.ask('DESCRIBE', URL, {
      Accept: 'application/sdp',
      Authorization: 'Basic x',
      'User-Agent': 'p',
    });
    expect(event).toEqual({
      type: 'describe',
      method: 'DESCRIBE',
      uri: URL,
      authorization: 'Basic x',
      userAgent: 'p',
    });
    client.connection.acceptDescribe({ sdp: SDP, controls: CONTROLS });
    const { headers, body } = client.takeReply();
    expect([...headers]).toEqual([
      ['CSeq', '1'],
      ['Content-Base', `${URL}/`],
      ['Content-Type', 'application/sdp'],
      ['Content-Length', `${SDP.length}`],
    ]);
    expect(body).toEqual(SDP);
    expect(client.connection.state).toBe('described');
  });

  test('sets up tracks on the channels it asks for, plays, pauses, plays on and ends', () => {
    const client = new Client();
    client.describe();
    const setup = client.setup(0);
    expect(setup.headers.get('Session')).toBe('a1b2c3;timeout=60');
    expect(setup.headers.get('Transport')).toBe('RTP/AVP/TCP;unicast;interleaved=0-1');
    expect(client.connection.state).toBe('ready to play');
    client.setup(1);
    const play = client.play();
    expect([...play.headers]).toEqual([
      ['CSeq', '4'],
      ['Session', 'a1b2c3'],
      ['Range', 'npt=0.000-'],
    ]);
    expect(client.connection.state).toBe('playing');
    expect(client.ask('PAUSE')).toEqual({ type: 'pause' });
    expect(client.takeReply().status).toBe(200);
    expect(client.connection.state).toBe('paused');
    expect(client.ask('PLAY')).toEqual({ type: 'play', range: undefined });
    client.connection.acceptPlay();
    client.takeReply();
    expect(client.ask('TEARDOWN')).toEqual({ type: 'teardown' });
    expect([...client.takeReply().headers]).toEqual([
      ['CSeq', '7'],
      ['Session', 'a1b2c3'],
      ['Connection', 'close'],
    ]);
    expect(client.connection.state).toBe('ended');
    client.send('OPTIONS');
    expect(client.events()).toEqual([]);
    expect(client.connection.pendingBytes).toBe(0);
  });

  test('is told of each track what is known of its first packet', () => {
    const client = new Client();
    client.describe();
    client.setup(0);
    client.setup(1);
    client.ask('PLAY', URL, { Range: 'clock=20240101T000000Z-' });
    client.connection.acceptPlay([
      { trackIndex: 1, sequenceNumber: 7, timestamp: 4_000_000_000 },
      { trackIndex: 5 },
    ]);
    expect(client.takeReply().headers.get('RTP-Info')).toBe(`url=${URL}/streamid=1;seq=7;rtptime=4000000000`);
  });

  test('hears of the SSRC and of our ports', () => {
    const client = new Client();
    client.describe();
    const event = client.ask('SETUP', `${URL}/streamid=0`, {
      Transport: 'RTP/AVP;unicast;client_port=5000-5001',
    });
    expect(event).toEqual({
      type: 'setup',
      mode: 'play',
      trackIndex: 0,
      offers: [{ kind: 'udp', clientPorts: { rtp: 5000, rtcp: 5001 }, specifier: 'RTP/AVP' }],
    });
    client.connection.acceptSetup((event as RtspServerSetupEvent).offers[0]!, {
      serverPorts: { rtp: 30_000, rtcp: 30_001 },
      ssrc: 1,
    });
    expect(client.takeReply().headers.get('Transport')).toBe(
      'RTP/AVP;unicast;client_port=5000-5001;server_port=30000-30001;ssrc=00000001',
    );
  });

  test('that asks to play again is just told that it does', () => {
    const client = clientThatPlays();
    expect(client.reply('PLAY', URL, { Range: 'npt=now-' }).headers.get('Range')).toBe('npt=0.000-');
  });

  test('that pauses again is told so, without an event', () => {
    const client = clientThatPlays();
    client.ask('PAUSE');
    client.takeReply();
    expect(client.reply('PAUSE').status).toBe(200);
  });

  test('may set up another track while it pauses', () => {
    const client = new Client();
    client.describe();
    client.setup(0);
    client.play();
    client.ask('PAUSE');
    client.takeReply();
    client.setup(1);
    expect(client.connection.state).toBe('paused');
    expect(client.connection.tracks.map(({ trackIndex }) => trackIndex)).toEqual([0, 1]);
  });

  test('that asks again for the description of what it plays gets the same one', () => {
    const client = clientThatPlays();
    const { headers, body } = client.reply('DESCRIBE', `${URL}/`);
    expect(headers.get('Content-Base')).toBe(`${URL}/`);
    expect(body).toEqual(SDP);
    expect(client.reply('DESCRIBE', 'rtsp://h/live/other').status).toBe(455);
  });

  test('may look at several streams before it sets one up', () => {
    const client = new Client();
    client.describe();
    client.ask('DESCRIBE', 'rtsp://h/live/other');
    client.connection.acceptDescribe({ sdp: SDP, controls: ['x'] });
    client.takeReply();
    expect(client.reply('SETUP', `${URL}/streamid=0`, { Transport: 'RTP/AVP/TCP' }).status).toBe(404);
    expect(client.ask('SETUP', 'rtsp://h/live/other/x', { Transport: 'RTP/AVP/TCP' })).toMatchObject({
      trackIndex: 0,
    });
  });

  test('may send reports', () => {
    const client = clientThatPlays();
    client.connection.receive(serializeInterleavedPacket(1, bytesOf('report')));
    expect(client.events()).toEqual([{ type: 'interleaved', channel: 1, data: bytesOf('report') }]);
  });

  test('is asked for credentials, by as many headers as there are ways', () => {
    const client = new Client();
    client.ask('DESCRIBE');
    client.connection.challenge(['Digest realm="lal", nonce="1"', 'Basic realm="lal"']);
    const reply = client.takeReply();
    expect(reply.status).toBe(401);
    expect(reply.headers.getAll('WWW-Authenticate')).toEqual([
      'Digest realm="lal", nonce="1"',
      'Basic realm="lal"',
    ]);
    expect(client.ask('DESCRIBE', URL, { Authorization: 'Basic dQ==' })).toMatchObject({
      authorization: 'Basic dQ==',
    });
  });
});

describe('a publisher', () => {
  test('announces, sets up, records, pauses, records on and ends', () => {
    const client = new Client();
    const event = client.ask('ANNOUNCE', URL, { 'Content-Type': 'application/sdp' }, SDP);
    expect(event).toMatchObject({
      type: 'announce',
      uri: URL,
      sdp: SDP,
      description: { media: [{ control: 'streamid=0' }, {}] },
    });
    client.connection.acceptAnnounce();
    expect([...client.takeReply().headers]).toEqual([['CSeq', '1']]);
    expect(client.setup(0, 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record').headers.get('Transport')).toBe(
      'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record',
    );
    expect(client.connection.state).toBe('ready to record');
    expect(client.record().headers.get('Session')).toBe('a1b2c3');
    expect(client.connection.state).toBe('recording');
    expect(client.reply('RECORD').status).toBe(200);
    expect(client.ask('PAUSE')).toEqual({ type: 'pause' });
    client.takeReply();
    expect(client.connection.state).toBe('ready to record');
    client.record();
    expect(client.ask('TEARDOWN')).toEqual({ type: 'teardown' });
  });

  test('may name no content type, as lal does', () => {
    expect(new Client().ask('ANNOUNCE', URL, {}, SDP)).toMatchObject({ type: 'announce' });
  });

  test('may send over UDP without naming its ports', () => {
    const client = new Client();
    client.announce();
    expect(
      client.ask('SETUP', `${URL}/streamid=0`, { Transport: 'RTP/AVP/UDP;unicast;mode=record' }),
    ).toMatchObject({
      mode: 'record',
      offers: [{ kind: 'udp', clientPorts: undefined }],
    });
  });

  test('has packets of any size once it records; earlier ones are small, and nobody cares for them', () => {
    const client = new Client();
    client.announce();
    client.setup(0);
    client.connection.receive(serializeInterleavedPacket(0, new Uint8Array(100)));
    expect(client.events()).toEqual([]);
    client.record();
    client.connection.receive(serializeInterleavedPacket(0, new Uint8Array(65_535)));
    expect(client.events()).toMatchObject([{ type: 'interleaved', channel: 0, data: { length: 65_535 } }]);
  });

  test('that sends ahead of the answer to RECORD loses nothing', () => {
    const client = new Client();
    client.announce();
    client.setup(0);
    client.send('RECORD');
    client.connection.receive(serializeInterleavedPacket(0, new Uint8Array(60_000)));
    expect(client.events()).toEqual([{ type: 'record' }]);
    expect(client.connection.pendingBytes).toBe(60_004);
    client.connection.acceptRecord();
    expect(client.events()).toMatchObject([{ type: 'interleaved' }]);
  });

  test('that tears down in mid-recording is done', () => {
    const client = clientThatRecords();
    client.send('TEARDOWN');
    client.connection.receive(serializeInterleavedPacket(0, new Uint8Array(10)));
    expect(client.events()).toEqual([{ type: 'teardown' }]);
    expect(client.takeReply().status).toBe(200);
  });
});

describe('transports', () => {
  test('channels that are taken, or make no sense, are replaced by free ones', () => {
    const client = new Client();
    client.describe();
    expect(client.setup(0, 'RTP/AVP/TCP;unicast;interleaved=2-3').headers.get('Transport')).toContain(
      'interleaved=2-3',
    );
    expect(client.setup(1, 'RTP/AVP/TCP;unicast;interleaved=3-4').headers.get('Transport')).toContain(
      'interleaved=0-1',
    );
  });

  test('without channels the lowest are given', () => {
    const client = new Client();
    client.describe();
    client.setup(0, 'RTP/AVP/TCP;unicast');
    expect(client.setup(1, 'RTP/AVP/TCP;interleaved=999-1000').headers.get('Transport')).toContain(
      'interleaved=2-3',
    );
  });

  test('of alternatives those are offered that can be had, in order', () => {
    const client = new Client();
    client.describe();
    const Transport =
      'RTP/SAVP;unicast;client_port=1-2,RTP/AVP;multicast,RTP/AVP;unicast,RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP';
    const { offers } = client.ask('SETUP', `${URL}/streamid=0`, { Transport }) as RtspServerSetupEvent;
    expect(offers.map(({ kind }) => kind)).toEqual(['udp', 'interleaved']);
  });

  test.each([
    ['multicast', 'RTP/AVP;multicast;ttl=16'],
    ['encrypted media', 'RTP/SAVP;unicast;client_port=5000-5001'],
    ['UDP without ports for a player', 'RTP/AVP;unicast'],
    ['what is no transport', 'x'],
  ])('%s gets 461', (_name, Transport) => {
    const client = new Client();
    client.describe();
    expect(client.reply('SETUP', `${URL}/streamid=0`, { Transport }).status).toBe(461);
    expect(client.connection.state).toBe('described');
  });

  test('UDP gets 461 where it is not allowed', () => {
    const client = new Client({ allowUdp: false });
    client.describe();
    const Transport = 'RTP/AVP;unicast;client_port=5000-5001';
    expect(client.reply('SETUP', `${URL}/streamid=0`, { Transport }).status).toBe(461);
  });

  test('a session is all TCP or all UDP', () => {
    const client = new Client();
    client.describe();
    client.setup(0);
    const Transport = 'RTP/AVP;unicast;client_port=5000-5001';
    expect(client.reply('SETUP', `${URL}/streamid=1`, { Transport }).status).toBe(461);
    client.setup(1);
  });

  test('more tracks than there are channels get 461', () => {
    const client = new Client();
    client.ask('DESCRIBE');
    const controls = Array.from({ length: 130 }, (_, index) => `t${index}`);
    client.connection.acceptDescribe({ sdp: SDP, controls });
    client.takeReply();
    const statuses = controls.map((control) => {
      client.send('SETUP', `${URL}/${control}`, { Transport: 'RTP/AVP/TCP' });
      for (const event of client.events())
        client.connection.acceptSetup((event as RtspServerSetupEvent).offers[0]!);
      return client.takeReply().status;
    });
    expect(statuses.filter((status) => status === 200)).toHaveLength(128);
    expect(statuses.slice(128)).toEqual([461, 461]);
  });
});

describe('a request that is wrong is refused in RTSP, and the client may go on', () => {
  test.each<[number, string, string, Headers, string?]>([
    [505, 'OPTIONS', '*', {}, '2.0'],
    [551, 'OPTIONS', '*', { Require: 'play.basic, com.example.x' }],
    [551, 'SETUP', `${URL}/streamid=0`, { 'Proxy-Require': 'gzipped-messages' }],
    [501, 'REDIRECT', URL, {}],
    [501, 'PLAY_NOTIFY', URL, {}],
    [501, 'options', URL, {}],
    [454, 'PLAY', URL, { Session: 'other' }],
    [454, 'TEARDOWN', URL, { Session: 'a1b2c3' }],
    [455, 'PLAY', URL, {}],
    [455, 'PAUSE', URL, {}],
    [455, 'RECORD', URL, {}],
    [455, 'TEARDOWN', URL, {}],
    [406, 'DESCRIBE', URL, { Accept: 'application/xml, text/html' }],
    [415, 'ANNOUNCE', URL, { 'Content-Type': 'text/parameters' }],
    [400, 'ANNOUNCE', URL, { 'Content-Type': 'application/sdp' }],
    [404, 'SETUP', 'rtsp://192.0.2.1/', { Transport: 'RTP/AVP/TCP' }],
    [404, 'SETUP', '/', { Transport: 'RTP/AVP/TCP' }],
    [404, 'SETUP', '*', { Transport: 'RTP/AVP/TCP' }],
    [404, 'SETUP', `${URL}/nothing`, { Transport: 'RTP/AVP/TCP' }],
    [459, 'SETUP', URL, { Transport: 'RTP/AVP/TCP' }],
    [400, 'SETUP', `${URL}/streamid=0`, {}],
  ])('%i for %s %s %o', (status, method, uri, headers, version = '1.0') => {
    const client = new Client();
    client.describe();
    const request = serializeRtspRequest(
      rtspRequest(method, uri, [['CSeq', '77'], ...Object.entries(headers)]),
    );
    client.connection.receive(
      bytesOf(Buffer.from(request).toString().replace('RTSP/1.0', `RTSP/${version}`)),
    );
    expect(client.events()).toEqual([]);
    const reply = client.takeReply();
    expect(reply.status).toBe(status);
    expect(reply.headers.get('CSeq')).toBe('77');
    expect(client.connection.state).toBe('described');
    client.setup(0);
  });

  test('what is not valid in a state is told together with what is', () => {
    const client = new Client();
    expect(client.reply('PLAY').headers.get('Allow')).toBe(
      'DESCRIBE, ANNOUNCE, OPTIONS, GET_PARAMETER, SET_PARAMETER',
    );
    expect(client.reply('SETUP', URL, { Transport: 'RTP/AVP/TCP' }).status).toBe(455);
  });

  test('an option that is not supported is named', () => {
    const reply = new Client().reply('OPTIONS', '*', { Require: 'play.basic, com.example.X' });
    expect(reply.headers.get('Unsupported')).toBe('com.example.X');
  });

  test('RTSP 2.0 is refused without harm, 1.1 answered, and headers of 2.0 are passed over', () => {
    const client = new Client();
    const twos = {
      'Accept-Ranges': 'npt',
      'Media-Properties': 'Time-Progressing',
      'Pipelined-Requests': '7',
      Supported: 'play.basic',
    };
    expect(client.ask('DESCRIBE', URL, twos)).toMatchObject({ type: 'describe' });
    client.connection.reject(404);
    expect(client.takeReply().status).toBe(404);
    client.connection.receive(bytesOf('OPTIONS * RTSP/1.1\r\n\r\n'));
    client.events();
    expect(client.takeReply().status).toBe(200);
  });

  test('two SETUPs of one track: the second is not valid', () => {
    const client = new Client();
    client.describe();
    client.setup(0);
    const reply = client.reply('SETUP', `${URL}/streamid=0`, { Transport: 'RTP/AVP/TCP', Session: 'a1b2c3' });
    expect(reply.status).toBe(455);
    expect(client.connection.tracks).toHaveLength(1);
  });

  test('tracks that were set up together are played together', () => {
    const client = new Client();
    client.describe();
    client.setup(0);
    client.setup(1);
    expect(client.reply('PLAY', `${URL}/streamid=1`).status).toBe(460);
    client.play();
    expect(client.reply('PAUSE', `${URL}/streamid=1`).status).toBe(460);
    expect(client.reply('TEARDOWN', `${URL}/streamid=1`).status).toBe(460);
    expect(client.connection.state).toBe('playing');
  });

  test('a single track may be played by its own URI', () => {
    const client = new Client();
    client.describe();
    client.setup(1);
    expect(client.ask('PLAY', `${URL}/streamid=1`)).toMatchObject({ type: 'play' });
  });

  test('a range that is none gets 457', () => {
    const client = new Client();
    client.describe();
    client.setup(0);
    expect(client.reply('PLAY', URL, { Range: 'npt=yesterday-' }).status).toBe(457);
    client.play();
  });

  test('parameters that nobody has get 451, and none keep the session alive', () => {
    const client = clientThatPlays();
    expect(
      client.reply('GET_PARAMETER', URL, { 'Content-Type': 'text/parameters' }, bytesOf('jitter\r\n')).status,
    ).toBe(451);
    expect(client.reply('SET_PARAMETER', URL, {}, bytesOf('a: b\r\n')).status).toBe(451);
    expect(client.reply('SET_PARAMETER', URL, {}, bytesOf('\r\n')).status).toBe(200);
    const reply = client.reply('GET_PARAMETER', URL, { Session: 'a1b2c3' });
    expect([reply.status, reply.headers.get('Session')]).toEqual([200, 'a1b2c3']);
  });

  test('a description that cannot be read, or has no media, gets 400', () => {
    const client = new Client();
    expect(client.reply('ANNOUNCE', URL, {}, bytesOf('hello')).status).toBe(400);
    expect(client.reply('ANNOUNCE', URL, {}, bytesOf('v=0\r\ns=x\r\n')).status).toBe(400);
    client.announce();
  });

  test('a publisher neither plays nor announces again', () => {
    const client = clientThatRecords();
    expect(client.reply('PLAY').status).toBe(455);
    expect(client.reply('DESCRIBE').status).toBe(455);
    expect(client.reply('ANNOUNCE', URL, {}, SDP).status).toBe(455);
    expect(client.connection.state).toBe('recording');
  });
});

describe('what devices do', () => {
  test('a request without CSeq is answered without', () => {
    const connection = new RtspServerConnection();
    connection.receive(bytesOf('OPTIONS * RTSP/1.0\r\n\r\n'));
    connection.nextEvent();
    expect(Buffer.concat(connection.takeOutput()).toString()).toMatch(/^RTSP\/1\.0 200 OK\r\nPublic: /);
  });

  test.each(['1 2', 'a;b', '9'.repeat(65), 'x\rSet-Cookie: y'])('a CSeq of %j is not echoed', (sequence) => {
    const connection = new RtspServerConnection();
    connection.receive(bytesOf(`OPTIONS * RTSP/1.0\r\nCSeq: ${sequence}\r\n\r\n`));
    connection.nextEvent();
    expect(Buffer.concat(connection.takeOutput()).toString()).not.toContain('CSeq');
  });

  test('a session that is not named is taken as the one there is, and its parameters are passed over', () => {
    const client = clientThatPlays();
    expect(client.reply('GET_PARAMETER').status).toBe(200);
    expect(client.reply('GET_PARAMETER', URL, { Session: 'a1b2c3;timeout=60' }).status).toBe(200);
  });

  test('one media without a control value is set up by the URI of the whole', () => {
    const client = new Client();
    client.ask('ANNOUNCE', URL, {}, bytesOf('v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n'));
    client.connection.acceptAnnounce();
    client.takeReply();
    expect(client.ask('SETUP', `${URL}/`, { Transport: 'RTP/AVP/TCP' })).toMatchObject({ trackIndex: 0 });
  });

  test('several without one are set up in order', () => {
    const client = new Client();
    client.ask('ANNOUNCE', URL, {}, bytesOf('v=0\r\nm=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\n'));
    client.connection.acceptAnnounce();
    const indices = [0, 1].map(() => {
      const event = client.ask('SETUP', URL, { Transport: 'RTP/AVP/TCP' }) as RtspServerSetupEvent;
      client.connection.acceptSetup(event.offers[0]!);
      return event.trackIndex;
    });
    expect(indices).toEqual([0, 1]);
    client.takeReplies();
    expect(client.reply('SETUP', URL, { Transport: 'RTP/AVP/TCP' }).status).toBe(459);
  });

  test('responses to nothing are passed over', () => {
    const client = new Client();
    client.connection.receive(bytesOf('RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n'));
    expect(client.events()).toEqual([]);
    expect(client.takeReplies()).toEqual([]);
  });
});

describe('requests that come while one is being decided', () => {
  test('wait, in order, and are answered afterwards', () => {
    const client = new Client();
    client.send('DESCRIBE');
    client.send('OPTIONS');
    client.send('SETUP', `${URL}/streamid=0`, { Transport: 'RTP/AVP/TCP' });
    expect(client.events()).toMatchObject([{ type: 'describe' }]);
    client.send('GET_PARAMETER');
    expect(client.events()).toEqual([]);
    expect(client.takeReplies()).toEqual([]);
    expect(client.connection.pendingBytes).toBeGreaterThan(100);
    client.connection.acceptDescribe({ sdp: SDP, controls: CONTROLS });
    expect(client.events()).toMatchObject([{ type: 'setup' }]);
    client.connection.reject(503);
    expect(client.events()).toEqual([]);
    expect(client.takeReplies().map(({ status, headers }) => `${headers.get('CSeq')} ${status}`)).toEqual([
      '1 200',
      '2 200',
      '3 503',
      '4 200',
    ]);
  });

  test('an answer that nobody waits for is the caller’s mistake', () => {
    const { connection } = new Client();
    expect(() => connection.acceptAnnounce()).toThrow(TypeError);
    expect(() => connection.acceptPlay()).toThrow(TypeError);
    expect(() => connection.acceptRecord()).toThrow(TypeError);
    expect(() => connection.acceptDescribe({ sdp: SDP, controls: [] })).toThrow(TypeError);
    expect(() => connection.reject(404)).toThrow(TypeError);
  });
});

describe('what cannot be gone on from is answered once, and ends the connection', () => {
  test.each([
    ['no RTSP at all', 'hello\r\n\r\n', 400, 'ERR_RTSP_START_LINE'],
    ['a start line without end', 'x'.repeat(10_000), 414, 'ERR_RTSP_START_LINE_TOO_LONG'],
    [
      'headers without end',
      `OPTIONS * RTSP/1.0\r\n${'a: b\r\n'.repeat(4000)}`,
      400,
      'ERR_RTSP_HEAD_TOO_LARGE',
    ],
    [
      'a body beyond the limit',
      'ANNOUNCE a RTSP/1.0\r\nContent-Length: 1048576\r\n\r\n',
      413,
      'ERR_RTSP_BODY_TOO_LARGE',
    ],
    ['an interleaved packet beyond the limit', '$\0\x7f\x7f', 400, 'ERR_RTSP_INTERLEAVED_TOO_LARGE'],
  ])('%s', (_name, text, status, code) => {
    const client = new Client();
    client.connection.receive(bytesOf(text));
    expect(codeOf(() => client.events())).toBe(code);
    expect(client.takeReply().status).toBe(status);
    expect(client.connection.state).toBe('ended');
    client.send('OPTIONS');
    expect(client.events()).toEqual([]);
  });
});
