import { beforeEach, describe, expect, test } from 'vitest';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { LiveStream } from '../hub/live-stream.ts';
import type { Publication } from '../hub/publication.ts';
import type { ByteSink } from '../hub/subscription.ts';
import type { MediaFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { roomyLimits } from '../testing/hub-kit.ts';
import { checkTs, type TsReport } from '../testing/ts-checker.ts';
import { aacTrack, av1Track, framesOf, g711Track, h264Track, h265Track } from '../testing/ts-kit.ts';
import { tsOutput } from './ts-output.ts';

class TsSink implements ByteSink {
  readonly queuedBytes = 0;
  readonly #parts: Uint8Array[] = [];

  write(bytes: Uint8Array): boolean {
    this.#parts.push(bytes.slice());
    return true;
  }

  end(): void {}

  get report(): TsReport {
    return checkTs(Uint8Array.from(Buffer.concat(this.#parts)));
  }
}

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock();
});

function newStream(gops: number): LiveStream {
  const gopCache = { maxGops: gops, maxFramesPerGop: 0, maxBytes: 1e9 };
  return new LiveStream('a', new FlushScheduler(clock, 60), { gopCache });
}

function join(stream: LiveStream, gops: number): TsSink {
  const sink = new TsSink();
  const gopCache = { maxGops: gops, maxFramesPerGop: 0, maxBytes: 1e9 };
  stream.attach(tsOutput({ gopCache, flushBytes: 0 }), sink, roomyLimits);
  return sink;
}

function publish(stream: LiveStream, ...tracks: Track[]): Publication {
  const publication = stream.publish()!;
  publication.announce({
    audio: tracks.some(({ kind }) => kind === 'audio'),
    video: tracks.some(({ kind }) => kind === 'video'),
  });
  for (const track of tracks) publication.setTrack(track);
  return publication;
}

function play(
  publication: Publication,
  frames: readonly MediaFrame[],
  before: (index: number) => void = () => {},
): void {
  for (const [index, frame] of frames.entries()) {
    before(index);
    publication.write(frame);
    clock.turn();
  }
}

describe.each([0, 1, 2])('with %i cached groups', (gops) => {
  test('whoever joins, whenever, gets sound packets from tables and a key frame on', () => {
    const stream = newStream(gops);
    join(stream, gops); // keeps the packager alive from the first frame on
    const publication = publish(stream, h264Track, aacTrack);
    const sinks: TsSink[] = [];
    play(publication, framesOf(h264Track, aacTrack, 4), (index) => {
      if (index % 3 === 0) sinks.push(join(stream, gops));
    });
    publication.end();
    for (const { report } of sinks) {
      if (report.packets === 0) continue; // joined after the last key frame
      expect(report.problems).toEqual([]);
      expect(report.tables[0]).toMatchObject({ packet: 1, map: '100:1b 101:f' });
      expect(report.pes.find(({ pid }) => pid === 0x100)!.isRandomAccess).toBe(true);
    }
    expect(sinks.filter(({ report }) => report.packets > 0).length).toBeGreaterThan(70);
  });

  test('the first viewer in mid-stream finds all tracks in the first tables', () => {
    const stream = newStream(gops);
    const publication = publish(stream, h265Track, aacTrack);
    play(publication, framesOf(h265Track, aacTrack, 2.3));
    const sink = join(stream, gops);
    play(publication, framesOf(h265Track, aacTrack, 2, { startMs: 3000 }));
    publication.end();
    const { problems, tables } = sink.report;
    expect(problems).toEqual([]);
    expect(new Set(tables.map(({ version, map }) => `${version} ${map}`))).toEqual(
      new Set(['0 100:24 101:f']),
    );
  });
});

test('audio before the first picture lets viewers start, with the tables', () => {
  const stream = newStream(0);
  join(stream, 0);
  const publication = publish(stream, h264Track, aacTrack);
  const sinks: TsSink[] = [];
  play(publication, framesOf(undefined, aacTrack, 2), (index) => {
    if (index % 10 === 0) sinks.push(join(stream, 0));
  });
  play(publication, framesOf(h264Track, aacTrack, 1, { startMs: 2000 }));
  publication.end();
  for (const { report } of sinks) {
    expect(report.problems).toEqual([]);
    expect(report.tables[0]).toMatchObject({ packet: 1, map: '100:1b 101:f' });
    expect(report.pes[0]!.pid).toBe(0x101);
  }
});

test('the end writes the audio that waited', () => {
  const stream = newStream(0);
  const sink = join(stream, 0);
  const publication = publish(stream, aacTrack);
  play(publication, framesOf(undefined, aacTrack, 0.1));
  expect(sink.report.packets).toBe(0);
  publication.end();
  expect(sink.report.pes.map(({ payload }) => payload.length)).toEqual([5 * 107]);
});

test('a viewer that stays for the next publisher sees one stream go on', () => {
  const stream = newStream(1);
  const sink = join(stream, 1);
  const first = publish(stream, h264Track, aacTrack);
  play(first, framesOf(h264Track, aacTrack, 2, { startMs: 70_000 }));
  first.end();
  const second = publish(stream, h265Track);
  play(second, framesOf(h265Track, undefined, 2));
  second.end();
  const { problems, tables, maxPcrIntervalMs } = sink.report;
  expect(problems).toEqual([]);
  expect(maxPcrIntervalMs).toBeLessThanOrEqual(100);
  expect(tables.at(0)!.map).toBe('100:1b 101:f');
  expect(tables.at(-1)!.map).toBe('102:24');
});

test('beside video that can not be carried, viewers get the audio', () => {
  const stream = newStream(0);
  const sink = join(stream, 0);
  const publication = publish(stream, av1Track, aacTrack);
  play(publication, framesOf(av1Track, aacTrack, 3));
  publication.end();
  const { problems, tables, pes } = sink.report;
  expect(problems).toEqual([]);
  expect(tables[0]).toMatchObject({ packet: 1, map: '101:f' });
  expect(pes.length).toBeGreaterThan(14);
});

test('beside video that can not be carried, whoever joins gets audio with the next tables, key frame or not', () => {
  const stream = newStream(0);
  join(stream, 0);
  const publication = publish(stream, av1Track, aacTrack);
  play(publication, framesOf(av1Track, aacTrack, 1));
  const sink = join(stream, 0);
  const audioOnly = framesOf(undefined, aacTrack, 0.6, { startMs: 1000 });
  play(publication, audioOnly);
  publication.end();
  expect(sink.report.problems).toEqual([]);
  expect(sink.report.tables[0]).toMatchObject({ packet: 1, map: '101:f' });
});

test('video that turns into something that can not be carried leaves audio that players can start with', () => {
  const stream = newStream(0);
  join(stream, 0);
  const publication = publish(stream, h264Track, aacTrack);
  play(publication, framesOf(h264Track, aacTrack, 1));
  publication.setTrack({ ...av1Track, id: h264Track.id });
  play(publication, framesOf(undefined, aacTrack, 1, { startMs: 1000 }));
  const sink = join(stream, 0);
  play(publication, framesOf(undefined, aacTrack, 1, { startMs: 2000 }));
  publication.end();
  expect(sink.report.problems).toEqual([]);
  expect(sink.report.tables[0]).toMatchObject({ packet: 1, map: '101:f' });
});

test('beside audio that can not be carried, viewers get the video', () => {
  const stream = newStream(0);
  const sink = join(stream, 0);
  const publication = publish(stream, h264Track, g711Track);
  play(publication, framesOf(h264Track, g711Track, 2, { audioStepMs: 20 }));
  publication.end();
  expect(sink.report.problems).toEqual([]);
  expect(sink.report.pes).toHaveLength(50);
});
