import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSamePackets, oneTick } from '../support/compare.ts';
import { readFlvFile, readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { AccessUnit, FlvTag, Recording } from '../support/flv-file.ts';
import { HlsWatcher } from '../support/hls-watcher.ts';
import { probeUnits } from '../support/probe-units.ts';
import { projectRoot } from '../support/project.ts';
import { recordedFiles } from '../support/recorded-files.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';
import { shiftTags } from '../support/tags.ts';
import { tsOutputs } from '../support/ts-outputs.ts';
import { scanTs } from '../support/ts-packets.ts';
import { TsReader } from '../support/ts-reader.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const fixtureTags = (name: string): FlvTag[] =>
  readFlvTags(join(projectRoot, 'test', 'fixtures', 'flv', `${name}.flv`));

/** Publishes tags in real time; what ffprobe, and for FLV our own reader, find in each output. */
async function publish(
  tags: readonly FlvTag[],
  probeOptions: readonly string[] = [],
): Promise<{ outputs: Record<string, Recording>; fragments: number }> {
  const server = await startServer(scope, tsOutputs());
  const reader = TsReader.open(scope, server.tsUrl('http', 'unusual'));
  await reader.joined();
  const lists = new HlsWatcher(server, 'unusual');
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'unusual');
  await publisher.sendPaced(tags);
  await publisher.close();
  await lists.untilEnded();
  await lists.finish();
  await server.stop();
  await reader.ended();
  for (const bytes of [reader.bytes, lists.bytes]) expect(scanTs(bytes).problems).toEqual([]);
  const fragments = join(scope.folder(), 'fragments.ts');
  writeFileSync(fragments, lists.bytes);
  const [flv, ts] = (['flv', 'ts'] as const).map((kind) => recordedFiles(server.folder, kind));
  expect([flv, ts].map((files) => files!.length)).toEqual([1, 1]);
  return {
    outputs: {
      'HTTP-TS': await probeUnits(scope, reader.save(), probeOptions),
      HLS: await probeUnits(scope, fragments, probeOptions),
      'TS recording': await probeUnits(scope, ts![0]!, probeOptions),
      'FLV recording': readFlvFile(flv![0]!),
    },
    fragments: lists.liveEntries,
  };
}

test('codecs that change in mid-stream: every access unit at its time everywhere', async () => {
  const first = fixtureTags('h264-aac');
  const startMs = Math.max(...first.map(({ timestampMs }) => timestampMs)) + 40;
  const tags = [...first, ...shiftTags(fixtureTags('hevc-opus'), startMs)];
  const { outputs, fragments } = await publish(tags);
  for (const received of Object.values(outputs)) {
    // By time: ffprobe holds the last packet of a stream that ends back until the end of the file.
    const units = received.units.toSorted((a, b) => a.dtsMs - b.dtsMs);
    expectSamePackets(recordingOf(tags), { ...received, units }, oneTick);
  }
  expect(fragments).toBeGreaterThan(1);
});

/** The same picture, to be shown earlier. */
function shownEarlier(tag: FlvTag, byMs: number): FlvTag {
  if (tag.type !== 9 || tag.body[1] !== 1) return tag;
  const body = Buffer.from(tag.body);
  body.writeIntBE(body.readIntBE(2, 3) - byMs, 2, 3);
  return { ...tag, body };
}

test('pictures that are to be shown before they are decoded keep their times', async () => {
  const tags = fixtureTags('h264-aac').map((tag) => shownEarlier(tag, 100));
  const pictures = ({ units }: Recording): AccessUnit[] => units.filter(({ kind }) => kind === 'video');
  const source = pictures(recordingOf(tags));
  expect(source.some(({ ptsMs, dtsMs }) => ptsMs < dtsMs)).toBe(true);
  // ffprobe warns of each such picture.
  const { outputs } = await publish(tags, ['-v', 'error']);
  for (const received of Object.values(outputs).map(pictures)) {
    expect(received.map(({ hash }) => hash)).toEqual(source.map(({ hash }) => hash));
    const shifts = received.map(({ ptsMs }, index) => ptsMs - source[index]!.ptsMs);
    expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThan(1);
  }
});
