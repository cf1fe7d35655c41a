/** Which encodings of SDP are codecs that this project knows. */
import type { RtpFormat } from '../rtp/rtp-format.ts';

/** A payload format that is taken apart; everything else travels as it came. */
export type KnownCodec =
  | 'h264'
  | 'h265'
  | 'av1'
  | 'vp9'
  | 'aac'
  | 'aac-latm'
  | 'opus'
  | 'g711a'
  | 'g711u'
  | 'mpeg-audio';

/** By media and encoding name. */
const CODECS: ReadonlyMap<string, KnownCodec> = new Map<string, KnownCodec>([
  ['video/h264', 'h264'],
  ['video/h265', 'h265'],
  ['video/hevc', 'h265'],
  ['video/av1', 'av1'],
  ['video/vp9', 'vp9'],
  ['audio/mpeg4-generic', 'aac'],
  ['audio/mp4a-latm', 'aac-latm'],
  ['audio/opus', 'opus'],
  ['audio/pcma', 'g711a'],
  ['audio/pcmu', 'g711u'],
  ['audio/mpa', 'mpeg-audio'],
]);

/** The codec of a format; `undefined` for one that is unknown, or known but in a form that is not taken apart here. */
export function knownCodecOf(format: RtpFormat): KnownCodec | undefined {
  const codec = CODECS.get(`${format.media}/${format.encodingName.toLowerCase()}`);
  const { parameters } = format;
  switch (codec) {
    case 'h264': // RFC 6184, 6.4: the interleaved mode
      return parameters.get('packetization-mode') === '2' ? undefined : codec;
    case 'h265': // RFC 7798, 7.1: a decoding order number before each NAL unit
      return Number(parameters.get('sprop-max-don-diff') ?? 0) > 0 ? undefined : codec;
    case 'aac': // RFC 3640, 3.3: the other modes are of CELP and of other sound
      return /^(?:$|aac|generic)/i.test(parameters.get('mode') ?? '') ? codec : undefined;
    default:
      return codec;
  }
}

/**
 * Whether media of this format become frames of a codec. (MPEG audio counts as known: only its first frame tells whether
 * it is MP3.)
 */
export function isKnownCodec(format: RtpFormat): boolean {
  return knownCodecOf(format) !== undefined;
}
