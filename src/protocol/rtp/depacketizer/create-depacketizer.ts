import type { CodecConfig } from '../../../codec/codec-config.ts';
import { g711Config } from '../../../codec/g711/g711-config.ts';
import { opusConfigFromHead } from '../../../codec/opus/opus-config.ts';
import type { RtpFormat } from '../rtp-format.ts';
import { AacDepacketizer } from './aac-depacketizer.ts';
import { auHeaderFormatOf } from './au-headers.ts';
import { Av1Collector } from './av1-collector.ts';
import type { Depacketizer } from './depacketizer.ts';
import { H264_PAYLOAD_FORMAT } from './h264-payload-format.ts';
import { H265_PAYLOAD_FORMAT } from './h265-payload-format.ts';
import { LatmDepacketizer, latmOptionsOf } from './latm-depacketizer.ts';
import { MpegAudioDepacketizer } from './mpeg-audio-depacketizer.ts';
import { NalCollector } from './nal-collector.ts';
import { PacketDepacketizer } from './packet-depacketizer.ts';
import type { PictureCollector } from './picture-collector.ts';
import { VideoDepacketizer } from './video-depacketizer.ts';
import { Vp9Collector } from './vp9-collector.ts';

/** What the receiver wants. */
export interface DepacketizerOptions {
  /**
   * Hand out what is left of damaged pictures, and pictures that refer to lost ones, instead of waiting for the next key
   * picture. Off unless said.
   */
  readonly passesDamagedPictures?: boolean;
}

/**
 * The depacketizer for a track.
 * @param config what the SDP says; without it, or where it is of another codec, the parameters come from the packets
 * @returns `undefined` when RTP carries something that is not known here: it travels as opaque packets
 */
export function createDepacketizer(
  format: RtpFormat,
  config: CodecConfig | undefined,
  options: DepacketizerOptions = {},
): Depacketizer | undefined {
  if (format.media === 'audio') return createAudioDepacketizer(format, config);
  const collector = format.media === 'video' ? createPictureCollector(format, config) : undefined;
  if (collector === undefined) return undefined;
  return new VideoDepacketizer(collector, options.passesDamagedPictures ?? false);
}

function createAudioDepacketizer(
  format: RtpFormat,
  config: CodecConfig | undefined,
): Depacketizer | undefined {
  const { clockRate, channels, parameters } = format;
  switch (format.encodingName.toUpperCase()) {
    case 'MPEG4-GENERIC':
      return createAacDepacketizer(format, config);
    case 'MP4A-LATM':
      return new LatmDepacketizer(
        latmOptionsOf(parameters, clockRate),
        config?.codec === 'aac' ? config : undefined,
      );
    case 'OPUS':
      return new PacketDepacketizer(
        config?.codec === 'opus' ? config : opusConfigFromHead(new Uint8Array(0)),
      );
    case 'PCMA':
      return new PacketDepacketizer(
        config?.codec === 'g711a' ? config : g711Config('g711a', clockRate, channels),
      );
    case 'PCMU':
      return new PacketDepacketizer(
        config?.codec === 'g711u' ? config : g711Config('g711u', clockRate, channels),
      );
    case 'MPA':
      return new MpegAudioDepacketizer(clockRate);
    default:
      return undefined;
  }
}

function createAacDepacketizer(
  { clockRate, parameters }: RtpFormat,
  config: CodecConfig | undefined,
): Depacketizer | undefined {
  // RFC 3640, 3.3: the other modes are of CELP and of other sound.
  if (!/^(?:$|aac|generic)/i.test(parameters.get('mode') ?? '')) return undefined;
  const headerFormat = auHeaderFormatOf(parameters);
  if (headerFormat === undefined) return undefined;
  const duration = Number(parameters.get('constantduration') ?? 0);
  const constantDuration = duration > 0 ? duration : undefined;
  return new AacDepacketizer(
    { headerFormat, clockRate, constantDuration },
    config?.codec === 'aac' ? config : undefined,
  );
}

function createPictureCollector(
  format: RtpFormat,
  config: CodecConfig | undefined,
): PictureCollector | undefined {
  const { parameters } = format;
  switch (format.encodingName.toUpperCase()) {
    case 'H264':
      // RFC 6184, 6.4: the interleaved mode is made of structures that are not read here.
      if (parameters.get('packetization-mode') === '2') return undefined;
      return new NalCollector(H264_PAYLOAD_FORMAT, config?.codec === 'h264' ? config : undefined);
    case 'H265':
    case 'HEVC':
      // RFC 7798, 7.1: then each unit has a decoding order number in front, which is not read here.
      if (Number(parameters.get('sprop-max-don-diff') ?? 0) > 0) return undefined;
      return new NalCollector(H265_PAYLOAD_FORMAT, config?.codec === 'h265' ? config : undefined);
    case 'AV1':
      return new Av1Collector(config?.codec === 'av1' ? config : undefined);
    case 'VP9':
      return new Vp9Collector(config?.codec === 'vp9' ? config : undefined);
    default:
      return undefined;
  }
}
