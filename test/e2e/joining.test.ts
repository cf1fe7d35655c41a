/**
 * Joining on real sockets, between any two tags of a flush window. (That every point of a window and of a group of
 * pictures works is shown in src/hub/live-stream.test.ts; this is a sample of it with all layers in place.)
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { LocalServer } from '../support/local-server.ts';
import { openRawViewer } from '../support/raw-client.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { Scope } from '../support/scope.ts';
import { keyIndices } from '../support/tags.ts';

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** From this many viewers on the server joins what it writes within a window of 20 ms. */
const viewersForWindow = 60;

test.each([
  { gops: 0, mergeBytes: 0 },
  { gops: 1, mergeBytes: 0 },
  { gops: 2, mergeBytes: 0 },
  { gops: 1, mergeBytes: 8192 },
])(
  'viewers who join within flush windows, gop_num $gops, merge_write_size $mergeBytes',
  async ({ gops, mergeBytes }) => {
    const caches = { gop_num: gops };
    const local = await LocalServer.start(scope, {
      rtmp: { ...caches, merge_write_size: mergeBytes },
      httpflv: caches,
    });
    const tags = readFlvTags(fixturePath('h264-bframes-aac'));
    const source = recordingOf(tags);
    for (let index = 0; index < viewersForWindow; index += 1) {
      await openRawViewer(scope, 'http', local.port('http'), 'crowd');
    }
    await local.untilViewers('crowd', viewersForWindow);
    expect(local.server.hub.scheduler.windowMs).toBeGreaterThan(0);
    const publisher = await RtmpPublisher.open(scope, local.port('rtmp'), 'join');
    const witness = FlvReader.open(scope, local.flvUrl('http', 'join'));
    await witness.joined();
    const [from = 0, to = 0] = keyIndices(tags).slice(2);
    await publisher.send(tags.slice(0, from - 20));
    const joining: Promise<RtmpPlayer>[] = [];
    const readers: FlvReader[] = [];
    for (let index = from - 20; index < to; index += 1) {
      if (index % 3 === 0) joining.push(RtmpPlayer.open(scope, local.port('rtmp'), 'join'));
      else readers.push(FlvReader.open(scope, local.flvUrl(index % 3 === 1 ? 'http' : 'ws', 'join')));
      // Some wait until they are in, others come while tags are on their way.
      if (index % 4 === 0) await Promise.all([joining.at(-1), readers.at(-1)?.joined()]);
      await publisher.send([tags[index]!]);
    }
    const viewers = [...(await Promise.all(joining)), ...readers];
    await Promise.all(readers.map((reader) => reader.joined()));
    await local.untilViewers('join', viewers.length + 1);
    await publisher.send(tags.slice(to));
    await witness.untilUnits(source.units.length);
    expectSamePackets(source, witness.recording, { sameOrder: true });
    const last = source.units.at(-1)!;
    for (const viewer of viewers) {
      await viewer.until(() => viewer.units.at(-1)?.dtsMs === last.dtsMs, 'the last unit');
      expectSamePackets(source, viewer.recording, { allowMissingHead: true, sameOrder: true });
      expectSameHeaders(source, viewer.recording);
    }
  },
);
