import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import {
  audioTrack,
  CollectingSink,
  frameOf,
  roomyLimits,
  scriptTrack,
  TextPackager,
  textVariant,
  videoTrack,
} from '../testing/hub-kit.ts';
import type { Track } from '../media/track.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import { LiveStream } from './live-stream.ts';
import type { StreamState } from './packager.ts';
import type { Publication } from './publication.ts';
import { isFileStart } from './unit-consumer.ts';

const video = videoTrack();
const audio = audioTrack();
const script = scriptTrack();

let clock: FakeClock;
let scheduler: FlushScheduler;
let stream: LiveStream;
let sink: CollectingSink;

beforeEach(() => {
  clock = new FakeClock();
  scheduler = new FlushScheduler(clock, 60);
  stream = new LiveStream('a', scheduler, { gopCache: { maxGops: 2, maxFramesPerGop: 0, maxBytes: 1e9 } });
  sink = new CollectingSink();
});

function publish(...tracks: (typeof video)[]): Publication {
  const publication = stream.publish()!;
  for (const track of tracks) publication.setTrack(track);
  return publication;
}

test('metadata with time 0 in mid-stream does not make a queue look hours long', () => {
  const subscription = stream.attach(textVariant(), sink, { ...roomyLimits, maxQueueMs: 1000 });
  const publication = publish(video, audio, script);
  publication.write(frameOf(video, 3_600_000, { isKey: true }));
  clock.turn();
  sink.isFull = true;
  publication.write(frameOf(video, 3_600_040));
  clock.turn();
  publication.write(frameOf(script, 0, { isKey: true }));
  clock.turn();
  publication.write(frameOf(video, 3_600_080));
  clock.turn();
  expect(subscription.counters.drops).toBe(0);
});

test("a new publisher's clock is no measure for what waits of the old one", () => {
  const subscription = stream.attach(textVariant(), sink, { ...roomyLimits, maxQueueMs: 1000 });
  const first = publish(video, audio);
  first.write(frameOf(video, 0, { isKey: true }));
  clock.turn();
  sink.isFull = true;
  first.write(frameOf(video, 40));
  first.write(frameOf(video, 80));
  clock.turn();
  first.write(frameOf(video, 120));
  first.end();
  const second = publish(video, audio);
  second.write(frameOf(video, 7_200_000, { isKey: true }));
  clock.turn();
  expect(subscription.counters.drops).toBe(0);
  sink.isFull = false;
  subscription.resume(0);
  expect(sink.units.slice(-4)).toEqual(['v120', 'T1.1', 'T2.17', 'V7200000']);
});

test('what waits in a flush window when the publisher leaves is delivered, and nothing twice', () => {
  scheduler.viewers = 100;
  stream.attach(textVariant(), sink, roomyLimits);
  const publication = publish(video, audio);
  publication.write(frameOf(video, 0, { isKey: true }));
  publication.write(frameOf(video, 40));
  expect(sink.writes).toEqual([]);
  publication.end();
  expect(sink.units).toEqual(['[va]T1.1', 'T2.17', 'V0', 'v40']);
  clock.advance(1000);
  expect(sink.units).toHaveLength(4);
});

test('a viewer who joins in the window before the publisher leaves starts with the next one', () => {
  scheduler.viewers = 100;
  const first = publish(video, audio);
  stream.attach(textVariant(), new CollectingSink(), roomyLimits);
  first.write(frameOf(video, 0, { isKey: true }));
  stream.attach(textVariant(), sink, roomyLimits);
  first.write(frameOf(video, 40));
  first.end();
  const second = publish(videoTrack(7), audio);
  second.write(frameOf(videoTrack(7), 0, { isKey: true }));
  clock.advance(100);
  expect(sink.units).toEqual(['[va]T1.7', 'T2.17', 'V0']);
});

test('a viewer who joins while the tracks are not known yet misses nothing', () => {
  const publication = publish(video);
  publication.write(frameOf(video, 0, { isKey: true }));
  stream.attach(textVariant(), sink, roomyLimits);
  publication.write(frameOf(video, 40));
  publication.setTrack(audio);
  clock.turn();
  expect(sink.units).toEqual(['[va]T1.1', 'T2.17', 'V0', 'v40']);
});

test('a publication that ends while its tracks are not known still delivers what it sent', () => {
  stream.attach(textVariant(), sink, roomyLimits);
  const publication = publish(video);
  publication.write(frameOf(video, 0, { isKey: true }));
  publication.end();
  expect(sink.units).toEqual(['[v]T1.1', 'V0']);
  expect(clock.pendingTimers).toBe(0);
});

test('a burst is not kept back for the window: it leaves at the end of the turn', () => {
  scheduler.viewers = 500;
  stream.attach(textVariant(), sink, roomyLimits);
  const publication = publish(video, audio);
  publication.write(frameOf(video, 0, { isKey: true, bytes: 300_000 }));
  clock.turn();
  expect(sink.units).toHaveLength(3);
  expect(clock.pendingTimers).toBe(0);
});

test('a format made late leaves no timer behind and sends the cached frames only to whom asked', () => {
  scheduler.viewers = 100;
  const publication = publish(video, audio);
  for (let time = 0; time < 4000; time += 40) {
    publication.write(frameOf(video, time, { isKey: time % 1000 === 0, bytes: 20_000 }));
  }
  stream.attach(textVariant(2, 'late'), sink, roomyLimits);
  expect(clock.pendingTimers).toBe(0);
  expect(sink.units).toHaveLength(2 + 50);
});

test('a format without a cache does not package what the stream has cached for others', () => {
  let packaged = 0;
  class CountingPackager extends TextPackager {
    override writeFrame(...args: Parameters<TextPackager['writeFrame']>): void {
      packaged += 1;
      super.writeFrame(...args);
    }
  }
  const publication = publish(video, audio);
  publication.write(frameOf(video, 0, { isKey: true }));
  publication.write(frameOf(video, 40));
  stream.attach({ ...textVariant(0), createPackager: () => new CountingPackager() }, sink, roomyLimits);
  expect(packaged).toBe(0);
  publication.write(frameOf(video, 80, { isKey: true }));
  clock.turn();
  expect(sink.units).toEqual(['[va]T1.1', 'T2.17', 'V80']);
});

test('viewers of one format come and go while a flush is being delivered', () => {
  const publication = publish(video, audio);
  const leaving = stream.attach(textVariant(), new CollectingSink(), roomyLimits);
  const closer = {
    queuedBytes: 0,
    write(): boolean {
      leaving.close();
      return true;
    },
    end() {},
  };
  stream.attach(textVariant(), closer, roomyLimits);
  stream.attach(textVariant(), sink, roomyLimits);
  publication.write(frameOf(video, 0, { isKey: true }));
  clock.turn();
  expect(sink.units).toEqual(['[va]T1.1', 'T2.17', 'V0']);
  expect(stream.viewerCount).toBe(2);
});

test('beside video that the packager does not carry, viewers and files begin at audio, and no state shows the video', () => {
  class AudioPackager extends TextPackager {
    carries({ kind }: Track): boolean {
      return kind === 'audio';
    }
  }
  const starts: [boolean, StreamState | undefined][] = [];
  const variant = { ...textVariant(), createPackager: () => new AudioPackager() };
  stream.attachConsumer(variant, {
    consume({ marks, states }) {
      for (const mark of marks) starts.push([isFileStart(mark, states.get(mark)), states.get(mark)]);
    },
    publicationEnded() {},
  });
  const publication = publish(video, audio, script);
  publication.write(frameOf(script, 0, { isKey: true }));
  publication.write(frameOf(video, 0, { isKey: true }));
  publication.write(frameOf(audio, 0));
  clock.turn();
  stream.attach(variant, sink, roomyLimits);
  publication.write(frameOf(video, 20));
  publication.write(frameOf(audio, 20));
  clock.turn();
  expect(sink.units).toEqual(['[a]T2.17', 'a20']);
  const audioStarts = starts.filter(([isStart]) => isStart);
  expect(audioStarts).toHaveLength(2);
  for (const [, state] of audioStarts) expect(state).toEqual({ tracks: [audio], stickyFrames: [] });
});

test('what only a recorder takes is flushed seldom; a viewer who comes ends the long window and waits for none', () => {
  let flushes = 0;
  const consumer = { consume: () => void (flushes += 1), publicationEnded() {} };
  stream.attachConsumer(textVariant(), consumer);
  const publication = publish(video, audio);
  for (let time = 0; time < 1000; time += 40) {
    publication.write(frameOf(video, time, { isKey: time === 0 }));
    clock.advance(40);
  }
  expect(flushes).toBeLessThanOrEqual(10);
  stream.attach(textVariant(), sink, roomyLimits);
  publication.write(frameOf(video, 1000, { isKey: true }));
  clock.turn();
  expect(sink.units.at(-1)).toBe('V1000');
});
