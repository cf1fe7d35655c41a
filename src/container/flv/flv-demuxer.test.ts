import { expect, test } from 'vitest';
import { codeOf } from '../../testing/coded-error.ts';
import { hex } from '../../testing/flv-vectors.ts';
import { splitEveryWay } from '../../testing/split-every-way.ts';
import { FlvDemuxer } from './flv-demuxer.ts';
import { serializeFlvTag } from './flv-muxer.ts';
import type { FlvTag } from './flv-types.ts';
import { flvFileHeader, flvTagOverhead, writeFlvTagHeader } from './tag-header.ts';

const FILE_HEADER = '464c5601 05 00000009 00000000';
const TAGS: readonly FlvTag[] = [
  { type: 18, timestampMs: 0, body: hex('0200036162630500') },
  { type: 9, timestampMs: 0xff_ff_ff, body: hex('17010000000102') },
  { type: 8, timestampMs: 0x1_00_00_01, body: hex('') },
  { type: 8, timestampMs: 0xff_ff_ff_fe, body: hex('af012110') },
];

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const FILE = joined(
  hex(FILE_HEADER),
  ...TAGS.map((tag) => serializeFlvTag(tag.type, tag.timestampMs, tag.body)),
);

function demuxAll(pieces: readonly Uint8Array[]): { demuxer: FlvDemuxer; tags: FlvTag[] } {
  const demuxer = new FlvDemuxer();
  const tags: FlvTag[] = [];
  for (const piece of pieces) {
    demuxer.receive(piece);
    for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) tags.push(tag);
  }
  return { demuxer, tags };
}

test('tags come out the same however the bytes arrive', () => {
  for (const pieces of splitEveryWay(FILE)) {
    const { demuxer, tags } = demuxAll(pieces);
    expect(tags).toEqual(TAGS);
    expect(demuxer.header).toEqual({ version: 1, audio: true, video: true });
  }
});

test('a tag is complete before its PreviousTagSize arrives', () => {
  const { tags } = demuxAll([FILE.subarray(0, FILE.length - 4)]);
  expect(tags).toHaveLength(TAGS.length);
});

test('a body within one chunk is a view of it', () => {
  const { tags } = demuxAll([FILE]);
  expect(tags[0]!.body.buffer).toBe(FILE.buffer);
});

test('times are 24 bits with the upper 8 behind them', () => {
  const target = new Uint8Array(flvTagOverhead);
  expect(writeFlvTagHeader(target, 0, 9, 0x01_02_03, 0xab_cd_ef_12)).toBe(11);
  expect(target).toEqual(hex('09 010203 cdef12 ab 000000 00000000'));
});

test('a time beyond 32 bits wraps', () => {
  expect(serializeFlvTag(8, 2 ** 32 + 3, hex(''))).toEqual(serializeFlvTag(8, 3, hex('')));
});

test('PreviousTagSize counts the tag header and the body', () => {
  expect(serializeFlvTag(8, 0, hex('7201')).subarray(-4)).toEqual(hex('0000000d'));
});

test("a body that does not fit into a tag is the caller's mistake", () => {
  expect(() => writeFlvTagHeader(new Uint8Array(11), 0, 9, 2 ** 24, 0)).toThrow(RangeError);
});

test.each([
  [true, true, '05'],
  [true, false, '04'],
  [false, true, '01'],
  [false, false, '00'],
])('the file header with audio %s and video %s has flags %s', (audio, video, flags) => {
  const header = flvFileHeader({ audio, video });
  expect(header).toEqual(hex(`464c5601 ${flags} 00000009 00000000`));
  expect(demuxAll([header]).demuxer.header).toEqual({ version: 1, audio, video });
});

test('a longer file header is skipped', () => {
  const { tags } = demuxAll([
    hex('464c5601 05 0000000c aabbcc 00000000'),
    serializeFlvTag(8, 7, hex('7201')),
  ]);
  expect(tags).toEqual([{ type: 8, timestampMs: 7, body: hex('7201') }]);
});

test('a wrong PreviousTagSize does not matter', () => {
  const tag = serializeFlvTag(8, 7, hex('7201'));
  tag.fill(0xff, tag.length - 4);
  expect(demuxAll([hex(FILE_HEADER), tag, tag]).tags).toHaveLength(2);
});

test.each([
  ['ERR_FLV_HEADER', 'no signature', '474554202f2048545450'],
  ['ERR_FLV_HEADER', 'version 2', '464c5602 05 00000009'],
  ['ERR_FLV_HEADER', 'a data offset inside the header', '464c5601 05 00000008'],
  ['ERR_FLV_HEADER', 'a data offset beyond all use', '464c5601 05 ffffffff'],
  ['ERR_FLV_TAG_TYPE', 'an unknown tag type', `${FILE_HEADER} 0a 000000 000000 00 000000`],
  ['ERR_FLV_ENCRYPTED', 'an encrypted tag', `${FILE_HEADER} 29 000000 000000 00 000000`],
])('%s: %s', (code, _name, bytes) => {
  expect(codeOf(() => demuxAll([hex(bytes)]))).toBe(code);
});

test('a body above the given limit is refused before it arrives', () => {
  const demuxer = new FlvDemuxer({ maxBodyBytes: 100 });
  demuxer.receive(hex(`${FILE_HEADER} 09 000065 000000 00 000000`));
  expect(codeOf(() => demuxer.nextTag())).toBe('ERR_FLV_TAG_SIZE');
});
