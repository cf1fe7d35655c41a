/** AAC in RTP: mode AAC-hbr of RFC 3640 (3.3.6), sizeLength 13, indexLength 3, indexDeltaLength 3; one access unit a packet. */
import type { Packetizer, PayloadTarget } from './packetizer.ts';

/** AU-headers-length 16 (in bits), then AU-size 13, AU-Index 3. */
const AU_HEADER_SECTION_BYTES = 4;
const AU_HEADER_BITS = 16;
/** What AU-size can say. */
const MAX_ACCESS_UNIT_BYTES = 8191;

/**
 * The marker is on each packet that ends an access unit (3.1). An access unit above the limit is cut over packets, each
 * of which says the size of the whole (3.2.3).
 */
export class AacPacketizer implements Packetizer {
  readonly #maxPayloadBytes: number;

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** @returns false, besides, for an access unit of more than 8191 bytes, which AAC-hbr has no size for */
  packetize(data: Uint8Array, _isKey: boolean, target: PayloadTarget): boolean {
    const size = data.length;
    if (size === 0 || size > MAX_ACCESS_UNIT_BYTES) return false;
    const room = this.#maxPayloadBytes - AU_HEADER_SECTION_BYTES;
    for (let from = 0; from < size; from += room) {
      const to = Math.min(from + room, size);
      const at = target.beginPayload(AU_HEADER_SECTION_BYTES + to - from, to === size);
      const { bytes } = target;
      bytes[at] = 0;
      bytes[at + 1] = AU_HEADER_BITS;
      bytes[at + 2] = size >>> 5;
      bytes[at + 3] = size << 3; // AU-Index 0
      bytes.set(data.subarray(from, to), at + AU_HEADER_SECTION_BYTES);
    }
    return true;
  }
}
