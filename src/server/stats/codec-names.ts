import type { AudioConfig, VideoConfig } from '../../codec/codec-config.ts';

const AUDIO_NAMES: Record<AudioConfig['codec'], string> = {
  aac: 'AAC',
  g711a: 'PCMA',
  g711u: 'PCMU',
  opus: 'OPUS',
  mp3: 'MP3',
  flac: 'FLAC',
  ac3: 'AC3',
  eac3: 'EAC3',
  other: '',
};

const VIDEO_NAMES: Record<VideoConfig['codec'], string> = {
  h264: 'H264',
  h265: 'H265',
  av1: 'AV1',
  vp9: 'VP9',
  other: '',
};

/** lal's name of a codec, ours in the same manner for those that lal does not know; empty when it is not known here. */
export function codecNameOf(config: AudioConfig | VideoConfig): string {
  return config.kind === 'audio' ? AUDIO_NAMES[config.codec] : VIDEO_NAMES[config.codec];
}
