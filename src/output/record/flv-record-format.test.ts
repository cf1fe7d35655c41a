import { expect, test } from 'vitest';
import { FlvDemuxer } from '../../container/flv/flv-demuxer.ts';
import { FlvTagToFrames } from '../../container/flv/tag-to-frames.ts';
import type { FlvTag } from '../../container/flv/flv-types.ts';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { LiveStream } from '../../hub/live-stream.ts';
import { AmfEcmaArray, AmfObject, type AmfValue } from '../../protocol/amf/amf-value.ts';
import { readAllAmf0, serializeAmf0 } from '../../protocol/amf/amf0.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeFileSystem, settle } from '../../testing/fake-file-system.ts';
import { fixture } from '../../testing/fixture.ts';
import { flvOutput } from '../flv-output.ts';
import { flvRecordFormat } from './flv-record-format.ts';
import { Recorder } from './recorder.ts';

const gopCache = { maxGops: 0, maxFramesPerGop: 0, maxBytes: 0 };

function tagsOf(file: Uint8Array): FlvTag[] {
  const demuxer = new FlvDemuxer();
  demuxer.receive(file);
  const tags: FlvTag[] = [];
  for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) tags.push(tag);
  return tags;
}

interface RecordOptions {
  readonly segmentMs?: number;
  /** Tags between two flushes. */
  readonly tagsPerFlush?: number;
  readonly prepare?: (fileSystem: FakeFileSystem) => void;
}

/** Publishes the tags, and records them. */
async function record(tags: readonly FlvTag[], options: RecordOptions = {}): Promise<FakeFileSystem> {
  const { segmentMs = 0, tagsPerFlush = 7, prepare } = options;
  const clock = new FakeClock();
  const fileSystem = new FakeFileSystem();
  prepare?.(fileSystem);
  const stream = new LiveStream('a', new FlushScheduler(clock, 0, 0), { gopCache });
  const publication = stream.publish()!;
  const recorder = new Recorder({
    format: flvRecordFormat,
    fileSystem,
    clock,
    pathOf: (segment) => `/${segment}.flv`,
    segments: { durationMs: segmentMs, bytes: 0 },
    maxQueueBytes: 1e7,
    isFromStart: true,
    events: { opened() {}, finished() {}, failed() {} },
  });
  stream.attachConsumer(flvOutput('source', { gopCache, flushBytes: 0 }), recorder);
  const reader = new FlvTagToFrames();
  for (const [index, tag] of tags.entries()) {
    reader.read(tag);
    for (const event of reader.takeEvents()) {
      if (event.type === 'frame') publication.write(event.frame);
      else if (event.type === 'track') publication.setTrack(event.track);
      else publication.announce(event);
    }
    if (index % tagsPerFlush > 0) continue;
    clock.turn();
    await settle();
    clock.advance(1);
  }
  publication.end();
  await recorder.close();
  return fileSystem;
}

function metadataOf(tag: FlvTag | undefined): AmfObject {
  const [name, value] = readAllAmf0(tag!.body);
  expect(name).toBe('onMetaData');
  return value as AmfObject;
}

/** Audio and video; an "end of sequence" is no frame, and does not travel through the hub. */
const isMedia = ({ type, body }: FlvTag): boolean => type !== 18 && !(type === 9 && body[1] === 2);
const source = tagsOf(fixture('flv/h264-aac.flv'));
const script = (...values: readonly AmfValue[]): FlvTag => ({
  type: 18,
  timestampMs: 0,
  body: serializeAmf0(...values),
});

test("the file holds the publisher's tags as they were, behind a head that has taken in the metadata", async () => {
  const fileSystem = await record(source);
  const file = fileSystem.bytesOf('/0.flv');
  const [head, ...tags] = tagsOf(file);
  expect(tags).toEqual(source.filter(isMedia));
  const metadata = metadataOf(head);
  expect(metadata.number('width')).toBe(96);
  expect(metadata.number('filesize')).toBe(file.length);
  expect(metadata.number('duration')).toBeGreaterThan(0.5);
  const { positions, times } = indexOf(metadata);
  const keys = tags.filter(({ type, body }) => type === 9 && body[0] === 0x17 && body[1] === 1);
  expect(times.slice(1)).toEqual(keys.map(({ timestampMs }) => timestampMs / 1000));
  expect(positions.map((at) => file[at])).toEqual(positions.map(() => 9));
});

function indexOf(metadata: AmfObject): { times: number[]; positions: number[] } {
  const keyframes = metadata.get('keyframes') as AmfObject;
  return { times: keyframes.get('times') as number[], positions: keyframes.get('filepositions') as number[] };
}

test('codec parameters that change stay in the file, each in its place', async () => {
  const media = source.filter(isMedia);
  const change: FlvTag = { ...media[40]!, type: 8, body: Uint8Array.of(0xaf, 0, 0x12, 0x10) };
  const changing = [...media.slice(0, 40), change, ...media.slice(40)];
  const fileSystem = await record(changing);
  expect(fileSystem.names).toEqual(['/0.flv']);
  const isConfig = ({ type, body }: FlvTag): boolean => type === 8 && body[1] === 0;
  const recorded = tagsOf(fileSystem.bytesOf('/0.flv')).filter(isMedia);
  expect(recorded.filter(isConfig).map(({ body }) => [...body])).toEqual(
    changing.filter(isConfig).map(({ body }) => [...body]),
  );
  expect(recorded.filter((tag) => !isConfig(tag))).toEqual(changing.filter((tag) => !isConfig(tag)));
});

test('a segment repeats metadata and sequence headers, and its index holds its own key frames', async () => {
  const fileSystem = await record(source, { segmentMs: 1 });
  expect(fileSystem.names.length).toBeGreaterThan(1);
  const headers = source
    .filter(({ type, body }) => type !== 18 && body[1] === 0)
    .map(({ body }) => [...body]);
  for (const name of fileSystem.names) {
    const [head, ...tags] = tagsOf(fileSystem.bytesOf(name));
    expect(metadataOf(head).number('width')).toBe(96);
    expect(metadataOf(head).number('filesize')).toBe(fileSystem.bytesOf(name).length);
    expect(tags.slice(0, 2).map(({ body }) => [...body])).toEqual(headers);
    expect(tags[2]!.body[0]).toBe(0x17);
    expect(tags.filter(({ type }) => type === 18)).toEqual([]);
    expect(indexOf(metadataOf(head)).times).toHaveLength(2);
  }
});

test('of metadata sent twice before the first picture the newer one counts, and no copy comes after the head', async () => {
  const first = script(
    'onMetaData',
    new AmfEcmaArray({ duration: 0, title: 'old', audiocodecid: 10, videocodecid: 7 }),
  );
  const second = script('onMetaData', new AmfEcmaArray({ duration: 0, title: 'new' }));
  const fileSystem = await record([first, second, ...source.filter(isMedia)], { tagsPerFlush: 100 });
  const [head, ...tags] = tagsOf(fileSystem.bytesOf('/0.flv'));
  expect(metadataOf(head).string('title')).toBe('new');
  expect(tags).toEqual(source.filter(isMedia));
});

test('metadata that comes later stays where it came, and so do cue points', async () => {
  const later = { ...script('onMetaData', new AmfEcmaArray({ title: 'later' })), timestampMs: 400 };
  const cue = { ...script('onCuePoint', new AmfObject({ name: 'x' })), timestampMs: 400 };
  const at = source.findIndex(({ timestampMs }) => timestampMs >= 400);
  const fileSystem = await record([...source.slice(0, at), later, cue, ...source.slice(at)]);
  const [head, ...tags] = tagsOf(fileSystem.bytesOf('/0.flv'));
  expect(metadataOf(head).string('title')).toBeUndefined();
  expect(tags.filter(({ type }) => type === 18).map(({ body }) => readAllAmf0(body)[0])).toEqual([
    'onMetaData',
    'onCuePoint',
  ]);
});

test.each([
  ['too large for the head', new AmfEcmaArray({ text: 'x'.repeat(5000), audiocodecid: 10, videocodecid: 7 })],
  ['no named values', 'text'],
])('metadata that is %s stays a tag of its own', async (_, value) => {
  const fileSystem = await record([script('onMetaData', value), ...source.filter(isMedia)]);
  const [head, ...tags] = tagsOf(fileSystem.bytesOf('/0.flv'));
  expect([...metadataOf(head).entries.keys()]).toEqual(['duration', 'filesize', 'keyframes']);
  const scripts = tags.filter(({ type }) => type === 18);
  expect(scripts.map(({ body }) => readAllAmf0(body)[0])).toEqual(['onMetaData']);
});

test('a file cut off at any byte is whole tags up to there', async () => {
  const fileSystem = await record(source);
  const file = fileSystem.bytesOf('/0.flv');
  const all = tagsOf(file);
  for (let length = 0; length < file.length; length += length < 1000 ? 1 : 97) {
    expect(all.slice(0, tagsOf(file.slice(0, length)).length).at(-1)).toEqual(
      tagsOf(file.slice(0, length)).at(-1),
    );
  }
});

test.each([1000, 45_000, 50_000])('a disk with room for %i bytes keeps whole tags', async (capacity) => {
  const fileSystem = await record(source, {
    prepare: (disk) => {
      disk.capacityBytes = capacity;
    },
  });
  for (const name of fileSystem.names) {
    const file = fileSystem.bytesOf(name);
    expect(file.length).toBeLessThanOrEqual(capacity);
    const tags = tagsOf(file);
    expect(tags.reduce((sum, { body }) => sum + body.length + 15, 13)).toBe(file.length);
    expect(tags.length).toBeGreaterThan(3);
  }
  expect(fileSystem.names).toHaveLength(capacity < 38_000 ? 0 : 1);
});
