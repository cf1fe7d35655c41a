/** G.711 in RTP: PCMA and PCMU of RFC 3551 (4.5.14): samples, and nothing else. */
import type { Packetizer, PayloadTarget } from './packetizer.ts';

/**
 * A frame above the limit is cut between samples; each payload has a time of its own, in ticks of the sample rate.
 * The marker would begin a talk-spurt (4.1): a stream that never pauses has none.
 */
export class G711Packetizer implements Packetizer {
  readonly #channels: number;
  readonly #maxPayloadBytes: number;

  /** @param channels a sample of each lies beside the others, one byte each */
  constructor(channels: number, maxPayloadBytes: number) {
    this.#channels = Math.max(1, channels);
    // Too many channels for one sample of each: still a payload, of the size of one.
    const samples = Math.max(1, Math.floor(maxPayloadBytes / this.#channels));
    this.#maxPayloadBytes = samples * this.#channels;
  }

  packetize(data: Uint8Array, _isKey: boolean, target: PayloadTarget): boolean {
    for (let from = 0; from < data.length; from += this.#maxPayloadBytes) {
      const to = Math.min(from + this.#maxPayloadBytes, data.length);
      const at = target.beginPayload(to - from, false, from / this.#channels);
      target.bytes.set(data.subarray(from, to), at);
    }
    return data.length > 0;
  }
}
