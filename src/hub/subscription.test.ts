import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { CollectingSink, frameOf, roomyLimits, textVariant, videoTrack } from '../testing/hub-kit.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import { LiveStream } from './live-stream.ts';
import type { Publication } from './publication.ts';
import type { Subscription, SubscriptionLimits } from './subscription.ts';

const video = videoTrack();

let clock: FakeClock;
let stream: LiveStream;
let publication: Publication;
let sink: CollectingSink;

beforeEach(() => {
  clock = new FakeClock();
  stream = new LiveStream('a', new FlushScheduler(clock, 60), {
    gopCache: { maxGops: 1, maxFramesPerGop: 0, maxBytes: 1e9 },
  });
  publication = stream.publish()!;
  publication.announce({ audio: false, video: true });
  publication.setTrack(video);
  sink = new CollectingSink();
});

function attach(limits: Partial<SubscriptionLimits>, gops = 0): Subscription {
  return stream.attach(textVariant(gops), sink, { ...roomyLimits, ...limits });
}

function send(timeMs: number, isKey = false, bytes = 100): void {
  publication.write(frameOf(video, timeMs, { isKey, bytes }));
  clock.turn();
}

test('what a full sink does not take waits and comes out in order', () => {
  const subscription = attach({});
  send(0, true);
  sink.isFull = true;
  send(40);
  send(80);
  send(120);
  expect(sink.units.at(-1)).toBe('v40');
  expect(subscription.queuedBytes).toBe(200);
  sink.isFull = false;
  subscription.resume(0);
  expect(sink.units.slice(-4)).toEqual(['V0', 'v40', 'v80', 'v120']);
  expect(subscription.counters.drops).toBe(0);
});

test('a queue full in bytes is dropped up to the next key frame, and counted', () => {
  const subscription = attach({ maxQueueBytes: 250 });
  send(0, true);
  sink.isFull = true;
  for (let time = 40; time <= 240; time += 40) send(time);
  expect(subscription.counters).toMatchObject({ drops: 1, droppedUnits: 5, droppedBytes: 500 });
  expect(subscription.queuedBytes).toBe(0);
  sink.isFull = false;
  subscription.resume(0);
  send(280);
  send(320, true);
  expect(sink.units.slice(-3)).toEqual(['v40', 'T1.1', 'V320']);
  send(360);
  expect(subscription.counters).toMatchObject({ drops: 1, droppedUnits: 6, droppedBytes: 600 });
});

test('a queue full in media time is dropped the same way', () => {
  const subscription = attach({ maxQueueMs: 100 });
  send(0, true);
  sink.isFull = true;
  for (let time = 40; time <= 240; time += 40) send(time);
  expect(subscription.counters.drops).toBe(1);
});

test('headers that changed among what was dropped are sent before the viewer goes on', () => {
  const subscription = attach({ maxQueueBytes: 150 });
  send(0, true);
  sink.isFull = true;
  send(40);
  const changed = videoTrack(5);
  publication.setTrack(changed);
  for (const time of [80, 120]) {
    publication.write(frameOf(changed, time, { bytes: 100 }));
    clock.turn();
  }
  sink.isFull = false;
  subscription.resume(0);
  publication.write(frameOf(changed, 160, { isKey: true }));
  clock.turn();
  expect(sink.units.slice(-2)).toEqual(['T1.5', 'V160']);
});

test('a consumer that may not lose anything ends with a coded reason instead', () => {
  const subscription = attach({ maxQueueBytes: 250, overflow: 'fail' });
  send(0, true);
  sink.isFull = true;
  for (let time = 40; time <= 240; time += 40) send(time);
  expect(sink.ended?.code).toBe('consumer-overflow');
  expect(subscription.isClosed).toBe(true);
});

test('a viewer that stays behind too long is ended; one that catches up is not', () => {
  const subscription = attach({ maxBehindMs: 1000 });
  send(0, true);
  sink.isFull = true;
  send(40);
  clock.advance(900);
  sink.isFull = false;
  subscription.resume(clock.monotonicMs());
  clock.advance(900);
  stream.tick(clock.monotonicMs());
  expect(sink.ended).toBeUndefined();
  sink.isFull = true;
  send(80);
  clock.advance(1001);
  stream.tick(clock.monotonicMs());
  expect(sink.ended?.code).toBe('viewer-too-slow');
});

test('dropping does not excuse a viewer that takes nothing at all', () => {
  attach({ maxBehindMs: 1000, maxQueueBytes: 150 });
  send(0, true);
  sink.isFull = true;
  for (let time = 40; time <= 1200; time += 40) {
    clock.advance(40);
    send(time, time % 200 === 0);
  }
  stream.tick(clock.monotonicMs());
  expect(sink.ended?.code).toBe('viewer-too-slow');
});

test('a viewer of a stream that sends nothing is ended by the idle rule', () => {
  attach({ idleTimeoutMs: 5000 });
  send(0, true);
  clock.advance(5000);
  stream.tick(clock.monotonicMs());
  expect(sink.ended).toBeUndefined();
  clock.advance(1);
  stream.tick(clock.monotonicMs());
  expect(sink.ended?.code).toBe('idle-timeout');
});

test('the cached start of a stream may be larger than the queue', () => {
  attach({}, 1).close();
  send(0, true, 1000);
  for (let time = 40; time <= 400; time += 40) send(time, false, 1000);
  sink = new CollectingSink();
  sink.isFull = true;
  const subscription = attach({ maxQueueBytes: 500, maxQueueMs: 100 }, 1);
  send(440, false, 100);
  expect(subscription.counters.drops).toBe(0);
  sink.isFull = false;
  subscription.resume(0);
  expect(sink.units).toHaveLength(13);
});

test('one viewer that takes nothing costs the others nothing', () => {
  const stalled = attach({ maxQueueBytes: 1000 });
  sink.isFull = true;
  const others = Array.from({ length: 50 }, () => new CollectingSink());
  for (const other of others) stream.attach(textVariant(), other, roomyLimits);
  let most = 0;
  for (let time = 0; time < 10_000; time += 40) {
    send(time, time % 400 === 0);
    clock.advance(40);
    most = Math.max(most, stalled.queuedBytes);
  }
  for (const other of others) expect(other.units).toHaveLength(2 + 250 - 1);
  expect(most).toBeLessThanOrEqual(1000);
  expect(stalled.counters.drops).toBeGreaterThan(10);
});

test('what passes before a viewer has started at all is no loss', () => {
  const subscription = attach({});
  send(0);
  send(40, true);
  expect(subscription.counters).toMatchObject({ drops: 0, droppedUnits: 0, droppedBytes: 0 });
});

test('a key frame whose headers did not fit is not sent without them', () => {
  sink.queuedBytes = 100;
  const subscription = attach({ maxQueueBytes: 104 });
  sink.isFull = true;
  send(0, true, 2);
  expect(sink.writes).toEqual(['[v]']);
  expect(subscription.counters.drops).toBe(1);
  sink.queuedBytes = 0;
  sink.isFull = false;
  subscription.resume(0);
  send(40, true, 2);
  expect(sink.units).toEqual(['[v]T1.1', 'V40']);
});

test('a sink that fills up in the middle of the queue gets the rest later', () => {
  const subscription = attach({});
  send(0, true);
  sink.isFull = true;
  for (const time of [40, 80, 120]) send(time);
  subscription.resume(0);
  expect(sink.units.at(-1)).toBe('v80');
  subscription.resume(0);
  expect(sink.units.at(-1)).toBe('v120');
  expect(subscription.queuedBytes).toBe(0);
});

test('closing twice is harmless, and nothing is written or ended afterwards', () => {
  const subscription = attach({ maxBehindMs: 1 });
  send(0, true);
  sink.isFull = true;
  send(40);
  send(80);
  subscription.close();
  subscription.close();
  const { length } = sink.writes;
  subscription.resume(0);
  send(120, true);
  clock.advance(1000);
  subscription.checkHealth(clock.monotonicMs());
  expect(sink.writes).toHaveLength(length);
  expect(sink.ended).toBeUndefined();
  expect(subscription.isClosed).toBe(true);
  expect(stream.viewerCount).toBe(0);
});

test('a republish does not let a viewer out of what it was behind with', () => {
  const subscription = attach({ maxBehindMs: 1000 });
  send(0, true);
  sink.isFull = true;
  send(40);
  publication.end();
  clock.advance(1001);
  stream.tick(clock.monotonicMs());
  expect(sink.ended?.code).toBe('viewer-too-slow');
  expect(subscription.isClosed).toBe(true);
});
