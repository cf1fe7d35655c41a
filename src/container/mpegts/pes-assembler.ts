import { ContinuityCounter } from './continuity-counter.ts';
import type { MpegTsDemuxerCounters } from './demuxer-events.ts';
import { PES_PREFIX_LENGTH } from './pes-header.ts';

/** A whole PES packet, header included; the bytes are the receiver's. */
export interface AssembledPes {
  readonly bytes: Uint8Array;
  readonly isRandomAccess: boolean;
}

const FIRST_BUFFER_BYTES = 4096;

/**
 * Puts the PES packets of one PID together. One that is incomplete, or longer than the limit, is counted and left out:
 * half an access unit would only look like a whole one further on.
 */
export class PesAssembler {
  readonly continuity: ContinuityCounter = new ContinuityCounter();
  readonly #counters: MpegTsDemuxerCounters;
  readonly #maxBytes: number;
  readonly #onPes: (pes: AssembledPes) => void;
  readonly #onLost: () => void;
  #buffer: Uint8Array = new Uint8Array(0);
  #filled = 0;
  #isOpen = false;
  #isRandomAccess = false;
  /** Bytes of the whole packet; 0 while unknown, or when the packet does not say. */
  #length = 0;

  constructor(
    counters: MpegTsDemuxerCounters,
    maxBytes: number,
    onPes: (pes: AssembledPes) => void,
    onLost: () => void,
  ) {
    this.#counters = counters;
    this.#maxBytes = maxBytes;
    this.#onPes = onPes;
    this.#onLost = onLost;
  }

  /** A packet of this PID is missing. */
  lost(): void {
    if (this.#isOpen) this.#damaged();
    else this.#onLost();
  }

  /** Takes the payload of one packet. */
  receive(bytes: Uint8Array, from: number, to: number, isUnitStart: boolean, isRandomAccess: boolean): void {
    if (isUnitStart) {
      this.finish();
      this.#isOpen = true;
      this.#isRandomAccess = isRandomAccess;
      this.#filled = 0;
      this.#length = 0;
    }
    if (!this.#isOpen) return;
    this.#append(bytes, from, to);
    if (this.#length === 0 && this.#filled >= PES_PREFIX_LENGTH) this.#readLength();
    if (this.#length > 0 && this.#filled >= this.#length) this.#deliver(this.#length);
  }

  /** The packet that is open ends here: the next one begins, or the stream is over. */
  finish(): void {
    if (!this.#isOpen) return;
    if (this.#length === 0 && this.#filled > PES_PREFIX_LENGTH) this.#deliver(this.#filled);
    else this.#damaged();
  }

  #readLength(): void {
    const length = (this.#buffer[4]! << 8) | this.#buffer[5]!;
    if (this.#buffer[0] !== 0 || this.#buffer[1] !== 0 || this.#buffer[2] !== 1) this.#damaged();
    else if (length > 0) this.#length = PES_PREFIX_LENGTH + length;
  }

  #append(bytes: Uint8Array, from: number, to: number): void {
    const filled = this.#filled + to - from;
    if (filled > this.#maxBytes) {
      this.#damaged();
      return;
    }
    if (filled > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(filled * 2, FIRST_BUFFER_BYTES)));
      grown.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes.subarray(from, to), this.#filled);
    this.#filled = filled;
  }

  #deliver(length: number): void {
    this.#isOpen = false;
    this.#onPes({ bytes: this.#buffer.slice(0, length), isRandomAccess: this.#isRandomAccess });
    // One large picture must not keep its memory for the life of the stream.
    if (this.#buffer.length > length * 16) this.#buffer = new Uint8Array(0);
  }

  #damaged(): void {
    this.#isOpen = false;
    this.#counters.damagedPes += 1;
    this.#onLost();
  }
}
