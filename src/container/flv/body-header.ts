/**
 * What stands before a frame's data in an FLV tag body or RTMP media message, and the sequence headers.
 * Sources: FLV 10.1, E.4.2 to E.4.4; Enhanced RTMP v2, ExAudioTagHeader and ExVideoTagHeader. docs/formats/flv.md has
 * the table of codecs and exact bytes.
 */
import type { AudioConfig, OpusConfig, VideoConfig } from '../../codec/codec-config.ts';
import { serializeOpusHead } from '../../codec/opus/opus-head.ts';
import type { MediaFrame, SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { flvSpellingOf } from './codec-spelling.ts';
import type { FlvSpelling } from './codec-spelling.ts';
import { fourCcNumber, isFourCc } from './four-cc.ts';
import {
  AacPacketType,
  AudioPacketType,
  AvcPacketType,
  FlvFrameType,
  FlvSoundFormat,
  FlvTagType,
  VideoPacketType,
} from './flv-types.ts';
import type { FlvForm } from './flv-types.ts';

/** `IsExVideoHeader`, bit 7 of a video body. */
const EX_VIDEO_HEADER = 0x80;
/** `SoundFormat` 9 in the upper nibble of an audio body. */
const EX_AUDIO_HEADER = FlvSoundFormat.exHeader << 4;
/** Composition times are signed 24-bit milliseconds; what is beyond (2 h 19 min) is written as the limit. */
const MAX_COMPOSITION_TIME = 0x7f_ff_ff;
const MIN_COMPOSITION_TIME = -0x80_00_00;

/** The part of a frame that decides about its header. */
type FlvFrame = Pick<MediaFrame | SourceFrame, 'track' | 'dtsUs' | 'ptsUs' | 'isKey'>;

/** Microseconds of the stream's clock to the milliseconds of FLV, rounded; exact for what came from FLV. */
export function flvTimestampMs(timeUs: number): number {
  return Math.round(timeUs / 1000);
}

/** The tag type, which is the RTMP message type too. Video metadata travels in video tags. */
export function flvTagTypeOf(track: Track): FlvTagType {
  if (track.kind === 'audio') return FlvTagType.audio;
  if (track.kind === 'video' || track.config.codec === 'video-metadata') return FlvTagType.video;
  return FlvTagType.script;
}

/** Whether FLV has a name for the track's codec in this form. Video metadata exists only in the enhanced form. */
export function flvCanCarry(track: Track, form: FlvForm): boolean {
  if (track.config.codec === 'script') return true;
  if (track.config.codec === 'video-metadata') return form !== 'legacy';
  return flvSpellingOf(track, form) !== undefined;
}

/**
 * The whole body of the track's sequence header, a fresh copy; `undefined` when the codec has none in this form.
 */
export function flvSequenceHeader(track: Track, form: FlvForm): Uint8Array | undefined {
  const { config } = track;
  if (config.kind === 'data' || config.kind === 'opaque') return undefined;
  const spelling = flvSpellingOf(track, form);
  if (spelling === undefined) return undefined;
  if (spelling.family === 'enhanced') {
    const record = enhancedRecord(config);
    if (record === undefined) return undefined;
    const first =
      config.kind === 'video'
        ? EX_VIDEO_HEADER | (FlvFrameType.key << 4) | VideoPacketType.sequenceStart
        : EX_AUDIO_HEADER | AudioPacketType.sequenceStart;
    const body = new Uint8Array(5 + record.length);
    writeFourCcHeader(body, 0, first, spelling.fourCc);
    body.set(record, 5);
    return body;
  }
  if (!spelling.hasPacketType) return undefined;
  const header =
    config.kind === 'video'
      ? [(FlvFrameType.key << 4) | spelling.codePoint, AvcPacketType.sequenceHeader, 0, 0, 0]
      : [audioFirstByte(config, spelling.codePoint), AacPacketType.sequenceHeader];
  const body = new Uint8Array(header.length + config.description.length);
  body.set(header);
  body.set(config.description, header.length);
  return body;
}

/** What stands behind the FourCC of a sequence start; `undefined`: the codec has none. */
function enhancedRecord(config: VideoConfig | AudioConfig): Uint8Array | undefined {
  const { description } = config;
  switch (config.codec) {
    case 'vp9':
      return description.length > 0 ? withVpccVersionAndFlags(description) : undefined;
    case 'opus':
      return description.length > 0 ? description : opusHeadOf(config);
    case 'ac3':
    case 'eac3':
      // Their frames say everything; ffmpeg sends a sequence start without content.
      return description;
    default:
      return description.length > 0 ? description : undefined;
  }
}

/** ffmpeg, the only sender of VP9 there is, puts the whole `vpcC` box body here, and reads it so. */
function withVpccVersionAndFlags(record: Uint8Array): Uint8Array {
  const body = new Uint8Array(4 + record.length);
  body[0] = 1;
  body.set(record, 4);
  return body;
}

/** Legacy FLV and SDP give no `OpusHead`, but players of the enhanced form need one. Nothing is to be cut: no pre-skip. */
function opusHeadOf(config: OpusConfig): Uint8Array {
  return serializeOpusHead({
    version: 1,
    channelCount: config.channels,
    preSkip: 0,
    inputSampleRate: config.sampleRate,
    outputGain: 0,
    channelMappingFamily: 0,
  });
}

/** Bytes that stand before `frame.data` in a tag body. @throws {TypeError} when `flvCanCarry` says no */
export function flvBodyHeaderLength(frame: FlvFrame, form: FlvForm): number {
  const { config } = frame.track;
  if (config.kind === 'data') return config.codec === 'script' ? 0 : 5;
  const spelling = requireSpelling(frame.track, form);
  if (spelling.family === 'enhanced') {
    return spelling.hasCompositionTime && compositionTimeMs(frame) !== 0 ? 8 : 5;
  }
  if (!spelling.hasPacketType) return 1;
  return config.kind === 'video' ? 5 : 2;
}

/**
 * Writes what stands before `frame.data` in a tag body; `flvBodyHeaderLength` says how much that is.
 * @returns bytes written
 * @throws {TypeError} when `flvCanCarry` says no
 */
export function writeFlvBodyHeader(
  target: Uint8Array,
  offset: number,
  frame: FlvFrame,
  form: FlvForm,
): number {
  const { config } = frame.track;
  if (config.kind === 'data') {
    return config.codec === 'script' ? 0 : writeVideoMetadataHeader(target, offset, frame.track);
  }
  const spelling = requireSpelling(frame.track, form);
  if (config.kind !== 'audio') return writeVideoHeader(target, offset, frame, spelling);
  if (spelling.family === 'enhanced') {
    return writeFourCcHeader(target, offset, EX_AUDIO_HEADER | AudioPacketType.codedFrames, spelling.fourCc);
  }
  target[offset] = audioFirstByte(config, spelling.codePoint);
  if (!spelling.hasPacketType) return 1;
  target[offset + 1] = AacPacketType.raw;
  return 2;
}

function writeVideoHeader(
  target: Uint8Array,
  offset: number,
  frame: FlvFrame,
  spelling: FlvSpelling,
): number {
  const frameType = frame.isKey ? FlvFrameType.key : FlvFrameType.inter;
  if (spelling.family === 'enhanced') {
    const composition = spelling.hasCompositionTime ? compositionTimeMs(frame) : 0;
    // Senders (OBS, ffmpeg) use CodedFramesX wherever the codec has composition times and this one is 0.
    const isX = spelling.hasCompositionTime && composition === 0;
    const packetType = isX ? VideoPacketType.codedFramesX : VideoPacketType.codedFrames;
    writeFourCcHeader(target, offset, EX_VIDEO_HEADER | (frameType << 4) | packetType, spelling.fourCc);
    if (composition === 0) return 5;
    writeU24(target, offset + 5, composition);
    return 8;
  }
  target[offset] = (frameType << 4) | spelling.codePoint;
  if (!spelling.hasPacketType) return 1;
  target[offset + 1] = AvcPacketType.nalUnits;
  writeU24(target, offset + 2, compositionTimeMs(frame));
  return 5;
}

/**
 * The frame type of a metadata packet means nothing to a receiver, and senders differ: OBS writes 0, ffmpeg 5.
 * `sourceTag` keeps it as `hvc1/5`.
 */
function writeVideoMetadataHeader(target: Uint8Array, offset: number, track: Track): number {
  const tag = track.sourceTag ?? 'hvc1/0';
  const fourCc = tag.slice(0, 4);
  if (!isFourCc(fourCc)) throw new TypeError(`video metadata track without a FourCC: sourceTag ${tag}`);
  const frameType = Number(tag.slice(5)) & 0x07;
  const first = EX_VIDEO_HEADER | (frameType << 4) | VideoPacketType.metadata;
  return writeFourCcHeader(target, offset, first, fourCcNumber(fourCc));
}

function audioFirstByte(config: AudioConfig, codePoint: number): number {
  const upper = codePoint << 4;
  const stereo = config.channels > 1 ? 1 : 0;
  switch (config.codec) {
    case 'mp3':
      return upper | (soundRate(config.sampleRate) << 2) | 0b10 | stereo;
    case 'g711a':
    case 'g711u':
      return upper | 0b10 | stereo;
    case 'other':
      // Legacy codecs without a module keep their first byte as description: rate, size and channels of the samples.
      return config.description[0] ?? upper;
    default:
      // E.4.2.1: AAC says 44 kHz, 16 bits, stereo, whatever it is. lal writes its Opus the same way.
      return upper | 0x0f;
  }
}

/** `SoundRate`: 0 to 3 for 5.5, 11, 22 and 44 kHz; MP3 frames say their real rate themselves. */
function soundRate(sampleRate: number): number {
  if (sampleRate >= 32_000) return 3;
  if (sampleRate >= 16_000) return 2;
  return sampleRate >= 11_025 ? 1 : 0;
}

function compositionTimeMs(frame: FlvFrame): number {
  const offset = flvTimestampMs(frame.ptsUs) - flvTimestampMs(frame.dtsUs);
  return Math.max(MIN_COMPOSITION_TIME, Math.min(MAX_COMPOSITION_TIME, offset));
}

function requireSpelling(track: Track, form: FlvForm): FlvSpelling {
  const spelling = flvSpellingOf(track, form);
  if (spelling !== undefined) return spelling;
  throw new TypeError(`FLV has no name for ${track.config.codec} (sourceTag ${track.sourceTag ?? 'none'})`);
}

function writeFourCcHeader(target: Uint8Array, offset: number, first: number, fourCc: number): number {
  target[offset] = first;
  target[offset + 1] = fourCc >>> 24;
  target[offset + 2] = fourCc >>> 16;
  target[offset + 3] = fourCc >>> 8;
  target[offset + 4] = fourCc;
  return 5;
}

function writeU24(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 16;
  target[offset + 1] = value >>> 8;
  target[offset + 2] = value;
}
