import { expect, test } from 'vitest';
import { ByteReader } from '../../bytes/byte-reader.ts';
import { FlvDemuxer } from '../../container/flv/flv-demuxer.ts';
import { flvFileHeader } from '../../container/flv/tag-header.ts';
import { AmfEcmaArray, AmfObject } from '../../protocol/amf/amf-value.ts';
import { readAllAmf0, readAmf0 } from '../../protocol/amf/amf0.ts';
import { FlvFileHead, MAX_INDEX_ENTRIES } from './flv-file-head.ts';
import type { IndexEntry } from './key-frame-index.ts';
import type { Patch } from './recording-file.ts';

const source = new AmfEcmaArray({
  duration: 99,
  width: 1920,
  encoder: 'obs',
  filesize: 5,
  keyframes: new AmfObject({ times: [1, 2] }),
});

function fileOf(head: FlvFileHead): Uint8Array {
  const header = flvFileHeader({ audio: true, video: false });
  const file = new Uint8Array(header.length + head.tag.length);
  file.set(header);
  file.set(head.tag, header.length);
  return file;
}

function apply(file: Uint8Array, patches: readonly Patch[]): Uint8Array {
  const done = file.slice();
  for (const { position, bytes } of patches) done.set(bytes, position);
  return done;
}

function bodyOf(file: Uint8Array): Uint8Array {
  const demuxer = new FlvDemuxer();
  demuxer.receive(file);
  const tag = demuxer.nextTag();
  expect(tag).toMatchObject({ type: 18, timestampMs: 1234 });
  expect(tag!.body.length + 15 + 13).toBe(file.length);
  return tag!.body;
}

function metadataOf(file: Uint8Array): AmfObject {
  const reader = new ByteReader(bodyOf(file));
  expect(readAmf0(reader)).toBe('onMetaData');
  return readAmf0(reader) as AmfObject;
}

function entries(count: number): IndexEntry[] {
  return Array.from({ length: count }, (_, n) => ({ timeMs: n * 2000, position: 1e6 * n + 7 }));
}

const summary = (count: number) => ({
  durationSec: 61.25,
  fileBytes: 5_000_000_000,
  index: entries(count),
  audio: true,
  video: true,
});

test('a new head says what the source said of itself, and has no duration yet; it is proper AMF0 to the last byte', () => {
  const head = new FlvFileHead(source, 1234);
  const values = readAllAmf0(bodyOf(fileOf(head)));
  expect(values).toHaveLength(3);
  expect([...(values[1] as AmfObject).entries]).toEqual([
    ['duration', 0],
    ['filesize', 0],
    ['width', 1920],
    ['encoder', 'obs'],
  ]);
});

test.each([2, 500, MAX_INDEX_ENTRIES])(
  'a completed head has duration, size and %i places to seek to',
  (count) => {
    const head = new FlvFileHead(source, 1234);
    const done = apply(fileOf(head), head.completion(summary(count)));
    const values = readAllAmf0(bodyOf(done));
    expect(values).toHaveLength(3);
    const metadata = values[1] as AmfObject;
    expect([...metadata.entries.keys()]).toEqual(['duration', 'filesize', 'width', 'encoder', 'keyframes']);
    expect(metadata.number('duration')).toBe(61.25);
    expect(metadata.number('filesize')).toBe(5_000_000_000);
    const keyframes = metadata.get('keyframes') as AmfObject;
    expect(keyframes.get('times')).toEqual(entries(count).map(({ timeMs }) => timeMs / 1000));
    expect(keyframes.get('filepositions')).toEqual(entries(count).map(({ position }) => position));
    expect(done[4]).toBe(5);
  },
);

test.each([0, 1])('%i places to seek to are no index', (count) => {
  const head = new FlvFileHead(source, 1234);
  const metadata = metadataOf(apply(fileOf(head), head.completion(summary(count))));
  expect([...metadata.entries.keys()]).toEqual(['duration', 'filesize', 'width', 'encoder']);
  expect(metadata.number('duration')).toBe(61.25);
});

test('metadata can be read after each single byte of the completion', () => {
  const head = new FlvFileHead(source, 1234);
  const file = fileOf(head);
  const patches = head.completion(summary(3));
  const seen = new Set<string>();
  for (const { position, bytes } of patches) {
    for (const [index, byte] of bytes.entries()) {
      file[position + index] = byte;
      // Room beyond what the index fills does not matter; it is the same as before.
      if (index > 200) continue;
      const metadata = metadataOf(file);
      expect(metadata.get('width')).toBe(1920);
      expect(metadata.get('encoder')).toBe('obs');
      seen.add([...metadata.entries.keys()].at(-1)!);
    }
  }
  // The last but one byte turns the end into the length of a name, whose letters are half there.
  expect([...seen]).toEqual(['encoder', '\teyframes', 'keyframes']);
});

test('all that is changed at the end, but the index, lies in the first page of the file', () => {
  const head = new FlvFileHead(new AmfObject({ text: 'x'.repeat(2000) }), 0);
  const small = head.completion(summary(5)).filter(({ bytes }) => bytes.length < 18 * MAX_INDEX_ENTRIES);
  expect(small).toHaveLength(4);
  for (const { position, bytes } of small) expect(position + bytes.length).toBeLessThan(4096);
});

test('without metadata of the source the head has its own', () => {
  const head = new FlvFileHead(undefined, 1234);
  expect([...metadataOf(fileOf(head)).entries.keys()]).toEqual(['duration', 'filesize']);
});
