/**
 * Tells RTCP from RTP where both come the same way (RFC 5761, 4).
 * @param secondByte of the packet: RTCP's type there, which RTP's marker and payload type keep away from
 */
export function isRtcpPacketType(secondByte: number): boolean {
  return secondByte >= 192 && secondByte <= 223;
}
