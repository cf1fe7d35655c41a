/** Files and complete lists: what has been played to its end is not played again, and only that. */
import { beforeEach, expect, test } from 'vitest';
import { FakeHttp } from '../../../testing/fake-http.ts';
import { fixture } from '../../../testing/fixture.ts';
import { PullBench } from '../../../testing/pull-bench.ts';
import { aacTrack, framesOf, h264Track, muxAll } from '../../../testing/ts-kit.ts';
import { FlvSource } from './flv-source.ts';
import { hlsSource } from './hls-source.ts';

const FLV = 'http://h/a.flv';
const HLS = 'http://h/a.m3u8';
const SECONDS = 3;

let bench: PullBench;
let http: FakeHttp;

beforeEach(() => {
  http = new FakeHttp();
  bench = new PullBench({}, (request, target) =>
    request.url.protocol === 'FLV'
      ? new FlvSource(request, target, bench.context, http)
      : hlsSource(request, target, bench.context, http),
  );
  const flv = fixture('flv/h264-aac.flv');
  http.put(FLV, { body: flv, headers: { 'content-length': String(flv.length) } });
  http.put(HLS, '#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n0.ts\n#EXT-X-ENDLIST\n');
  const { units } = muxAll(framesOf(h264Track, aacTrack, SECONDS));
  http.put('http://h/0.ts', Buffer.concat(units.map(({ bytes }) => bytes)));
});

/** Ends of tries so far, in order. */
function ends(): string[] {
  return bench.log.filter(({ msg }) => /relay pull (stop|failed)/.test(msg)).map(({ msg }) => msg);
}

test.each([FLV, HLS])('%s is played once, however often it is tried', async (url) => {
  bench.start({ url, retryNum: 2 });
  await bench.pass(SECONDS * 2 + 3);
  expect(bench.events).toEqual([
    expect.stringMatching(/^start/),
    expect.stringMatching(/^stop \w+ source-ended$/),
  ]);
  expect(ends()).toHaveLength(3);
});

test.each([FLV, HLS])('%s that was read and is stopped before it was played is played again', async (url) => {
  const leave = bench.view();
  bench.start({ url, retryNum: 5, autoStopMs: 0 });
  // Somebody else keeps the stream, and so the order.
  bench.hub.get('a')!.hold();
  await bench.pass();
  leave();
  await bench.pass(2);
  expect(bench.events.at(-1)).toMatch(/no-viewers$/);
  bench.view();
  await bench.pass();
  expect(bench.hub.get('a')!.publication).toBeDefined();
  await bench.pass(SECONDS * 2);
  expect(bench.events.at(-1)).toMatch(/source-ended$/);
  expect(bench.events).toHaveLength(4);
});

test('an error of whoever gets the last frames of a file is told', async () => {
  bench.start({ url: FLV });
  await bench.pass();
  bench.hub.get('a')!.publication!.write = () => {
    throw new Error('a mistake of ours');
  };
  await bench.pass(2);
  expect(ends()).toEqual(['relay pull stop: a mistake of ours']);
});
