import { expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { StreamHub } from '../../hub/stream-hub.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settled } from '../../testing/settled.ts';
import { videoTrack } from '../../testing/hub-kit.ts';
import { StreamWaits } from './stream-waits.ts';

function setup(): { hub: StreamHub; waits: StreamWaits; clock: FakeClock } {
  const clock = new FakeClock();
  const hub = new StreamHub(new FlushScheduler(clock, 0, 0), {
    gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 0 },
  });
  return { hub, waits: new StreamWaits(hub), clock };
}

function publish(hub: StreamHub, key: string): void {
  const publication = hub.open(key).publish()!;
  publication.announce({ audio: false, video: true });
  publication.setTrack(videoTrack());
}

test('who waits for a stream is told when its tracks are known, and nobody else is', async () => {
  const { hub, waits } = setup();
  const told: string[] = [];
  for (const key of ['a', 'b', 'a']) {
    void waits.untilOpen(hub.open(key), {}).then((stream) => told.push(stream.key));
  }
  expect(waits.size).toBe(3);
  const publication = hub.open('a').publish()!;
  await settled();
  expect(told).toEqual([]);
  publication.announce({ audio: false, video: true });
  publication.setTrack(videoTrack());
  await settled();
  expect(told).toEqual(['a', 'a']);
  expect(waits.size).toBe(1);
});

test('who comes later does not wait', async () => {
  const { hub, waits } = setup();
  publish(hub, 'a');
  expect((await waits.untilOpen(hub.open('a'), {})).key).toBe('a');
  expect(waits.size).toBe(0);
});

test('a stream is kept for those who wait, and forgotten when the last of them has left', () => {
  const { hub, waits, clock } = setup();
  const [first, second] = [{}, {}];
  void waits.untilOpen(hub.open('a'), first);
  void waits.untilOpen(hub.open('a'), second);
  waits.cancel(first);
  hub.tick(clock.monotonicMs());
  expect(hub.get('a')).toBeDefined();
  waits.cancel(second);
  waits.cancel(second);
  hub.tick(clock.monotonicMs());
  expect(hub.get('a')).toBeUndefined();
});

test('who asks again waits for the latter stream alone', async () => {
  const { hub, waits, clock } = setup();
  const waiter = {};
  const told: string[] = [];
  void waits.untilOpen(hub.open('a'), waiter).then(({ key }) => told.push(key));
  void waits.untilOpen(hub.open('b'), waiter).then(({ key }) => told.push(key));
  hub.tick(clock.monotonicMs());
  expect([...hub.streams.keys()]).toEqual(['b']);
  publish(hub, 'a');
  publish(hub, 'b');
  await settled();
  expect(told).toEqual(['b']);
});
