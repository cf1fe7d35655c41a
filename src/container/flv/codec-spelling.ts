/**
 * Which codec a tag body names, and how a track's codec is named when it is written.
 * Legacy: a code point in the first byte (FLV 10.1, E.4.2.1 and E.4.3.1). Enhanced: a FourCC (Enhanced RTMP v2).
 */
import type { AudioConfig, VideoConfig } from '../../codec/codec-config.ts';
import type { Track } from '../../media/track.ts';
import { fourCcNumber, fourCcText, isFourCc } from './four-cc.ts';
import { FlvSoundFormat, FlvVideoCodecId } from './flv-types.ts';
import type { FlvForm } from './flv-types.ts';

type MediaCodec = (VideoConfig | AudioConfig)['codec'];

/** One way to name one codec in a tag body. */
export type FlvSpelling = LegacySpelling | EnhancedSpelling;

interface LegacySpelling {
  readonly family: 'legacy';
  readonly codec: MediaCodec;
  /** What `Track.sourceTag` says for it. */
  readonly sourceTag: string | undefined;
  /** `CodecID` or `SoundFormat`, 4 bits. */
  readonly codePoint: number;
  /** A packet type follows the first byte, and in video a composition time: AVC, HEVC, AAC. */
  readonly hasPacketType: boolean;
}

interface EnhancedSpelling {
  readonly family: 'enhanced';
  readonly codec: MediaCodec;
  readonly sourceTag: string;
  readonly fourCc: number;
  /** `CodedFrames` carries a composition time; `CodedFramesX` is the same without, for an offset of 0. */
  readonly hasCompositionTime: boolean;
}

const LEGACY_AVC = legacy('h264', FlvVideoCodecId.avc, true);
const LEGACY_HEVC = legacy('h265', FlvVideoCodecId.hevc, true);
const LEGACY_AAC = legacy('aac', FlvSoundFormat.aac, true);
const LEGACY_MP3 = legacy('mp3', FlvSoundFormat.mp3, false);
const LEGACY_MP3_8K = legacy('mp3', FlvSoundFormat.mp38k, false, 'flv:14');
const LEGACY_G711_A = legacy('g711a', FlvSoundFormat.g711ALaw, false);
const LEGACY_G711_U = legacy('g711u', FlvSoundFormat.g711MuLaw, false);
const LEGACY_OPUS = legacy('opus', FlvSoundFormat.opus, false);

const ENHANCED_VIDEO = byFourCc([
  enhanced('h264', 'avc1', true),
  enhanced('h265', 'hvc1', true),
  enhanced('av1', 'av01', false),
  enhanced('vp9', 'vp09', false),
  enhanced('other', 'vp08', false),
  enhanced('other', 'vvc1', true),
]);

const ENHANCED_AUDIO = byFourCc([
  enhanced('aac', 'mp4a', false),
  enhanced('mp3', '.mp3', false),
  enhanced('opus', 'Opus', false),
  enhanced('flac', 'fLaC', false),
  enhanced('ac3', 'ac-3', false),
  enhanced('eac3', 'ec-3', false),
]);

const LEGACY_BY_CODEC: Partial<Record<MediaCodec, LegacySpelling>> = {
  h264: LEGACY_AVC,
  h265: LEGACY_HEVC,
  aac: LEGACY_AAC,
  mp3: LEGACY_MP3,
  g711a: LEGACY_G711_A,
  g711u: LEGACY_G711_U,
  opus: LEGACY_OPUS,
};

const ENHANCED_BY_CODEC: Partial<Record<MediaCodec, EnhancedSpelling>> = Object.fromEntries(
  [...ENHANCED_VIDEO.values(), ...ENHANCED_AUDIO.values()]
    .filter((spelling) => spelling.codec !== 'other')
    .map((spelling) => [spelling.codec, spelling]),
);

/** The spelling behind a legacy video `CodecID`; ids without a codec module give codec `other`. */
export function legacyVideoSpelling(codecId: number): FlvSpelling {
  if (codecId === FlvVideoCodecId.avc) return LEGACY_AVC;
  if (codecId === FlvVideoCodecId.hevc) return LEGACY_HEVC;
  return legacyOther(codecId);
}

/** The spelling behind a legacy `SoundFormat`; formats without a codec module give codec `other`. */
export function legacyAudioSpelling(soundFormat: number): FlvSpelling {
  switch (soundFormat) {
    case FlvSoundFormat.aac:
      return LEGACY_AAC;
    case FlvSoundFormat.mp3:
      return LEGACY_MP3;
    case FlvSoundFormat.mp38k:
      return LEGACY_MP3_8K;
    case FlvSoundFormat.g711ALaw:
      return LEGACY_G711_A;
    case FlvSoundFormat.g711MuLaw:
      return LEGACY_G711_U;
    case FlvSoundFormat.opus:
      return LEGACY_OPUS;
    default:
      return legacyOther(soundFormat);
  }
}

/** The spelling behind an enhanced video FourCC; `undefined` when it is not printable. */
export function enhancedVideoSpelling(fourCc: number): FlvSpelling | undefined {
  return ENHANCED_VIDEO.get(fourCc) ?? enhancedOther(fourCc);
}

/** The spelling behind an enhanced audio FourCC; `undefined` when it is not printable. */
export function enhancedAudioSpelling(fourCc: number): FlvSpelling | undefined {
  return ENHANCED_AUDIO.get(fourCc) ?? enhancedOther(fourCc);
}

/** How `track` is written in `form`; `undefined` when FLV has no name for its codec. Not for data and opaque tracks. */
export function flvSpellingOf(track: Track, form: FlvForm): FlvSpelling | undefined {
  const { kind, codec } = track.config;
  if (kind === 'data' || kind === 'opaque') return undefined;
  if (codec === 'other') return spellingOfTag(track.kind, track.sourceTag);
  if (codec === 'mp3' && track.sourceTag === LEGACY_MP3_8K.sourceTag) return LEGACY_MP3_8K;
  const legacy = LEGACY_BY_CODEC[codec];
  const enhanced = ENHANCED_BY_CODEC[codec];
  if (legacy === undefined || enhanced === undefined) return legacy ?? enhanced;
  if (form === 'legacy') return legacy;
  if (track.sourceTag === enhanced.sourceTag) return enhanced;
  const isAdobes = legacy !== LEGACY_HEVC && legacy !== LEGACY_OPUS;
  return form === 'source' || isAdobes ? legacy : enhanced;
}

function spellingOfTag(kind: Track['kind'], tag: string | undefined): FlvSpelling | undefined {
  if (tag === undefined) return undefined;
  const codePoint = /^flv:(\d|1[0-5])$/.exec(tag)?.[1];
  if (codePoint !== undefined) return legacyOther(Number(codePoint));
  if (!isFourCc(tag)) return undefined;
  const fourCc = fourCcNumber(tag);
  return kind === 'video' ? enhancedVideoSpelling(fourCc) : enhancedAudioSpelling(fourCc);
}

function legacy(
  codec: MediaCodec,
  codePoint: number,
  hasPacketType: boolean,
  sourceTag?: string,
): LegacySpelling {
  return { family: 'legacy', codec, sourceTag, codePoint, hasPacketType };
}

function legacyOther(codePoint: number): LegacySpelling {
  return legacy('other', codePoint, false, `flv:${codePoint}`);
}

function enhanced(codec: MediaCodec, sourceTag: string, hasCompositionTime: boolean): EnhancedSpelling {
  return { family: 'enhanced', codec, sourceTag, fourCc: fourCcNumber(sourceTag), hasCompositionTime };
}

function enhancedOther(fourCc: number): EnhancedSpelling | undefined {
  const text = fourCcText(fourCc);
  return text === undefined ? undefined : enhanced('other', text, false);
}

function byFourCc(spellings: readonly EnhancedSpelling[]): ReadonlyMap<number, EnhancedSpelling> {
  return new Map(spellings.map((spelling) => [spelling.fourCc, spelling]));
}
