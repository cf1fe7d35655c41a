import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlaylistFollower } from './playlist-follower.ts';
import type { SourceFragment, SourceMediaPlaylist } from './source-playlist.ts';

interface ListOptions {
  readonly isEnded?: boolean;
  readonly prefix?: string;
  /** Numbers of fragments with a mark. */
  readonly discontinuities?: readonly number[];
  readonly gaps?: readonly number[];
  readonly query?: string;
}

/** Fragments of 2 s, numbered from `first` up to but not including `end`. */
function listOf(first: number, end: number, options: ListOptions = {}): SourceMediaPlaylist {
  const { isEnded = false, prefix = 'a', discontinuities = [], gaps = [], query = '' } = options;
  const fragments = Array.from({ length: end - first }, (_, index): SourceFragment => {
    const number = first + index;
    return {
      uri: `${prefix}-${number}.ts${query}`,
      durationMs: 2000,
      discontinuity: discontinuities.includes(number),
      isGap: gaps.includes(number),
      range: undefined,
    };
  });
  return {
    kind: 'media',
    targetDurationMs: 2000,
    mediaSequence: first,
    isEnded,
    baseUrl: 'http://h/list.m3u8',
    fragments,
  };
}

/** Everything that is to be fetched now: `a-3 next`. */
function taken(follower: PlaylistFollower): string[] {
  const names: string[] = [];
  for (let next = follower.next(); next !== undefined; next = follower.next()) {
    names.push(`${/(\w+-\d+)\.ts/.exec(next.url)![1]!} ${next.sequel}`);
  }
  return names;
}

test('a complete list is taken from its beginning to its end', () => {
  const follower = new PlaylistFollower();
  expect([follower.next(), follower.isFinished]).toEqual([undefined, false]);
  follower.update(listOf(5, 10, { isEnded: true, discontinuities: [8] }), 0);
  expect(follower.reloadMs).toBeUndefined();
  expect(taken(follower)).toEqual(['a-5 new', 'a-6 next', 'a-7 next', 'a-8 new', 'a-9 next']);
  expect(follower.isFinished).toBe(true);
});

test('a live list is taken from three target durations before its end, each fragment once', () => {
  const follower = new PlaylistFollower();
  follower.update(listOf(0, 10), 0);
  expect(taken(follower)).toEqual(['a-7 new', 'a-8 next', 'a-9 next']);
  follower.update(listOf(1, 11), 2000);
  follower.update(listOf(2, 12), 4000);
  expect(taken(follower)).toEqual(['a-10 next', 'a-11 next']);
  expect(follower.isFinished).toBe(false);
  follower.update(listOf(3, 13, { isEnded: true }), 6000);
  expect(taken(follower)).toEqual(['a-12 next']);
  expect(follower.isFinished).toBe(true);
  expect(follower.counters).toEqual({ skipped: 0, restarts: 0 });
});

test('it is looked at again after its target duration, sooner when there was nothing new or no answer', () => {
  const follower = new PlaylistFollower();
  follower.update(listOf(0, 3), 1000);
  expect(follower.reloadMs).toBe(3000);
  follower.update(listOf(0, 3), 3000);
  expect([follower.reloadMs, follower.changedMs]).toEqual([4000, 1000]);
  follower.missed(4000);
  expect(follower.reloadMs).toBe(5000);
  follower.update({ ...listOf(0, 4), targetDurationMs: 1 }, 5000);
  expect([follower.reloadMs, follower.changedMs]).toEqual([5500, 5000]);
  follower.update({ ...listOf(0, 5), targetDurationMs: 3_600_000 }, 6000);
  expect(follower.reloadMs).toBe(36_000);
});

test('a list may be empty at first', () => {
  const follower = new PlaylistFollower();
  follower.update(listOf(0, 0), 0);
  follower.update(listOf(0, 0), 2000);
  expect([taken(follower), follower.changedMs]).toEqual([[], 0]);
  follower.update(listOf(0, 2), 4000);
  expect(taken(follower)).toEqual(['a-0 new', 'a-1 next']);
});

test('who has fallen behind begins again near the end', () => {
  const follower = new PlaylistFollower();
  follower.update(listOf(0, 3), 0);
  expect(taken(follower)).toHaveLength(3);
  follower.update(listOf(20, 30), 40_000);
  expect(taken(follower)).toEqual(['a-27 gap', 'a-28 next', 'a-29 next']);
  expect(follower.counters.skipped).toBe(24);
});

test('fragments that are not there, or could not be had, leave a gap', () => {
  const follower = new PlaylistFollower();
  follower.update(listOf(0, 6, { isEnded: true, gaps: [1, 4], discontinuities: [4] }), 0);
  expect(follower.next()!.sequel).toBe('new');
  const second = follower.next()!;
  expect([second.url, second.sequel]).toEqual(['http://h/a-2.ts', 'gap']);
  follower.lost(second.sequel);
  expect(taken(follower)).toEqual(['a-3 gap', 'a-5 new']);
  expect(follower.counters.skipped).toBe(3);
});

test('a lost fragment that began anew does not take that along', () => {
  const follower = new PlaylistFollower();
  follower.update(listOf(0, 3, { isEnded: true }), 0);
  follower.lost(follower.next()!.sequel);
  expect(taken(follower)).toEqual(['a-1 new', 'a-2 next']);
});

test('an older list, as caches have them, changes nothing, whatever its tokens', () => {
  const follower = new PlaylistFollower();
  follower.update(listOf(0, 10), 0);
  taken(follower);
  follower.update(listOf(0, 9, { query: '?token=2' }), 2000);
  expect([taken(follower), follower.counters.restarts, follower.changedMs]).toEqual([[], 0, 0]);
  follower.update(listOf(0, 0), 3000);
  follower.update(listOf(1, 11), 4000);
  expect(taken(follower)).toEqual(['a-10 next']);
});

test('an older list that says that it is over is believed', () => {
  const follower = new PlaylistFollower();
  follower.update(listOf(0, 10), 0);
  taken(follower);
  follower.update(listOf(0, 9, { isEnded: true }), 2000);
  expect([taken(follower), follower.isFinished]).toEqual([[], true]);
});

test('a server that counts anew, as lal does with each publisher, is followed', () => {
  const follower = new PlaylistFollower();
  follower.update(listOf(0, 10), 0);
  taken(follower);
  follower.update(listOf(0, 1, { prefix: 'b' }), 2000);
  expect(taken(follower)).toEqual(['b-0 new']);
  follower.update(listOf(0, 2, { prefix: 'b' }), 4000);
  expect(taken(follower)).toEqual(['b-1 next']);
  expect([follower.counters.restarts, follower.changedMs]).toEqual([1, 4000]);
});

test('whatever lists come, no fragment of a run is taken twice, and nothing hangs', () => {
  const list = fc.record({
    first: fc.nat(30),
    length: fc.nat(8),
    isEnded: fc.boolean(),
    prefix: fc.constantFrom('a', 'b'),
  });
  fc.assert(
    fc.property(fc.array(list, { maxLength: 12 }), (lists) => {
      const follower = new PlaylistFollower();
      let run: string[] = [];
      let restarts = 0;
      for (const [index, { first, length, isEnded, prefix }] of lists.entries()) {
        follower.update(listOf(first, first + length, { isEnded, prefix }), index * 1000);
        if (follower.counters.restarts !== restarts) run = [];
        ({ restarts } = follower.counters);
        run.push(...taken(follower).map((name) => name.split(/[- ]/)[1]!));
        expect(run).toEqual([...new Set(run)]);
        expect(follower.reloadMs === undefined || follower.reloadMs >= index * 1000 + 500).toBe(true);
      }
    }),
  );
});
