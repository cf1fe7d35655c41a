/** How our own descriptions name codecs: the payload formats that `rtp/packetizer/` writes. */
import type {
  Av1Config,
  CodecConfig,
  OpaqueConfig,
  OpusConfig,
  Vp9Config,
} from '../../codec/codec-config.ts';
import { parseAv1CodecConfigurationRecord } from '../../codec/av1/av1-codec-configuration-record.ts';
import { parseVpCodecConfigurationRecord } from '../../codec/vp9/vp-codec-configuration-record.ts';
import type { RtpFormat } from '../rtp/rtp-format.ts';
import { aacFormatParameters } from './aac-parameters.ts';
import { parseFormatParameters } from './format-parameters.ts';
import { h264FormatParameters } from './h264-parameters.ts';
import { h265FormatParameters } from './h265-parameters.ts';

/** The clock of all video, and of MPEG audio (RFC 3551, 4.5.13 and 5). */
const CLOCK_90_KHZ = 90_000;

/**
 * The RTP format of a codec, for a description of ours.
 * @param payloadType 0 to 127
 * @returns `undefined` when RTP has no payload format for it here
 */
export function rtpFormatOf(config: CodecConfig, payloadType: number): RtpFormat | undefined {
  const video = (encodingName: string, formatParameters: string): RtpFormat =>
    format('video', payloadType, encodingName, CLOCK_90_KHZ, 1, formatParameters);
  const audio = (encodingName: string, clockRate: number, channels: number, parameters = ''): RtpFormat =>
    format('audio', payloadType, encodingName, clockRate, Math.max(1, channels), parameters);
  switch (config.codec) {
    case 'h264':
      return video('H264', h264FormatParameters(config));
    case 'h265':
      return video('H265', h265FormatParameters(config));
    case 'av1':
      return video('AV1', av1FormatParameters(config));
    case 'vp9':
      return video('VP9', vp9FormatParameters(config));
    case 'aac':
      return audio(
        'MPEG4-GENERIC',
        config.sampleRate || CLOCK_90_KHZ,
        config.channels,
        aacFormatParameters(config),
      );
    case 'opus':
      // RFC 7587, 4.1 and 7: clock and channels never change; more than two channels have no payload format.
      return config.channels > 2 ? undefined : audio('opus', 48_000, 2, opusFormatParameters(config));
    case 'g711a':
      return audio('PCMA', config.sampleRate, config.channels);
    case 'g711u':
      return audio('PCMU', config.sampleRate, config.channels);
    case 'mp3':
      return audio('MPA', CLOCK_90_KHZ, config.channels);
    case 'rtp':
      return opaqueFormat(config, payloadType);
    default:
      return undefined;
  }
}

function opaqueFormat(config: OpaqueConfig, payloadType: number): RtpFormat {
  const { media, encodingName, clockRate, channels, formatParameters } = config;
  return format(media, payloadType, encodingName, clockRate, channels, formatParameters);
}

function format(
  media: RtpFormat['media'],
  payloadType: number,
  encodingName: string,
  clockRate: number,
  channels: number,
  formatParameters: string,
): RtpFormat {
  const parameters = parseFormatParameters(formatParameters);
  return { media, payloadType, encodingName, clockRate, channels, parameters, formatParameters };
}

function opusFormatParameters({ channels }: OpusConfig): string {
  return `sprop-stereo=${channels === 1 ? 0 : 1}`;
}

/** RTP Payload Format For AV1 (AOMedia, version 1.0), 7.2.1. */
function av1FormatParameters({ description }: Av1Config): string {
  const { profile, levelIdx, tier } = parseAv1CodecConfigurationRecord(description);
  return `profile=${profile};level-idx=${levelIdx};tier=${tier ? 1 : 0}`;
}

/** RFC 9628, 6. */
function vp9FormatParameters({ description }: Vp9Config): string {
  return `profile-id=${parseVpCodecConfigurationRecord(description).profile}`;
}
