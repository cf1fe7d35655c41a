/** ffmpeg and ffprobe as judges of the transport streams that the muxer writes. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serializeAdtsHeader, adtsParametersOf } from '../../src/codec/aac/adts.ts';
import { joinAnnexB } from '../../src/codec/nal/annex-b.ts';
import { splitLengthPrefixed } from '../../src/codec/nal/length-prefixed.ts';
import type { MediaFrame } from '../../src/media/media-frame.ts';
import { flvFrames } from '../../src/testing/flv-frames.ts';
import { hex } from '../../src/testing/hex.ts';
import { TsCollector, muxAll } from '../../src/testing/ts-kit.ts';
import { MpegTsMuxer } from '../../src/container/mpegts/mpeg-ts-muxer.ts';
import { Scope } from '../support/scope.ts';

const run = promisify(execFile);

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** The bytes of a frame as a transport stream carries them, apart from the muxer's code. */
function packetData({ track: { config }, isKey, data }: MediaFrame): Uint8Array {
  switch (config.codec) {
    case 'h264': {
      const sets = [...config.sequenceParameterSets, ...config.pictureParameterSets];
      return joinAnnexB([hex('09f0'), ...(isKey ? sets : []), ...splitLengthPrefixed(data)]);
    }
    case 'h265': {
      const sets = [
        ...config.videoParameterSets,
        ...config.sequenceParameterSets,
        ...config.pictureParameterSets,
      ];
      const nalUnits = splitLengthPrefixed(data);
      const hasSets = nalUnits.some((nal) => nal[0] === 0x42);
      return joinAnnexB([hex('460150'), ...(isKey && !hasSets ? sets : []), ...nalUnits]);
    }
    case 'aac':
      return Buffer.concat([serializeAdtsHeader(adtsParametersOf(config)!, data.length), data]);
    default:
      return data;
  }
}

interface Packet {
  readonly codec_type: string;
  readonly pts: number;
  readonly dts: number;
  readonly flags: string;
  readonly data_hash: string;
}

async function probe(file: string): Promise<Packet[]> {
  const entries = 'packet=codec_type,pts,dts,flags,data_hash';
  const options = ['-v', 'error', '-show_packets', '-show_data_hash', 'sha256', '-show_entries', entries];
  const { stdout, stderr } = await run('ffprobe', [...options, '-of', 'json', file], { maxBuffer: 1 << 26 });
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as { packets: Packet[] }).packets;
}

/** Reads and decodes everything; whatever ffmpeg finds wrong with packets, times or pictures fails the test. */
async function expectSound(file: string): Promise<void> {
  const decode = ['-v', 'warning', '-xerror', '-i', file, '-f', 'null', '-'];
  expect((await run('ffmpeg', ['-nostdin', ...decode])).stderr).toBe('');
  const debug = ['-v', 'debug', '-i', file, '-c', 'copy', '-f', 'null', '-'];
  const { stderr } = await run('ffmpeg', ['-nostdin', ...debug], { maxBuffer: 1 << 26 });
  expect(stderr).not.toMatch(
    /Continuity check|corrupt|mismatch|Invalid (timestamp|data|NAL)|PES packet size/i,
  );
}

/** ffprobe's H.265 parser counts the first zero of a start code to the packet before: the stream as a whole is compared. */
async function expectH265(file: string, frames: readonly MediaFrame[]): Promise<void> {
  const h265 = frames.filter(({ track }) => track.config.codec === 'h265');
  const stream = join(scope.folder(), 'video.hevc');
  await run('ffmpeg', [
    '-nostdin',
    '-v',
    'error',
    '-i',
    file,
    '-map',
    '0:v',
    '-c',
    'copy',
    '-f',
    'hevc',
    stream,
  ]);
  expect(readFileSync(stream).equals(Buffer.concat(h265.map(packetData)))).toBe(true);
}

function expectPackets(packets: readonly Packet[], frames: readonly MediaFrame[]): void {
  // One constant for all tracks: that of the first frame.
  const constant = 126_000 - Math.round(frames[0]!.dtsUs * 0.09);
  for (const kind of ['video', 'audio']) {
    // By time: ffprobe holds the last packet of a stream that ends back until the end of the file.
    const found = packets.filter(({ codec_type: type }) => type === kind).sort((a, b) => a.dts - b.dts);
    const sent = frames.filter(({ track }) => track.kind === kind);
    expect(found).toHaveLength(sent.length);
    for (const [index, packet] of found.entries()) {
      const frame = sent[index]!;
      if (frame.track.config.codec !== 'h265') {
        const hash = createHash('sha256').update(packetData(frame)).digest('hex');
        expect(packet.data_hash).toBe(`SHA256:${hash}`);
      }
      // AAC frames that share a PES packet: ffprobe counts on from the first, the source rounded to milliseconds.
      const tolerance = frame.track.config.codec === 'aac' ? 90 : 0;
      expect(Math.abs(packet.dts - constant - Math.round(frame.dtsUs * 0.09))).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(packet.pts - constant - Math.round(frame.ptsUs * 0.09))).toBeLessThanOrEqual(tolerance);
      if (kind === 'video') expect(packet.flags.startsWith('K')).toBe(frame.isKey);
    }
  }
}

test.each(['h264-aac', 'h264-mp3', 'mp3-mono', 'hevc-opus'])('%s: every packet, every time', async (name) => {
  const frames = flvFrames(name);
  const file = join(scope.folder(), `${name}.mpegts`);
  writeFileSync(file, muxAll(frames).all);
  expectPackets(await probe(file), frames);
  if (name === 'hevc-opus') await expectH265(file, frames);
  await expectSound(file);
});

test.each([
  ['audio alone', 'audio'],
  ['video alone', 'video'],
])('%s', async (_name, kind) => {
  const frames = flvFrames('h264-aac').filter(({ track }) => track.kind === kind);
  const file = join(scope.folder(), `${kind}.mpegts`);
  writeFileSync(file, muxAll(frames).all);
  expectPackets(await probe(file), frames);
  await expectSound(file);
});

test('negative composition offsets', async () => {
  // The same frames with all presentation times 100 ms earlier: the first ones come before their decoding times.
  const frames = flvFrames('h264-aac')
    .filter(({ track }) => track.kind === 'video')
    .map((frame) => ({ ...frame, ptsUs: frame.ptsUs - 100_000 }));
  expect(frames.some(({ ptsUs, dtsUs }) => ptsUs < dtsUs)).toBe(true);
  const file = join(scope.folder(), 'negative.mpegts');
  writeFileSync(file, muxAll(frames).all);
  const constant = 126_000 - Math.round(frames[0]!.dtsUs * 0.09);
  const packets = await probe(file);
  expect(packets.map(({ pts }) => pts)).toEqual(
    frames.map(({ ptsUs }) => constant + Math.round(ptsUs * 0.09)),
  );
});

test('codecs that change in mid-stream: every packet, every time', async () => {
  const first = flvFrames('h264-aac');
  const startUs = Math.max(...first.map(({ dtsUs }) => dtsUs)) + 40_000;
  const second = flvFrames('hevc-opus').map((frame) => ({
    ...frame,
    dtsUs: frame.dtsUs + startUs,
    ptsUs: frame.ptsUs + startUs,
  }));
  const file = join(scope.folder(), 'change.mpegts');
  const frames = [...first, ...second];
  writeFileSync(file, muxAll(frames).all);
  expectPackets(await probe(file), frames);
});

test('a stream that starts hours before the wrap and ends behind it', async () => {
  const frames = flvFrames('h264-aac');
  const out = new TsCollector();
  const muxer = new MpegTsMuxer();
  const wrapUs = Math.floor(((2 ** 33 - 126_000) / 9) * 100) - 500_000;
  // What came before: one frame every 10 hours, so that receivers could follow.
  const hours = [0, 10, 20].map((hour) => ({ ...frames[0]!, dtsUs: hour * 3.6e9, ptsUs: hour * 3.6e9 }));
  for (const frame of hours) muxer.write(frame, new TsCollector());
  for (const frame of frames) {
    muxer.write({ ...frame, dtsUs: frame.dtsUs + wrapUs, ptsUs: frame.ptsUs + wrapUs }, out);
  }
  muxer.end(out);
  const file = join(scope.folder(), 'wrap.mpegts');
  writeFileSync(file, out.all);
  const packets = (await probe(file)).filter(({ codec_type: type }) => type === 'video');
  const sent = frames.filter(({ track }) => track.kind === 'video');
  // ffmpeg moves times before a wrap below zero.
  const distances = packets.map(({ dts }) => dts - packets[0]!.dts);
  expect(distances).toEqual(sent.map(({ dtsUs }) => Math.round((dtsUs - sent[0]!.dtsUs) * 0.09)));
  await expectSound(file);
});
