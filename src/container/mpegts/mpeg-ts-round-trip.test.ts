import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinLengthPrefixed } from '../../codec/nal/length-prefixed.ts';
import type { MediaFrame, SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { equalBytes } from '../../bytes/equal-bytes.ts';
import { flvFrames } from '../../testing/flv-frames.ts';
import { checkTs } from '../../testing/ts-checker.ts';
import {
  aacTrack,
  demuxAll,
  h264HighTrack,
  h264Track,
  h265Track,
  mediaFrame,
  mp3Track,
  muxAll,
  opusTrack,
  sliceUnit,
  TsCollector,
} from '../../testing/ts-kit.ts';
import { hex } from '../../testing/hex.ts';
import { MpegTsDemuxer } from './mpeg-ts-demuxer.ts';
import { MpegTsMuxer } from './mpeg-ts-muxer.ts';
import { FIRST_DTS_TICKS } from './mux-time-base.ts';
import { ticksToUs, usToTicks } from './timestamp.ts';

/** What a decoder is given beside the access unit itself. */
function withoutParameterSets(frame: SourceFrame): Uint8Array {
  const { codec } = frame.track.config;
  if (codec !== 'h264' && codec !== 'h265') return frame.data;
  const nalUnits: Uint8Array[] = [];
  for (let at = 0; at < frame.data.length;) {
    const length = new DataView(frame.data.buffer, frame.data.byteOffset + at).getUint32(0);
    const nal = frame.data.subarray(at + 4, at + 4 + length);
    const type = codec === 'h264' ? nal[0]! & 0x1f : (nal[0]! >>> 1) & 0x3f;
    const isSet = codec === 'h264' ? type === 7 || type === 8 : type >= 32 && type <= 34;
    if (!isSet) nalUnits.push(nal);
    at += 4 + length;
  }
  return joinLengthPrefixed(nalUnits);
}

/**
 * Everything of `sent` came back, in the order of each track, moved by one constant.
 * @param audioToleranceTicks AAC frames share a time: those behind the first follow by their length
 */
function expectSame(
  sent: readonly MediaFrame[],
  received: readonly SourceFrame[],
  audioToleranceTicks = 0,
): void {
  const constant = FIRST_DTS_TICKS - usToTicks(sent[0]!.dtsUs);
  for (const id of [1, 2]) {
    const before = sent.filter(({ track }) => track.id === id);
    const after = received.filter(({ track }) => track.id === id);
    expect(after.length).toBe(before.length);
    for (const [index, frame] of after.entries()) {
      const original = before[index]!;
      expect(frame.track.config.codec).toBe(original.track.config.codec);
      if (!equalBytes(withoutParameterSets(frame), withoutParameterSets(original)))
        expect.fail(`frame ${index} of track ${id} came back with other bytes`);
      expect(frame.isKey).toBe(original.isKey);
      const tolerance = frame.track.config.codec === 'aac' ? audioToleranceTicks : 0;
      const difference = (a: number, b: number): number => Math.abs(usToTicks(a) - usToTicks(b) - constant);
      expect(difference(frame.dtsUs, original.dtsUs)).toBeLessThanOrEqual(tolerance);
      expect(difference(frame.ptsUs, original.ptsUs)).toBeLessThanOrEqual(tolerance);
    }
  }
}

/** RTMP's milliseconds, and a little for the batch's own tolerance. */
const AAC_TOLERANCE_TICKS = 6 * 90;

const nalUnit = (types: number[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.constantFrom(...types), fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 255 }))
    .map(([header, length, fill]) => {
      const nal = new Uint8Array(length + 2).fill(fill);
      nal[0] = header;
      nal[1] = 1;
      return nal;
    });

/** Video frames with any composition offset, in the order of decoding. */
function videoFrames(track: Track): fc.Arbitrary<MediaFrame[]> {
  const isH265 = track.config.codec === 'h265';
  const key = isH265 ? [0x26, 0x28, 0x2a] : [0x65];
  const other = isH265 ? [0x02, 0x00] : [0x41, 0x01];
  const sei = isH265 ? 0x4e : 0x06;
  const frame = fc.boolean().chain((isKey) =>
    fc.record({
      isKey: fc.constant(isKey),
      nalUnits: fc
        .array(nalUnit([...(isKey ? key : other), sei]), { minLength: 0, maxLength: 3 })
        .chain((units) => nalUnit(isKey ? key : other).map((last) => [...units, last])),
      stepMs: fc.integer({ min: 0, max: 300 }),
      offsetMs: fc.integer({ min: -500, max: 1000 }),
    }),
  );
  return fc.array(frame, { maxLength: 12 }).map((frames) => {
    let dtsMs = 0;
    return frames.map(({ isKey, nalUnits, stepMs, offsetMs }, index) => {
      dtsMs += stepMs;
      // The parameter sets come with the first key frame.
      const isRandom = isKey || index === 0;
      const data = joinLengthPrefixed(isRandom === isKey ? nalUnits : [Uint8Array.of(key[0]!, 1, 7)]);
      return mediaFrame(track, dtsMs, data, { isKey: isRandom, ptsMs: dtsMs + offsetMs });
    });
  });
}

function audioFrames(track: Track): fc.Arbitrary<MediaFrame[]> {
  const frame = fc.record({
    stepMs: fc.integer({ min: 0, max: 200 }),
    length: fc.integer({ min: 5, max: 900 }),
    fill: fc.nat(255),
  });
  return fc.array(frame, { maxLength: 30 }).map((frames) => {
    let dtsMs = 0;
    return frames.map(({ stepMs, length, fill }) => {
      dtsMs += stepMs;
      const isMp3 = track.config.codec === 'mp3';
      const data = new Uint8Array(isMp3 ? 417 : length).fill(fill);
      // 128 kbit/s at 44.1 kHz; for Opus one frame of 20 ms.
      data.set(isMp3 ? hex('fffb9064') : hex('fc'));
      return mediaFrame(track, dtsMs, data);
    });
  });
}

describe('whatever is muxed comes back', () => {
  test.each([
    ['H.264 and AAC', h264Track, aacTrack],
    ['H.264 and MP3', h264Track, mp3Track],
    ['H.265 and Opus', h265Track, opusTrack],
    ['H.265 alone', h265Track, undefined],
    ['AAC alone', undefined, aacTrack],
    ['Opus alone', undefined, opusTrack],
  ])('%s', (_name, video, audio) => {
    const streams = fc.tuple(
      video === undefined ? fc.constant([]) : videoFrames(video),
      audio === undefined ? fc.constant([]) : audioFrames(audio),
      fc.integer({ min: 0, max: 2 ** 40 }),
    );
    fc.assert(
      fc.property(streams, ([videos, audios, startUs]) => {
        const frames = [...videos, ...audios]
          .sort((a, b) => a.dtsUs - b.dtsUs)
          .map((frame) => ({ ...frame, dtsUs: frame.dtsUs + startUs, ptsUs: frame.ptsUs + startUs }));
        if (frames.length === 0) return;
        const out = muxAll(frames);
        const read = demuxAll(out.all);
        expectSame(frames, read.frames, AAC_TOLERANCE_TICKS);
        expect(read.counters).toMatchObject({ continuityErrors: 0, damagedPes: 0, damagedFrames: 0 });
      }),
      { numRuns: 60 },
    );
  });

  test('parameter sets and codecs that change in mid-stream', () => {
    const sequence = [h264Track, h264HighTrack, h265Track, h264Track];
    const frames = sequence.flatMap((track, part) =>
      Array.from({ length: 10 }, (_, index) =>
        mediaFrame(track, part * 400 + index * 40, sliceUnit(track, index === 0), { isKey: index === 0 }),
      ),
    );
    const out = muxAll(frames);
    const read = demuxAll(out.all);
    expectSame(frames, read.frames);
    expect(
      read.tracks.map(({ config }) => (config.kind === 'video' ? `${config.codec} ${config.width}` : '')),
    ).toEqual(['h264 320', 'h264 322', 'h265 322', 'h264 320']);
    expect(checkTs(out.all).problems).toEqual([]);
  });

  test.each(['h264-aac', 'h264-mp3', 'mp3-mono', 'hevc-opus'])("ffmpeg's %s.flv", (name) => {
    const frames = flvFrames(name);
    const out = muxAll(frames);
    expect(checkTs(out.all).problems).toEqual([]);
    expectSame(frames, demuxAll(out.all).frames, AAC_TOLERANCE_TICKS);
  });
});

test('30 hours pass every wrap of the wire without a fault', () => {
  const muxer = new MpegTsMuxer();
  const demuxer = new MpegTsDemuxer();
  const tracks = [h264Track, mp3Track];
  muxer.setTracks(tracks, new TsCollector());
  const key = sliceUnit(h264Track, true);
  const slice = sliceUnit(h264Track, false);
  const sound = new Uint8Array(417);
  sound.set(hex('fffb9064'));
  const stepMs = 4000;
  const steps = (30 * 3600 * 1000) / stepMs;
  const places = [
    { track: h264Track, offsetMs: 0 },
    { track: mp3Track, offsetMs: 333 },
    { track: h264Track, offsetMs: 500 },
  ];
  let received = 0;
  let worstUs = 0;
  for (let step = 0; step < steps; step += 1) {
    const out = new TsCollector();
    for (const { track, offsetMs } of places) {
      const isKey = offsetMs === 0;
      const data = track === mp3Track ? sound : isKey ? key : slice;
      const dtsMs = step * stepMs + offsetMs;
      muxer.write(mediaFrame(track, dtsMs, data, { isKey, ptsMs: dtsMs + 7 }), out);
    }
    demuxer.receive(out.all);
    for (const event of demuxer.takeEvents()) {
      if (event.type !== 'frame') continue;
      const { dtsUs, ptsUs, track } = event.frame;
      const dtsMs =
        Math.floor(received / places.length) * stepMs + places[received % places.length]!.offsetMs;
      const dueUs = dtsMs * 1000 + ticksToUs(FIRST_DTS_TICKS);
      // Audio has one time, the presentation time.
      const error = Math.abs(dtsUs - dueUs - (track.kind === 'audio' ? 7000 : 0));
      worstUs = Math.max(worstUs, error, Math.abs(ptsUs - dueUs - 7000));
      received += 1;
    }
  }
  expect(received).toBe(steps * places.length);
  expect(worstUs).toBeLessThan(12);
  expect(demuxer.counters).toMatchObject({
    continuityErrors: 0,
    syncLosses: 0,
    damagedPes: 0,
    damagedTables: 0,
  });
});
