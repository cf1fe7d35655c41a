import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { toHex } from '../../testing/flv-vectors.ts';
import { FlvDemuxer } from './flv-demuxer.ts';
import { flvFrameBody, muxFlv } from './flv-muxer.ts';
import type { FlvTag } from './flv-types.ts';
import { flvSequenceHeader } from './body-header.ts';
import { FlvTagToFrames } from './tag-to-frames.ts';

/** Files made by ffmpeg, and what ffprobe found in them: test/fixtures/flv/make.sh and make-enhanced.sh. */
const LEGACY_FILES = ['h264-aac', 'h264-mp3', 'flv1-g711a', 'g711u', 'speex', 'flashsv-pcm', 'mp3-mono'];
const ENHANCED_FILES = ['hevc-opus', 'hevc-flac', 'av1-ac3', 'vp9-eac3', 'h264-two-aac'];

/** ffmpeg leaves temporal delimiters in FLV; frames don't carry them. */
const TEMPORAL_DELIMITER = [0x12, 0x00];

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../test/fixtures/flv/${name}`, import.meta.url));
}

function tagsOf(file: Uint8Array): FlvTag[] {
  const demuxer = new FlvDemuxer();
  demuxer.receive(file);
  const tags: FlvTag[] = [];
  for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) tags.push(tag);
  return tags;
}

function read(tags: readonly FlvTag[]): { tracks: Track[]; frames: SourceFrame[]; damaged: number } {
  const reader = new FlvTagToFrames();
  for (const tag of tags) reader.read(tag);
  const events = reader.takeEvents();
  return {
    tracks: events.flatMap((event) => (event.type === 'track' ? [event.track] : [])),
    frames: events.flatMap((event) => (event.type === 'frame' ? [event.frame] : [])),
    damaged: reader.damagedTags,
  };
}

/** The tags that mean something to the reader: no ends of sequence, no second tracks, no channel layouts. */
function carriedTags(tags: readonly FlvTag[]): FlvTag[] {
  const reader = new FlvTagToFrames();
  return tags.filter((tag) => {
    reader.read(tag);
    return reader.takeEvents().length > 0;
  });
}

/** A line as ffprobe prints it: kind, pts, dts, size, key flag, hash. */
function packetLine(frame: SourceFrame): string {
  const isAv1 = frame.track.config.codec === 'av1';
  const data = isAv1 ? Uint8Array.from([...TEMPORAL_DELIMITER, ...frame.data]) : frame.data;
  const hash = createHash('sha256').update(data).digest('hex');
  const flags = frame.isKey ? 'K_' : '__';
  return [
    frame.track.kind,
    frame.ptsUs / 1000,
    frame.dtsUs / 1000,
    data.length,
    flags,
    `SHA256:${hash}`,
  ].join();
}

function digitsOf(body: Uint8Array): string {
  const digits = toHex(body);
  return digits.replace(/^(.161763031)1200/, '$1');
}

describe.each([...LEGACY_FILES, ...ENHANCED_FILES])('%s.flv of ffmpeg', (name) => {
  const file = new Uint8Array(fixture(`${name}.flv`));

  test('gives the packets that ffprobe finds: times, sizes, flags and bytes', () => {
    const { frames, damaged } = read(tagsOf(file));
    const packets = frames.filter(({ track }) => track.kind !== 'data').map(packetLine);
    expect(packets).toEqual(fixture(`${name}.packets.csv`).toString().trim().split('\n'));
    expect(damaged).toBe(0);
  });

  test('comes out byte for byte in form source', () => {
    const tags = carriedTags(tagsOf(file));
    const { tracks, frames } = read(tags);
    const headers = tracks.map((track) => flvSequenceHeader(track, 'source'));
    const bodies = frames.map((frame) => flvFrameBody(frame, 'source'));
    const written = [...headers, ...bodies].filter((body) => body !== undefined).map(digitsOf);
    expect(tags.map(({ body }) => digitsOf(body)).filter((digits) => !written.includes(digits))).toEqual([]);
    expect(tags.length - bodies.length).toBeLessThanOrEqual(tracks.length);
  });

  test('has the same frames after muxing and demuxing', () => {
    const { frames } = read(tagsOf(file));
    const again = read(tagsOf(muxFlv(frames)));
    expect(again.damaged).toBe(0);
    expect(again.frames.map((frame) => ({ ...frame, track: frame.track.id }))).toEqual(
      frames.map((frame) => ({ ...frame, track: frame.track.id })),
    );
    expect(again.frames.at(-1)!.track).toEqual(frames.at(-1)!.track);
  });
});

test('the muxer writes a sequence header again when the track changes', () => {
  const { frames } = read(tagsOf(fixture('h264-aac.flv')));
  const audio = frames.filter(({ track }) => track.kind === 'audio');
  const changed = { ...audio[1]!, track: { ...audio[1]!.track } };
  const tags = tagsOf(muxFlv([audio[0]!, changed, changed]));
  expect(tags.map(({ body }) => body[1])).toEqual([0, 1, 0, 1, 1]);
});

test('the muxer writes nothing for a codec that FLV can not carry', () => {
  const config = {
    kind: 'audio',
    codec: 'other',
    codecString: 'g722',
    description: new Uint8Array(0),
    sampleRate: 0,
    channels: 0,
  } as const;
  const track: Track = { id: 2, kind: 'audio', config };
  const file = muxFlv([{ track, dtsUs: 0, ptsUs: 0, isKey: true, data: Uint8Array.of(1) }]);
  expect(tagsOf(file)).toEqual([]);
});
