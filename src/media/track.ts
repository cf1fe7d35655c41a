import type { CodecConfig } from '../codec/codec-config.ts';

/** One elementary stream of a publication. Immutable: when the codec parameters change, a new Track takes the same id. */
export interface Track {
  /** Stable for the life of the publication. */
  readonly id: number;
  readonly kind: 'video' | 'audio' | 'data' | 'opaque';
  readonly config: CodecConfig;
  /**
   * How the source named the codec, where it had a choice of names: a FourCC such as `hvc1`, or `flv:2` for a legacy
   * code point that no codec module knows. Outputs of the same family keep to it; others ignore it.
   */
  readonly sourceTag?: string | undefined;
}
