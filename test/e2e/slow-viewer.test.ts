/** Viewers that take little or nothing, next to viewers that read: each pays for itself alone. */
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bulkyTags, sendAtPaceOf } from '../support/bulky-tags.ts';
import { expectSamePackets } from '../support/compare.ts';
import { recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { usedMemory } from '../support/memory.ts';
import { openRawViewer, viewerRequest } from '../support/raw-client.ts';
import type { RawClient, ViewerKind } from '../support/raw-client.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { isKeyPicture, isSequenceHeader } from '../support/tags.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const queueBytes = 1_000_000;
/** A queue may be over its bound by what was on the way when it was noticed: one turn's reading from a fast source. */
const largestFlush = 500_000;

const kinds = ['rtmp', 'http', 'ws'] as const;

function openViewer(local: LocalServer, kind: ViewerKind, streamName: string): Promise<RawClient> {
  return openRawViewer(scope, kind, local.port(kind === 'rtmp' ? 'rtmp' : 'http'), streamName);
}

test('a viewer that stops reading, among 50 that read: they miss nothing, it is dropped to a key frame', async () => {
  const local = await LocalServer.start(scope, { limits: { viewer_queue_bytes: queueBytes } });
  const tags = bulkyTags(3, 30_000);
  const source = recordingOf(tags);
  const stalled = await RtmpPlayer.open(scope, local.port('rtmp'), 'crowd');
  await local.untilViewers('crowd', 1);
  stalled.pause();
  // Three viewers are read unit by unit; the others of their kind must receive the same bytes.
  const readers = [
    await RtmpPlayer.open(scope, local.port('rtmp'), 'crowd'),
    FlvReader.open(scope, local.flvUrl('http', 'crowd')),
    FlvReader.open(scope, local.flvUrl('ws', 'crowd')),
  ] as const;
  await Promise.all([readers[1].joined(), readers[2].joined()]);
  const crowd: { kind: ViewerKind; client: RawClient }[] = [];
  for (let index = 0; index < 47; index += 1) {
    const kind = kinds[index % 3]!;
    crowd.push({ kind, client: await openViewer(local, kind, 'crowd') });
  }
  await local.untilViewers('crowd', 51);
  const [slow, ...others] = local.viewers('crowd');
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'crowd');
  const cut = Math.floor(tags.length * 0.6);
  let highestQueue = 0;
  await sendAtPaceOf(crowd[0]!.client, publisher, tags.slice(0, cut), () => {
    highestQueue = Math.max(highestQueue, slow!.queuedBytes);
  });
  expect(highestQueue).toBeGreaterThan(queueBytes / 2);
  expect(highestQueue).toBeLessThan(queueBytes + largestFlush);
  expect(slow!.counters.drops).toBeGreaterThan(0);
  expect(slow!.counters.droppedUnits).toBeGreaterThan(0);
  expect(slow!.counters.droppedBytes).toBeGreaterThan(queueBytes / 2);
  stalled.resume();
  await local.until(() => slow!.queuedBytes === 0, 'the slow viewer to catch up');
  await sendAtPaceOf(crowd[0]!.client, publisher, tags.slice(cut));
  for (const reader of readers) {
    await reader.untilUnits(source.units.length);
    expectSamePackets(source, reader.recording, { sameOrder: true });
  }
  for (const viewer of others) expect(viewer.counters).toMatchObject({ drops: 0, droppedBytes: 0 });
  for (const kind of kinds) await expectSameBytes(crowd.filter((viewer) => viewer.kind === kind));
  const lastMs = source.units.at(-1)!.dtsMs;
  await stalled.until(() => stalled.units.at(-1)?.dtsMs === lastMs, 'the end of the stream');
  expectGapsBeforeKeyPictures(stalled);
});

async function expectSameBytes(viewers: readonly { client: RawClient }[]): Promise<void> {
  const most = Math.max(...viewers.map(({ client }) => client.receivedBytes));
  for (const { client } of viewers) await client.until(() => client.receivedBytes === most, `${most} bytes`);
  expect(new Set(viewers.map(({ client }) => client.digest)).size).toBe(1);
}

/** What is missing is whole units, and what follows each gap begins with headers and a key picture. */
function expectGapsBeforeKeyPictures(player: RtmpPlayer): void {
  const pictures = player.tags.filter((tag) => tag.type === 9);
  let gaps = 0;
  for (const [index, tag] of pictures.entries()) {
    const before = pictures[index - 1];
    if (before === undefined || tag.timestampMs - before.timestampMs < 100) continue;
    gaps += 1;
    expect(isSequenceHeader(tag)).toBe(true);
    expect(isKeyPicture(pictures[index + 1]!)).toBe(true);
  }
  expect(gaps).toBeGreaterThan(0);
}

const impatient = { viewer_queue_bytes: queueBytes, viewer_stall_timeout_ms: 300 };

test.each(kinds)(
  'a viewer over %s that never reads is closed as too slow, and its memory is given back',
  async (kind) => {
    const local = await LocalServer.start(scope, { limits: impatient });
    const tags = bulkyTags(2, 60_000);
    const before = await usedMemory();
    const stalled = await openViewer(local, kind, 'stall');
    stalled.socket.pause();
    await local.untilViewers('stall', 1);
    const [viewer] = local.viewers('stall');
    const witness = await openViewer(local, 'http', 'stall');
    const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'stall');
    await sendAtPaceOf(witness, publisher, tags);
    await local.untilEnds(1);
    expect(local.ends).toEqual(['viewer-too-slow']);
    expect(viewer!.isClosed).toBe(true);
    expect(local.viewers('stall')).toHaveLength(1);
    publisher.destroy();
    witness.socket.destroy();
    // The stalled client still holds its end open; the server does not wait for it.
    await local.untilNoConnections();
    expect((await usedMemory()) - before).toBeLessThan(4_000_000);
  },
);

test('a viewer that takes a byte now and then is closed as too slow all the same', async () => {
  const local = await LocalServer.start(scope, { limits: impatient });
  const drops = trickle(local.port('http'));
  await local.untilViewers('drip', 1);
  const witness = await openViewer(local, 'http', 'drip');
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'drip');
  await sendAtPaceOf(witness, publisher, bulkyTags(2, 60_000));
  await local.untilEnds(1);
  expect(local.ends).toEqual(['viewer-too-slow']);
  expect(drops.read).toBeGreaterThan(0);
});

/** A client that takes one byte from the system every few milliseconds. */
function trickle(port: number): { read: number } {
  const drops = { read: 0 };
  const socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer: Buffer.alloc(1),
      callback: () => {
        drops.read += 1;
        setTimeout(() => socket.resume(), 20).unref();
        return false;
      },
    },
  });
  socket.write(viewerRequest('http', port, 'drip').request);
  socket.on('error', () => {});
  scope.defer(() => void socket.destroy());
  return drops;
}
