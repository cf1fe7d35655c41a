import { beforeEach, expect, test } from 'vitest';
import type { Track } from '../media/track.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import {
  audioTrack,
  CollectingSink,
  frameOf,
  roomyLimits,
  scriptTrack,
  textVariant,
  videoTrack,
} from '../testing/hub-kit.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import type { LiveStream } from './live-stream.ts';
import type { Publication } from './publication.ts';
import { StreamHub } from './stream-hub.ts';

const GRACE_MS = 5000;
const FRAME_MS = 40;
const script = scriptTrack();

let clock: FakeClock;
let hub: StreamHub;
let options: { graceMs: number; gopCache: { maxGops: number; maxFramesPerGop: number; maxBytes: number } };

beforeEach(() => {
  clock = new FakeClock();
  options = { graceMs: GRACE_MS, gopCache: { maxGops: 1, maxFramesPerGop: 0, maxBytes: 1e9 } };
  hub = new StreamHub(new FlushScheduler(clock, 60), options);
});

function join(stream: LiveStream, limits = roomyLimits): CollectingSink {
  const sink = new CollectingSink();
  stream.attach(textVariant(1), sink, limits);
  return sink;
}

/** Publishes metadata, then picture and sound, from `startMs` on the publisher's own clock. */
function publish(
  stream: LiveStream,
  { startMs = 0, frames = 3, video = videoTrack(), audio = audioTrack(), metadataBytes = 10 } = {},
): Publication {
  const publication = stream.publish()!;
  for (const track of [script, video, audio]) publication.setTrack(track);
  publication.write(frameOf(script, 0, { bytes: metadataBytes }));
  play(publication, startMs, frames, video, audio);
  return publication;
}

function play(
  publication: Publication,
  startMs: number,
  frames: number,
  video: Track = videoTrack(),
  audio: Track = audioTrack(),
): void {
  for (let index = 0; index < frames; index += 1) {
    publication.write(frameOf(video, startMs + index * FRAME_MS, { isKey: index === 0 }));
    publication.write(frameOf(audio, startMs + index * FRAME_MS + 10));
    clock.advance(FRAME_MS);
  }
}

/** What came after `publication` had ended and another had taken its place. */
function unitsSince(sink: CollectingSink, returns: () => void): string[] {
  const before = sink.units.length;
  returns();
  clock.turn();
  return sink.units.slice(before);
}

test('who returns in time goes on behind the head by the time that passed, and nobody is told again what he knows', () => {
  const stream = hub.open('a');
  const sink = join(stream);
  const first = publish(stream);
  expect(sink.units).toEqual(['[vad]d0', 'T1.1', 'T2.17', 'V0', 'a10', 'v40', 'a50', 'v80', 'a90']);
  first.end();
  clock.advance(1960);
  // The last sound, of 90 ms, came at 80 ms; now it is 2080 ms.
  const units = unitsSince(sink, () => publish(stream, { startMs: 7000 }));
  expect(units).toEqual(['V2090', 'a2100', 'v2130', 'a2140', 'v2170', 'a2180']);
});

test('a next return goes on from there', () => {
  const stream = hub.open('a');
  const sink = join(stream);
  for (let round = 0; round < 4; round += 1) {
    publish(stream, { frames: 1 }).end();
    clock.advance(1000 - FRAME_MS);
  }
  expect(sink.units.filter((unit) => /^[Va]/.test(unit))).toEqual([
    'V0',
    'a10',
    'V1010',
    'a1020',
    'V2020',
    'a2030',
    'V3030',
    'a3040',
  ]);
});

test('changed parameters and changed metadata are told, once', () => {
  const stream = hub.open('a');
  const sink = join(stream);
  publish(stream).end();
  const changed = videoTrack(7);
  const units = unitsSince(sink, () => publish(stream, { video: changed }).end());
  expect(units.slice(0, 4)).toEqual(['d130', 'T1.7', 'T2.17', 'V130']);
  expect(unitsSince(sink, () => publish(stream, { video: changed }).end())[0]).toMatch(/^V/);
  const bytes = unitsSince(sink, () => publish(stream, { video: changed, metadataBytes: 12 }));
  expect(bytes.slice(0, 3).map((unit) => unit.replace(/\d+$/, ''))).toEqual(['d', 'T1.', 'T2.']);
});

test('fewer tracks than before are no news; a track that was not there is', () => {
  const stream = hub.open('a');
  const sink = join(stream);
  publish(stream).end();
  const pictures = (): Publication => {
    const publication = stream.publish()!;
    publication.announce({ audio: false, video: true });
    publication.setTrack(videoTrack());
    publication.write(frameOf(videoTrack(), 0, { isKey: true }));
    return publication;
  };
  expect(unitsSince(sink, () => pictures().end())).toEqual(['V130']);
  expect(unitsSince(sink, () => publish(stream, { frames: 1 }))).toEqual([
    'd150',
    'T1.1',
    'T2.17',
    'V150',
    'a160',
  ]);
});

test('who joins while nobody publishes waits, and gets everything', () => {
  const stream = hub.open('a');
  publish(stream).end();
  clock.advance(100);
  const sink = join(stream);
  expect(sink.writes).toEqual([]);
  publish(stream, { frames: 1 });
  expect(sink.units).toEqual(['[vad]d230', 'T1.1', 'T2.17', 'V230', 'a240']);
});

test('after the grace time it is a new start', () => {
  const stream = hub.open('a');
  const sink = join(stream);
  publish(stream).end();
  clock.advance(GRACE_MS);
  expect(stream.isInGrace).toBe(false);
  const units = unitsSince(sink, () => publish(stream, { startMs: 7000, frames: 1 }));
  expect(units).toEqual(['d0', 'T1.1', 'T2.17', 'V7000', 'a7010']);
});

test('who sent nothing leaves the next one where he was himself; without any before him that is nowhere', () => {
  const stream = hub.open('a');
  const sink = join(stream);
  stream.publish()!.end();
  publish(stream, { startMs: 300, frames: 1 }).end();
  expect(sink.units.at(-1)).toBe('a310');
  stream.publish()!.end();
  clock.advance(GRACE_MS - 1);
  const units = unitsSince(sink, () => publish(stream, { frames: 1 }));
  expect(units).toEqual(['V5349', 'a5359']);
});

test('the grace time may change with each publisher', () => {
  const stream = hub.open('a');
  options.graceMs = 0;
  publish(stream).end();
  expect(stream.isInGrace).toBe(false);
  options.graceMs = 100;
  publish(stream).end();
  expect(stream.isInGrace).toBe(true);
  clock.advance(100);
  expect(stream.isInGrace).toBe(false);
});

test('a stream in grace is not forgotten, and then it is', () => {
  const stream = hub.open('a');
  publish(stream).end();
  clock.advance(GRACE_MS - 1);
  hub.tick(clock.monotonicMs());
  expect(hub.get('a')).toBe(stream);
  clock.advance(1);
  hub.tick(clock.monotonicMs());
  expect(hub.get('a')).toBeUndefined();
  expect(clock.pendingTimers).toBe(0);
});

test('viewers do not wait in vain before the grace time is over', () => {
  options.graceMs = 60_000;
  const stream = hub.open('a');
  const sink = join(stream, { ...roomyLimits, idleTimeoutMs: 10_000 });
  publish(stream).end();
  const tickUntil = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1000);
      hub.tick(clock.monotonicMs());
    }
  };
  tickUntil(69);
  expect(sink.ended).toBeUndefined();
  tickUntil(2);
  expect(sink.ended?.code).toBe('idle-timeout');
});

test('observers learn of the end at once', () => {
  const seen: string[] = [];
  hub.observe({
    publicationStarted: ({ isInGrace }) => void seen.push(`start ${isInGrace}`),
    publicationEnded: ({ isInGrace, publication }) =>
      void seen.push(`end ${isInGrace} ${publication === undefined}`),
  });
  const stream = hub.open('a');
  publish(stream).end();
  publish(stream);
  expect(seen).toEqual(['start false', 'end true true', 'start false']);
});
