import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { CollectingSink, frameOf, roomyLimits, textVariant, videoTrack } from '../testing/hub-kit.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import { StreamHub } from './stream-hub.ts';

let clock: FakeClock;
let hub: StreamHub;

beforeEach(() => {
  clock = new FakeClock();
  hub = new StreamHub(new FlushScheduler(clock, 60), {
    gopCache: { maxGops: 1, maxFramesPerGop: 0, maxBytes: 1e9 },
  });
});

test('a stream is made once and found again', () => {
  expect(hub.get('a')).toBeUndefined();
  const stream = hub.open('a');
  expect(hub.open('a')).toBe(stream);
  expect(hub.get('a')).toBe(stream);
  expect([...hub.streams.keys()]).toEqual(['a']);
});

test('a stream lives as long as someone publishes or waits, and not a tick longer', () => {
  const stream = hub.open('a');
  const publication = stream.publish()!;
  const subscription = stream.attach(textVariant(), new CollectingSink(), roomyLimits);
  hub.tick(0);
  publication.end();
  hub.tick(1000);
  expect(hub.get('a')).toBe(stream);
  subscription.close();
  expect(hub.get('a')).toBe(stream);
  hub.tick(2000);
  expect(hub.streams.size).toBe(0);
});

test('a tick ends viewers whose time is over, and forgets the stream they leave behind', () => {
  const sink = new CollectingSink();
  hub.open('a').attach(textVariant(), sink, { ...roomyLimits, idleTimeoutMs: 5000 });
  hub.tick(5000);
  expect(sink.ended).toBeUndefined();
  hub.tick(5001);
  expect(sink.ended?.code).toBe('idle-timeout');
  expect(hub.streams.size).toBe(0);
});

test('streams do not mix', () => {
  const sinks = ['a', 'b'].map((key) => {
    const sink = new CollectingSink();
    hub.open(key).attach(textVariant(), sink, roomyLimits);
    return sink;
  });
  const publication = hub.open('a').publish()!;
  publication.announce({ audio: false, video: true });
  publication.setTrack(videoTrack());
  publication.write(frameOf(videoTrack(), 0, { isKey: true }));
  clock.turn();
  expect(sinks[0]!.units).toEqual(['[v]T1.1', 'V0']);
  expect(sinks[1]!.units).toEqual([]);
});
