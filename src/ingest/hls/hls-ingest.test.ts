import { expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { StreamHub } from '../../hub/stream-hub.ts';
import type { FragmentSequel } from '../../protocol/hls/playlist-follower.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settled } from '../../testing/settled.ts';
import { aacTrack, framesOf, h264Track, muxAll } from '../../testing/ts-kit.ts';
import { HlsIngest } from './hls-ingest.ts';

/** A stream of so many seconds, cut in two. */
function fragmentsOf(seconds: number, cutSec: number): [Uint8Array, Uint8Array] {
  const { units } = muxAll(framesOf(h264Track, aacTrack, seconds));
  const cut = units.findIndex(({ frame }) => frame?.track.kind === 'video' && frame.dtsUs >= cutSec * 1e6);
  const bytesOf = (part: typeof units): Uint8Array =>
    Uint8Array.from(Buffer.concat(part.map(({ bytes }) => bytes)));
  return [bytesOf(units.slice(0, cut)), bytesOf(units.slice(cut))];
}

class Bench {
  readonly clock = new FakeClock();
  readonly hub = new StreamHub(new FlushScheduler(this.clock, 0), {
    gopCache: { maxGops: 1, maxFramesPerGop: 0, maxBytes: 1e9 },
  });
  readonly publication = this.hub.open('a').publish()!;
  readonly ingest = new HlsIngest(this.clock);

  constructor() {
    this.ingest.publishTo(this.publication);
  }

  async receive(bytes: Uint8Array, sequel: FragmentSequel): Promise<void> {
    await this.ingest.play(await this.ingest.read(bytes, sequel));
  }
}

async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await settled();
  return over;
}

test('fragments come in lumps, frames go out at their time, and the next fragment is fetched in time', async () => {
  const bench = new Bench();
  const { clock, ingest, hub } = bench;
  const { frames } = bench.publication;
  const [first, second] = fragmentsOf(16, 8);
  expect(await isOver(bench.receive(first, 'new'))).toBe(true);
  const room = bench.receive(second, 'next');
  expect(await isOver(room)).toBe(false);
  clock.advance(1000);
  expect([frames.video, frames.audio]).toEqual([26, 47]);
  expect(hub.get('a')!.state.tracks.map(({ kind }) => kind)).toEqual(['video', 'audio']);
  clock.advance(5500);
  expect(await isOver(room)).toBe(true);
  const finished = ingest.finish();
  clock.advance(9000);
  expect(await isOver(finished)).toBe(false);
  clock.advance(1000);
  expect(await isOver(finished)).toBe(true);
  expect(frames.video).toBe(400);
  expect(ingest.counters).toMatchObject({ continuityErrors: 0, damagedPes: 0 });
});

test('it may be stopped, lets go of whoever waits, and takes nothing more', async () => {
  const bench = new Bench();
  const { clock, ingest, publication } = bench;
  const [first, second] = fragmentsOf(40, 30);
  const received = bench.receive(first, 'new');
  await settled();
  clock.advance(100);
  ingest.stop();
  expect(await isOver(received)).toBe(true);
  const before = { ...publication.frames };
  await bench.receive(second, 'next');
  await ingest.finish();
  expect([publication.frames, clock.pendingTimers]).toEqual([before, 0]);
});

test('an error of whoever gets the frames ends it', async () => {
  const bench = new Bench();
  bench.publication.write = () => {
    throw new Error('a mistake of ours');
  };
  const received = bench.receive(fragmentsOf(40, 30)[0], 'new');
  await settled();
  bench.clock.advance(1000);
  await expect(received).rejects.toThrow('a mistake of ours');
});
