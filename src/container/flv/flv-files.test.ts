import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { FlvDemuxer } from './flv-demuxer.ts';
import { flvFrameBody, muxFlv } from './flv-muxer.ts';
import type { FlvTag } from './flv-types.ts';
import { flvSequenceHeader } from './body-header.ts';
import { FlvTagToFrames } from './tag-to-frames.ts';

/** Files made by ffmpeg, and what ffprobe found in them: test/fixtures/flv/make.sh. */
const FILES = ['h264-aac', 'h264-mp3', 'flv1-g711a', 'g711u', 'speex', 'flashsv-pcm', 'mp3-mono'];

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
    damaged: reader.damagedTags + reader.unsupportedPackets,
  };
}

/** A line as ffprobe prints it: kind, pts, dts, size, key flag, hash. */
function packetLine(frame: SourceFrame): string {
  const hash = createHash('sha256').update(frame.data).digest('hex');
  const flags = frame.isKey ? 'K_' : '__';
  return [
    frame.track.kind,
    frame.ptsUs / 1000,
    frame.dtsUs / 1000,
    frame.data.length,
    flags,
    `SHA256:${hash}`,
  ].join();
}

/** Whether a tag says that a sequence is over; no frame comes of it, so it is not written again. */
function isEndOfSequence(tag: FlvTag): boolean {
  return tag.type === 9 && tag.body[0] === 0x17 && tag.body[1] === 2;
}

describe.each(FILES)('%s.flv of ffmpeg', (name) => {
  const file = new Uint8Array(fixture(`${name}.flv`));

  test('gives the packets that ffprobe finds: times, sizes, flags and bytes', () => {
    const { frames, damaged } = read(tagsOf(file));
    const packets = frames.filter(({ track }) => track.kind !== 'data').map(packetLine);
    expect(packets).toEqual(fixture(`${name}.packets.csv`).toString().trim().split('\n'));
    expect(damaged).toBe(0);
  });

  test('comes out byte for byte in form source', () => {
    const tags = tagsOf(file).filter((tag) => !isEndOfSequence(tag));
    const { tracks, frames } = read(tags);
    const bodies = [
      ...tracks.map((track) => flvSequenceHeader(track, 'source')),
      ...frames.map((frame) => flvFrameBody(frame, 'source')),
    ].filter((body) => body !== undefined);
    const sorted = (all: readonly Uint8Array[]): string[] =>
      all.map((body) => Buffer.from(body).toString('hex')).sort();
    expect(sorted(bodies)).toEqual(sorted(tags.map(({ body }) => body)));
  });

  test('has the same frames after muxing and demuxing', () => {
    const { frames } = read(tagsOf(file));
    const again = read(tagsOf(muxFlv(frames)));
    expect(again.damaged).toBe(0);
    expect(again.frames).toEqual(frames);
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
