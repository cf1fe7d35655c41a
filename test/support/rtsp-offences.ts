/** What an RTSP client must not say, and how it is told so: over whatever carries its connection. */
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
} from './rtsp-wire.ts';

const text = (value: string): Buffer => Buffer.from(value, 'latin1');

export interface RtspOffence {
  readonly name: string;
  readonly bytes: () => Buffer;
  /** In the last reply. */
  readonly answer: string;
  /** Code and detail of the session's end; where there is none, the client may stay, and leaves by itself. */
  readonly end?: string;
}

/** What nobody can go on from. */
const fatal: readonly RtspOffence[] = [
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
  ...['-1', 'ten', '0x10', '1e3', '1 2'].map((length): RtspOffence => ({
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
const refused: readonly RtspOffence[] = [
  {
    name: 'two SETUPs on one track',
    bytes: () => conversation(announce('bad'), setup('bad', 0), setup('bad', 0), bare('OPTIONS', 'bad')),
    answer: '455 Method Not Valid in This State',
  },
  ...['/', '*', 'rtsp://127.0.0.1/', 'rtsp://127.0.0.1', '//', 'rtsp:///', '?'].map((uri): RtspOffence => ({
    name: `SETUP ${uri}`,
    bytes: () =>
      conversation(announce('bad'), {
        method: 'SETUP',
        uri,
        headers: { Transport: 'RTP/AVP/TCP;interleaved=0-1' },
      }),
    answer: '404 Not Found',
  })),
  ...['PLAY', 'RECORD', 'PAUSE', 'TEARDOWN', 'SETUP'].map((method): RtspOffence => ({
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
  ].map((transport): RtspOffence => ({
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

const badStreams: readonly RtspOffence[] = badNames.flatMap((name) => [
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

/** A stream named `bystander` must be there to be played. */
export const rtspOffences: readonly RtspOffence[] = [...fatal, ...refused, ...badStreams];
