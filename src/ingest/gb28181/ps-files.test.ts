import { describe, expect, test } from 'vitest';
import type { SourceFrame } from '../../media/media-frame.ts';
import { fixture } from '../../testing/fixture.ts';
import { recordedPublication } from '../../testing/rtsp-media-kit.ts';
import { demuxAll } from '../../testing/ts-kit.ts';
import { PsIngest, type PsIngestCounters } from './ps-ingest.ts';

interface PsFile {
  readonly frames: SourceFrame[];
  readonly tracks: string[];
  readonly counters: PsIngestCounters;
}

function read(name: string, pieceLength: number): PsFile {
  const bytes = fixture(`ps/${name}.ps`);
  const { publication, frames, tracks } = recordedPublication();
  const ingest = new PsIngest(publication);
  for (let at = 0; at < bytes.length; at += pieceLength) {
    const piece = bytes.slice(at, at + pieceLength);
    ingest.receive(piece, { rtpTicks: undefined, arrivedMs: 0 });
    piece.fill(0xee);
  }
  ingest.end();
  return {
    frames,
    tracks: tracks.map(({ config }) =>
      config.kind === 'video'
        ? `${config.codec} ${config.width}x${config.height}`
        : config.kind === 'audio'
          ? `${config.codec} ${config.sampleRate}/${config.channels}`
          : '',
    ),
    counters: ingest.counters,
  };
}

function ofKind(frames: readonly SourceFrame[], kind: string): SourceFrame[] {
  return frames.filter(({ track }) => track.kind === kind);
}

/** What is in a file: kind, presentation and decoding time in ticks, size, flags. */
function probed(name: string): string[][] {
  const text = new TextDecoder().decode(fixture(`ps/${name}.packets.csv`));
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(','));
}

describe("ffmpeg's files give what was put into them, in pieces of any size", () => {
  test.each([
    ['h264-mp2', ['h264 64x48', 'mp3 48000/1'], 0],
    ['hevc-mpeg1', ['h265 64x48'], 0],
    // Nearly all times are left out.
    ['h264-small', ['h264 64x48'], 18],
    ['hevc-small', ['h265 64x48'], 18],
  ])('%s', (name, tracks, untimedUnits) => {
    for (const pieceLength of [1_000_000, 1400, 7]) {
      const file = read(name, pieceLength);
      expect(file.tracks.sort()).toEqual([...tracks].sort());
      expect(file.counters).toMatchObject({
        skippedBytes: 0,
        wrongLengths: 0,
        damagedPackets: 0,
        damagedHeaders: 0,
        unsupportedPackets: 0,
        video: { damagedUnits: 0, droppedUnits: 0, unitsWithoutConfig: 0, untimedUnits },
        audio: { damagedPes: 0, damagedFrames: 0, framesWithoutConfig: 0 },
      });
      const offsets: number[] = [];
      for (const kind of ['audio', 'video']) {
        const frames = ofKind(file.frames, kind);
        const packets = probed(name).filter(([packetKind]) => packetKind === kind);
        expect(frames).toHaveLength(packets.length);
        for (const [index, { ptsUs, dtsUs, isKey, data }] of frames.entries()) {
          const [, pts, dts, size, flags] = packets[index]!;
          offsets.push(ptsUs * 0.09 - Number(pts), dtsUs * 0.09 - Number(dts));
          expect(isKey).toBe(flags === 'K_');
          if (kind === 'audio') expect(data.length).toBe(Number(size));
        }
      }
      expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThanOrEqual(1);
    }
  });
});

test("GStreamer's file gives what the transport stream has that it was made of", () => {
  const file = read('h264-aac-gstreamer', 1400);
  const source = demuxAll(fixture('ts/h264-aac.mpegts')).frames;
  expect(file.tracks.sort()).toEqual(['aac 48000/1', 'h264 64x48']);
  // GStreamer writes no time before its 0, where the sound begins.
  const untimedFrames = 2;
  expect(file.counters).toMatchObject({ damagedPackets: 0, audio: { framesWithoutConfig: untimedFrames } });
  const offsets: number[] = [];
  for (const [kind, skipped] of [
    ['video', 0],
    ['audio', untimedFrames],
  ] as const) {
    const [before, after] = [ofKind(source, kind).slice(skipped), ofKind(file.frames, kind)];
    expect(after.map(({ data, isKey }) => [Buffer.from(data).toString('hex'), isKey])).toEqual(
      before.map(({ data, isKey }) => [Buffer.from(data).toString('hex'), isKey]),
    );
    offsets.push(...after.map(({ ptsUs }, index) => ptsUs - before[index]!.ptsUs));
  }
  expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThanOrEqual(40);
});
