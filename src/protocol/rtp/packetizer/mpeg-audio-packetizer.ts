/** MPEG audio, any layer, in RTP: payload type MPA of RFC 2250 (3.5); one frame a packet. */
import type { Packetizer, PayloadTarget } from './packetizer.ts';

/** MBZ 16, Frag_offset 16. */
const HEADER_BYTES = 4;
/** What Frag_offset can say. */
const MAX_FRAME_BYTES = 0xffff;

/**
 * A frame above the limit is cut over packets. The marker would begin a talk-spurt (3.3): a stream that never pauses has
 * none.
 */
export class MpegAudioPacketizer implements Packetizer {
  readonly #maxPayloadBytes: number;

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  packetize(data: Uint8Array, _isKey: boolean, target: PayloadTarget): boolean {
    const { length } = data;
    if (length === 0 || length > MAX_FRAME_BYTES) return false;
    const room = this.#maxPayloadBytes - HEADER_BYTES;
    for (let from = 0; from < length; from += room) {
      const to = Math.min(from + room, length);
      const at = target.beginPayload(HEADER_BYTES + to - from, false);
      const { bytes } = target;
      bytes[at] = 0;
      bytes[at + 1] = 0;
      bytes[at + 2] = from >>> 8;
      bytes[at + 3] = from;
      bytes.set(data.subarray(from, to), at + HEADER_BYTES);
    }
    return true;
  }
}
