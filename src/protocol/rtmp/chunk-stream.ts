import { Buffer } from 'node:buffer';
import type { ChunkQueue } from '../../bytes/chunk-queue.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { RtmpMessage } from './message.ts';

/**
 * Up to here the bytes for a message are allocated at once. Beyond, they grow with what arrives, so that a peer must
 * send what it makes us hold.
 */
const EAGER_ALLOCATION = 256 * 1024;

const NOTHING = new Uint8Array(0);

/** What a chunk header says about a message, complete or taken over from the message before. */
export interface ChunkMessageHeader {
  /** Timestamp field, extended or not: absolute milliseconds or a delta. */
  readonly time: number;
  readonly length: number;
  readonly typeId: number;
  readonly streamId: number;
}

/** State of one chunk stream on the reading side: the last header, and the message in the making. */
export class ChunkStream {
  readonly id: number;
  /** The last header had an extended timestamp, so fmt 3 chunks may have one too. */
  extended = false;
  #header: ChunkMessageHeader = { time: 0, length: 0, typeId: 0, streamId: 0 };
  /** Absolute time of the last message. Kept per chunk stream: some clients mix absolute and delta times. */
  #timestamp = 0;
  #inMessage = false;
  #payload: Uint8Array = NOTHING;
  #received = 0;

  constructor(id: number) {
    this.id = id;
  }

  get header(): ChunkMessageHeader {
    return this.#header;
  }

  get time(): number {
    return this.#header.time;
  }

  get length(): number {
    return this.#header.length;
  }

  get typeId(): number {
    return this.#header.typeId;
  }

  get streamId(): number {
    return this.#header.streamId;
  }

  get inMessage(): boolean {
    return this.#inMessage;
  }

  /** Payload bytes still to come. */
  get missing(): number {
    return this.#header.length - this.#received;
  }

  /** Bytes held for the unfinished message. */
  get allocated(): number {
    return this.#payload.length;
  }

  /** The delta is added here, once a message, whatever headers its further chunks have. */
  begin(header: ChunkMessageHeader & { readonly isAbsolute: boolean }): void {
    this.#header = header;
    this.#timestamp = header.isAbsolute ? header.time : (this.#timestamp + header.time) >>> 0;
    this.#inMessage = true;
    this.#received = 0;
  }

  /**
   * Some encoders put fmt 0 to 2 on later chunks of a message. That is harmless as long as it is the same message.
   * @throws ProtocolError `ERR_RTMP_CHUNK_FORMAT`
   */
  continueWith(header: ChunkMessageHeader): void {
    const { length, typeId, streamId } = this.#header;
    if (header.length !== length || header.typeId !== typeId || header.streamId !== streamId) {
      throw new ProtocolError(
        'ERR_RTMP_CHUNK_FORMAT',
        `chunk stream ${this.id} starts a message before the last is complete`,
        { chunkStreamId: this.id, length: header.length, missing: this.missing },
      );
    }
    this.#header = header;
  }

  /** Moves `length` payload bytes, no more than are missing, out of the queue: at most one copy is all they see. */
  append(queue: ChunkQueue, length: number): void {
    const end = this.#received + length;
    if (length === this.#header.length) {
      this.#payload = queue.takeToKeep(length);
      this.#received = length;
      return;
    }
    if (end > this.#payload.length) this.#grow(end);
    queue.copyTo(this.#payload, this.#received, length);
    this.#received = end;
  }

  #grow(needed: number): void {
    const total = this.#header.length;
    const wanted = Math.max(needed, this.#payload.length * 2, EAGER_ALLOCATION);
    // Not filled: a message is handed out when all its bytes have been written.
    const grown = new Uint8Array(Buffer.allocUnsafeSlow(Math.min(total, wanted)).buffer);
    grown.set(this.#payload.subarray(0, this.#received));
    this.#payload = grown;
  }

  /** The complete message; its payload belongs to the caller. */
  takeMessage(): RtmpMessage {
    const message: RtmpMessage = {
      typeId: this.typeId,
      streamId: this.streamId,
      timestamp: this.#timestamp,
      payload: this.#payload,
    };
    this.abandon();
    return message;
  }

  abandon(): void {
    this.#inMessage = false;
    this.#payload = NOTHING;
    this.#received = 0;
  }
}
