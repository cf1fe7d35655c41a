/** Every codec that a device may send, over every way that its packets may come. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { SourceFrame } from '../../src/media/media-frame.ts';
import type { PsDeviceHabits, PsRtpHabits } from '../../src/testing/ps-device.ts';
import { demuxAll } from '../../src/testing/ts-kit.ts';
import { expectSamePackets } from '../support/compare.ts';
import { fixturePath, makeFixture } from '../support/fixtures.ts';
import type { FixtureName } from '../support/fixtures.ts';
import { readFlvTags } from '../support/flv-file.ts';
import type { AccessUnit, Recording } from '../support/flv-file.ts';
import { Gb28181Bench } from '../support/gb28181-bench.ts';
import { framesOfTags, packetsOfFrames, sendAtOnce } from '../support/gb28181-device.ts';
import { openDevice } from '../support/gb28181-sources.ts';
import type { DeviceWay } from '../support/gb28181-sources.ts';
import { digest, essentialNalUnits, hasNalUnits, splitByLength } from '../support/nal-units.ts';
import { RtmpPlayer } from '../support/rtmp-player.ts';
import { expectSamePresentation, expectSameStream, msTimes } from '../support/rtsp-compare.ts';
import { RtspReader } from '../support/rtsp-reader.ts';
import { Scope } from '../support/scope.ts';
import { TsReader } from '../support/ts-reader.ts';

const lengthMs = 2000;
/** From then on players of RTSP are told what there is. */
const describedMs = 500;
const tsFixture = 'hevc-noise';

const sources = {
  h264: 'h264-bframes-aac',
  h265: tsFixture,
  aac: 'h264-bframes-aac',
  g711a: 'h264-g711a',
  g711u: 'h264-g711u',
} as const satisfies Record<string, FixtureName>;
type Codec = keyof typeof sources;

/** Each with habits of its own. */
const ways: Readonly<Record<DeviceWay, PsDeviceHabits & { readonly rtp?: PsRtpHabits }>> = {
  udp: {},
  tcp: { packets: 'nal', times: 'all' },
  'tcp-active': { isUnbounded: true, rtp: { payloadBytes: 40_000 } },
};
const combinations: readonly (readonly Codec[])[] = [
  ['h264', 'aac'],
  ['h264', 'g711u'],
  ['h264'],
  ['h265', 'aac'],
  ['h265', 'g711a'],
  ['h265'],
  ['g711a'],
];

let scope: Scope;
let bench: Gb28181Bench;

beforeAll(async () => {
  for (const name of new Set(Object.values(sources))) await makeFixture(name);
});
beforeEach(async () => {
  scope = new Scope();
  bench = await Gb28181Bench.start(scope, {
    // Who joins late gets all.
    rtsp: { enable: true, addr: '127.0.0.1:0', out_wait_key_frame_flag: true, gop_num: 2 },
    httpts: { enable: true, url_pattern: '/' },
  });
});
afterEach(() => scope.close());

/** The first seconds of a codec, from time 0 on. */
function framesOf(codec: Codec): SourceFrame[] {
  const name = sources[codec];
  const path = fixturePath(name);
  const all = name === tsFixture ? demuxAll(readFileSync(path)).frames : framesOfTags(readFlvTags(path));
  const frames = all.filter(({ track }) => track.config.codec === codec);
  const firstUs = frames[0]!.dtsUs;
  return frames
    .map((frame) => ({ ...frame, dtsUs: frame.dtsUs - firstUs, ptsUs: frame.ptsUs - firstUs }))
    .filter(({ dtsUs }) => dtsUs < lengthMs * 1000);
}

function unitOf({ track, dtsUs, ptsUs, isKey, data }: SourceFrame): AccessUnit {
  const { codec } = track.config;
  const kind = track.kind === 'video' ? 'video' : 'audio';
  const bytes = Buffer.from(data);
  const parts = hasNalUnits(codec) ? essentialNalUnits(codec, splitByLength(bytes, 4)) : [bytes];
  const times = { dtsMs: dtsUs / 1000, ptsMs: ptsUs / 1000 };
  return { kind, codec, ...times, isKey, ...digest(parts) };
}

const cells = (Object.keys(ways) as DeviceWay[]).flatMap((way) =>
  combinations.map((codecs) => ({ way, codecs, name: codecs.join(' and ') })),
);

test.each(cells)('$name by $way', async ({ way, codecs }) => {
  const frames = codecs.flatMap(framesOf).toSorted((a, b) => a.dtsUs - b.dtsUs);
  const source: Recording = { units: frames.map(unitOf), headers: [], scripts: [] };
  const { rtp, ...habits } = ways[way];
  const audioFrames = way === 'tcp-active' && codecs.includes('aac') ? 5 : 1;
  const packets = packetsOfFrames(frames, { ...habits, audioFrames }, rtp);
  const described = packets.findIndex(({ atMs }) => atMs >= describedMs);
  const hasTs = !codecs.some((codec) => codec.startsWith('g711'));

  const { local } = bench;
  const player = await RtmpPlayer.open(scope, local.port('rtmp'), 'cam');
  const ts = TsReader.open(scope, `http://127.0.0.1:${local.port('http')}/live/cam.ts`);
  await ts.joined();
  const reader = RtspReader.overTcp(scope, `rtsp://127.0.0.1:${local.port('rtsp')}/live/cam`);
  const { line } = await openDevice(scope, bench.api, way, { stream_name: 'cam' });
  await sendAtOnce(line, packets.slice(0, described));
  await reader.playing();
  await sendAtOnce(line, packets.slice(described));
  await bench.untilReceived('cam', packets);
  await bench.stop('cam');
  await player.untilUnits(source.units.length);
  await local.server.close();
  await reader.ended();
  await ts.ended();

  expectSamePackets(source, player.recording, { constantOffsetWithinMs: 1, audioWithinMs: 2 });
  expectSamePresentation(source, reader.recording(), msTimes);
  if (hasTs) expectSameStream(source, await ts.recording(), msTimes, false);
  expect(local.errors).toEqual([]);
});
