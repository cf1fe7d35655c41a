import { expect, test } from 'vitest';
import { HlsBench, idsOf } from '../../testing/hls-kit.ts';
import { settled } from '../../testing/settled.ts';

test('without being asked for, HLS is not made; from the request on it is, beginning with a key frame', async () => {
  const bench = new HlsBench();
  bench.isAutomatic = false;
  const publication = bench.publish();
  await bench.send(publication, 0, 4.2);
  expect(bench.memory.writes.size).toBe(0);
  expect(bench.output.running).toEqual([]);
  bench.output.start(bench.hub.get('s')!);
  await bench.send(publication, 4.2, 15);
  const { live } = bench.checkLists();
  expect(live!.entries.map(({ durationSec }) => durationSec)).toEqual([3, 3, 3]);
  expect(bench.output.running).toEqual([
    {
      streamKey: 's',
      folder: 's',
      startedMs: 1_700_000_004_200,
      bytes: expect.any(Number) as number,
      durationMs: 9000,
      failure: undefined,
    },
  ]);
  publication.end();
  await settled();
  expect(bench.checkLists().live!.isEnded).toBe(true);
  expect(bench.output.running).toEqual([]);
});

test('a stop ends the lists with what was received, and the stream goes on; a later start goes on with them', async () => {
  const bench = new HlsBench();
  const publication = bench.publish();
  const stream = bench.hub.get('s')!;
  await bench.send(publication, 0, 7.4);
  expect(await bench.output.stop(stream)).toBe(true);
  const ended = bench.checkLists().live!;
  expect(ended.isEnded).toBe(true);
  expect(ended.entries.map(({ durationSec }) => durationSec)).toEqual([3, 3, 1.4]);
  expect(await bench.output.stop(stream)).toBe(false);
  await bench.send(publication, 7.4, 10);
  expect(bench.memory.ids()).toEqual([0, 1, 2]);
  bench.output.start(stream);
  bench.output.start(stream);
  await bench.send(publication, 10, 17);
  const { live } = bench.checkLists();
  expect(idsOf(live)).toEqual([3, 4]);
  expect(live!.isEnded).toBe(false);
  publication.end();
  await settled();
  const { record } = bench.checkLists();
  expect(idsOf(record)).toEqual([0, 1, 2, 3, 4, 5]);
  const starts = record!.entries.filter(({ discontinuity }) => discontinuity);
  expect(idsOf({ ...record!, entries: starts })).toEqual([0, 3]);
});

test('a stop counts for the publication alone: the next one has HLS again', async () => {
  const bench = new HlsBench();
  const publication = bench.publish();
  await bench.send(publication, 0, 4);
  await bench.output.stop(bench.hub.get('s')!);
  publication.end();
  const next = bench.publish();
  await bench.send(next, 0, 4);
  expect(bench.output.running).toHaveLength(1);
  expect(bench.checkLists().live!.isEnded).toBe(false);
});

test('what is stopped is cleaned up like an ended stream', async () => {
  const bench = new HlsBench();
  const publication = bench.publish();
  await bench.send(publication, 0, 7);
  await bench.output.stop(bench.hub.get('s')!);
  await bench.advance(36_000);
  expect(bench.memory.names.get('s')).toBeUndefined();
});

test('a stop does not wait for a publisher to return', async () => {
  const bench = new HlsBench({ graceMs: 60_000 });
  const publication = bench.publish();
  await bench.send(publication, 0, 4);
  await bench.output.stop(bench.hub.get('s')!);
  expect(bench.checkLists().live!.isEnded).toBe(true);
});

test('HLS that was asked for goes on with a publisher that returns in time, and with no later one', async () => {
  const bench = new HlsBench({ graceMs: 5000 });
  bench.isAutomatic = false;
  const first = bench.publish();
  bench.output.start(bench.hub.get('s')!);
  await bench.send(first, 0, 7);
  first.end();
  await bench.advance(4000);
  const second = bench.publish();
  await bench.send(second, 0, 7);
  const { live } = bench.checkLists();
  expect(live!.isEnded).toBe(false);
  expect(live!.entries.map(({ discontinuity }) => discontinuity)).toEqual([true, false, false, true, false]);
  second.end();
  await bench.advance(5000);
  expect(bench.checkLists().live!.isEnded).toBe(true);
  await bench.send(bench.publish(), 0, 7);
  expect(bench.output.running).toEqual([]);
});
