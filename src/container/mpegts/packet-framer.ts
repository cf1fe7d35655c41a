import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { MpegTsDemuxerCounters } from './demuxer-events.ts';
import { TS_PACKET_LENGTH, TS_SYNC_BYTE } from './ts-packet.ts';

/**
 * Distances between packets: plain; with a 4-byte time in front of each (Blu-ray, camcorders); with 16 bytes of
 * Reed-Solomon code behind each (DVB).
 */
const STRIDES: readonly number[] = [TS_PACKET_LENGTH, 192, 204];
const MAX_STRIDE = 204;
/** So many sync bytes in a row are not by chance: 1 in 2^32 random places. */
const SYNC_PACKETS = 4;
/** Bytes that must be there to be sure of a place. */
const LOOK_AHEAD = (SYNC_PACKETS - 1) * MAX_STRIDE + 1;
/** What has no rhythm for so long is something else. */
const MAX_BYTES_WITHOUT_SYNC = 64 * 1024;

/**
 * Finds the packets in a byte stream that comes in pieces of any size, whatever stands between them, and finds them
 * again after damage.
 */
export class PacketFramer {
  readonly #counters: MpegTsDemuxerCounters;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** 0 while the rhythm is unknown. */
  #stride = 0;
  #hasFoundSync = false;
  #isEnded = false;

  constructor(counters: MpegTsDemuxerCounters) {
    this.#counters = counters;
  }

  /** The block in which `next` found its packet. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** @param chunk used until `next` has nothing more to give; what is left of it is copied then */
  receive(chunk: Uint8Array): void {
    const left = this.#bytes.length;
    if (left === 0) {
      this.#bytes = chunk;
      return;
    }
    const joined = new Uint8Array(left + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, left);
    this.#bytes = joined;
  }

  /** No more bytes will come: what is there must do to find the rhythm. */
  end(): void {
    this.#isEnded = true;
  }

  /**
   * Offset of the next whole packet in `bytes`; `undefined`: needs more.
   * @throws {ProtocolError} `ERR_MPEGTS_SYNC` when there never was a packet
   */
  next(): number | undefined {
    while (this.#stride > 0 || this.#findSync()) {
      const packet = this.#at;
      if (packet + TS_PACKET_LENGTH > this.#bytes.length) break;
      if (this.#bytes[packet] === TS_SYNC_BYTE) {
        this.#at += this.#stride;
        this.#counters.packets += 1;
        return packet;
      }
      this.#counters.syncLosses += 1;
      this.#stride = 0;
    }
    this.#keepRest();
    return undefined;
  }

  /** Lets go of the received chunk. What stands between packets may reach past its end. */
  #keepRest(): void {
    const from = Math.min(this.#at, this.#bytes.length);
    this.#bytes = new Uint8Array(this.#bytes.subarray(from)); // not `slice`: that of a Buffer is a view
    this.#at -= from;
  }

  #findSync(): boolean {
    const lastPlace = this.#bytes.length - (this.#isEnded ? TS_PACKET_LENGTH : LOOK_AHEAD);
    for (; this.#at <= lastPlace; this.#at += 1) {
      const stride = this.#strideAt(this.#at);
      if (stride !== undefined) {
        this.#stride = stride;
        this.#hasFoundSync = true;
        return true;
      }
      this.#counters.skippedBytes += 1;
    }
    const isHopeless = this.#isEnded
      ? this.#bytes.length > 0 || this.#counters.skippedBytes > 0
      : this.#counters.skippedBytes > MAX_BYTES_WITHOUT_SYNC;
    if (!this.#hasFoundSync && isHopeless) {
      throw new ProtocolError('ERR_MPEGTS_SYNC', 'no transport stream: packets do not start with 0x47', {
        skippedBytes: this.#counters.skippedBytes,
      });
    }
    return false;
  }

  #strideAt(at: number): number | undefined {
    if (this.#bytes[at] !== TS_SYNC_BYTE) return undefined;
    return STRIDES.find((stride) => {
      for (let packet = 1; packet < SYNC_PACKETS; packet += 1) {
        const next = at + packet * stride;
        // Behind the end of the stream there is nothing to compare with.
        if (next < this.#bytes.length && this.#bytes[next] !== TS_SYNC_BYTE) return false;
      }
      return true;
    });
  }
}
