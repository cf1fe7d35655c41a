import { INTERLEAVED_HEADER_BYTES } from '../../protocol/rtsp/interleaved-packet.ts';
import type { RtspFraming } from './server-transport.ts';

/** A final binary frame, unmasked, as servers send it (RFC 6455, 5.2). */
const BINARY_FRAME = 0x82;
const MAX_LENGTH_IN_7_BITS = 125;
const MAX_LENGTH_IN_16_BITS = 0xffff;

/**
 * RTSP over WebSocket, as lal has it: each interleaved packet, with its four bytes before it, is one binary frame. The
 * packets are copied once, for all viewers of a flush.
 */
export const webSocketPacketFraming: RtspFraming = {
  frame(packets) {
    const frames = new Uint8Array(framedLength(packets));
    let at = 0;
    for (let start = 0; start < packets.length;) {
      const end = endOfPacket(packets, start);
      at = writeFrameHeader(frames, at, end - start);
      frames.set(packets.subarray(start, end), at);
      at += end - start;
      start = end;
    }
    return frames;
  },
};

function framedLength(packets: Uint8Array): number {
  let length = packets.length;
  for (let start = 0; start < packets.length;) {
    const end = endOfPacket(packets, start);
    length += frameHeaderLength(end - start);
    start = end;
  }
  return length;
}

/** A flush holds whole packets; were it otherwise, the rest would be one frame. */
function endOfPacket(packets: Uint8Array, start: number): number {
  const length = INTERLEAVED_HEADER_BYTES + ((packets[start + 2]! << 8) | packets[start + 3]!);
  return Math.min(start + length, packets.length);
}

function frameHeaderLength(length: number): number {
  if (length <= MAX_LENGTH_IN_7_BITS) return 2;
  return length <= MAX_LENGTH_IN_16_BITS ? 4 : 10;
}

/** @returns where the payload goes */
function writeFrameHeader(frames: Uint8Array, at: number, length: number): number {
  frames[at] = BINARY_FRAME;
  const headerLength = frameHeaderLength(length);
  if (headerLength === 2) {
    frames[at + 1] = length;
  } else if (headerLength === 4) {
    frames[at + 1] = 126;
    frames[at + 2] = length >>> 8;
    frames[at + 3] = length;
  } else {
    // Of 64 bits only the last 17 are ever needed.
    frames[at + 1] = 127;
    frames[at + 7] = length >>> 16;
    frames[at + 8] = length >>> 8;
    frames[at + 9] = length;
  }
  return at + headerLength;
}
