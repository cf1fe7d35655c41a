/** The comparison itself: what it must find, it finds. */
import { describe, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { FlvParser, readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { FlvTag } from '../support/flv-file.ts';
import { isKeyPicture, keyIndices, shiftTags } from '../support/tags.ts';

const tags = readFlvTags(fixturePath('h264-bframes-aac'));
const source = recordingOf(tags);
const middle = keyIndices(tags)[2]!;

/** The tags with one of them replaced by any number of others. */
function withTag(index: number, ...others: FlvTag[]): FlvTag[] {
  return tags.toSpliced(index, 1, ...others);
}

function withByteFlipped(tag: FlvTag, offset: number): FlvTag {
  const body = Buffer.from(tag.body);
  body.writeUInt8(body.readUInt8(offset) ^ 1, offset);
  return { ...tag, body };
}

const picture = tags.findIndex((tag, index) => index > middle && tag.type === 9);
const sound = tags.findIndex((tag, index) => index > middle && tag.type === 8);

describe('a recording passes', () => {
  test('when it is the same', () => {
    expectSamePackets(source, recordingOf(tags), { sameOrder: true });
    expectSameHeaders(source, recordingOf(tags));
  });

  test('when it begins late, at a key frame, and that is allowed', () => {
    expectSamePackets(source, recordingOf(tags.slice(middle)), { allowMissingHead: true, sameOrder: true });
  });

  test('when all times are shifted by one constant and that is allowed', () => {
    const shifted = recordingOf(shiftTags(tags, 1234));
    expectSamePackets(source, shifted, { constantOffsetWithinMs: 0 });
    expect(() => expectSamePackets(source, shifted)).toThrow('not in the source');
  });
});

const flawed: { name: string; received: FlvTag[] }[] = [
  { name: 'nothing', received: [] },
  { name: 'the beginning missing', received: tags.slice(middle) },
  { name: 'the end missing', received: tags.slice(0, middle) },
  { name: 'a picture missing', received: withTag(picture) },
  { name: 'a sound missing', received: withTag(sound) },
  { name: 'a picture twice', received: withTag(picture, tags[picture]!, tags[picture]!) },
  { name: 'a sound twice', received: withTag(sound, tags[sound]!, tags[sound]!) },
  { name: 'a bit of a picture changed', received: withTag(picture, withByteFlipped(tags[picture]!, 20)) },
  {
    name: 'the last bit of a sound changed',
    received: withTag(sound, withByteFlipped(tags[sound]!, tags[sound]!.body.length - 1)),
  },
  { name: 'a presentation time changed', received: withTag(picture, withByteFlipped(tags[picture]!, 4)) },
  {
    name: 'a decoding time changed',
    received: withTag(sound, { ...tags[sound]!, timestampMs: tags[sound]!.timestampMs + 1 }),
  },
  { name: 'a frame type changed', received: withTag(picture, withByteFlipped(tags[picture]!, 0)) },
];

test.each(flawed)('a recording with $name does not pass', ({ received }) => {
  expect(() => expectSamePackets(source, recordingOf(received), { sameOrder: true })).toThrow();
});

test('a late recording that begins between two key frames does not pass', () => {
  const late = recordingOf(tags.slice(middle + 1).filter((tag) => !isKeyPicture(tag)));
  expect(() => expectSamePackets(source, late, { allowMissingHead: true })).toThrow('no key frame');
});

test('a late recording with a hole does not pass', () => {
  const late = recordingOf(withTag(picture).slice(middle));
  expect(() => expectSamePackets(source, late, { allowMissingHead: true })).toThrow('differs');
});

test('sound that overtakes a picture is found where the order counts', () => {
  const next = tags.findIndex((tag, index) => index > picture && tag.type === 8);
  const received = [
    ...tags.slice(0, picture),
    tags[next]!,
    ...tags.slice(picture, next),
    ...tags.slice(next + 1),
  ];
  expectSamePackets(source, recordingOf(received));
  expect(() => expectSamePackets(source, recordingOf(received), { sameOrder: true })).toThrow('order');
});

test('a changed sequence header is found', () => {
  const header = tags.findIndex(({ type, body }) => type === 9 && body[1] === 0);
  const received = recordingOf(withTag(header, withByteFlipped(tags[header]!, 8)));
  expect(() => expectSameHeaders(source, received)).toThrow('video headers');
});

test('an FLV stream is read the same in pieces of any size', () => {
  const bytes = Buffer.concat([
    Buffer.from('464c5601050000000900000000', 'hex'),
    Buffer.from('0800000301020304000000af0111', 'hex'),
    Buffer.from('0000000e', 'hex'),
  ]);
  for (let size = 1; size <= bytes.length; size += 1) {
    const parser = new FlvParser();
    for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
    expect(parser.flags).toBe(5);
    expect(parser.rest).toBe(0);
    expect(parser.tags).toMatchObject([
      { type: 8, timestampMs: 0x04010203, body: Buffer.from('af0111', 'hex') },
    ]);
  }
});
