import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { parseRtcp, type RtcpPacket } from '../../protocol/rtp/rtcp.ts';
import { parseRtpPacket, type RtpPacket } from '../../protocol/rtp/rtp-packet.ts';

/** @returns `undefined` for what is no RTP packet */
export function parsedRtp(bytes: Uint8Array): RtpPacket | undefined {
  return undefinedIfMalformed(() => parseRtpPacket(bytes));
}

/** @returns `undefined` for what is no compound RTCP packet */
export function parsedRtcp(bytes: Uint8Array): RtcpPacket[] | undefined {
  return undefinedIfMalformed(() => parseRtcp(bytes));
}
