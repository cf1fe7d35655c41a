/** Opus in RTP (RFC 7587, 4.2): the payload is one Opus packet. */
import { MAX_RTP_PAYLOAD_BYTES } from './payload-limits.ts';
import type { Packetizer, PayloadTarget } from './packetizer.ts';

/**
 * Opus packets are never cut, so one above the limit goes out whole: the network may cut what RTP must not.
 * The marker would begin a talk-spurt (4.1): a stream that never pauses has none.
 */
export class OpusPacketizer implements Packetizer {
  packetize(data: Uint8Array, _isKey: boolean, target: PayloadTarget): boolean {
    if (data.length === 0 || data.length > MAX_RTP_PAYLOAD_BYTES) return false;
    const at = target.beginPayload(data.length, false);
    target.bytes.set(data, at);
    return true;
  }
}
