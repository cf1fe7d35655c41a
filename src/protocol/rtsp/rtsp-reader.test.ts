import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { toHex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { serializeInterleavedPacket } from './interleaved-packet.ts';
import {
  rtspRequest,
  rtspResponse,
  serializeRtspRequest,
  serializeRtspResponse,
  type RtspRequest,
  type RtspResponse,
} from './rtsp-message.ts';
import { RtspReader, type RtspReaderItem } from './rtsp-reader.ts';

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'utf8'));
}

function readAll(pieces: readonly Uint8Array[], reader: RtspReader = new RtspReader()): RtspReaderItem[] {
  const items: RtspReaderItem[] = [];
  for (const piece of pieces) {
    reader.receive(piece);
    for (let item = reader.next(); item !== undefined; item = reader.next()) items.push(item);
  }
  return items;
}

/** One line an item, with all that is in it. */
function textOf(item: RtspReaderItem): string {
  if (item.type === 'interleaved') return `$${item.channel} ${toHex(item.data)}`.trimEnd();
  if (item.type === 'request') {
    const { method, uri } = item.request;
    return `${method} ${uri} ${item.version} ${contentOf(item.request)}`.trimEnd();
  }
  const { status, reason } = item.response;
  return `${status} ${reason} ${contentOf(item.response)}`.trimEnd();
}

function contentOf({ headers, body }: RtspRequest | RtspResponse): string {
  return `${[...headers].map(([name, value]) => `[${name}: ${value}]`).join('')} ${Buffer.from(body).toString()}`;
}

const VECTORS: { name: string; bytes: Uint8Array; items: string[] }[] = [
  {
    name: 'a request',
    bytes: bytesOf('OPTIONS rtsp://h/live/a RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: x y\r\n\r\n'),
    items: ['OPTIONS rtsp://h/live/a 1.0 [CSeq: 1][User-Agent: x y]'],
  },
  {
    name: 'a request with a body, and one behind it',
    bytes: bytesOf('ANNOUNCE a RTSP/1.0\r\ncontent-length: 3\r\n\r\nv=0PLAY b RTSP/1.0\r\n\r\n'),
    items: ['ANNOUNCE a 1.0 [content-length: 3] v=0', 'PLAY b 1.0'],
  },
  {
    name: 'responses, one without a reason',
    bytes: bytesOf('RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nRTSP/1.0 461\r\n\r\n'),
    items: ['200 OK [CSeq: 1]', '461'],
  },
  {
    name: 'lines that end in LF alone, and empty lines between messages',
    bytes: bytesOf('\r\n\nPLAY a RTSP/1.0\nCSeq: 1\n\n\r\n\r\nPAUSE a RTSP/1.0\n\n'),
    items: ['PLAY a 1.0 [CSeq: 1]', 'PAUSE a 1.0'],
  },
  {
    name: 'interleaved packets between messages, one of them empty',
    bytes: Uint8Array.from([
      ...serializeInterleavedPacket(0, Uint8Array.of(1, 2, 3)),
      ...bytesOf('PLAY a RTSP/1.0\r\n\r\n\r\n'),
      ...serializeInterleavedPacket(255, new Uint8Array(0)),
      ...serializeInterleavedPacket(1, bytesOf('\r\n$')),
    ]),
    items: ['$0 010203', 'PLAY a 1.0', '$255', '$1 0d0a24'],
  },
  {
    name: 'folded values, and values that are just broken into lines',
    bytes: bytesOf(
      'SETUP a RTSP/1.0\r\nAuthorization: Digest username="u",\r\n  realm="r",\r\n\tnonce="n"\r\n' +
        'Transport: RTP/AVP;unicast;\r\nclient_port=5000-5001\r\nCSeq: 2\r\n\r\n',
    ),
    items: [
      'SETUP a 1.0 [Authorization: Digest username="u", realm="r", nonce="n"]' +
        '[Transport: RTP/AVP;unicast;client_port=5000-5001][CSeq: 2]',
    ],
  },
  {
    name: 'a line that is no field and follows none',
    bytes: bytesOf('PLAY a RTSP/1.0\r\nnonsense\r\nCSeq: 1\r\n\r\n'),
    items: ['PLAY a 1.0 [CSeq: 1]'],
  },
  {
    name: 'names in any case, with spaces behind, and values without a space before',
    bytes: bytesOf('PLAY a RTSP/1.0\r\ncSEQ : 1\r\nSession:2\r\nRange:\r\n\r\n'),
    items: ['PLAY a 1.0 [cSEQ: 1][Session: 2][Range: ]'],
  },
  {
    name: 'a URI with spaces, and more spaces around it',
    bytes: bytesOf('DESCRIBE  rtsp://h/my stream  rtsp/2.0 \r\n\r\n'),
    items: ['DESCRIBE rtsp://h/my stream 2.0'],
  },
  {
    name: 'letters beyond ASCII',
    bytes: bytesOf('PLAY rtsp://h/摄像头 RTSP/1.0\r\nUser-Agent: é\r\n\r\n'),
    items: ['PLAY rtsp://h/摄像头 1.0 [User-Agent: é]'],
  },
  {
    name: 'an empty Content-Length',
    bytes: bytesOf('PLAY a RTSP/1.0\r\nContent-Length:\r\n\r\n'),
    items: ['PLAY a 1.0 [Content-Length: ]'],
  },
];

test.each(VECTORS)('reads $name, however it is cut', ({ bytes, items }) => {
  const untouched = bytes.slice();
  for (const pieces of splitEveryWay(bytes)) expect(readAll(pieces).map(textOf)).toEqual(items);
  expect(bytes).toEqual(untouched);
});

test('what lies in one piece is a view of it', () => {
  const bytes = serializeInterleavedPacket(0, Uint8Array.of(1, 2, 3));
  const [packet] = readAll([bytes]);
  expect(packet?.type === 'interleaved' && packet.data.buffer).toBe(bytes.buffer);
});

describe('what breaks the protocol', () => {
  test.each([
    ['no version', 'OPTIONS *\r\n\r\n', 'ERR_RTSP_START_LINE'],
    ['no URI', 'OPTIONS RTSP/1.0\r\n\r\n', 'ERR_RTSP_START_LINE'],
    ['no method', ' RTSP/1.0\r\n\r\n', 'ERR_RTSP_START_LINE'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'ERR_RTSP_START_LINE'],
    ['a status of two digits', 'RTSP/1.0 20 OK\r\n\r\n', 'ERR_RTSP_START_LINE'],
    ['a control character in the URI', 'PLAY a\rb RTSP/1.0\r\n\r\n', 'ERR_RTSP_START_LINE'],
    ['a start line without end', 'x'.repeat(8193), 'ERR_RTSP_START_LINE_TOO_LONG'],
    ['headers without end', `PLAY a RTSP/1.0\r\n${'a: b\r\n'.repeat(3000)}`, 'ERR_RTSP_HEAD_TOO_LARGE'],
    [
      'a hundred and one headers',
      `PLAY a RTSP/1.0\r\n${'a: b\r\n'.repeat(101)}\r\n`,
      'ERR_RTSP_HEAD_TOO_LARGE',
    ],
    ['a length that is none', 'PLAY a RTSP/1.0\r\nContent-Length: -1\r\n\r\n', 'ERR_RTSP_CONTENT_LENGTH'],
    [
      'a body beyond the limit',
      'PLAY a RTSP/1.0\r\nContent-Length: 262145\r\n\r\n',
      'ERR_RTSP_BODY_TOO_LARGE',
    ],
    [
      'a length beyond all numbers',
      `PLAY a RTSP/1.0\r\nContent-Length: ${'9'.repeat(99)}\r\n\r\n`,
      'ERR_RTSP_CONTENT_LENGTH',
    ],
  ])('%s', (_name, text, code) => {
    expect(codeOf(() => readAll([bytesOf(text)]))).toBe(code);
    expect(codeOf(() => readAll(Array.from(bytesOf(text), (byte) => Uint8Array.of(byte))))).toBe(code);
  });

  test('an interleaved packet beyond the limit, before its bytes are awaited', () => {
    const reader = new RtspReader({ maxBodyBytes: 10, maxInterleavedBytes: 10 });
    reader.receive(Uint8Array.of(0x24, 0, 0, 11));
    expect(codeOf(() => reader.next())).toBe('ERR_RTSP_INTERLEAVED_TOO_LARGE');
  });

  test('limits can be widened for what is read from then on', () => {
    const reader = new RtspReader({ maxBodyBytes: 10, maxInterleavedBytes: 10 });
    reader.receive(serializeInterleavedPacket(0, new Uint8Array(11)));
    reader.setLimits({ maxBodyBytes: 10, maxInterleavedBytes: 11 });
    expect(reader.next()).toMatchObject({ type: 'interleaved' });
    expect(reader.pendingBytes).toBe(0);
  });
});

describe('writing', () => {
  test('a request reads back as it was', () => {
    const request = rtspRequest(
      'ANNOUNCE',
      'rtsp://h/a',
      [
        ['CSeq', '3'],
        ['Session', 'x'],
      ],
      bytesOf('v=0\r\n'),
    );
    const bytes = serializeRtspRequest(request);
    expect(Buffer.from(bytes).toString()).toBe(
      'ANNOUNCE rtsp://h/a RTSP/1.0\r\nCSeq: 3\r\nSession: x\r\nContent-Length: 5\r\n\r\nv=0\r\n',
    );
    expect(readAll([bytes])).toMatchObject([{ type: 'request', request: { body: bytesOf('v=0\r\n') } }]);
  });

  test('a response has the phrase of its status, and no length without a body', () => {
    const bytes = serializeRtspResponse(rtspResponse(454, [['CSeq', '3']]));
    expect(Buffer.from(bytes).toString()).toBe('RTSP/1.0 454 Session Not Found\r\nCSeq: 3\r\n\r\n');
  });

  test('a Content-Length that was set is not doubled', () => {
    const response = rtspResponse(200, [['content-length', '1']], bytesOf('x'));
    expect(Buffer.from(serializeRtspResponse(response)).toString()).toBe(
      'RTSP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx',
    );
  });

  test.each([
    ['a URI', () => serializeRtspRequest(rtspRequest('PLAY', 'a\r\nX: y'))],
    ['a header', () => serializeRtspRequest(rtspRequest('PLAY', 'a', [['X', 'y\nZ: 1']]))],
    ['a reason', () => serializeRtspResponse({ ...rtspResponse(200), reason: 'a\0' })],
  ])('%s with a line break or NUL is refused', (_name, write) => {
    expect(write).toThrow(TypeError);
  });
});

test('random and damaged bytes are read or refused with a code, in bounded time', () => {
  fc.assert(
    fc.property(damagedBytes(VECTORS.map(({ bytes }) => bytes)), (bytes) => {
      try {
        for (const item of readAll([bytes])) textOf(item);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        expect(error.code).toMatch(/^ERR_RTSP_/);
      }
    }),
    { numRuns: 500 },
  );
});
