/**
 * VP9 in RTP (RFC 9628), non-flexible mode, as one layer. Layer indices, reference indices and scalability structures are
 * left out: what a publisher sends as one frame goes on as one.
 */
import type { Packetizer, PayloadTarget } from './packetizer.ts';

/** First byte of the payload descriptor (4.2): I, P, L, F, B, E, V, Z. */
const DescriptorFlag = {
  pictureIdPresent: 0x80,
  interPicturePredicted: 0x40,
  startOfFrame: 0x08,
  endOfFrame: 0x04,
} as const;
/** Flags, then the picture ID in its long form: M 1, PICTURE ID 15. */
const DESCRIPTOR_BYTES = 3;
const LONG_PICTURE_ID_FLAG = 0x80;
const PICTURE_ID_MASK = 0x7fff;

/** Marker on the last payload of each frame or superframe. Counts them in the picture ID. */
export class Vp9Packetizer implements Packetizer {
  readonly #maxPayloadBytes: number;
  #pictureId = 0;

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  packetize(data: Uint8Array, isKey: boolean, target: PayloadTarget): boolean {
    const { length } = data;
    if (length === 0) return false;
    const room = this.#maxPayloadBytes - DESCRIPTOR_BYTES;
    const flags = DescriptorFlag.pictureIdPresent | (isKey ? 0 : DescriptorFlag.interPicturePredicted);
    for (let from = 0; from < length; from += room) {
      const to = Math.min(from + room, length);
      const isLast = to === length;
      const at = target.beginPayload(DESCRIPTOR_BYTES + to - from, isLast);
      const { bytes } = target;
      bytes[at] =
        flags | (from === 0 ? DescriptorFlag.startOfFrame : 0) | (isLast ? DescriptorFlag.endOfFrame : 0);
      bytes[at + 1] = LONG_PICTURE_ID_FLAG | (this.#pictureId >>> 8);
      bytes[at + 2] = this.#pictureId;
      bytes.set(data.subarray(from, to), at + DESCRIPTOR_BYTES);
    }
    this.#pictureId = (this.#pictureId + 1) & PICTURE_ID_MASK;
    return true;
  }
}
