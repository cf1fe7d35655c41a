import type { CodecConfig } from '../../../codec/codec-config.ts';
import type { RtpFormat } from '../rtp-format.ts';
import { Av1Collector } from './av1-collector.ts';
import type { Depacketizer } from './depacketizer.ts';
import { H264_PAYLOAD_FORMAT } from './h264-payload-format.ts';
import { H265_PAYLOAD_FORMAT } from './h265-payload-format.ts';
import { NalCollector } from './nal-collector.ts';
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
  const collector = createPictureCollector(format, config);
  if (collector === undefined) return undefined;
  return new VideoDepacketizer(collector, options.passesDamagedPictures ?? false);
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
