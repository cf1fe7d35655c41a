import type { CodecConfig } from '../../../codec/codec-config.ts';
import { AacPacketizer } from './aac-packetizer.ts';
import { Av1Packetizer } from './av1-packetizer.ts';
import { G711Packetizer } from './g711-packetizer.ts';
import { createH264Packetizer } from './h264-packetizer.ts';
import { createH265Packetizer } from './h265-packetizer.ts';
import { MpegAudioPacketizer } from './mpeg-audio-packetizer.ts';
import { OpaquePacketizer } from './opaque-packetizer.ts';
import { OpusPacketizer } from './opus-packetizer.ts';
import type { Packetizer } from './packetizer.ts';
import { MAX_RTP_PAYLOAD_BYTES, MIN_RTP_PAYLOAD_LIMIT } from './payload-limits.ts';
import { Vp9Packetizer } from './vp9-packetizer.ts';

/** Choices that a payload format leaves to the sender. */
export interface PacketizerOptions {
  /**
   * H.264 and H.265: whether small NAL units that follow each other, such as parameter sets, share a packet (STAP-A,
   * aggregation packets). Off unless said, because some receivers only know single units and fragments.
   */
  readonly aggregates?: boolean;
}

/**
 * The packetizer for a track's codec. When the config changes, the track needs a new one.
 * @param maxPayloadBytes limit of one RTP payload, 64 to 65523. Only Opus packets and opaque payloads, which cannot be
 *   cut, may exceed it
 * @returns `undefined` when RTP has no payload format for it here
 * @throws {RangeError} for another limit
 */
export function createPacketizer(
  config: CodecConfig,
  maxPayloadBytes: number,
  options: PacketizerOptions = {},
): Packetizer | undefined {
  if (!(maxPayloadBytes >= MIN_RTP_PAYLOAD_LIMIT && maxPayloadBytes <= MAX_RTP_PAYLOAD_BYTES)) {
    throw new RangeError(
      `maxPayloadBytes is ${maxPayloadBytes}, not ${MIN_RTP_PAYLOAD_LIMIT} to ${MAX_RTP_PAYLOAD_BYTES}`,
    );
  }
  const nalOptions = { maxPayloadBytes, aggregates: options.aggregates ?? false };
  switch (config.codec) {
    case 'h264':
      return createH264Packetizer(config, nalOptions);
    case 'h265':
      return createH265Packetizer(config, nalOptions);
    case 'av1':
      return new Av1Packetizer(config, maxPayloadBytes);
    case 'vp9':
      return new Vp9Packetizer(maxPayloadBytes);
    case 'aac':
      return new AacPacketizer(maxPayloadBytes);
    case 'mp3':
      return new MpegAudioPacketizer(maxPayloadBytes);
    case 'opus':
      return new OpusPacketizer();
    case 'g711a':
    case 'g711u':
      return new G711Packetizer(config.channels, maxPayloadBytes);
    case 'rtp':
      return new OpaquePacketizer();
    default:
      return undefined;
  }
}
