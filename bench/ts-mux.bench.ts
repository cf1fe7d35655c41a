/** Writing frames as MPEG-TS and reading them back: `node bench/ts-mux.bench.ts`. */
import { Bench } from 'tinybench';
import { MpegTsDemuxer } from '../src/container/mpegts/mpeg-ts-demuxer.ts';
import { MpegTsMuxer, type MpegTsOutput } from '../src/container/mpegts/mpeg-ts-muxer.ts';
import type { MediaFrame } from '../src/media/media-frame.ts';
import type { Track } from '../src/media/track.ts';
import { aacTrack, h264Track, h265Track, mediaFrame, opusTrack, sliceUnit } from '../src/testing/ts-kit.ts';

/** One second of 2 Mbit/s: 25 video frames, 47 audio frames. */
const VIDEO_FRAMES = 25;
const AUDIO_FRAMES = 47;

/** An output that writes into one block over and over, as the slabs of the fan-out do. */
class RingOutput implements MpegTsOutput {
  readonly bytes = new Uint8Array(1 << 19);
  end = 0;

  beginUnit(): void {}

  reserve(length: number): number {
    if (this.end + length > this.bytes.length) this.end = 0;
    const at = this.end;
    this.end += length;
    return at;
  }
}

function secondOf(video: Track | undefined, audio: Track): MediaFrame[] {
  const frames: MediaFrame[] = [];
  const videoFrames = video === undefined ? 0 : VIDEO_FRAMES;
  for (let index = 0; index < videoFrames; index += 1) {
    const isKey = index === 0;
    const dtsMs = index * 40;
    const data = sliceUnit(video!, isKey, isKey ? 60_000 : 7000);
    frames.push(mediaFrame(video!, dtsMs, data, { isKey, ptsMs: dtsMs + 80 }));
  }
  for (let index = 0; index < AUDIO_FRAMES; index += 1) {
    const data = new Uint8Array(340).fill(0x21);
    if (audio === opusTrack) data[0] = 0xfc;
    frames.push(mediaFrame(audio, Math.round((index * 1024) / 48), data));
  }
  return frames.sort((a, b) => a.dtsUs - b.dtsUs);
}

/** Muxes the same second again and again, each time a second later. */
function muxing(frames: readonly MediaFrame[]): () => void {
  const muxer = new MpegTsMuxer();
  const out = new RingOutput();
  let shiftUs = 0;
  return () => {
    for (const frame of frames) {
      const { track, isKey, discontinuity, arrivedMs, data } = frame;
      const dtsUs = frame.dtsUs + shiftUs;
      muxer.write({ track, dtsUs, ptsUs: frame.ptsUs + shiftUs, isKey, discontinuity, arrivedMs, data }, out);
    }
    shiftUs += 1_000_000;
  };
}

function muxed(frames: readonly MediaFrame[]): Uint8Array {
  const out = new RingOutput();
  const muxer = new MpegTsMuxer();
  for (const frame of frames) muxer.write(frame, out);
  muxer.end(out);
  return out.bytes.slice(0, out.end);
}

function demux(stream: Uint8Array, pieceLength: number): void {
  const demuxer = new MpegTsDemuxer();
  for (let at = 0; at < stream.length; at += pieceLength)
    demuxer.receive(stream.subarray(at, at + pieceLength));
  demuxer.end();
  demuxer.takeEvents();
}

const avc = secondOf(h264Track, aacTrack);
const payloadBytes = avc.reduce((sum, frame) => sum + frame.data.length, 0);
const target = new Uint8Array(1 << 19);
const stream = muxed(avc);

const bench = new Bench({
  name: `MPEG-TS, one second: ${payloadBytes} bytes in ${avc.length} frames, ${stream.length} bytes in packets`,
  time: 800,
});

bench
  .add('copy the frames, for comparison', () => {
    let at = 0;
    for (const { data } of avc) {
      target.set(data, at);
      at += data.length;
    }
  })
  .add('mux H.264 + AAC', muxing(avc))
  .add('mux H.265 + AAC', muxing(secondOf(h265Track, aacTrack)))
  .add('mux H.264 + Opus', muxing(secondOf(h264Track, opusTrack)))
  .add('mux AAC alone', muxing(secondOf(undefined, aacTrack)))
  .add('demux, 64 KiB pieces', () => demux(stream, 65_536))
  .add('demux, 1316-byte pieces', () => demux(stream, 1316));

await bench.run();
console.log(bench.name);
console.table(bench.table());
