import { expect, test } from 'vitest';
import { HlsBench, idsOf, TestStorage } from '../../testing/hls-kit.ts';
import { checkPlaylist } from '../../testing/hls-rules.ts';
import { text } from '../../testing/hub-kit.ts';
import { settled } from '../../testing/settled.ts';

test('a stream becomes fragments and lists; fragments are told of when they are opened and when they are listed', async () => {
  const bench = new HlsBench();
  const publication = bench.publish();
  await bench.send(publication, 0, 10);
  expect(bench.memory.ids()).toEqual([0, 1, 2]);
  const { live, record } = bench.checkLists();
  expect(idsOf(live)).toEqual([0, 1, 2]);
  expect(idsOf(record)).toEqual([0]);
  expect(live!.isEnded).toBe(false);
  expect(bench.events.slice(0, 4)).toEqual(['open 0', 'close 0', 'open 1', 'close 1']);
  expect(bench.closed[1]).toEqual({
    streamKey: 's',
    folder: 's',
    name: `s-${1_700_000_000_000 + 3000}-1.ts`,
    id: 1,
    durationMs: 3000,
  });
});

test('the live list has the newest fragments only, and is ended with the stream, the last fragment included', async () => {
  const bench = new HlsBench();
  const publication = bench.publish();
  await bench.send(publication, 0, 31);
  publication.end();
  await settled();
  const { live, record } = bench.checkLists();
  expect(live).toMatchObject({ mediaSequence: 5, discontinuitySequence: 1, isEnded: true });
  expect(idsOf(live)).toEqual([5, 6, 7, 8, 9, 10]);
  expect(idsOf(record)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(live!.entries.at(-1)!.durationSec).toBe(1);
});

test('nothing published, nothing written', async () => {
  const bench = new HlsBench();
  bench.publish().end();
  await settled();
  expect(bench.memory.writes.size).toBe(0);
});

test('mode 1 removes everything 36 s after the end, with the shipped values', async () => {
  const bench = new HlsBench();
  const publication = bench.publish();
  await bench.send(publication, 0, 60);
  expect(bench.memory.ids()).toHaveLength(19);
  publication.end();
  await bench.advance(35_999);
  expect(bench.memory.ids()).toHaveLength(20);
  await bench.advance(1);
  expect(bench.memory.names.get('s')).toBeUndefined();
  expect(bench.output.get('s')).toBeUndefined();
});

test('mode 0 removes nothing', async () => {
  const bench = new HlsBench({ cleanupMode: 0 });
  const publication = bench.publish();
  await bench.send(publication, 0, 60);
  publication.end();
  await bench.advance(1e9);
  expect(bench.memory.ids()).toHaveLength(20);
  expect(bench.output.get('s')).toBeUndefined();
});

test.each([
  { deleteThreshold: 6, kept: [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19] },
  { deleteThreshold: 1, kept: [13, 14, 15, 16, 17, 18, 19] },
])('mode 2 keeps $deleteThreshold fragments beyond the list', async ({ deleteThreshold, kept }) => {
  const bench = new HlsBench({ cleanupMode: 2, deleteThreshold });
  const publication = bench.publish();
  await bench.send(publication, 0, 60.2);
  expect(bench.memory.ids()).toEqual(kept);
  expect(bench.memory.writes.has('record.m3u8')).toBe(false);
  publication.end();
  await bench.advance(3000 * (6 + deleteThreshold));
  expect(bench.memory.names.get('s')).toBeUndefined();
});

test('mode 2 also removes fragments of earlier publishers, however often they come and go', async () => {
  const bench = new HlsBench({ cleanupMode: 2 });
  for (let round = 0; round < 50; round += 1) {
    const publication = bench.publish();
    await bench.send(publication, 0, 7);
    publication.end();
    await bench.advance(1000);
  }
  expect(bench.memory.ids()).toHaveLength(12);
  bench.checkLists();
});

test('a publisher who comes back begins a list of its own that goes on with the numbers; the record list goes on as a whole', async () => {
  const bench = new HlsBench();
  const first = bench.publish();
  await bench.send(first, 0, 7);
  first.end();
  await bench.advance(1000);
  const second = bench.publish();
  await bench.send(second, 100, 101);
  expect(idsOf(checkPlaylist((await bench.read('playlist.m3u8'))!))).toEqual([0, 1, 2]);
  await bench.send(second, 101, 107);
  const { live } = bench.checkLists();
  expect(live).toMatchObject({ mediaSequence: 3, discontinuitySequence: 1, isEnded: false });
  expect(idsOf(live)).toEqual([3, 4]);
  second.end();
  await settled();
  const { record } = bench.checkLists();
  expect(idsOf(record)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(record!.entries.map(({ discontinuity }) => discontinuity)).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
  ]);
});

test('changed settings count for the list that begins next; the present one keeps to those it began with', async () => {
  const bench = new HlsBench();
  const first = bench.publish();
  await bench.send(first, 0, 4);
  Object.assign(bench.settings, {
    fragmentDurationMs: 1000,
    fragmentNum: 2,
    cleanupMode: 2,
    deleteThreshold: 1,
  });
  await bench.send(first, 4, 13);
  first.end();
  await settled();
  expect(bench.closed.map(({ durationMs }) => durationMs)).toEqual([3000, 3000, 3000, 3000, 1000]);
  const second = bench.publish();
  await bench.send(second, 0, 8);
  const { live, record } = bench.checkLists();
  expect(idsOf(live)).toEqual([10, 11]);
  expect(live!.targetSec).toBe(1);
  // Those of the first list go with the folder; of the second two are listed and one is kept.
  expect(bench.memory.ids()).toEqual([0, 1, 2, 3, 4, 9, 10, 11]);
  expect(idsOf(record)).toEqual([0, 1, 2, 3, 4]);
  Object.assign(bench.settings, { cleanupMode: 0 });
  second.end();
  await bench.advance(3000);
  expect(bench.memory.ids()).toEqual([]);
});

test('a change to a mode with a record list begins one', async () => {
  const bench = new HlsBench({ cleanupMode: 2 });
  const first = bench.publish();
  await bench.send(first, 0, 7);
  first.end();
  await settled();
  bench.settings.cleanupMode = 1;
  const second = bench.publish();
  await bench.send(second, 0, 7);
  second.end();
  await settled();
  expect(idsOf(bench.checkLists().record)).toEqual([3, 4, 5]);
});

test("the clean-up of an earlier end does not touch the successor's files, whenever the successor comes and goes", async () => {
  const bench = new HlsBench();
  const first = bench.publish();
  await bench.send(first, 0, 7);
  first.end();
  await bench.advance(20_000);
  const second = bench.publish();
  await bench.send(second, 0, 10);
  second.end();
  await bench.advance(35_999);
  expect(bench.memory.ids()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  await bench.advance(1);
  expect(bench.memory.ids()).toEqual([]);
});

test('a publisher who comes back while the files are being removed finds an empty folder, and the numbers go on', async () => {
  const bench = new HlsBench();
  const first = bench.publish();
  await bench.send(first, 0, 7);
  first.end();
  await settled();
  let release = (): void => {};
  bench.memory.blocked = new Promise((resolve) => (release = resolve));
  await bench.advance(36_000);
  const second = bench.publish();
  release();
  bench.memory.blocked = undefined;
  await bench.send(second, 0, 7);
  expect(bench.memory.ids()).toEqual([3, 4]);
  const isLive = ({ path }: { path: string }): boolean => path === 's/playlist.m3u8';
  bench.memory.playlists.splice(0, Infinity, ...bench.memory.playlists.filter(isLive));
  const { live } = bench.checkLists();
  expect(live).toMatchObject({ mediaSequence: 3, discontinuitySequence: 1 });
  expect(idsOf(checkPlaylist((await bench.read('record.m3u8'))!))).toEqual([3]);
});

test('the record list of who comes back while the files are being removed is its own, not one of the same length', async () => {
  const bench = new HlsBench();
  const first = bench.publish();
  await bench.send(first, 0, 2);
  const listed = (): number[] => {
    const bytes = bench.output.get('s')!.document('record')!.bytes;
    return idsOf(checkPlaylist(new TextDecoder().decode(bytes)));
  };
  first.end();
  await settled();
  expect(listed()).toEqual([0]);
  let release = (): void => {};
  bench.memory.blocked = new Promise((resolve) => (release = resolve));
  await bench.advance(36_000);
  const second = bench.publish();
  release();
  bench.memory.blocked = undefined;
  await bench.send(second, 0, 4);
  expect(listed()).toEqual([1]);
});

test('an old file that cannot be removed costs no fragment', async () => {
  const bench = new HlsBench({ cleanupMode: 2, deleteThreshold: 1 });
  const publication = bench.publish();
  bench.memory.remove = () => Promise.reject(Object.assign(new Error('busy'), { code: 'EBUSY' }));
  await bench.send(publication, 0, 40);
  expect(bench.failures.map(({ detail }) => detail)).toEqual(['EBUSY']);
  const { live } = bench.checkLists();
  expect(live!.entries.filter(({ discontinuity }) => discontinuity)).toEqual([]);
  expect(bench.events.filter((event) => event.startsWith('close'))).toHaveLength(13);
});

test('within the grace time the list goes on without an end, with a discontinuity', async () => {
  const bench = new HlsBench({ graceMs: 5000 });
  const first = bench.publish();
  await bench.send(first, 0, 7);
  first.end();
  await bench.advance(4999);
  expect(bench.checkLists().live!.isEnded).toBe(false);
  const second = bench.publish();
  await bench.send(second, 0, 7);
  const { live } = bench.checkLists();
  expect(live).toMatchObject({ mediaSequence: 0, isEnded: false });
  expect(idsOf(live)).toEqual([0, 1, 2, 3, 4]);
  expect(live!.entries.map(({ discontinuity }) => discontinuity)).toEqual([true, false, false, true, false]);
  second.end();
  await bench.advance(5000);
  expect(bench.checkLists().live!.isEnded).toBe(true);
  await bench.advance(35_999);
  expect(bench.memory.ids()).not.toEqual([]);
  await bench.advance(1);
  expect(bench.memory.ids()).toEqual([]);
});

test('numbers and the record list go on after a restart of the process, from what is on disk', async () => {
  const bench = new HlsBench({ cleanupMode: 0 });
  const first = bench.publish();
  await bench.send(first, 0, 10);
  first.end();
  await settled();
  bench.restart();
  const second = bench.publish();
  await bench.send(second, 0, 10);
  second.end();
  await settled();
  const { live, record } = bench.checkLists();
  expect(idsOf(live)).toEqual([4, 5, 6, 7]);
  expect(live!.discontinuitySequence).toBe(1);
  expect(idsOf(record)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('a record list that is none is left alone, which is said; the stream has one in memory', async () => {
  const bench = new HlsBench({ cleanupMode: 0 });
  await bench.storage.write('s', 'record.m3u8', [text('my notes')]);
  const publication = bench.publish();
  await bench.send(publication, 0, 7);
  expect(bench.failures.map(({ code }) => code)).toEqual(['ERR_HLS_RECORD_LIST']);
  expect(await bench.read('record.m3u8')).toBe('my notes');
  const document = bench.output.get('s')!.document('record')!;
  expect(idsOf(checkPlaylist(new TextDecoder().decode(document.bytes)))).toEqual([0, 1]);
});

test('the record list is written every ten seconds at most, and at the end; in memory it is always complete', async () => {
  const bench = new HlsBench();
  const publication = bench.publish();
  await bench.send(publication, 0, 60.2);
  expect(bench.memory.writes.get('playlist.m3u8')).toBe(20);
  expect(bench.memory.writes.get('record.m3u8')).toBe(5);
  const document = bench.output.get('s')!.document('record')!;
  expect(checkPlaylist(new TextDecoder().decode(document.bytes)).entries).toHaveLength(20);
  expect(bench.output.get('s')!.document('record')).toBe(document);
  publication.end();
  await settled();
  expect(bench.checkLists().record!.entries).toHaveLength(21);
});

test('a full disk is said once, the lists keep what is there, and writing goes on when there is room again', async () => {
  const bench = new HlsBench();
  const publication = bench.publish();
  await bench.send(publication, 0, 10);
  bench.memory.failure = 'ENOSPC';
  await bench.send(publication, 10, 40);
  expect(bench.failures.map(({ code, detail }) => `${code} ${detail}`)).toEqual(['ERR_HLS_WRITE ENOSPC']);
  expect(bench.output.get('s')!.failure!.detail).toBe('ENOSPC');
  expect(idsOf(bench.checkLists().live)).toEqual([0, 1, 2]);
  bench.memory.failure = undefined;
  await bench.send(publication, 40, 70);
  expect(bench.events).toContainEqual(expect.stringMatching(/^recovered 1\d$/));
  expect(bench.output.get('s')!.failure).toBeUndefined();
  const { live } = bench.checkLists();
  expect(live!.mediaSequence).toBeGreaterThan(0);
  const { entries } = checkPlaylist(
    new TextDecoder().decode(bench.output.get('s')!.document('record')!.bytes),
  );
  expect(entries[3]!.discontinuity).toBe(true);
  expect(entries.filter(({ discontinuity }) => discontinuity)).toHaveLength(2);
});

test('a folder that cannot be made is tried again', async () => {
  const bench = new HlsBench();
  bench.memory.failure = 'EACCES';
  const publication = bench.publish();
  await bench.send(publication, 0, 12);
  bench.memory.failure = undefined;
  await bench.send(publication, 12, 40);
  expect(bench.events.filter((event) => event.startsWith('close'))[0]).toBe('close 0');
  expect(bench.failures).toHaveLength(1);
});

test('a disk that hangs costs fragments, not memory', async () => {
  const bench = new HlsBench();
  const sink = bench.output.get('s') ?? (bench.publish(), bench.output.get('s'))!;
  await settled();
  let release = (): void => {};
  bench.memory.blocked = new Promise((resolve) => (release = resolve));
  const fragments = sink.begin();
  const fragment = {
    parts: [new Uint8Array(10 * 1024 * 1024)],
    length: 10 * 1024 * 1024,
    durationMs: 3000,
    discontinuity: false,
    isIndependent: true,
    openedMs: 0,
    programDateTimeMs: 0,
  };
  for (let count = 0; count < 100; count += 1) fragments.closed(fragment);
  expect(bench.failures.map(({ code }) => code)).toEqual(['ERR_HLS_SLOW_DISK']);
  release();
  bench.memory.blocked = undefined;
  await bench.advance(10_000);
  fragments.closed(fragment);
  await settled();
  expect(bench.events.at(-1)).toMatch(/^close/);
  expect(bench.events).toContainEqual(expect.stringMatching(/^recovered \d+$/));
});

test('closing ends lists, also those that wait for their publisher, waits for files, and cleans nothing up', async () => {
  const bench = new HlsBench({ graceMs: 5000 });
  const first = bench.publish('a');
  await bench.send(first, 0, 4);
  first.end();
  const second = bench.publish('b');
  await bench.send(second, 0, 4);
  await bench.output.close();
  expect(bench.checkLists('a').live!.isEnded).toBe(true);
  expect(bench.checkLists('b').live!.isEnded).toBe(true);
  await bench.advance(1e6);
  expect(bench.memory.ids('a')).toEqual([0, 1]);
});

test('memory that is full gives up the oldest fragments, and the record list forgets them', async () => {
  const storage = new TestStorage(60_000, () => 0);
  const bench = new HlsBench({}, storage);
  storage.onEvicted = (folder, name) => {
    if (name.endsWith('.ts')) bench.output.get(folder)?.fragmentEvicted();
  };
  const publication = bench.publish();
  await bench.send(publication, 0, 100);
  const document = bench.output.get('s')!.document('record')!;
  const record = checkPlaylist(new TextDecoder().decode(document.bytes));
  expect(record.mediaSequence).toBeGreaterThan(0);
  for (const { uri } of record.entries) expect(await storage.open('s', uri)).toBeDefined();
  expect(storage.bytes).toBeLessThanOrEqual(60_000);
});

test('a name with folders in it has its files named after its last part', async () => {
  const bench = new HlsBench();
  await bench.send(bench.publish('live/cam 1'), 0, 4);
  expect([...bench.memory.names.get('live/cam 1')!][0]).toMatch(/^cam 1-\d+-0\.ts$/);
  const { live } = bench.checkLists('live/cam 1');
  expect(live!.entries[0]!.uri).toMatch(/^cam%201-\d+-0\.ts$/);
});

test('thirty hours: the lists keep the rules, and a fragment costs as much at the end as at the beginning', async () => {
  const bench = new HlsBench({ fragmentDurationMs: 10_000 });
  const publication = bench.publish();
  const hours = 30;
  const cost: number[] = [];
  for (let hour = 0; hour < hours; hour += 1) {
    const before = bench.memory.freshListBytes;
    await bench.send(publication, hour * 3600, (hour + 1) * 3600, 1 / 10);
    cost.push(bench.memory.freshListBytes - before);
    const { playlists } = bench.memory;
    // Every version of an hour's first minutes, then every sixtieth: a checker that others wrote takes its time.
    const isLive = ({ path }: { path: string }): boolean => path === 's/playlist.m3u8';
    const kept = playlists.filter((playlist, index) => isLive(playlist) && (index < 20 || index % 60 === 0));
    playlists.splice(0, Infinity, ...kept);
    bench.checkLists();
    playlists.splice(0, playlists.length - 1);
  }
  publication.end();
  await settled();
  const { live, record } = bench.checkLists();
  const fragments = (hours * 3600) / 10;
  expect(live).toMatchObject({ targetSec: 10, isEnded: true });
  expect(idsOf(live).at(-1)).toBe(fragments - 1);
  expect(record!.entries).toHaveLength(fragments);
  const totalSec = record!.entries.reduce((sum, { durationSec }) => sum + durationSec, 0);
  // The last fragment is one frame, whose length nobody knows.
  expect(Math.round(totalSec)).toBe((fragments - 1) * 10);
  const average = (values: number[]): number => values.reduce((sum, value) => sum + value) / values.length;
  expect(average(cost.slice(-9))).toBeLessThan(1.5 * average(cost.slice(0, 9)));
}, 120_000);
