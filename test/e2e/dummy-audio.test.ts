import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiClient } from '../support/api-client.ts';
import { expectSameHeaders, expectSamePackets } from '../support/compare.ts';
import type { CompareOptions } from '../support/compare.ts';
import { EveryReader, startFullServer } from '../support/every-reader.ts';
import { fixturePath, referenceOf } from '../support/fixtures.ts';
import { readFlvTags, recordingOf, writeFlvFile } from '../support/flv-file.ts';
import type { AccessUnit, FlvTag, Recording } from '../support/flv-file.ts';
import { FlvReader } from '../support/flv-reader.ts';
import { freePort } from '../support/free-ports.ts';
import { packetsOfFlv, sendAtOnce } from '../support/gb28181-device.ts';
import { openDevice } from '../support/gb28181-sources.ts';
import { LocalServer } from '../support/local-server.ts';
import { digest } from '../support/nal-units.ts';
import { runProgram } from '../support/program.ts';
import { RtmpPublisher } from '../support/rtmp-publisher.ts';
import { publishRtspWithLal } from '../support/rtsp-publishers.ts';
import type { RtspTestServer } from '../support/rtsp-server.ts';
import { Scope } from '../support/scope.ts';
import { isSequenceHeader } from '../support/tags.ts';

const streamName = 'mute';
const silence = digest([Buffer.from('211004608c1c', 'hex')]).hash;
const frameMs = 64 / 3;
const flvRoundingMs = 1;
/** One tick of 90 kHz on the way in, one on the way out. */
const ticksMs = 2 / 90 + 1e-6;
/** Frames that share a packet follow by their length, where FLV has rounded. */
const batchMs = 1.1;
/** Byte 4 of an FLV file. */
const flagsOfBoth = 5;

let scope: Scope;
let rtspServer: RtspTestServer;
let api: ApiClient;
beforeEach(async () => {
  scope = new Scope();
  const apiPort = await freePort();
  api = new ApiClient(apiPort);
  rtspServer = await startFullServer(scope, {
    in_session: { add_dummy_audio_enable: true, add_dummy_audio_wait_audio_ms: 150 },
    http_api: { enable: true, addr: `127.0.0.1:${apiPort}` },
    gb28181: { listen_host: '127.0.0.1' },
  });
});
afterEach(() => scope.close());

function ofKind({ units }: Recording, kind: AccessUnit['kind']): AccessUnit[] {
  return units.filter((unit) => unit.kind === kind);
}

function only(recording: Recording, kind: AccessUnit['kind']): Recording {
  return { ...recording, units: ofKind(recording, kind) };
}

/** RTSP tells presentation times alone. */
function presented(recording: Recording): Recording {
  return { ...recording, units: recording.units.map((unit) => ({ ...unit, dtsMs: unit.ptsMs })) };
}

/** The decoding time of a picture; RTSP does not tell it, but the source does. */
function decodingTime(unit: AccessUnit, source: AccessUnit): number {
  return Number.isNaN(unit.dtsMs) ? unit.ptsMs - source.ptsMs + source.dtsMs : unit.dtsMs;
}

/** Audio is silent frames, `frameMs` apart, from the first picture's decoding time on until the last one's. */
function expectSilenceBeside(source: Recording, received: Recording, withinMs: number): void {
  const wanted = ofKind(source, 'video');
  const pictures = ofKind(received, 'video');
  const startMs = decodingTime(pictures[0]!, wanted[0]!);
  const endMs = decodingTime(pictures.at(-1)!, wanted[pictures.length - 1]!);
  const audio = ofKind(received, 'audio');
  expect(new Set(audio.map(({ hash }) => hash))).toEqual(new Set([silence]));
  // Who begins with a picture has missed the frame just before it.
  const missed = audio[0]!.ptsMs - startMs > frameMs / 2 ? 1 : 0;
  for (const [index, { ptsMs }] of audio.entries()) {
    expect(Math.abs(ptsMs - startMs - (index + missed) * frameMs)).toBeLessThanOrEqual(withinMs);
  }
  const apartMs = endMs - audio.at(-1)!.ptsMs;
  expect(apartMs).toBeGreaterThanOrEqual(-withinMs);
  expect(apartMs).toBeLessThanOrEqual(frameMs + withinMs);
}

/** Nothing in the file's audio is too much for a decoder, and all of it is silent. */
async function expectDecodesSilent(file: string, frames: number): Promise<void> {
  const args = ['-v', 'info', '-nostats', '-xerror', '-i', file, '-map', '0:a', '-af', 'volumedetect'];
  const output = await runProgram('ffmpeg', [...args, '-f', 'null', '-']);
  expect(output).toMatch(/Audio: aac \(LC\).*48000 Hz, stereo/);
  expect(Number(/n_samples: (\d+)/.exec(output)![1])).toBe(frames * 1024 * 2);
  expect(Number(/max_volume: (-[\d.]+) dB/.exec(output)![1])).toBeLessThan(-90);
}

/** @param times how exact they are where the source's own pass unchanged */
async function expectEverywhere(
  readers: EveryReader,
  source: Recording,
  times: CompareOptions,
): Promise<void> {
  const pictures = only(source, 'video');
  for (const received of [readers.rtmp.recording, readers.flv.recording]) {
    expectSamePackets(pictures, only(received, 'video'), times);
    expectSilenceBeside(source, received, flvRoundingMs);
    const configs = received.headers
      .filter(({ kind }) => kind === 'audio')
      .map(({ description }) => description);
    expect(configs).toEqual([Buffer.from('1190', 'hex')]);
  }
  for (const received of [await readers.tsRecording(), await readers.hlsRecording()]) {
    expectSamePackets(pictures, only(received, 'video'), { constantOffsetWithinMs: ticksMs });
    expectSilenceBeside(source, received, ticksMs);
  }
  const rtsp = readers.rtsp.recording();
  const presentation = { constantOffsetWithinMs: ticksMs, allowMissingTail: true };
  expectSamePackets(presented(pictures), presented(only(rtsp, 'video')), presentation);
  expectSilenceBeside(source, rtsp, ticksMs);
}

/** Publishes tags by RTMP until everybody has them. */
async function published(tags: readonly FlvTag[]): Promise<EveryReader> {
  const readers = await EveryReader.open(scope, rtspServer, streamName);
  const publisher = await RtmpPublisher.open(scope, rtspServer.server.ports.rtmp, streamName);
  await publisher.send(tags);
  await readers.untilPictures(ofKind(recordingOf(tags), 'video').length);
  await publisher.close();
  await readers.hls.untilEnded();
  return readers;
}

describe('a video alone has silence in every output, as long as it is itself', () => {
  test('by RTMP', async () => {
    const tags = readFlvTags(fixturePath('video-only-h264'));
    const source = recordingOf(tags);
    const readers = await published(tags);
    await expectEverywhere(readers, source, {});
    expect(readers.flv.flags).toBe(flagsOfBoth);
    const frames = ofKind(readers.flv.recording, 'audio').length;
    const flvFile = `${scope.folder()}/received.flv`;
    writeFlvFile(flvFile, readers.flv.tags);
    for (const file of [flvFile, readers.ts.save(), readers.saveHls()]) {
      await expectDecodesSilent(file, frames);
    }
  });

  test.each(['tcp', 'udp'] as const)('by RTSP over %s', async (transport) => {
    const source = referenceOf('video-only-h264');
    const readers = await EveryReader.open(scope, rtspServer, streamName);
    const url = rtspServer.rtspUrl(streamName);
    await publishRtspWithLal(scope, fixturePath('video-only-h264'), url, transport);
    await readers.untilPictures(source.units.length);
    await readers.hls.untilEnded();
    await expectEverywhere(readers, source, { constantOffsetWithinMs: flvRoundingMs });
  });

  test('by GB28181', async () => {
    const source = referenceOf('video-only-h264');
    const readers = await EveryReader.open(scope, rtspServer, streamName);
    const { line } = await openDevice(scope, api, 'tcp', { stream_name: streamName });
    await sendAtOnce(line, packetsOfFlv(fixturePath('video-only-h264')));
    await readers.untilPictures(source.units.length);
    await api.get('/api/ctrl/stop_rtp_pub', { stream_name: streamName });
    await readers.hls.untilEnded();
    await expectEverywhere(readers, source, { constantOffsetWithinMs: flvRoundingMs });
  });

  test('by relay pull', async () => {
    const tags = readFlvTags(fixturePath('video-only-h264'));
    const source = recordingOf(tags);
    const origin = await LocalServer.start(scope, { rtmp: { gop_num: 100 } });
    const publisher = await RtmpPublisher.open(scope, origin.port('rtmp'), 'origin');
    const readers = await EveryReader.open(scope, rtspServer, streamName);
    const url = `rtmp://127.0.0.1:${origin.port('rtmp')}/live/origin`;
    await api.post('/api/ctrl/start_relay_pull', { url, stream_name: streamName });
    await origin.untilViewers('origin', 1);
    await publisher.send(tags);
    await readers.untilPictures(source.units.length);
    await api.get('/api/ctrl/stop_relay_pull', { stream_name: streamName });
    await readers.hls.untilEnded();
    await expectEverywhere(readers, source, {});
  });
});

test('real audio that begins two seconds late takes the place of silence everywhere', async () => {
  const lateMs = 2000;
  const all = readFlvTags(fixturePath('h264-baseline-aac'));
  const isEarlyAudio = ({ type, timestampMs }: FlvTag): boolean => type === 8 && timestampMs < lateMs;
  const header = all.find((tag) => tag.type === 8 && isSequenceHeader(tag))!;
  const firstAt = all.findIndex(({ type, timestampMs }) => type === 8 && timestampMs >= lateMs);
  const tags = [...all.slice(0, firstAt), { ...header, timestampMs: lateMs }, ...all.slice(firstAt)].filter(
    (tag) => !isEarlyAudio(tag),
  );
  const source = recordingOf(tags);
  const readers = await published(tags);
  const real = ofKind(source, 'audio');
  const check = (received: Recording, withinMs: number): void => {
    const shiftMs = ofKind(received, 'video')[0]!.ptsMs - ofKind(source, 'video')[0]!.ptsMs;
    const audio = ofKind(received, 'audio').map((unit) => ({ ...unit, ptsMs: unit.ptsMs - shiftMs }));
    const silentFrames = audio.findIndex(({ hash }) => hash !== silence);
    const [before, after] = [audio.slice(0, silentFrames), audio.slice(silentFrames)];
    expect(before.at(-1)!.ptsMs).toBeGreaterThan(lateMs - 2 * frameMs);
    // At most the first real frames, which silence had taken the place of already, are missing.
    const skipped = real.length - after.length;
    expect(skipped).toBeLessThanOrEqual(2);
    expect(after.map(({ hash }) => hash)).toEqual(real.slice(skipped).map(({ hash }) => hash));
    const stepMs = after[0]!.ptsMs - before.at(-1)!.ptsMs;
    expect(stepMs).toBeGreaterThanOrEqual(frameMs - withinMs);
    expect(stepMs).toBeLessThan(2 * frameMs + withinMs);
    for (const [index, { ptsMs }] of after.entries()) {
      expect(Math.abs(ptsMs - real[skipped + index]!.ptsMs)).toBeLessThanOrEqual(withinMs);
    }
  };
  for (const received of [readers.rtmp.recording, readers.flv.recording]) {
    check(received, flvRoundingMs);
    expectSamePackets(only(source, 'video'), only(received, 'video'));
    const configs = received.headers
      .filter(({ kind }) => kind === 'audio')
      .map(({ description }) => description);
    expect(configs).toEqual([Buffer.from('1190', 'hex'), header.body.subarray(2)]);
  }
  check(await readers.tsRecording(), batchMs);
  check(await readers.hlsRecording(), batchMs);
  check(readers.rtsp.recording(), batchMs);
});

test('the statistics show AAC; a source with audio is passed on as it is', async () => {
  const local = await LocalServer.start(scope, { in_session: { add_dummy_audio_enable: true } });
  const mute = await RtmpPublisher.open(scope, local.port('rtmp'), 'mute');
  await mute.send(readFlvTags(fixturePath('video-only-h264')).slice(0, 60));
  await local.until(() => local.server.statistics.group('mute')?.audio_codec === 'AAC', 'AAC');
  const reader = FlvReader.open(scope, local.flvUrl('http', 'full'));
  await reader.joined();
  const tags = readFlvTags(fixturePath('h264-bframes-aac'));
  const full = await RtmpPublisher.open(scope, local.port('rtmp'), 'full');
  await full.send(tags);
  await reader.untilUnits(recordingOf(tags).units.length);
  expectSamePackets(recordingOf(tags), reader.recording, { sameOrder: true });
  expectSameHeaders(recordingOf(tags), reader.recording);
});
