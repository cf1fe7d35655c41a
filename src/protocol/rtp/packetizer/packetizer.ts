/** Where payloads go: whoever knows header, sequence number and transport writes what stands before each of them. */
export interface PayloadTarget {
  /**
   * Makes room for one RTP payload; all its bytes must be written before the next call.
   * @param length bytes, at least 1
   * @param marker the header's marker bit
   * @param ticksLater how much later than the frame's time this payload's RTP timestamp is; missing for 0. Only audio
   *   whose samples were cut over several packets has it.
   * @returns where the payload begins in `bytes`
   */
  beginPayload(length: number, marker: boolean, ticksLater?: number): number;
  /** To be read after `beginPayload`: it may be another block than before. */
  readonly bytes: Uint8Array;
}

/** Turns the frames of one track into RTP payloads. */
export interface Packetizer {
  /**
   * Writes one frame's payloads straight into `target`, in sending order. The marker is set where the payload format
   * wants it.
   * @param data as docs/formats describes it for the codec; only read
   * @param isKey a decoder may start here: parameter sets that the frame does not bring go before it
   * @returns false when nothing was written, because `data` does not follow its layout or holds nothing that the payload
   *   format has a place for
   */
  packetize(data: Uint8Array, isKey: boolean, target: PayloadTarget): boolean;
}
