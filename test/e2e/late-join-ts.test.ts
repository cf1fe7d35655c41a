import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSamePackets, oneTick } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { AccessUnit, FlvTag, Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { decodeFile } from '../support/recorded-files.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { startServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { keyIndices } from '../support/tags.ts';
import { tsOutputs } from '../support/ts-outputs.ts';
import { scanTs } from '../support/ts-packets.ts';
import { TsReader } from '../support/ts-reader.ts';

let scope: Scope;
let tags: FlvTag[];
let source: Recording;
beforeEach(() => {
  scope = new Scope();
  tags = readFlvTags(fixturePath('h264-bframes-aac'));
  source = recordingOf(tags);
});
afterEach(() => scope.close());

/** A publisher that has sent `tags` up to an index, and a viewer that has received all of it. */
async function publishUntil(
  server: TestServer,
  index: number,
): Promise<{ publisher: RtmpPublisher; witness: FlvReader }> {
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, 'late');
  const witness = FlvReader.open(scope, server.flvUrl('http', 'late'));
  await witness.joined();
  await publisher.send(tags.slice(0, index));
  await witness.untilUnits(recordingOf(tags.slice(0, index)).units.length);
  return { publisher, witness };
}

function firstPicture({ units }: Recording): AccessUnit {
  return units.find((unit) => unit.kind === 'video')!;
}

/** The picture that begins a group. */
function keyPicture(number: number): AccessUnit {
  return source.units.filter(({ kind, isKey }) => kind === 'video' && isKey)[number]!;
}

/** The end of the stream, for all viewers; each must then have a suffix of it, whole and without a gap. */
async function finish(
  server: TestServer,
  publisher: RtmpPublisher,
  witness: FlvReader,
  viewers: readonly TsReader[],
): Promise<Recording[]> {
  await witness.untilUnits(source.units.length);
  await publisher.close();
  await server.stop();
  const recordings: Recording[] = [];
  for (const viewer of viewers) {
    await viewer.ended();
    expect(scanTs(viewer.bytes)).toMatchObject({ problems: [], keyPicturesWithoutTables: 0 });
    const recording = await viewer.recording();
    expectSamePackets(source, recording, { ...oneTick, allowMissingHead: true });
    recordings.push(recording);
  }
  return recordings;
}

test.each([
  { gops: 0, firstGop: 4 },
  { gops: 1, firstGop: 3 },
  { gops: 2, firstGop: 2 },
])('with gop_num $gops a late viewer gets all from its key frame on, and it decodes', async (row) => {
  const server = await startServer(scope, tsOutputs({ gop_num: row.gops }));
  // In the middle of the fourth group of pictures.
  const middle = keyIndices(tags)[3]! + 30;
  const { publisher, witness } = await publishUntil(server, middle);
  const late = TsReader.open(scope, server.tsUrl('http', 'late'));
  await late.joined();
  const nextPicture = tags.findIndex((tag, index) => index >= middle && tag.type === 9);
  await publisher.send(tags.slice(middle, nextPicture + 1));
  if (row.gops > 0) await late.untilBytes(2_000);
  await publisher.send(tags.slice(nextPicture + 1));
  const [recording] = await finish(server, publisher, witness, [late]);
  expect(firstPicture(recording!).hash).toBe(keyPicture(row.firstGop).hash);
  await decodeFile(late.save(), '-xerror');
});

test.each([0, 1])('with gop_num %i, viewers may join after any tag', async (gops) => {
  const server = await startServer(scope, tsOutputs({ gop_num: gops }));
  const [from = 0, to = 0] = keyIndices(tags).slice(1);
  const { publisher, witness } = await publishUntil(server, from);
  const viewers: TsReader[] = [];
  for (let index = from; index < to; index += 5) {
    const scheme = index % 2 === 0 ? 'http' : 'ws';
    const viewer = TsReader.open(scope, server.tsUrl(scheme, 'late'));
    viewers.push(viewer);
    // Every third viewer connects while tags are on their way, so that joins fall into a flush as well as between two.
    if (viewers.length % 3 !== 0) await viewer.joined();
    await publisher.send(tags.slice(index, Math.min(index + 5, to)));
  }
  await Promise.all(viewers.map((viewer) => viewer.joined()));
  await publisher.send(tags.slice(to));
  const starts = (await finish(server, publisher, witness, viewers)).map(
    (recording) => firstPicture(recording).hash,
  );
  const allowed = [0, 1, 2].map((number) => keyPicture(number).hash);
  for (const start of starts) expect(allowed).toContain(start);
});
