import { ProtocolError } from '../../bytes/protocol-error.ts';
import { parseRtcp, type RtcpPacket } from '../../protocol/rtp/rtcp.ts';
import { parseRtpPacket, type RtpPacket } from '../../protocol/rtp/rtp-packet.ts';

/** @returns `undefined` for what is no RTP packet */
export function parsedRtp(bytes: Uint8Array): RtpPacket | undefined {
  return undefinedIfBroken(() => parseRtpPacket(bytes));
}

/** @returns `undefined` for what is no compound RTCP packet */
export function parsedRtcp(bytes: Uint8Array): RtcpPacket[] | undefined {
  return undefinedIfBroken(() => parseRtcp(bytes));
}

function undefinedIfBroken<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
