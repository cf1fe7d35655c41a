/** Packing frames into FLV tags and reading tags into frames: `node bench/flv-pack.bench.ts`. */
import { Bench } from 'tinybench';
import {
  flvBodyHeaderLength,
  flvSequenceHeader,
  flvTagTypeOf,
  flvTimestampMs,
  writeFlvBodyHeader,
} from '../src/container/flv/body-header.ts';
import { FlvDemuxer } from '../src/container/flv/flv-demuxer.ts';
import { muxFlv } from '../src/container/flv/flv-muxer.ts';
import type { FlvTag } from '../src/container/flv/flv-types.ts';
import { FlvTagToFrames } from '../src/container/flv/tag-to-frames.ts';
import {
  flvTagHeaderLength,
  flvTagOverhead,
  writeFlvPreviousTagSize,
  writeFlvTagHeader,
} from '../src/container/flv/tag-header.ts';
import type { SourceFrame } from '../src/media/media-frame.ts';
import type { Track } from '../src/media/track.ts';
import { AAC_RECORD, AVC_RECORD, HEVC_RECORD, hex } from '../src/testing/flv-vectors.ts';

/** One second of 2 Mbit/s: 25 video frames, 47 audio frames. */
const VIDEO_FRAMES = 25;
const AUDIO_FRAMES = 47;

function trackOf(type: 8 | 9, header: string): Track {
  const reader = new FlvTagToFrames();
  reader.read({ type, timestampMs: 0, body: hex(header) });
  const event = reader.takeEvents()[0];
  if (event?.type !== 'track') throw new Error('no track in the sequence header');
  return event.track;
}

/** One access unit of a single slice: a length and filling that holds no parameter sets. */
function accessUnit(length: number, nalHeader: number): Uint8Array {
  const data = new Uint8Array(length).fill(0x5a);
  new DataView(data.buffer).setUint32(0, length - 4);
  data[4] = nalHeader;
  return data;
}

function secondOf(video: Track, nalHeader: number): SourceFrame[] {
  const audio = trackOf(8, `af00${AAC_RECORD}`);
  const frames: SourceFrame[] = [];
  for (let index = 0; index < VIDEO_FRAMES; index += 1) {
    const dtsUs = index * 40_000;
    const data = accessUnit(index === 0 ? 60_000 : 7000, nalHeader);
    frames.push({ track: video, dtsUs, ptsUs: dtsUs + 80_000, isKey: index === 0, data });
  }
  for (let index = 0; index < AUDIO_FRAMES; index += 1) {
    const dtsUs = Math.round((index * 1024e6) / 48e6) * 1000;
    frames.push({ track: audio, dtsUs, ptsUs: dtsUs, isKey: true, data: new Uint8Array(340).fill(0x21) });
  }
  return frames.sort((a, b) => a.dtsUs - b.dtsUs);
}

/** As an output does it: tags of all frames into one block. */
function pack(frames: readonly SourceFrame[], target: Uint8Array): number {
  let at = 0;
  for (const frame of frames) {
    const bodyLength = flvBodyHeaderLength(frame, 'source') + frame.data.length;
    at += writeFlvTagHeader(target, at, flvTagTypeOf(frame.track), bodyLength, flvTimestampMs(frame.dtsUs));
    at += writeFlvBodyHeader(target, at, frame, 'source');
    target.set(frame.data, at);
    at += frame.data.length;
    at += writeFlvPreviousTagSize(target, at, bodyLength);
  }
  return at;
}

/** The headers alone, without the copy of the payload. */
function packHeaders(frames: readonly SourceFrame[], target: Uint8Array): void {
  for (const frame of frames) {
    const bodyLength = flvBodyHeaderLength(frame, 'source') + frame.data.length;
    writeFlvTagHeader(target, 0, flvTagTypeOf(frame.track), bodyLength, flvTimestampMs(frame.dtsUs));
    writeFlvBodyHeader(target, flvTagHeaderLength, frame, 'source');
  }
}

function demux(file: Uint8Array, pieceLength: number): FlvTag[] {
  const demuxer = new FlvDemuxer();
  const tags: FlvTag[] = [];
  for (let at = 0; at < file.length; at += pieceLength) {
    demuxer.receive(file.subarray(at, at + pieceLength));
    for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) tags.push(tag);
  }
  return tags;
}

const avc = secondOf(trackOf(9, `1700000000${AVC_RECORD}`), 0x41);
const hevc = secondOf(trackOf(9, `9068766331${HEVC_RECORD}`), 0x02);
const file = muxFlv(avc);
const avcTags = demux(file, file.length);
const hevcTags = demux(muxFlv(hevc), 65_536);
const target = new Uint8Array(file.length + avc.length * flvTagOverhead);

const bench = new Bench({
  name: `FLV, one second of ${file.length} bytes in ${avc.length} frames`,
  time: 800,
});

bench
  .add('pack AVC + AAC', () => pack(avc, target))
  .add('pack HEVC by FourCC + AAC', () => pack(hevc, target))
  .add('pack AVC + AAC, headers only', () => packHeaders(avc, target))
  .add('sequence header', () => flvSequenceHeader(avc[0]!.track, 'source'))
  .add('demux into tags, 64 KiB pieces', () => demux(file, 65_536))
  .add('demux into tags, 1460-byte pieces', () => demux(file, 1460))
  .add('tags to frames, AVC + AAC', () => {
    const reader = new FlvTagToFrames();
    for (const tag of avcTags) reader.read(tag);
    return reader.takeEvents();
  })
  .add('tags to frames, HEVC by FourCC + AAC', () => {
    const reader = new FlvTagToFrames();
    for (const tag of hevcTags) reader.read(tag);
    return reader.takeEvents();
  });

await bench.run();
console.log(bench.name);
console.table(bench.table());
