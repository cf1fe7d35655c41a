import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LivePlaylistHistory } from '../../testing/hls-rules.ts';
import { LivePlaylist } from './live-playlist.ts';
import { fragmentUri, type PlaylistEntry } from './playlist-entry.ts';

const startMs = Date.UTC(2024, 0, 2, 3, 4, 5, 678);

function entryOf(id: number, durationMs = 3000, changes: Partial<PlaylistEntry> = {}): PlaylistEntry {
  return {
    uri: `test110-${startMs + id * 3000}-${id}.ts`,
    durationMs,
    discontinuity: id === 0,
    isIndependent: true,
    programDateTimeMs: startMs + id * 3000,
    ...changes,
  };
}

function targetOf(text: string): number {
  return Number(/TARGETDURATION:(\d+)/.exec(text)![1]);
}

test("the live list has lal's lines in lal's order, and those of ours among them", () => {
  const list = new LivePlaylist({ maxEntries: 2, fragmentDurationMs: 3000 });
  list.add(entryOf(0, 3333));
  list.add(entryOf(1, 4000, { programDateTimeMs: startMs + 3333 }));
  expect(list.serialize(false).split('\n')).toEqual([
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    '#EXT-X-ALLOW-CACHE:NO',
    '#EXT-X-TARGETDURATION:4',
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-DISCONTINUITY-SEQUENCE:0',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '',
    '#EXT-X-DISCONTINUITY',
    '#EXT-X-PROGRAM-DATE-TIME:2024-01-02T03:04:05.678Z',
    '#EXTINF:3.333,',
    'test110-1704164645678-0.ts',
    '#EXT-X-PROGRAM-DATE-TIME:2024-01-02T03:04:09.011Z',
    '#EXTINF:4.000,',
    'test110-1704164648678-1.ts',
    '',
  ]);
  expect(list.serialize(true)).toBe(`${list.serialize(false)}#EXT-X-ENDLIST\n`);
});

test('the target duration is the longest fragment, rounded up', () => {
  const targets = [3333, 4000, 4867, 3133, 4000, 2644].map((_, count, all) => {
    const list = new LivePlaylist({ maxEntries: 6, fragmentDurationMs: 3000 });
    for (const [id, durationMs] of all.slice(0, count + 1).entries()) list.add(entryOf(id, durationMs));
    return targetOf(list.serialize(false));
  });
  expect(targets).toEqual([4, 4, 5, 5, 5, 5]);
  const audio = new LivePlaylist({ maxEntries: 6, fragmentDurationMs: 3000 });
  audio.add(entryOf(0, 3088));
  expect(targetOf(audio.serialize(false))).toBe(4);
});

test('the target duration stays when its fragment leaves the list, unless the list is too short for it', () => {
  const list = new LivePlaylist({ maxEntries: 6, fragmentDurationMs: 3000 });
  list.add(entryOf(0, 5500));
  for (let id = 1; id <= 20; id += 1) list.add(entryOf(id, 3400));
  expect(targetOf(list.serialize(false))).toBe(6);
  list.add(entryOf(21, 30_000));
  for (let id = 22; id <= 26; id += 1) list.add(entryOf(id, 3400));
  expect(targetOf(list.serialize(false))).toBe(30);
  list.add(entryOf(27, 3400));
  expect(targetOf(list.serialize(false))).toBe(4);
});

test('fragments that do not begin with a key frame take the promise of independence with them', () => {
  const list = new LivePlaylist({ maxEntries: 2, fragmentDurationMs: 3000 });
  list.add(entryOf(0));
  list.add(entryOf(1, 3000, { isIndependent: false }));
  expect(list.serialize(false)).not.toContain('INDEPENDENT');
  list.add(entryOf(2));
  list.add(entryOf(3));
  expect(list.serialize(false)).toContain('INDEPENDENT');
});

test('the next presentation takes over the numbers, and the fragments of the last one stay until its first is there', () => {
  const list = new LivePlaylist({ maxEntries: 6, fragmentDurationMs: 3000 });
  const history = new LivePlaylistHistory();
  list.add(entryOf(0));
  list.add(entryOf(1));
  history.check(list.serialize(true));
  list.startOver();
  expect(list.entries).toHaveLength(2);
  list.add(entryOf(2, 3000, { discontinuity: true }));
  expect(history.check(list.serialize(false))).toMatchObject({
    mediaSequence: 2,
    discontinuitySequence: 1,
    entries: [{ discontinuity: true }],
  });
});

test('names that would mean something else in a playlist are coded; ordinary ones are not touched', () => {
  expect(fragmentUri('camera-01.b_c-1704164645678-12.ts')).toBe('camera-01.b_c-1704164645678-12.ts');
  expect(fragmentUri('#a?b c:d%20é-1-0.ts')).toBe('%23a%3Fb%20c%3Ad%2520%C3%A9-1-0.ts');
});

test('whatever is added, each version may follow the one before', () => {
  const step = fc.record({
    durationMs: fc.integer({ min: 1, max: 40_000 }),
    discontinuity: fc.boolean(),
    isIndependent: fc.boolean(),
    startsOver: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.nat(9), fc.array(step, { maxLength: 40 }), (more, steps) => {
      const list = new LivePlaylist({ maxEntries: 1 + more, fragmentDurationMs: 3000 });
      const history = new LivePlaylistHistory();
      let dateMs = startMs;
      for (const [id, { startsOver, ...changes }] of steps.entries()) {
        if (startsOver) {
          if (id > 0) history.check(list.serialize(true));
          list.startOver();
        }
        const discontinuity = changes.discontinuity || startsOver;
        list.add({ ...entryOf(id), ...changes, discontinuity, programDateTimeMs: dateMs });
        dateMs += changes.durationMs;
        const { entries } = history.check(list.serialize(false));
        expect(entries.length).toBeLessThanOrEqual(1 + more);
        expect(list.nextSequence).toBe(id + 1);
      }
    }),
  );
});
