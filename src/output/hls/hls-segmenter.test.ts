import { beforeEach, expect, test } from 'vitest';
import { FlushScheduler } from '../../hub/flush-scheduler.ts';
import { LiveStream } from '../../hub/live-stream.ts';
import type { Flush } from '../../hub/subscription.ts';
import type { Publication } from '../../hub/publication.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { audioTrack, frameOf, videoTrack } from '../../testing/hub-kit.ts';
import { packetTexts, tsLikeVariant } from '../../testing/ts-like.ts';
import type { ClosedFragment } from './fragment.ts';
import { HlsSegmenter } from './hls-segmenter.ts';

const video = videoTrack();
const audio = audioTrack();
let clock: FakeClock;
let stream: LiveStream;
let publication: Publication;
let fragments: ClosedFragment[];
let opened: number[];
let ends: number;

beforeEach(() => {
  clock = new FakeClock();
  const gopCache = { maxGops: 0, maxFramesPerGop: 0, maxBytes: 1e9 };
  stream = new LiveStream('s', new FlushScheduler(clock, 60, 0), { gopCache });
  fragments = [];
  opened = [];
  ends = 0;
  const sink = {
    opened: (openedMs: number) => void opened.push(openedMs),
    closed: (fragment: ClosedFragment) => void fragments.push(fragment),
    ended: () => void (ends += 1),
  };
  stream.attachConsumer(tsLikeVariant(), new HlsSegmenter(3000, sink, () => clock.wallMs()));
  publication = stream.publish()!;
});

function announce(audioToo: boolean): void {
  publication.announce({ video: true, audio: audioToo });
  publication.setTrack(video);
  if (audioToo) publication.setTrack(audio);
}

/** Video of 25 frames a second from `fromMs` to before `toMs`, with key frames at `keys`. */
function sendVideo(fromMs: number, toMs: number, isKey: (time: number) => boolean): void {
  for (let time = fromMs; time < toMs; time += 40) {
    publication.write(frameOf(video, time, { isKey: isKey(time) }));
    clock.advance(40);
  }
}

const times = (): number[] => fragments.map((fragment) => fragment.durationMs);
const flags = (): boolean[] => fragments.map((fragment) => fragment.discontinuity);
const bytesOf = ({ parts }: ClosedFragment): Uint8Array => Buffer.concat(parts);
const firstUnit = (fragment: ClosedFragment): string =>
  packetTexts(bytesOf(fragment)).find((text) => !text.startsWith('P'))!;

test('fragments begin at the first key frame after the wanted length, with the tables', () => {
  announce(false);
  sendVideo(1000, 13_000, (time) => time % 2000 === 1000);
  expect(times()).toEqual([4000, 4000]);
  expect(fragments.map(firstUnit)).toEqual(['V1000', 'V5000']);
  expect(packetTexts(bytesOf(fragments[1]!)).slice(0, 3)).toEqual(['PAT', 'PMT', 'V5000']);
  expect(flags()).toEqual([true, false]);
});

test('a moment of sound before the first picture begins the first fragment', () => {
  announce(true);
  for (let time = 1000; time < 1300; time += 20) publication.write(frameOf(audio, time));
  clock.advance(60);
  for (let time = 1300; time < 1400; time += 20) publication.write(frameOf(audio, time));
  sendVideo(1400, 5000, (time) => time % 1000 === 400);
  expect(fragments.map(firstUnit)).toEqual(['a1000']);
  expect(packetTexts(bytesOf(fragments[0]!)).filter((text) => text.startsWith('a'))).toHaveLength(20);
  // The key frame after three seconds from the first sound on.
  expect(times()).toEqual([3400]);
});

test('a long time of sound before the first picture is left out', () => {
  announce(true);
  for (let time = 0; time < 8000; time += 20) publication.write(frameOf(audio, time));
  clock.turn();
  sendVideo(8000, 12_000, (time) => time % 1000 === 0);
  expect(fragments.map(firstUnit)).toEqual(['V8000']);
});

test('what comes before the first key frame is left out', () => {
  announce(false);
  sendVideo(0, 6000, (time) => time === 1000 || time === 5000);
  expect(firstUnit(fragments[0]!)).toBe('V1000');
});

test('no unit is lost or doubled, however they fall into flushes', () => {
  announce(true);
  for (let time = 0; time < 20_000; time += 20) {
    if (time % 40 === 0) publication.write(frameOf(video, time, { isKey: time % 1000 === 0 }));
    publication.write(frameOf(audio, time));
    if (time % 140 === 0) clock.advance(140);
  }
  publication.end();
  const units = fragments
    .flatMap((fragment) => packetTexts(bytesOf(fragment)))
    .filter((text) => !text.startsWith('P'));
  expect(units).toHaveLength(1500);
  expect(new Set(units).size).toBe(1500);
  for (const fragment of fragments) expect(fragment.length % 188).toBe(0);
});

test('audio alone is cut at the first unit after the wanted length', () => {
  publication.announce({ video: false, audio: true });
  publication.setTrack(audio);
  for (let time = 0; time < 10_000; time += 64) {
    publication.write(frameOf(audio, time));
    clock.advance(64);
  }
  expect(times()).toEqual([3008, 3008, 3008]);
  expect(packetTexts(bytesOf(fragments[1]!))[0]).toBe('PAT');
});

test('without a key frame the cut is forced after ten times the length, with the tables of the fragment before', () => {
  announce(false);
  sendVideo(0, 65_000, (time) => time === 0 || time === 64_000);
  expect(times()).toEqual([30_040, 30_040, 3920]);
  expect(flags()).toEqual([true, true, true]);
  expect(fragments.map((fragment) => fragment.isIndependent)).toEqual([true, false, false]);
  expect(packetTexts(bytesOf(fragments[1]!)).slice(0, 4)).toEqual(['PAT', 'PMT', 'v30040', 'v30080']);
});

test('a forced cut at a key frame makes one fragment, not an empty one besides', () => {
  announce(false);
  sendVideo(0, 2000, (time) => time === 0);
  clock.advance(40_000);
  sendVideo(42_000, 46_000, (time) => time % 2000 === 0);
  expect(times()).toEqual([2000, 4000].slice(0, fragments.length));
  expect(fragments[0]!.durationMs).toBe(2000);
  publication.end();
  expect(times().every((durationMs) => durationMs > 0)).toBe(true);
  expect(flags()).toEqual([true, true]);
  expect(firstUnit(fragments[1]!)).toBe('V42000');
});

test('tracks that change are cut at once, and said to be a discontinuity', () => {
  announce(false);
  sendVideo(0, 1000, (time) => time === 0);
  const changed = videoTrack(2);
  publication.setTrack(changed);
  for (let time = 1000; time < 6000; time += 40) {
    publication.write(frameOf(changed, time, { isKey: time % 1000 === 0 }));
    clock.advance(40);
  }
  expect(times()).toEqual([1000, 3000]);
  expect(flags()).toEqual([true, true]);
});

test('sound that comes later is a change of tracks', () => {
  announce(false);
  sendVideo(0, 4000, (time) => time % 1000 === 0);
  publication.setTrack(audio);
  publication.write(frameOf(audio, 4000));
  sendVideo(4000, 8000, (time) => time % 1000 === 0);
  expect(times()).toEqual([3000, 1000, 3000]);
  expect(flags()).toEqual([true, false, true]);
});

test('a fragment that grows too large for memory is cut', () => {
  const bytes = new Uint8Array(20 * 1024 * 1024);
  const sink = {
    opened() {},
    closed: (fragment: ClosedFragment) => void fragments.push(fragment),
    ended() {},
  };
  const segmenter = new HlsSegmenter(3000, sink, () => 0);
  const states = { get: () => ({ tracks: [], stickyFrames: [] }) } as unknown as Flush['states'];
  for (let index = 0; index < 8; index += 1) {
    const marks = [
      { offset: 0, timeUs: index * 40_000, isRandomAccess: index === 0, startsGroup: index === 0 },
    ];
    segmenter.consume({ bytes, marks, states, endUs: 0, sinceMs: 0 });
  }
  expect(times()).toEqual([160]);
});

test('the end of a publication closes the last fragment; its last frame lasts as long as the one before', () => {
  announce(false);
  sendVideo(0, 1000, (time) => time === 0);
  publication.end();
  expect(times()).toEqual([1000]);
  expect(ends).toBe(1);
});

test('a publication of one frame is a fragment of a frame, and one of none is no fragment', () => {
  publication.end();
  expect([fragments.length, ends]).toEqual([0, 1]);
  publication = stream.publish()!;
  announce(false);
  sendVideo(0, 40, () => true);
  publication.end();
  expect(times()).toEqual([20]);
});

test('dates follow the media, so that they and the durations say the same', () => {
  announce(false);
  for (let time = 0; time < 20_000; time += 40) {
    publication.write(frameOf(video, time, { isKey: time % 1000 === 0 }));
    clock.advance(time % 400 === 0 ? 90 : 35);
  }
  const dates = fragments.map((fragment) => fragment.programDateTimeMs);
  for (const [index, date] of dates.slice(1).entries()) {
    expect(date - dates[index]!).toBe(fragments[index]!.durationMs);
  }
});

test("the publisher's clock may be wrong, but not by more than ten seconds", () => {
  announce(false);
  for (let time = 0; time < 300_000; time += 40) {
    publication.write(frameOf(video, time, { isKey: time % 1000 === 0 }));
    clock.advance(44);
  }
  for (const { programDateTimeMs, openedMs } of fragments) {
    expect(Math.abs(programDateTimeMs - openedMs)).toBeLessThanOrEqual(10_000);
  }
});

test('rounding does not add up: durations of a day are the day', () => {
  announce(false);
  const frameUs = 1_000_000 / 29.97;
  for (let index = 0; index < 60_000; index += 1) {
    const dtsUs = Math.round(index * frameUs);
    publication.write({ ...frameOf(video, 0, { isKey: index % 30 === 0 }), dtsUs, ptsUs: dtsUs });
    clock.advance(33);
  }
  publication.end();
  const sumMs = times().reduce((sum, durationMs) => sum + durationMs, 0);
  expect(Math.abs(sumMs - (60_000 * frameUs) / 1000)).toBeLessThan(2);
});

test('opening is told before closing, with the date that goes into the name', () => {
  announce(false);
  sendVideo(0, 7000, (time) => time % 1000 === 0);
  expect(opened).toHaveLength(3);
  expect(fragments.map((fragment) => fragment.openedMs)).toEqual(opened.slice(0, 2));
});
