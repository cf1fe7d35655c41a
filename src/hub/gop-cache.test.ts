import { expect, test } from 'vitest';
import { Timeline } from '../media/timeline.ts';
import { audioTrack, frameOf, scriptTrack, videoTrack } from '../testing/hub-kit.ts';
import { GopCache, type GopCacheLimits } from './gop-cache.ts';
import { EMPTY_STREAM_STATE } from './packager.ts';

const video = videoTrack();
const audio = audioTrack();

/** `V` key frame, `v` frame, `a` audio, `d` data; 10 bytes each, 10 ms apart. */
function fill(cache: GopCache, kinds: string): GopCache {
  const timeline = new Timeline();
  for (const [index, kind] of Array.from(kinds).entries()) {
    const track = kind === 'a' ? audio : kind === 'd' ? scriptTrack() : video;
    const source = frameOf(track, index * 10, { isKey: kind !== 'v' });
    cache.push(timeline.stamp(source, index * 10), EMPTY_STREAM_STATE);
  }
  return cache;
}

function cacheOf(limits: Partial<GopCacheLimits> = {}): GopCache {
  return new GopCache({ maxGops: 2, maxFramesPerGop: 0, maxBytes: 1e9, ...limits });
}

function shapes(cache: GopCache): string[] {
  return cache.gops.map(({ frames }) =>
    frames
      .map(({ frame }) => (frame.track.kind === 'video' && frame.isKey ? 'V' : frame.track.kind[0]))
      .join(''),
  );
}

test('a group starts at a video key frame and holds everything that came after it, in order', () => {
  expect(shapes(fill(cacheOf(), 'avVadvaV'))).toEqual(['Vadva', 'V']);
});

test('the unfinished group counts among those kept', () => {
  expect(shapes(fill(cacheOf({ maxGops: 1 }), 'VavVa'))).toEqual(['Va']);
  expect(shapes(fill(cacheOf(), 'VaVavVv'))).toEqual(['Vav', 'Vv']);
});

test('nothing is kept of a stream without video, nor when the cache is off', () => {
  expect(shapes(fill(cacheOf(), 'aaaad'))).toEqual([]);
  expect(shapes(fill(cacheOf({ maxGops: 0 }), 'VavVa'))).toEqual([]);
});

test('a group may have as many frames as the limit says, and is given up with one more', () => {
  expect(shapes(fill(cacheOf({ maxFramesPerGop: 4 }), 'VavVava'))).toEqual(['Vav', 'Vava']);
  expect(shapes(fill(cacheOf({ maxFramesPerGop: 4 }), 'VavVavav'))).toEqual([]);
  expect(shapes(fill(cacheOf({ maxFramesPerGop: 4 }), 'VavavavV'))).toEqual(['V']);
});

test('all groups together stay within the byte limit: the oldest go first, then the one at hand', () => {
  const cache = fill(cacheOf({ maxBytes: 50 }), 'VavVa');
  expect(shapes(cache)).toEqual(['Vav', 'Va']);
  expect(cache.bytes).toBe(50);
  expect(shapes(fill(cacheOf({ maxBytes: 50 }), 'VavVav'))).toEqual(['Vav']);
  expect(shapes(fill(cacheOf({ maxBytes: 50 }), 'VavVavavav'))).toEqual([]);
  expect(fill(cacheOf({ maxBytes: 50 }), 'VavVavavav').bytes).toBe(0);
});

test('the byte count follows what is kept', () => {
  const cache = fill(cacheOf(), 'VavVaVv');
  expect(cache.bytes).toBe(40);
  cache.clear();
  expect(cache.bytes).toBe(0);
  expect(fill(cache, 'Va').bytes).toBe(20);
});
