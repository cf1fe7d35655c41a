import type { CodecConfig, OpusConfig } from '../../codec/codec-config.ts';
import { g711Config } from '../../codec/g711/g711-config.ts';
import { opusConfigFromHead } from '../../codec/opus/opus-config.ts';
import type { RtpFormat } from '../rtp/rtp-format.ts';
import { aacConfigOfFormat, latmConfigOfFormat } from './aac-parameters.ts';
import { h264ConfigOfParameters } from './h264-parameters.ts';
import { h265ConfigOfParameters } from './h265-parameters.ts';
import { knownCodecOf } from './known-codec.ts';

/**
 * What a description says about a codec before the first packet.
 * @returns owns its bytes; `undefined` for an unknown codec, and for a known one whose parameters come in-band (always so
 *   with AV1, VP9 and MPEG audio; with H.264 and H.265 where the parameter sets are missing or broken)
 */
export function codecConfigOf(format: RtpFormat): CodecConfig | undefined {
  switch (knownCodecOf(format)) {
    case 'h264':
      return h264ConfigOfParameters(format.parameters);
    case 'h265':
      return h265ConfigOfParameters(format.parameters);
    case 'aac':
      return aacConfigOfFormat(format);
    case 'aac-latm':
      return latmConfigOfFormat(format);
    case 'opus':
      return opusConfigOf(format);
    case 'g711a':
      return g711Config('g711a', format.clockRate, format.channels);
    case 'g711u':
      return g711Config('g711u', format.clockRate, format.channels);
    default:
      return undefined;
  }
}

/**
 * RFC 7587, 6.1: `a=rtpmap` always says two channels; `sprop-stereo` says what is likely sent. Where it is missing the
 * RFC assumes mono. Many senders of stereo leave it out as well, and stereo is harmless for a decoder of mono packets, so
 * only an explicit 0 is taken for mono.
 */
function opusConfigOf(format: RtpFormat): OpusConfig {
  const config = opusConfigFromHead(new Uint8Array(0));
  return format.parameters.get('sprop-stereo') === '0' ? { ...config, channels: 1 } : config;
}
