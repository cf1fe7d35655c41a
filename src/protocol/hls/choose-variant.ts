import type { SourceMasterPlaylist, SourceVariant } from './source-playlist.ts';

/** Codecs that transport streams carry here: H.264, H.265, AAC, MPEG audio, Opus (RFC 6381). */
const KNOWN_CODEC = /^(?:avc[13]|hvc1|hev1|mp4a|opus)\b/i;

/** The best that can be received whole: all codecs known, sound with the picture, then the highest bandwidth. */
export function chooseVariant({ variants }: SourceMasterPlaylist): SourceVariant {
  const merit = ({ codecs, lacksAudio }: SourceVariant): number =>
    (codecs.every((codec) => KNOWN_CODEC.test(codec)) ? 2 : 0) + (lacksAudio ? 0 : 1);
  return variants.reduce((best, variant) => {
    const difference = merit(variant) - merit(best) || variant.bandwidth - best.bandwidth;
    return difference > 0 ? variant : best;
  });
}
