import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { ChunkReader, DEFAULT_CHUNK_READER_LIMITS } from './chunk-reader.ts';
import type { RtmpMessage } from './message.ts';

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

function readAll(pieces: readonly Uint8Array[], reader: ChunkReader = new ChunkReader()): RtmpMessage[] {
  const messages: RtmpMessage[] = [];
  for (const piece of pieces) {
    reader.receive(piece);
    for (let message = reader.nextMessage(); message !== undefined; message = reader.nextMessage()) {
      messages.push(message);
    }
  }
  return messages;
}

function audio(timestamp: number, payload: string, streamId = 1): RtmpMessage {
  return { typeId: 8, streamId, timestamp, payload: hex(payload) };
}

/** 130 bytes: one full chunk of the initial size and two bytes more. */
const LONG = 'ab'.repeat(130);
const LONG_HEAD = 'ab'.repeat(128);
const LONG_TAIL = 'abab';

const VECTORS: { name: string; bytes: Uint8Array; messages: RtmpMessage[] }[] = [
  {
    name: 'a message in one chunk',
    bytes: hex('06 000010 000002 08 01000000 aabb'),
    messages: [audio(16, 'aabb')],
  },
  {
    name: 'a message in two chunks',
    bytes: hex(`06 000010 000082 08 01000000 ${LONG_HEAD} c6 ${LONG_TAIL}`),
    messages: [audio(16, LONG)],
  },
  {
    name: 'chunk stream ids of two and three bytes',
    bytes: hex('00 00 000010 000001 08 01000000 aa  01 0001 000020 000001 08 01000000 bb  c1 0001 cc'),
    messages: [audio(16, 'aa'), audio(32, 'bb'), audio(64, 'cc')],
  },
  {
    name: 'a message stream id in little endian',
    bytes: hex('06 000000 000001 08 04030201 aa'),
    messages: [audio(0, 'aa', 0x01020304)],
  },
  {
    name: 'deltas of fmt 1, 2 and 3',
    bytes: hex('06 000010 000001 08 01000000 aa  46 000005 000002 08 bbbb  86 000007 cccc  c6 dddd'),
    messages: [audio(16, 'aa'), audio(21, 'bbbb'), audio(28, 'cccc'), audio(35, 'dddd')],
  },
  {
    name: 'fmt 3 after fmt 0, which adds the absolute time as a delta',
    bytes: hex('06 000010 000001 08 01000000 aa  c6 bb'),
    messages: [audio(16, 'aa'), audio(32, 'bb')],
  },
  {
    name: 'two chunk streams interleaved, each with its own times',
    bytes: hex(`06 000010 000082 08 01000000 ${LONG_HEAD}
                07 000020 000001 09 01000000 bb
                c6 ${LONG_TAIL}
                47 000001 000001 09 cc
                86 000002 ${LONG_HEAD} c6 ${LONG_TAIL}`),
    messages: [
      { ...audio(32, 'bb'), typeId: 9 },
      audio(16, LONG),
      { ...audio(33, 'cc'), typeId: 9 },
      audio(18, LONG),
    ],
  },
  {
    name: 'a delta that is added once although later chunks of the message repeat it',
    bytes: hex(`06 000010 000001 08 01000000 aa
                46 000028 000082 08 ${LONG_HEAD} 86 000028 ${LONG_TAIL}
                c6 ${LONG_HEAD} 46 000028 000082 08 ${LONG_TAIL}`),
    messages: [audio(16, 'aa'), audio(56, LONG), audio(96, LONG)],
  },
  {
    name: 'a chunk stream that starts with fmt 1, as librtmp does for pings',
    bytes: hex('42 000000 000006 04 000600000001'),
    messages: [{ typeId: 4, streamId: 0, timestamp: 0, payload: hex('000600000001') }],
  },
  {
    name: 'empty messages',
    bytes: hex('06 000010 000000 08 01000000  c6  06 000010 000001 08 01000000 aa'),
    messages: [audio(16, ''), audio(32, ''), audio(16, 'aa')],
  },
  {
    name: 'Set Chunk Size, which holds at once, also for messages on the way',
    bytes: hex(`06 000010 000086 08 01000000 ${LONG_HEAD}
                02 000000 000004 01 00000000 00000004
                c6 abababab c6 abab`),
    messages: [audio(16, `${LONG}abababab`)],
  },
  {
    name: 'a chunk size of one byte',
    bytes: hex('02 000000 000004 01 00000000 00000001  06 000010 000003 08 01000000 aa c6 bb c6 cc'),
    messages: [audio(16, 'aabbcc')],
  },
  {
    name: 'Set Chunk Size of fewer than four bytes, which is ignored',
    bytes: hex('02 000000 000003 01 00000000 000000  06 000010 000001 08 01000000 aa'),
    messages: [audio(16, 'aa')],
  },
  {
    name: 'Abort, which drops what is there of a message',
    bytes: hex(`06 000010 000082 08 01000000 ${LONG_HEAD}
                02 000000 000004 02 00000000 00000006
                06 000020 000001 08 01000000 cc`),
    messages: [audio(32, 'cc')],
  },
  {
    name: 'Abort of chunk streams that are idle, unknown or not named',
    bytes: hex(`02 000000 000004 02 00000000 00000002  c2 00000063  02 000000 000001 02 00000000 06
                06 000020 000001 08 01000000 cc`),
    messages: [audio(32, 'cc')],
  },
  {
    name: 'an extended timestamp of exactly 0xFFFFFF',
    bytes: hex('06 ffffff 000001 08 01000000 00ffffff aa'),
    messages: [audio(0xffffff, 'aa')],
  },
  {
    name: 'extended timestamps repeated in fmt 3',
    bytes: hex(`06 ffffff 000082 08 01000000 01020304 ${LONG_HEAD} c6 01020304 ${LONG_TAIL}
                06 ffffff 000082 08 01000000 ffffffff ${LONG_HEAD} c6 ffffffff ${LONG_TAIL}`),
    messages: [audio(0x01020304, LONG), audio(0xffffffff, LONG)],
  },
  {
    name: 'extended timestamps left out in fmt 3',
    bytes: hex(`06 ffffff 000082 08 01000000 01020304 ${LONG_HEAD} c6 ${LONG_TAIL}
                06 ffffff 000082 08 01000000 01020305 ${LONG_HEAD} c6 ${LONG_TAIL}`),
    messages: [audio(0x01020304, LONG), audio(0x01020305, LONG)],
  },
  {
    name: 'payload that looks like an extended timestamp, from a writer known to leave it out',
    bytes: hex(`06 ffffff 000082 08 01000000 01020304 ${LONG_HEAD} c6 ${LONG_TAIL}
                06 ffffff 000084 08 01000000 01020305 ${LONG_HEAD} c6 01020305`),
    messages: [audio(0x01020304, LONG), audio(0x01020305, `${LONG_HEAD}01020305`)],
  },
  {
    name: 'an extended delta, added once and repeated by a fmt 3 message',
    bytes: hex(`06 000010 000001 08 01000000 aa
                46 ffffff 000082 08 01000000 ${LONG_HEAD} c6 01000000 ${LONG_TAIL}
                c6 01000000 ${LONG_HEAD} c6 01000000 ${LONG_TAIL}`),
    messages: [audio(16, 'aa'), audio(0x01000010, LONG), audio(0x02000010, LONG)],
  },
  {
    name: 'a delta across the wrap at 2^32',
    bytes: hex('06 ffffff 000001 08 01000000 fffffff0 aa  46 000020 000001 08 bb'),
    messages: [audio(0xfffffff0, 'aa'), audio(0x10, 'bb')],
  },
];

describe.each(VECTORS)('$name', ({ bytes, messages }) => {
  test('reads the same however it is cut', () => {
    for (const pieces of splitEveryWay(bytes)) expect(readAll(pieces)).toEqual(messages);
  });
  test('leaves nothing behind and the input unchanged', () => {
    const input = Uint8Array.from(bytes);
    const reader = new ChunkReader();
    readAll([input], reader);
    expect(reader.pendingBytes + reader.bufferedBytes).toBe(0);
    expect(input).toEqual(bytes);
  });
});

test('the last chunk of a message does not wait for more than its own bytes when timestamps are left out', () => {
  const bytes = hex(`06 ffffff 000081 08 01000000 01020304 ${LONG_HEAD} c6 ab`);
  expect(readAll([bytes])).toEqual([audio(0x01020304, LONG.slice(2))]);
});

describe('is refused', () => {
  test.each([
    ['fmt 3 on a fresh chunk stream', 'c6 aa', 'ERR_RTMP_CHUNK_FORMAT'],
    ['fmt 2 on a fresh chunk stream', '86 000000 aa', 'ERR_RTMP_CHUNK_FORMAT'],
    [
      'another message in the middle of one',
      `06 000010 000082 08 01000000 ${LONG_HEAD} 06 000010 000001 08 01000000 aa`,
      'ERR_RTMP_CHUNK_FORMAT',
    ],
    ['chunk size 0', '02 000000 000004 01 00000000 00000000', 'ERR_RTMP_CHUNK_SIZE'],
    ['chunk size 2^31', '02 000000 000004 01 00000000 80000000', 'ERR_RTMP_CHUNK_SIZE'],
  ])('%s', (_, bytes, code) => {
    expect(codeOf(() => readAll([hex(bytes)]))).toBe(code);
  });

  test('a message beyond the limit, before its bytes are there', () => {
    const reader = new ChunkReader({ ...DEFAULT_CHUNK_READER_LIMITS, maxMessageLength: 1000 });
    expect(codeOf(() => readAll([hex('06 000000 0003e9 08 01000000')], reader))).toBe(
      'ERR_RTMP_MESSAGE_TOO_LARGE',
    );
  });

  test('64 k chunk stream ids', () => {
    const pieces = Array.from({ length: 65_000 }, (_, id) =>
      hex(`01 ${(id & 0xff).toString(16).padStart(2, '0')}${(id >> 8).toString(16).padStart(2, '0')}
           000000 000001 08 01000000 aa`),
    );
    expect(codeOf(() => readAll(pieces))).toBe('ERR_RTMP_CHUNK_STREAM_COUNT');
  });
});

test('messages of 16 MiB on many chunk streams cost what was sent of them, up to the limit', () => {
  const reader = new ChunkReader();
  const chunkSize = '02 000000 000004 01 00000000 00010000';
  const payload = 'ab'.repeat(0x10000);
  readAll([hex(chunkSize)], reader);
  let refusal: string | undefined;
  let sent = 0;
  for (let round = 0; round < 256 && refusal === undefined; round += 1) {
    for (let id = 3; id < 50 && refusal === undefined; id += 1) {
      const fmt = round === 0 ? id : 0xc0 | id;
      const header = round === 0 ? '000000 ffffff 09 01000000' : '';
      const chunk = hex(`${fmt.toString(16).padStart(2, '0')} ${header} ${payload}`);
      sent += chunk.length;
      refusal = codeOf(() => readAll([chunk], reader));
    }
  }
  expect(refusal).toBe('ERR_RTMP_BUFFER_LIMIT');
  expect(reader.bufferedBytes).toBeLessThan(DEFAULT_CHUNK_READER_LIMITS.maxBufferedBytes * 1.5);
  expect(sent).toBeGreaterThan(1024 * 1024);
});

test('one message of 16 MiB is read', () => {
  const payload = new Uint8Array(0xffffff).map((_, index) => index % 251);
  const reader = new ChunkReader();
  reader.receive(hex('02 000000 000004 01 00000000 7fffffff'));
  reader.receive(hex('06 000000 ffffff 09 01000000'));
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += 65_536) pieces.push(payload.slice(at, at + 65_536));
  const messages = readAll(pieces, reader);
  expect(messages.length).toBe(1);
  expect(Buffer.compare(messages[0]!.payload, payload)).toBe(0);
  expect(reader.chunkSize).toBe(16 * 1024 * 1024);
});

test('random bytes and mutated vectors are read or refused with a coded error, in bounded memory', () => {
  const mutated = fc
    .tuple(
      fc.constantFrom(...VECTORS.map((vector) => vector.bytes)),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
    )
    .map(([seed, changes]) => {
      const bytes = Uint8Array.from(seed);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    });
  const input = fc.array(fc.oneof(mutated, fc.uint8Array({ maxLength: 400 })), { maxLength: 6 });
  fc.assert(
    fc.property(input, (pieces) => {
      const reader = new ChunkReader();
      codeOf(() => readAll(pieces, reader));
      expect(reader.bufferedBytes).toBeLessThanOrEqual(DEFAULT_CHUNK_READER_LIMITS.maxBufferedBytes);
    }),
    { numRuns: 2000 },
  );
});
