/** Frames and outputs for tests of the transport stream's muxer and demuxer. */
import type { MediaFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';
import { aacConfigFromAudioSpecificConfig } from '../codec/aac/aac-config.ts';
import { h264ConfigFromRecord } from '../codec/h264/h264-config.ts';
import { h265ConfigFromRecord } from '../codec/h265/h265-config.ts';
import { joinLengthPrefixed } from '../codec/nal/length-prefixed.ts';
import { opusConfigFromHead } from '../codec/opus/opus-config.ts';
import { MpegTsMuxer, type MpegTsOutput } from '../container/mpegts/mpeg-ts-muxer.ts';
import { hex } from './hex.ts';
import { H264_RECORDS, H265_RECORDS } from './record-vectors.ts';

export const h264Track: Track = {
  id: 1,
  kind: 'video',
  config: h264ConfigFromRecord(H264_RECORDS[0]!.record),
};
export const h264HighTrack: Track = {
  id: 1,
  kind: 'video',
  config: h264ConfigFromRecord(H264_RECORDS[1]!.record),
};
export const h265Track: Track = {
  id: 1,
  kind: 'video',
  config: h265ConfigFromRecord(H265_RECORDS[0]!.record),
};
/** AAC-LC, 48 kHz, stereo. */
export const aacTrack: Track = {
  id: 2,
  kind: 'audio',
  config: aacConfigFromAudioSpecificConfig(hex('1190')),
};
export const mp3Track: Track = {
  id: 2,
  kind: 'audio',
  config: {
    kind: 'audio',
    codec: 'mp3',
    codecString: 'mp3',
    description: new Uint8Array(0),
    sampleRate: 44_100,
    channels: 2,
  },
};
export const opusTrack: Track = { id: 2, kind: 'audio', config: opusConfigFromHead(new Uint8Array(0)) };
export const g711Track: Track = {
  id: 2,
  kind: 'audio',
  config: {
    kind: 'audio',
    codec: 'g711a',
    codecString: 'alaw',
    description: new Uint8Array(0),
    sampleRate: 8000,
    channels: 1,
  },
};
export const av1Track: Track = {
  id: 1,
  kind: 'video',
  config: {
    kind: 'video',
    codec: 'av1',
    codecString: 'av01.0.04M.08',
    description: new Uint8Array(0),
    width: 0,
    height: 0,
  },
};

/** One unit of a stream: the frame it was announced with, and its bytes. */
export interface TsUnit {
  readonly frame: MediaFrame | undefined;
  readonly bytes: Uint8Array;
}

/** Collects what a muxer writes, in small blocks, so that a stale `bytes` would show. */
export class TsCollector implements MpegTsOutput {
  bytes: Uint8Array = new Uint8Array(0);
  readonly #done: Uint8Array[] = [];
  readonly #marks: { at: number; frame: MediaFrame }[] = [];
  #length = 0;

  beginUnit(frame: MediaFrame): void {
    this.#marks.push({ at: this.#length, frame });
  }

  reserve(length: number): number {
    const margin = 7;
    this.bytes = new Uint8Array(length + 2 * margin).fill(0xa5);
    this.#done.push(this.bytes.subarray(margin, margin + length));
    this.#length += length;
    return margin;
  }

  /** Everything written. */
  get all(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#done));
  }

  get units(): TsUnit[] {
    const { all } = this;
    const starts = [{ at: 0, frame: undefined }, ...this.#marks];
    return starts
      .map(({ at, frame }, index) => ({
        frame,
        bytes: all.subarray(at, starts[index + 1]?.at ?? all.length),
      }))
      .filter(({ bytes }) => bytes.length > 0);
  }
}

/** A media frame; times in milliseconds. */
export function mediaFrame(
  track: Track,
  dtsMs: number,
  data: Uint8Array,
  options: { isKey?: boolean; ptsMs?: number; discontinuity?: boolean } = {},
): MediaFrame {
  const { isKey = track.kind === 'audio', ptsMs = dtsMs, discontinuity = false } = options;
  const dtsUs = Math.round(dtsMs * 1000);
  return { track, dtsUs, ptsUs: Math.round(ptsMs * 1000), isKey, discontinuity, arrivedMs: dtsMs, data };
}

/** An H.264 or H.265 access unit of one slice of `length` bytes. */
export function sliceUnit(track: Track, isKey: boolean, length = 20): Uint8Array {
  const header = track.config.codec === 'h265' ? (isKey ? '2601' : '0201') : isKey ? '65' : '41';
  const nal = new Uint8Array(Math.max(length, 3)).fill(0x5a);
  nal.set(hex(header));
  return joinLengthPrefixed([nal]);
}

/** A stream of `seconds` with a key frame each second; audio is left out when there is no track for it. */
export function framesOf(
  video: Track | undefined,
  audio: Track | undefined,
  seconds: number,
  options: { fps?: number; startMs?: number; audioStepMs?: number; audioBytes?: number } = {},
): MediaFrame[] {
  const { fps = 25, startMs = 0, audioStepMs = 1024 / 48, audioBytes = 100 } = options;
  const frames: MediaFrame[] = [];
  const videoFrames = video === undefined ? 0 : Math.ceil(seconds * fps);
  for (let index = 0; index < videoFrames; index += 1) {
    const dtsMs = startMs + Math.round((index * 1000) / fps);
    const isKey = index % fps === 0;
    const data = sliceUnit(video!, isKey, isKey ? 3000 : 700);
    frames.push(mediaFrame(video!, dtsMs, data, { isKey, ptsMs: dtsMs + 80 }));
  }
  const audioFrames = audio === undefined ? 0 : Math.ceil((seconds * 1000) / audioStepMs);
  for (let index = 0; index < audioFrames; index += 1) {
    const data = new Uint8Array(audioBytes).fill(index);
    if (audio!.config.codec === 'mp3') data.set(hex('fffb9064'));
    frames.push(mediaFrame(audio!, startMs + Math.round(index * audioStepMs), data));
  }
  return frames.sort((a, b) => a.dtsUs - b.dtsUs);
}

/** Muxes a whole stream whose tracks are announced beforehand. */
export function muxAll(frames: readonly MediaFrame[]): TsCollector {
  const out = new TsCollector();
  const muxer = new MpegTsMuxer();
  const tracks = new Map<number, Track>();
  for (const { track } of frames) if (!tracks.has(track.id)) tracks.set(track.id, track);
  muxer.setTracks([...tracks.values()], out);
  for (const frame of frames) muxer.write(frame, out);
  muxer.end(out);
  return out;
}
