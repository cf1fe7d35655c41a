/**
 * Binary data between RTSP messages (RFC 2326, 10.12).
 *
 *   '$' u8 | channel u8 | length u16 | packet: one of RTP or RTCP
 */

/** `$`: no RTSP message begins with it. */
export const INTERLEAVED_MARK = 0x24;
/** What precedes each packet. */
export const INTERLEAVED_HEADER_BYTES = 4;
/** What the length field can say. */
export const MAX_INTERLEAVED_BYTES = 0xffff;

/**
 * Writes the four bytes before a packet.
 * @param length of the packet, 0 to `MAX_INTERLEAVED_BYTES`
 */
export function writeInterleavedHeader(
  target: Uint8Array,
  offset: number,
  channel: number,
  length: number,
): void {
  target[offset] = INTERLEAVED_MARK;
  target[offset + 1] = channel;
  target[offset + 2] = length >>> 8;
  target[offset + 3] = length;
}

/** One packet behind its header, in fresh bytes. For packets that come seldom; packetizers write in place. */
export function serializeInterleavedPacket(channel: number, packet: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(INTERLEAVED_HEADER_BYTES + packet.length);
  writeInterleavedHeader(bytes, 0, channel, packet.length);
  bytes.set(packet, INTERLEAVED_HEADER_BYTES);
  return bytes;
}
