import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectSamePackets } from '../support/compare.ts';
import { EveryReader, startFullServer } from '../support/every-reader.ts';
import { fixturePath, referenceOf } from '../support/fixtures.ts';
import { readFlvFile, readFlvTags, recordingOf } from '../support/flv-file.ts';
import type { AccessUnit, FlvTag, Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { hlsList, untilHlsList } from '../support/hls-list.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { UnitProbe } from '../support/probe-units.ts';
import { readTsFile, recordConfig, recordedFiles } from '../support/recorded-files.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { publishRtspWithLal } from '../support/rtsp-publishers.ts';
import type { RtspTestServer } from '../support/rtsp-server.ts';
import { Scope } from '../support/scope.ts';
import { shiftTags } from '../support/tags.ts';

const streamName = 'returns';
const graceMs = 4_000;
const pauseMs = 1_500;
/** From the newest frame to the last one sent. */
const lastFramesMs = 100;
/** Of 90 kHz on the way out; 48 kHz and 44.1 kHz are finer in RTP, and ADTS frames follow by their length. */
const ticksMs = 2 / 90 + 1e-6;
const audioWithinMs = 1.1;

let scope: Scope;
let rtspServer: RtspTestServer;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** The end of the first publisher's life lies in the middle of a group of pictures, that of the second at the file's. */
const all = (): FlvTag[] => readFlvTags(fixturePath('h264-bframes-aac'));
const firstPart = (): FlvTag[] => all().filter(({ timestampMs }) => timestampMs < 2_600);
/** Its times have nothing to do with those of the first. */
const secondPart = (): FlvTag[] =>
  shiftTags(
    all().filter(({ timestampMs }) => timestampMs < 3_300),
    50_000,
  );

function presented(recording: Recording): Recording {
  return { ...recording, units: recording.units.map((unit) => ({ ...unit, dtsMs: unit.ptsMs })) };
}

function pictures({ units }: Recording): AccessUnit[] {
  return units.filter(({ kind }) => kind === 'video');
}

async function startServer(grace: number): Promise<void> {
  rtspServer = await startFullServer(scope, { in_session: { grace_ms: grace }, ...recordConfig() });
}

/** A publisher that sends in real time, and then is gone without a word. @returns when it was about to send its last tag */
async function publishAndDie(tags: readonly FlvTag[]): Promise<number> {
  const { server } = rtspServer;
  const stops = server.program.output.match(/publish stop/g)?.length ?? 0;
  const publisher = await RtmpPublisher.open(scope, server.ports.rtmp, streamName);
  await publisher.sendPaced(tags.slice(0, -1));
  const lastMs = performance.now();
  await publisher.sendPaced(tags.slice(-1));
  publisher.destroy();
  await server.program.printed(new RegExp(`(publish stop[^]*){${stops + 1}}`));
  return lastMs;
}

/** Both parts as a viewer should see them: the second one later by what `received` shows. */
function expected(first: readonly FlvTag[], second: readonly FlvTag[], received: Recording): Recording {
  const [one, other] = [recordingOf(first), recordingOf(second)];
  const at = pictures(one).length;
  const shiftMs = pictures(received)[at]!.dtsMs - pictures(other)[0]!.dtsMs;
  const moved = other.units.map((unit) => ({
    ...unit,
    dtsMs: unit.dtsMs + shiftMs,
    ptsMs: unit.ptsMs + shiftMs,
  }));
  return { units: [...one.units, ...moved], headers: one.headers, scripts: one.scripts };
}

const newestMs = (units: readonly AccessUnit[]): number => Math.max(...units.map(({ dtsMs }) => dtsMs));

describe('a publisher that is killed and returns in time', () => {
  test('is a pause for every viewer, of the length that it had', async () => {
    await startServer(graceMs);
    const { server } = rtspServer;
    const readers = await EveryReader.open(scope, rtspServer, streamName);
    const players = [server.rtmpUrl(streamName), server.flvUrl('http', streamName)].map((url) =>
      playWithFfmpeg(scope, url),
    );
    const probes = [
      new UnitProbe(scope, server.tsUrl('http', streamName)),
      new UnitProbe(scope, rtspServer.rtspUrl(streamName), ['-rtsp_transport', 'tcp']),
    ];
    // RTMP, FLV and TS, each twice.
    await server.program.printed(/(play start[^]*){6}/);
    const lastMs = await publishAndDie(firstPart());
    const units = recordingOf(firstPart()).units.length;
    await readers.flv.untilUnits(units);
    const fromStart = ['-live_start_index', '0'];
    const hlsProbe = new UnitProbe(scope, server.hlsUrl('http', `${streamName}.m3u8`), fromStart);
    await sleep(pauseMs);
    expect((await hlsList(server, `${streamName}.m3u8`))!.isEnded).toBe(false);
    expect(readers.rtmp.statuses).not.toContain('NetStream.Play.UnpublishNotify');
    const second = await RtmpPublisher.open(scope, server.ports.rtmp, streamName);
    await second.sendPaced(secondPart());
    await readers.untilPictures(
      pictures(recordingOf(firstPart())).length + pictures(recordingOf(secondPart())).length,
    );
    await second.close();

    const source = expected(firstPart(), secondPart(), readers.flv.recording);
    const gapMs = source.units[units]!.dtsMs - newestMs(source.units.slice(0, units));
    const returned = readers.flv.tags.find(({ timestampMs }) => timestampMs >= source.units[units]!.dtsMs)!;
    expect(gapMs).toBeGreaterThan(pauseMs);
    expect(gapMs).toBeLessThan(returned.arrivedMs - lastMs + lastFramesMs);
    for (const received of [readers.rtmp.recording, readers.flv.recording]) {
      expectSamePackets(source, received, { sameOrder: true });
      expect(received.headers.map(({ kind }) => kind)).toEqual(['video', 'audio']);
      expect(received.scripts).toHaveLength(1);
    }
    const inTicks = { constantOffsetWithinMs: ticksMs, audioWithinMs };
    expectSamePackets(source, await readers.tsRecording(), inTicks);
    await untilHlsList(server, `${streamName}.m3u8`, ({ isEnded }) => isEnded);
    expectSamePackets(source, await readers.hlsRecording(), inTicks);
    expectSamePackets(source, await hlsProbe.recording(), { ...inTicks, audioWithinMs: 2 });
    const list = (await hlsList(server, `${streamName}.m3u8`))!;
    expect(list.mediaSequence).toBe(0);
    expect(list.entries.map(({ discontinuity }) => discontinuity)).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
    const presentation = { ...inTicks, allowMissingHead: true, allowMissingTail: true };
    expectSamePackets(presented(source), presented(readers.rtsp.recording()), presentation);

    await server.stop();
    for (const player of players) {
      await player.ended();
      const received = player.recording();
      expectSamePackets(source, received, { constantOffsetWithinMs: 1 });
      expect(received.headers.map(({ kind }) => kind)).toEqual(['video', 'audio']);
    }
    const [ts, rtsp] = await Promise.all(probes.map((probe) => probe.recording()));
    expectSamePackets(source, ts!, { ...inTicks, audioWithinMs: 2 });
    expect(pictures(rtsp!).map(({ hash }) => hash)).toEqual(pictures(source).map(({ hash }) => hash));
    const at = pictures(recordingOf(firstPart())).length;
    const apart = ({ units: all }: Recording, index: number): number => {
      const shown = all.filter(({ kind }) => kind === 'video');
      return shown[index]!.ptsMs - shown[1]!.ptsMs;
    };
    for (const index of [at - 1, at, at + 10]) {
      expect(apart(rtsp!, index)).toBeCloseTo(apart(source, index), 0);
    }
  });

  test('leaves a recording of each of its lives', async () => {
    await startServer(graceMs);
    const { server } = rtspServer;
    const witness = FlvReader.open(scope, server.flvUrl('http', streamName));
    await witness.joined();
    await publishAndDie(firstPart());
    await sleep(1_100);
    await publishAndDie(secondPart());
    await server.stop();
    const source = expected(firstPart(), secondPart(), witness.recording);
    const at = recordingOf(firstPart()).units.length;
    const parts = [source.units.slice(0, at), source.units.slice(at)].map((units) => ({ ...source, units }));
    const flv = recordedFiles(server.folder, 'flv');
    const ts = recordedFiles(server.folder, 'ts');
    expect([flv.length, ts.length]).toEqual([2, 2]);
    for (const [index, part] of parts.entries()) {
      const recording = readFlvFile(flv[index]!);
      expectSamePackets(part, recording, { sameOrder: true });
      expect(recording.headers.map(({ kind }) => kind)).toEqual(['video', 'audio']);
      expectSamePackets(part, await readTsFile(scope, ts[index]!), { constantOffsetWithinMs: 1 });
    }
  });

  test('may come back by another protocol, which every viewer sees', async () => {
    await startServer(graceMs);
    const readers = await EveryReader.open(scope, rtspServer, streamName);
    await publishAndDie(firstPart());
    const first = recordingOf(firstPart());
    await publishRtspWithLal(scope, fixturePath('h264-bframes-aac'), rtspServer.rtspUrl(streamName), 'tcp');
    const second = referenceOf('h264-bframes-aac');
    await readers.flv.untilUnits(first.units.length + second.units.length);
    const received = readers.flv.recording;
    const later = { ...received, units: received.units.slice(first.units.length) };
    expectSamePackets(second, later, { constantOffsetWithinMs: 1.1, audioWithinMs: 3 });
    expectSamePackets(first, { ...received, units: received.units.slice(0, first.units.length) });
    const gapMs = Math.min(...later.units.map(({ dtsMs }) => dtsMs)) - newestMs(first.units);
    expect(gapMs).toBeGreaterThanOrEqual(0);
    expect(gapMs).toBeLessThan(graceMs);
    const list = `${streamName}.m3u8`;
    await untilHlsList(rtspServer.server, list, ({ isEnded }) => isEnded);
    for (const other of [await readers.tsRecording(), await readers.hlsRecording()]) {
      expectSamePackets(received, other, { constantOffsetWithinMs: ticksMs + 1, audioWithinMs: 3 });
    }
    expectSamePackets(received, readers.rtmp.recording, { sameOrder: true });
    const shown = (recording: Recording): Recording =>
      presented({ ...recording, units: pictures(recording) });
    expectSamePackets(shown(received), shown(readers.rtsp.recording()), {
      constantOffsetWithinMs: ticksMs + 1,
      allowMissingHead: true,
      allowMissingTail: true,
    });
  });
});

test('a publisher that returns too late is a new start, in the list of HLS too', async () => {
  await startServer(500);
  const { server } = rtspServer;
  const readers = await EveryReader.open(scope, rtspServer, streamName);
  await publishAndDie(firstPart());
  await readers.hls.untilEnded();
  const ended = (await hlsList(server, `${streamName}.m3u8`))!;
  const second = await RtmpPublisher.open(scope, server.ports.rtmp, streamName);
  await second.sendPaced(secondPart());
  await second.close();
  await readers.flv.untilUnits(recordingOf([...firstPart(), ...secondPart()]).units.length);
  for (const received of [readers.flv.recording, readers.rtmp.recording]) {
    expectSamePackets(recordingOf([...firstPart(), ...secondPart()]), received, { sameOrder: true });
    expect(received.headers.map(({ kind }) => kind)).toEqual(['video', 'audio', 'video', 'audio']);
  }
  const list = await untilHlsList(
    server,
    `${streamName}.m3u8`,
    ({ mediaSequence, isEnded }) => mediaSequence > 0 && isEnded,
  );
  expect(list.mediaSequence).toBe(ended.entries.length);
  expect(list.entries.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
  await readers.hls.finish();
});
