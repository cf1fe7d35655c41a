/** Relay pull of every kind of source, for viewers of every output: what is published at the origin arrives, unit by unit. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets, oneTick } from '../support/compare.ts';
import { EveryReader, startFullServer } from '../support/every-reader.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { Recording } from '../support/flv-file.ts';
import { pullByKind, pullKinds, startOrigin, untilListed } from '../support/relay-pull.ts';
import type { PullKind } from '../support/relay-pull.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { expectSamePresentation, expectSameStream, msTimes } from '../support/rtsp-compare.ts';
import { Scope } from '../support/scope.ts';

const scope = new Scope();
const tags = readFlvTagsUntil(4000);
const source = recordingOf(tags);
const pictures = source.units.filter(({ kind }) => kind === 'video').length;
/** HLS has no viewers that would be listed. */
const listedKinds = pullKinds.length - 1;

/** What came out, by the kind of pull. */
const received = new Map<PullKind, Record<'rtmp' | 'flv' | 'ts' | 'rtsp' | 'hls', Recording>>();

function readFlvTagsUntil(endMs: number): ReturnType<typeof readFlvTags> {
  return readFlvTags(fixturePath('h264-bframes-aac')).filter(({ timestampMs }) => timestampMs < endMs);
}

beforeAll(async () => {
  const origin = await startOrigin(scope);
  const edge = await startFullServer(scope, pullByKind(origin, 'cam'));
  const readers = await Promise.all(
    pullKinds.map(async (kind) => [kind, await EveryReader.open(scope, edge, `by-${kind}`)] as const),
  );
  await untilListed(origin, 'cam', listedKinds);
  const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'cam');
  await publisher.sendPaced(tags);
  await publisher.close();
  for (const [, reader] of readers) await reader.untilPictures(pictures);
  await origin.server.close();
  for (const [, { hls }] of readers) {
    await hls.untilEnded();
    await hls.finish();
  }
  await edge.server.stop();
  for (const [kind, reader] of readers) {
    received.set(kind, {
      rtmp: reader.rtmp.recording,
      flv: reader.flv.recording,
      ts: await reader.tsRecording(),
      rtsp: reader.rtsp.recording(),
      hls: await reader.hlsRecording(),
    });
  }
  expect(origin.errors).toEqual([]);
});
afterAll(() => scope.close());

describe.each(['rtmp', 'rtmps', 'flv', 'https-flv'] as const)('pulled by %s', (kind) => {
  test.each(['rtmp', 'flv'] as const)(
    '%s viewers get the same bytes at the same times, in the same order',
    (output) => {
      const recording = received.get(kind)![output];
      expectSamePackets(source, recording, { sameOrder: true });
      expectSameHeaders(source, recording);
      expect(recording.scripts.map(({ body }) => body)).toEqual(source.scripts.map(({ body }) => body));
    },
  );

  test.each(['ts', 'hls'] as const)('%s viewers get the same units at their times', (output) => {
    expectSamePackets(source, received.get(kind)![output], oneTick);
  });

  test('RTSP viewers get the same units at their times', () => {
    expectSamePresentation(source, received.get(kind)!.rtsp, msTimes);
  });
});

describe.each(['rtsp-tcp', 'rtsp-udp', 'rtsps'] as const)('pulled by %s', (kind) => {
  test.each(['rtmp', 'flv'] as const)('%s viewers get the same units', (output) => {
    expectSameStream(source, received.get(kind)![output], msTimes, true);
  });

  test.each(['ts', 'hls'] as const)('%s viewers get the same units', (output) => {
    expectSameStream(source, received.get(kind)![output], msTimes, false);
  });

  test('RTSP viewers get the same units', () => {
    expectSamePresentation(source, received.get(kind)!.rtsp, msTimes);
  });
});

describe('pulled by hls', () => {
  /** A transport stream in between: ticks of 90 kHz, and sound that follows by its length. */
  const throughTs = { constantOffsetWithinMs: 1.02, audioWithinMs: 2 };

  test.each(['rtmp', 'flv', 'ts', 'hls'] as const)('%s viewers get the same units', (output) => {
    expectSamePackets(source, received.get('hls')![output], throughTs);
  });

  test('RTSP viewers get the same units', () => {
    expectSamePresentation(source, received.get('hls')!.rtsp, { audioWithinMs: 2.1 });
  });
});
