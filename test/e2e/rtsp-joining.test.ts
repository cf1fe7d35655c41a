import { afterEach, beforeEach, expect, test } from 'vitest';
import { fixturePath } from '../support/fixtures.ts';
import { readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { AccessUnit, FlvTag, Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { expectSamePackets } from '../support/compare.ts';
import { msTimes } from '../support/rtsp-compare.ts';
import { UnitProbe } from '../support/probe-units.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { GstreamerRtspPlayer } from '../support/rtsp-players.ts';
import { RtspReader } from '../support/rtsp-reader.ts';
import { startRtspServer, untilPlaying } from '../support/rtsp-server.ts';
import type { RtspTestServer } from '../support/rtsp-server.ts';
import { Scope } from '../support/scope.ts';
import { keyIndices } from '../support/tags.ts';
import { Tap } from '../support/tap.ts';

const streamName = 'late';
/** Two ticks of the audio clock. */
const clockErrorMs = 0.05;
/** They are due every 3 s, and sent with the next packet. */
const longestReportGapMs = 4_500;

let scope: Scope;
let tags: FlvTag[];
beforeEach(() => {
  scope = new Scope();
  tags = readFlvTags(fixturePath('h264-bframes-aac'));
});
afterEach(() => scope.close());

/** A publisher that has sent `tags` up to an index, all of which the server has read. */
async function publishUntil(rtspServer: RtspTestServer, index: number): Promise<RtmpPublisher> {
  const { server } = rtspServer;
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, streamName);
  const witness = FlvReader.open(scope, server.flvUrl('http', streamName));
  await witness.joined();
  await publisher.send(tags.slice(0, index));
  await witness.untilUnits(recordingOf(tags.slice(0, index)).units.length);
  witness.close();
  return publisher;
}

function pictures({ units }: Recording): AccessUnit[] {
  return units.filter(({ kind }) => kind === 'video');
}

const presented = ({ units, ...rest }: Recording): Recording => ({
  ...rest,
  units: units.map((unit) => ({ ...unit, dtsMs: unit.ptsMs })),
});

/** What came is the source from some key frame on, at its times. */
function expectSuffix(received: Recording): void {
  expectSamePackets(presented(recordingOf(tags)), presented(received), {
    allowMissingHead: true,
    allowMissingTail: true,
    constantOffsetWithinMs: 1 / 90 + 1e-6,
    audioWithinMs: msTimes.audioWithinMs,
  });
}

const hashOfKey = (number: number): string =>
  pictures(recordingOf(tags.slice(keyIndices(tags)[number])))[0]!.hash;

test('with gop_num 1 a late player starts at once with the key frame before, and RTP-Info names the first packets', async () => {
  const rtspServer = await startRtspServer(scope, {}, { gop_num: 1 });
  const publisher = await publishUntil(rtspServer, keyIndices(tags)[3]! + 30);
  const readers = [
    RtspReader.overTcp(scope, rtspServer.rtspUrl(streamName)),
    RtspReader.overWebSocket(scope, rtspServer.rtspUrl(streamName), rtspServer.wsUrl(streamName)),
  ];
  for (const reader of readers) {
    await reader.playing();
    await reader.until(() => reader.track('video')!.first !== undefined, 'a first packet');
  }
  await publisher.send(tags.slice(keyIndices(tags)[3]! + 30));
  await publisher.close();
  for (const reader of readers) {
    await reader.untilPictures(pictures(recordingOf(tags.slice(keyIndices(tags)[3]))).length - 1);
    const received = reader.recording();
    expect(pictures(received)[0]!.hash).toBe(hashOfKey(3));
    expectSuffix(received);
  }
  const [overTcp] = readers;
  const info = /^RTP-Info: *(.*)$/im.exec(overTcp!.playAnswer)![1]!;
  for (const [index, { first }] of overTcp!.tracks.entries()) {
    const { sequenceNumber, timestamp } = first!;
    expect(info.split(',')[index]).toMatch(
      new RegExp(`streamid=${index};seq=${sequenceNumber};rtptime=${timestamp}`),
    );
  }
});

test('with gop_num 0 late players receive nothing before the next key frame', async () => {
  const rtspServer = await startRtspServer(scope, {}, { gop_num: 0 });
  const publisher = await publishUntil(rtspServer, keyIndices(tags)[2]! + 10);
  const open = [
    () => RtspReader.overTcp(scope, rtspServer.rtspUrl(streamName)),
    () => RtspReader.overWebSocket(scope, rtspServer.rtspUrl(streamName), rtspServer.wsUrl(streamName)),
    () => RtspReader.withLal(scope, rtspServer.rtspUrl(streamName), 'tcp'),
    () => RtspReader.withLal(scope, rtspServer.rtspUrl(streamName), 'udp'),
  ];
  const readers = open.map((openReader) => openReader());
  for (const reader of readers) await reader.playing();
  await publisher.send(tags.slice(keyIndices(tags)[2]! + 10));
  await publisher.close();
  for (const reader of readers) {
    await reader.untilPictures(pictures(recordingOf(tags.slice(keyIndices(tags)[3]))).length - 1);
    const { units } = reader.recording();
    expect(units[0]).toMatchObject({ kind: 'video', isKey: true, hash: hashOfKey(3) });
    expectSuffix(reader.recording());
  }
});

test('players wait out a publisher that comes back with the same codecs: sequence numbers and times run on', async () => {
  const rtspServer = await startRtspServer(scope);
  const { server } = rtspServer;
  const readers = [
    RtspReader.overTcp(scope, rtspServer.rtspUrl(streamName)),
    RtspReader.withLal(scope, rtspServer.rtspUrl(streamName), 'udp'),
  ];
  const tap = await Tap.open(scope, rtspServer.ports.rtsp, 'RTSP/1.0 200');
  const tapped = `rtsp://127.0.0.1:${tap.port}/live/${streamName}`;
  const probe = new UnitProbe(scope, tapped, ['-rtsp_transport', 'tcp']);
  await tap.seen();
  // Two seconds each time.
  const part = tags.slice(0, keyIndices(tags)[2]);
  const source = pictures(recordingOf(part));
  for (const publishers of [1, 2]) {
    const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, streamName);
    await publisher.sendPaced(part);
    await server.program.printed(/play start session=RTSPSUB3 /);
    await publisher.close();
    await server.program.printed(new RegExp(`(publish stop[^]*){${publishers}}`));
  }
  await server.stop();
  for (const reader of readers) await reader.ended();
  const recordings = [...readers.map((reader) => reader.recording()), await probe.recording()];
  for (const received of recordings.map(pictures)) {
    expect(received.map(({ hash }) => hash)).toEqual([...source, ...source].map(({ hash }) => hash));
    const half = source.length;
    // ffmpeg does not tell the time of the very first.
    const lastMs = Math.max(...received.slice(1, half).map(({ ptsMs }) => ptsMs));
    expect(Math.min(...received.slice(half).map(({ ptsMs }) => ptsMs))).toBeGreaterThan(lastMs);
  }
});

test('sender reports of picture and sound keep to one clock, every few seconds', async () => {
  const rtspServer = await startRtspServer(scope);
  const reader = RtspReader.overTcp(scope, rtspServer.rtspUrl(streamName));
  const publisher = await RtmpPublisher.open(scope, rtspServer.server.ports.rtmp, streamName);
  await publisher.sendPaced(tags);
  await publisher.close();
  await rtspServer.server.program.printed(/publish stop/);
  await rtspServer.server.stop();
  await reader.ended();
  for (const track of reader.tracks) {
    // At the start, after 3 s, and with the goodbye; the last one may be that after 6 s.
    expect(track.reports.length).toBeGreaterThanOrEqual(3);
    for (const { ntpMs, timestamp } of track.reports) {
      expect(Math.abs(track.timeMs(timestamp) - ntpMs)).toBeLessThan(clockErrorMs);
    }
    const gaps = track.reports.slice(1).map(({ ntpMs }, index) => ntpMs - track.reports[index]!.ntpMs);
    expect(Math.max(...gaps)).toBeLessThan(longestReportGapMs);
  }
  // With those pairs the tracks lie to each other as in the source.
  expectSuffix(reader.recording());
});

test('players of a publisher that has gone for good are ended after ten seconds, with a goodbye for each track', async () => {
  const rtspServer = await startRtspServer(scope);
  const { server } = rtspServer;
  const publisher = await publishUntil(rtspServer, tags.length);
  const url = rtspServer.rtspUrl(streamName);
  const readers = [
    RtspReader.overTcp(scope, url),
    RtspReader.overWebSocket(scope, url, rtspServer.wsUrl(streamName)),
    RtspReader.withLal(scope, url, 'udp'),
  ];
  const probes = (['tcp', 'udp', 'http'] as const).map(
    (transport) => new UnitProbe(scope, url, ['-rtsp_transport', transport]),
  );
  const player = new GstreamerRtspPlayer(scope, url, 'tcp', { video: 'h264', audio: 'aac' });
  const count = readers.length + probes.length + 1;
  await untilPlaying(server, count);
  const startMs = performance.now();
  await publisher.close();
  for (const reader of readers) await reader.ended();
  const passedMs = performance.now() - startMs;
  expect(passedMs).toBeGreaterThan(9_000);
  expect(passedMs).toBeLessThan(20_000);
  for (const reader of readers) {
    expect(reader.tracks.map(({ hasGoodbye }) => hasGoodbye)).toEqual([true, true]);
  }
  await player.program.ended(10_000);
  for (const probe of probes) {
    expect(pictures(await probe.recording())).toHaveLength(pictures(recordingOf(tags)).length);
  }
});
