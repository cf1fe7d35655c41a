import type { Track } from '../../media/track.ts';
import { codecNameOf } from './codec-names.ts';
import { codecProfileOf } from './codec-profile.ts';

/** One track of a stream. What does not apply, or is not known, is empty or 0. */
export interface StatTrack {
  kind: 'video' | 'audio';
  codec: string;
  /** As in WebCodecs. */
  codec_string: string;
  profile: string;
  level: string;
  width: number;
  height: number;
  sample_rate: number;
  channels: number;
}

const NOTHING = {
  codec_string: '',
  profile: '',
  level: '',
  width: 0,
  height: 0,
  sample_rate: 0,
  channels: 0,
};

/** Video and audio, those of codecs that nobody knows included. */
export function statTracks(tracks: readonly Track[]): StatTrack[] {
  return tracks.flatMap(({ config, sourceTag = '' }) => {
    if (config.kind === 'data') return [];
    if (config.kind === 'opaque') {
      if (config.media === 'application') return [];
      const { media: kind, encodingName: codec, clockRate, channels } = config;
      const isAudio = kind === 'audio';
      return {
        kind,
        codec,
        ...NOTHING,
        sample_rate: isAudio ? clockRate : 0,
        channels: isAudio ? channels : 0,
      };
    }
    const { codecString } = config;
    const base = {
      kind: config.kind,
      codec: codecNameOf(config) || sourceTag,
      ...NOTHING,
      codec_string: codecString,
      ...codecProfileOf(codecString),
    };
    return config.kind === 'video'
      ? { ...base, width: config.width, height: config.height }
      : { ...base, sample_rate: config.sampleRate, channels: config.channels };
  });
}
