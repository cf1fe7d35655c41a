import { expect, test } from 'vitest';
import { text } from '../testing/hub-kit.ts';
import { GopByteCache } from './gop-bytes.ts';
import type { GopCacheLimits } from './gop-cache.ts';
import { EMPTY_STREAM_STATE } from './packager.ts';

function cacheOf(limits: Partial<GopCacheLimits> = {}): GopByteCache {
  return new GopByteCache({ maxGops: 2, maxFramesPerGop: 0, maxBytes: 1e9, ...limits });
}

function contentOf(cache: GopByteCache): string | undefined {
  return cache.start?.chunks.map((chunk) => new TextDecoder().decode(chunk)).join('');
}

test('bytes before the first group belong to nothing', () => {
  const cache = cacheOf();
  cache.append(text('abc'), 1);
  expect(cache.start).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test('a newcomer starts at the oldest group, with the state and time of its beginning', () => {
  const cache = cacheOf();
  const states = [1, 2, 3].map(() => ({ ...EMPTY_STREAM_STATE }));
  for (const [index, state] of states.entries()) {
    cache.open(state, index * 1000);
    cache.append(text(`V${index}`), 1);
    cache.append(text(`v${index}`), 1);
  }
  expect(contentOf(cache)).toBe('V1v1V2v2');
  expect(cache.start?.state).toBe(states[1]);
  expect(cache.start?.timeUs).toBe(1000);
  expect(cache.bytes).toBe(8);
});

test('views that lie side by side in one block become one write', () => {
  const cache = cacheOf();
  const slab = text('key;frame;more;');
  cache.open(EMPTY_STREAM_STATE, 0);
  cache.append(slab.subarray(0, 4), 1);
  cache.append(slab.subarray(4, 10), 1);
  cache.append(text('other'), 1);
  cache.append(slab.subarray(10), 1);
  expect(cache.start?.chunks).toHaveLength(3);
  expect(contentOf(cache)).toBe('key;frame;othermore;');
});

test('a group beyond its frame limit is given up until the next begins', () => {
  const cache = cacheOf({ maxFramesPerGop: 3 });
  cache.open(EMPTY_STREAM_STATE, 0);
  cache.append(text('abc'), 3);
  expect(contentOf(cache)).toBe('abc');
  cache.append(text('d'), 1);
  cache.append(text('e'), 1);
  expect(cache.start).toBeUndefined();
  cache.open(EMPTY_STREAM_STATE, 40);
  cache.append(text('f'), 1);
  expect(contentOf(cache)).toBe('f');
});

test('over the byte limit the oldest groups go first, then the one at hand', () => {
  const cache = cacheOf({ maxBytes: 6 });
  cache.open(EMPTY_STREAM_STATE, 0);
  cache.append(text('aaaa'), 1);
  cache.open(EMPTY_STREAM_STATE, 40);
  cache.append(text('bb'), 1);
  expect(contentOf(cache)).toBe('aaaabb');
  cache.append(text('b'), 1);
  expect(contentOf(cache)).toBe('bbb');
  cache.append(text('bbbb'), 1);
  expect(cache.start).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test('a cache of no groups says so', () => {
  expect(cacheOf({ maxGops: 0 }).isEnabled).toBe(false);
  expect(cacheOf().isEnabled).toBe(true);
});
