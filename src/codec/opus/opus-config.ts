import type { OpusConfig } from '../codec-config.ts';
import { parseOpusHead } from './opus-head.ts';

/** Opus counts time at 48 kHz, whatever was encoded (RFC 7845, 4). */
const OPUS_SAMPLE_RATE = 48_000;

/**
 * The config of an `OpusHead`; `description` is `head` itself. An empty one stands for a source that sends none
 * (legacy FLV, SDP without channels): stereo, as `opus/48000/2` always says (RFC 7587, 4.1).
 * @throws {ProtocolError} `ERR_OPUS_HEAD`
 */
export function opusConfigFromHead(head: Uint8Array): OpusConfig {
  return {
    kind: 'audio',
    codec: 'opus',
    codecString: 'opus',
    description: head,
    sampleRate: OPUS_SAMPLE_RATE,
    channels: head.length === 0 ? 2 : parseOpusHead(head).channelCount,
  };
}
