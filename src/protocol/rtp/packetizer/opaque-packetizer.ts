import { undefinedIfMalformed } from '../../../bytes/undefined-if-malformed.ts';
import { parseRtpPacket, type RtpPacket } from '../rtp-packet.ts';
import type { Packetizer, PayloadTarget } from './packetizer.ts';

/**
 * Media that no codec module knows: each frame is an RTP packet, whose payload and marker go on as they came, whatever
 * the limit says, since nobody knows where it could be cut.
 */
export class OpaquePacketizer implements Packetizer {
  packetize(data: Uint8Array, _isKey: boolean, target: PayloadTarget): boolean {
    const packet = parsedOrUndefined(data);
    if (packet === undefined || packet.payload.length === 0) return false;
    const at = target.beginPayload(packet.payload.length, packet.marker);
    target.bytes.set(packet.payload, at);
    return true;
  }
}

function parsedOrUndefined(data: Uint8Array): RtpPacket | undefined {
  return undefinedIfMalformed(() => parseRtpPacket(data));
}
