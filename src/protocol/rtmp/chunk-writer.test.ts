import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkReader } from './chunk-reader.ts';
import { chunkedMessageLength, serializeChunkedMessage, writeChunkedMessage } from './chunk-writer.ts';

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

const HEADER = { chunkStreamId: 6, typeId: 8, streamId: 1, timestamp: 16 };

describe('a chunked message', () => {
  test.each([
    ['of one chunk', HEADER, '010203', 128, '06 000010 000003 08 01000000 010203'],
    ['without payload', HEADER, '', 128, '06 000010 000000 08 01000000'],
    ['that just fills its chunks', HEADER, '01020304', 2, '06 000010 000004 08 01000000 0102 c6 0304'],
    ['of several chunks', HEADER, '0102030405', 2, '06 000010 000005 08 01000000 0102 c6 0304 c6 05'],
    [
      'just below the extended timestamp',
      { ...HEADER, timestamp: 0xfffffe },
      '010203',
      2,
      '06 fffffe 000003 08 01000000 0102 c6 03',
    ],
    [
      'at the first extended timestamp',
      { ...HEADER, timestamp: 0xffffff },
      '010203',
      2,
      '06 ffffff 000003 08 01000000 00ffffff 0102 c6 00ffffff 03',
    ],
    [
      'at the last extended timestamp',
      { ...HEADER, timestamp: 0xffffffff },
      '010203',
      2,
      '06 ffffff 000003 08 01000000 ffffffff 0102 c6 ffffffff 03',
    ],
    [
      'beyond 2^32, of which the low 32 bits are written',
      { ...HEADER, timestamp: 2 ** 32 + 5 },
      '01',
      2,
      '06 000005 000001 08 01000000 01',
    ],
  ])('%s', (_, header, payload, chunkSize, expected) => {
    expect(serializeChunkedMessage(header, [hex(payload)], chunkSize)).toEqual(hex(expected));
  });

  test('is written at the offset and nowhere else', () => {
    const target = new Uint8Array(20).fill(0xee);
    expect(writeChunkedMessage(target, 2, HEADER, [hex('01'), hex(''), hex('0203')], 2)).toBe(16);
    expect(target).toEqual(hex('eeee 06 000010 000003 08 01000000 0102 c6 03 eeee'));
  });
});

test('a chunk stream id or a length that the header cannot hold is the caller’s mistake', () => {
  expect(() => serializeChunkedMessage({ ...HEADER, chunkStreamId: 64 }, [], 128)).toThrow(RangeError);
  expect(() => serializeChunkedMessage(HEADER, [new Uint8Array(2 ** 24)], 4096)).toThrow(RangeError);
});

test('what is written reads back, in the length that was foretold', () => {
  const message = fc.record({
    chunkStreamId: fc.integer({ min: 2, max: 63 }),
    // Not 1 and 2, which the reader keeps to itself.
    typeId: fc.integer({ min: 3, max: 255 }),
    streamId: fc.nat(0xffffffff),
    timestamp: fc.oneof(fc.nat(0xffffffff), fc.integer({ min: 0xfffff0, max: 0x100000f })),
    parts: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
      const reader = new ChunkReader();
      for (const { parts, ...header } of messages) {
        const payload = new Uint8Array(Buffer.concat(parts));
        const bytes = serializeChunkedMessage(header, parts, 128);
        expect(bytes.length).toBe(chunkedMessageLength(payload.length, header.timestamp, 128));
        reader.receive(bytes);
        const { typeId, streamId, timestamp } = header;
        expect(reader.nextMessage()).toEqual({ typeId, streamId, timestamp, payload });
      }
    }),
  );
});
