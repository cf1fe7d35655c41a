import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import {
  audioTrack,
  CollectingSink,
  frameOf,
  roomyLimits,
  scriptTrack,
  text,
  textVariant,
  videoTrack,
} from '../testing/hub-kit.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import { LiveStream, type OutputVariant } from './live-stream.ts';
import type { Publication } from './publication.ts';

const video = videoTrack();
const audio = audioTrack();

let clock: FakeClock;
let scheduler: FlushScheduler;

beforeEach(() => {
  clock = new FakeClock();
  scheduler = new FlushScheduler(clock, 60);
});

function newStream(gops = 0, maxFramesPerGop = 0): LiveStream {
  return new LiveStream('a', scheduler, {
    gopCache: { maxGops: gops, maxFramesPerGop, maxBytes: 1e9 },
  });
}

function join(stream: LiveStream, variant: OutputVariant = textVariant()): CollectingSink {
  const sink = new CollectingSink();
  stream.attach(variant, sink, roomyLimits);
  return sink;
}

function publish(stream: LiveStream, tracks = [video, audio]): Publication {
  const publication = stream.publish()!;
  for (const track of tracks) publication.setTrack(track);
  return publication;
}

/** 25 frames a second with a key frame every `gop` frames, audio in between; calls back before each frame. */
function play(
  publication: Publication,
  count: number,
  gop: number,
  before: (index: number) => void = () => {},
): string[] {
  const units: string[] = [];
  for (let index = 0; index < count; index += 1) {
    before(index);
    const isKey = index % gop === 0;
    publication.write(frameOf(video, index * 40, { isKey }));
    publication.write(frameOf(audio, index * 40 + 10));
    units.push(`${isKey ? 'V' : 'v'}${index * 40}`, `a${index * 40 + 10}`);
  }
  return units;
}

test('a viewer that waits from the start gets the file header, the track headers and every frame', () => {
  const stream = newStream();
  const sink = join(stream);
  const units = play(publish(stream), 5, 5);
  clock.turn();
  expect(sink.writes[0]).toBe('[va]');
  expect(sink.units).toEqual(['[va]T1.1', 'T2.17', ...units]);
});

for (const gops of [0, 1]) {
  test(`sound before the first key picture is for those who wait, not for later ones (cache of ${gops})`, () => {
    const stream = newStream(gops);
    const waiting = join(stream, textVariant(gops));
    const publication = publish(stream);
    publication.write(frameOf(audio, 0));
    publication.write(frameOf(video, 0));
    publication.write(frameOf(audio, 5));
    const pictures = play(publication, 3, 3);
    clock.turn();
    const late = [textVariant(gops), { ...textVariant(gops), id: 'other' }].map((variant) =>
      join(stream, variant),
    );
    publication.write(frameOf(audio, 130));
    publication.write(frameOf(video, 140, { isKey: true }));
    clock.turn();
    // The first picture needs one that nobody has.
    expect(waiting.units).toEqual(['[va]T1.1', 'T2.17', 'a0', 'a5', ...pictures, 'a130', 'V140']);
    const cached = gops === 0 ? [] : [...pictures, 'a130'];
    for (const sink of late) expect(sink.units).toEqual(['[va]T1.1', 'T2.17', ...cached, 'V140']);
  });
}

test('without a cache a late viewer starts at the next key frame', () => {
  const stream = newStream();
  const publication = publish(stream);
  const before = play(publication, 3, 10);
  clock.turn();
  const sink = join(stream);
  expect(before).toHaveLength(6);
  publication.write(frameOf(video, 120));
  publication.write(frameOf(video, 400, { isKey: true }));
  clock.turn();
  expect(sink.units).toEqual(['[va]T1.1', 'T2.17', 'V400']);
});

for (const gops of [0, 1, 2]) {
  test(`joining at any point, windowed or not, misses and repeats nothing (cache of ${gops})`, () => {
    const count = 40;
    const gop = 8;
    for (const viewers of [0, 48, 200]) {
      for (let joinAt = 0; joinAt < count; joinAt += 1) {
        clock = new FakeClock();
        scheduler = new FlushScheduler(clock, 60);
        scheduler.viewers = viewers;
        const stream = newStream(gops);
        const other = join(stream, textVariant(gops));
        let late!: CollectingSink;
        const all = play(publish(stream), count, gop, (index) => {
          // Not every frame ends a turn, and windows of 20 and 40 ms end in the middle of frames.
          if (index % 3 === 0) clock.advance(37);
          if (index === joinAt) late = join(stream, textVariant(gops));
        });
        clock.advance(1000);
        expect(other.units.slice(2)).toEqual(all);
        const firstKey = gops === 0 ? Math.ceil(joinAt / gop) : Math.floor((joinAt - 1) / gop) - gops + 1;
        const expected = all.slice(Math.max(firstKey, 0) * gop * 2);
        if (expected.length === 0) expect(late.units).toEqual([]);
        else expect(late.units).toEqual(['[va]T1.1', 'T2.17', ...expected]);
      }
    }
  });
}

test('a format asked for late is made from the cached frames, and then runs on', () => {
  const stream = newStream(1);
  const publication = publish(stream);
  const units = play(publication, 12, 5);
  const sink = join(stream, textVariant(1, 'late'));
  expect(sink.units).toEqual(['[va]T1.1', 'T2.17', ...units.slice(20)]);
  publication.write(frameOf(video, 480));
  clock.turn();
  expect(sink.units.at(-1)).toBe('v480');
});

test('viewers wait through a change of publisher and go on with the new headers', () => {
  const stream = newStream();
  const sink = join(stream);
  const first = publish(stream);
  play(first, 2, 2);
  first.end();
  expect(sink.ended).toBeUndefined();
  const second = publish(stream, [videoTrack(7), audio]);
  second.write(frameOf(videoTrack(7), 0));
  second.write(frameOf(videoTrack(7), 40, { isKey: true }));
  clock.turn();
  expect(sink.units.slice(-3)).toEqual(['T1.7', 'T2.17', 'V40']);
  expect(sink.text.match(/\[va\]/g)).toHaveLength(1);
});

test('a late write of an ended publication is ignored', () => {
  const stream = newStream();
  const first = publish(stream);
  first.end();
  publish(stream);
  const sink = join(stream);
  first.write(frameOf(video, 0, { isKey: true }));
  first.end();
  clock.turn();
  expect(sink.units).toEqual([]);
  expect(stream.publication).toBeDefined();
});

test('only one publication at a time', () => {
  const stream = newStream();
  expect(stream.publish()).toBeDefined();
  expect(stream.publish()).toBeUndefined();
});

test('changed codec parameters reach live viewers before the frame that needs them', () => {
  const stream = newStream(1);
  const sink = join(stream, textVariant(1));
  const publication = publish(stream);
  play(publication, 3, 10);
  const changed = videoTrack(9);
  publication.setTrack(changed);
  publication.write(frameOf(changed, 120, { isKey: true }));
  clock.turn();
  expect(sink.units.slice(-2)).toEqual(['T1.9', 'V120']);
  expect(join(stream, textVariant(1)).units).toEqual(['[va]T1.9', 'T2.17', 'V120']);
});

test('metadata comes to live viewers in order and to late ones in its newest state', () => {
  const stream = newStream();
  const sink = join(stream);
  const script = scriptTrack();
  const publication = publish(stream, [script, video, audio]);
  publication.write(frameOf(script, 0, { isKey: true }));
  play(publication, 2, 2);
  publication.write(frameOf(script, 70, { isKey: true }));
  publication.write(frameOf(script, 75, { isKey: false }));
  clock.turn();
  expect(sink.units.slice(-2)).toEqual(['d70', 'd75']);
  const late = join(stream);
  publication.write(frameOf(video, 80, { isKey: true }));
  clock.turn();
  expect(late.units).toEqual(['[vad]d70', 'T1.1', 'T2.17', 'V80']);
});

test('an audio-only stream starts at once for everybody', () => {
  const stream = newStream(2);
  const publication = stream.publish()!;
  publication.announce({ audio: true, video: false });
  publication.setTrack(audio);
  publication.write(frameOf(audio, 0));
  const sink = join(stream, textVariant(2));
  publication.write(frameOf(audio, 20));
  clock.turn();
  expect(sink.units).toEqual(['[a]T2.17', 'a20']);
});

test('frames before the tracks are known are held and come out in order', () => {
  const stream = newStream();
  const sink = join(stream);
  const publication = stream.publish()!;
  publication.setTrack(video);
  publication.write(frameOf(video, 0, { isKey: true }));
  clock.turn();
  expect(sink.units).toEqual([]);
  publication.setTrack(audio);
  publication.write(frameOf(audio, 5));
  clock.turn();
  expect(sink.units).toEqual(['[va]T1.1', 'T2.17', 'V0', 'a5']);
});

test('a source with one kind of track that says nothing is held up only briefly', () => {
  const stream = newStream();
  const sink = join(stream);
  const publication = stream.publish()!;
  publication.setTrack(video);
  publication.write(frameOf(video, 0, { isKey: true }));
  clock.advance(500);
  expect(sink.units).toEqual(['[v]T1.1', 'V0']);
});

test('a group beyond its frame limit is not cached: late viewers wait for the next key frame', () => {
  const stream = newStream(1, 4);
  const variant = { ...textVariant(1), gopCache: { maxGops: 1, maxFramesPerGop: 4, maxBytes: 1e9 } };
  join(stream, variant);
  const publication = publish(stream);
  play(publication, 5, 100);
  clock.turn();
  const late = join(stream, variant);
  expect(late.units).toEqual([]);
  publication.write(frameOf(video, 200, { isKey: true }));
  clock.turn();
  expect(late.units).toEqual(['[va]T1.1', 'T2.17', 'V200']);
});

test('each viewer gets one write a flush, and all viewers the same bytes', () => {
  scheduler.viewers = 100;
  const stream = newStream();
  const variant = textVariant();
  const buffers: Uint8Array[][] = [[], []];
  for (const seen of buffers) {
    const sink = {
      queuedBytes: 0,
      write(bytes: Uint8Array): boolean {
        seen.push(bytes);
        return true;
      },
      end() {},
    };
    stream.attach(variant, sink, roomyLimits);
  }
  const publication = publish(stream);
  publication.write(frameOf(video, 0, { isKey: true }));
  clock.advance(20);
  for (let index = 1; index < 10; index += 1) publication.write(frameOf(video, index * 2));
  clock.advance(20);
  expect(buffers[0]).toHaveLength(4);
  expect(buffers[1]![3]).toBe(buffers[0]![3]);
});

test('merge size: bytes wait until there are enough, but no longer than the widest window', () => {
  const stream = newStream();
  const variant = textVariant(0, 'merged', 30);
  const sink = join(stream, variant);
  const publication = publish(stream);
  publication.write(frameOf(video, 0, { isKey: true }));
  clock.turn();
  expect(sink.writes).toEqual([]);
  publication.write(frameOf(video, 40, { bytes: 30 }));
  clock.turn();
  expect(sink.units.at(-1)).toBe('v40');
  publication.write(frameOf(video, 80));
  clock.advance(59);
  expect(sink.units.at(-1)).toBe('v40');
  clock.advance(1);
  expect(sink.units.at(-1)).toBe('v80');
});

test('framing is applied once a flush, to whole flushes and to parts', () => {
  const stream = newStream();
  let framed = 0;
  const framing = {
    frame(bytes: Uint8Array): Uint8Array {
      framed += 1;
      return text(`<${new TextDecoder().decode(bytes)}>`);
    },
  };
  const sinks = [new CollectingSink(), new CollectingSink()];
  for (const sink of sinks) stream.attach(textVariant(), sink, roomyLimits, framing);
  const publication = publish(stream);
  publication.write(frameOf(video, 0, { isKey: true }));
  clock.turn();
  framed = 0;
  publication.write(frameOf(video, 40));
  clock.turn();
  expect(framed).toBe(1);
  expect(sinks[0]!.writes.map((write) => write.replaceAll('.', ''))).toEqual([
    '<[va]>',
    '<T11;T217;>',
    '<V0;>',
    '<v40;>',
  ]);
  expect(sinks[1]!.writes).toEqual(sinks[0]!.writes);
});

test('a format that nobody takes any more is forgotten, and so are its timers', () => {
  const stream = newStream();
  const sink = new CollectingSink();
  const subscription = stream.attach(textVariant(), sink, roomyLimits);
  const publication = publish(stream);
  publication.write(frameOf(video, 0, { isKey: true }));
  subscription.close();
  stream.tick(clock.monotonicMs());
  publication.end();
  expect(stream.fanouts.size).toBe(0);
  expect(stream.isUnused).toBe(true);
  expect(scheduler.viewers).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});
