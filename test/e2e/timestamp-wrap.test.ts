/** Streams whose clock passes the border of the 24-bit field, and that of the 32-bit one, while they run. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { AccessUnit, FlvTag, Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { chunksOf, mediaStreamId, setChunkSizeChunks } from '../support/rtmp-wire.ts';
import { Scope } from '../support/scope.ts';
import { keyIndices, shiftTags } from '../support/tags.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const borders = [
  { border: '2^24', borderMs: 2 ** 24 },
  { border: '2^32', borderMs: 2 ** 32 },
];

/** The fixture's tags, shifted so that the border lies 2.5 s after the start. */
function tagsAround(borderMs: number): FlvTag[] {
  return shiftTags(readFlvTags(fixturePath('h264-bframes-aac')), borderMs - 2500);
}

/** What each viewer sees: bytes, times as on the wire, the order of sound and picture. */
function timesOf({ units }: Recording): Pick<AccessUnit, 'kind' | 'dtsMs' | 'ptsMs' | 'hash'>[] {
  return units.map(({ kind, dtsMs, ptsMs, hash }) => ({ kind, dtsMs, ptsMs, hash }));
}

/** Continued beyond the wrap, no step between two pictures is longer than the fixture's. */
function longestStepMs(recording: Recording): number {
  const dts = recording.units.filter(({ kind }) => kind === 'video').map(({ dtsMs }) => dtsMs);
  return Math.max(...dts.slice(1).map((dtsMs, index) => (dtsMs - dts[index]!) >>> 0));
}

test.each(borders)(
  'a stream crosses $border ms without a gap at RTMP, HTTP-FLV and WebSocket-FLV viewers',
  async (row) => {
    const local = await LocalServer.start(scope, { rtmp: { gop_num: 1 }, httpflv: { gop_num: 1 } });
    const tags = tagsAround(row.borderMs);
    const source = recordingOf(tags);
    const viewers = [
      await RtmpPlayer.open(scope, local.port('rtmp'), 'wrap'),
      FlvReader.open(scope, local.flvUrl('http', 'wrap')),
      FlvReader.open(scope, local.flvUrl('ws', 'wrap')),
    ] as const;
    await Promise.all([viewers[1].joined(), viewers[2].joined()]);
    const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'wrap');
    // In pieces, so that the wrap also lies at the border of a flush.
    for (let at = 0; at < tags.length; at += 7) await publisher.send(tags.slice(at, at + 7));
    for (const viewer of viewers) await viewer.untilUnits(source.units.length);
    for (const viewer of viewers) expect(timesOf(viewer.recording)).toEqual(timesOf(source));
    expect(longestStepMs(viewers[0].recording)).toBeLessThan(100);
    expect(local.stream('wrap')!.publication!.counters).toEqual({ jumpsRepaired: 0, nonMonotonicFrames: 0 });
  },
);

test.each(borders)(
  'a viewer that joins behind $border ms gets the cached pictures from before it',
  async (row) => {
    const local = await LocalServer.start(scope, { rtmp: { gop_num: 2 }, httpflv: { gop_num: 2 } });
    const tags = tagsAround(row.borderMs);
    const source = recordingOf(tags);
    // Key pictures at 0, 1, 2, 3 s: the border lies in the third group.
    const join = keyIndices(tags)[3]! + 5;
    const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'late');
    const witness = FlvReader.open(scope, local.flvUrl('http', 'late'));
    await witness.joined();
    await publisher.send(tags.slice(0, join));
    await witness.untilUnits(recordingOf(tags.slice(0, join)).units.length);
    const viewers = [
      await RtmpPlayer.open(scope, local.port('rtmp'), 'late'),
      FlvReader.open(scope, local.flvUrl('http', 'late')),
      FlvReader.open(scope, local.flvUrl('ws', 'late')),
    ] as const;
    await Promise.all([viewers[1].joined(), viewers[2].joined()]);
    await publisher.send(tags.slice(join));
    const expected = timesOf(source);
    const firstKey = source.units.findIndex(
      ({ dtsMs, kind }) => kind === 'video' && dtsMs === tags[keyIndices(tags)[2]!]!.timestampMs,
    );
    for (const viewer of viewers) {
      await viewer.untilUnits(source.units.length - firstKey);
      expect(timesOf(viewer.recording)).toEqual(expected.slice(firstKey));
    }
  },
);

test.each([
  { habit: 'repeated', repeats: true },
  { habit: 'left out', repeats: false },
])('extended timestamps may be $habit in the further chunks of a message', async ({ repeats }) => {
  const local = await LocalServer.start(scope);
  const tags = tagsAround(2 ** 32);
  const source = recordingOf(tags);
  const reader = FlvReader.open(scope, local.flvUrl('http', 'habit'));
  await reader.joined();
  const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'habit');
  publisher.sendRaw(setChunkSizeChunks(200));
  for (const { type, timestampMs, body } of tags) {
    if (type === 18) continue;
    const whole = chunksOf(type === 8 ? 4 : 6, type, mediaStreamId, timestampMs, body, 200);
    publisher.sendRaw(
      repeats || timestampMs < 0xffffff ? whole : withoutRepeatedTimes(whole, body.length, 200),
    );
  }
  await reader.untilUnits(source.units.length);
  expect(timesOf(reader.recording)).toEqual(timesOf(source));
});

/** Drops the extended timestamp from all chunks of a message but the first. */
function withoutRepeatedTimes(chunks: Buffer, length: number, chunkSize: number): Buffer {
  const first = 16 + Math.min(length, chunkSize);
  const parts = [chunks.subarray(0, first)];
  for (let at = first; at < chunks.length; at += 5 + chunkSize) {
    parts.push(chunks.subarray(at, at + 1), chunks.subarray(at + 5, at + 5 + chunkSize));
  }
  return Buffer.concat(parts);
}
