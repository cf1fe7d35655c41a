import { INTERLEAVED_HEADER_BYTES } from '../../protocol/rtsp/interleaved-packet.ts';

/** Takes one packet. @param packet a view of what was split, without its interleaved header */
export type SplitPacketHandler = (trackIndex: number, isRtcp: boolean, packet: Uint8Array) => void;

/**
 * Takes packets apart that were made for canonical channels: 0 and 1 for RTP and RTCP of the first track, 2 and 3 for
 * the second.
 * @param bytes whole packets, each behind its interleaved header
 */
export function splitCanonicalPackets(bytes: Uint8Array, handle: SplitPacketHandler): void {
  let at = 0;
  while (at + INTERLEAVED_HEADER_BYTES <= bytes.length) {
    const channel = bytes[at + 1]!;
    const start = at + INTERLEAVED_HEADER_BYTES;
    const end = start + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    handle(channel >> 1, (channel & 1) === 1, bytes.subarray(start, end));
    at = end;
  }
}
