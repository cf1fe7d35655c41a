/** Bytes that may wait for the disk, of one stream and of all. */
const MAX_STREAM_BYTES = 32 * 1024 * 1024;
const MAX_BYTES = 256 * 1024 * 1024;

/** What waits for the disk, over all streams: when it hangs, that costs fragments, not memory. */
export class WriteQueue {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** One stream's share. */
  share(): WriteQueueShare {
    let own = 0;
    return {
      tryAdd: (bytes) => {
        // One fragment of each stream is let in whatever its size; it could not be written otherwise.
        const isFull = own + bytes > MAX_STREAM_BYTES || this.#bytes + bytes > MAX_BYTES;
        if (own > 0 && isFull) return false;
        own += bytes;
        this.#bytes += bytes;
        return true;
      },
      remove: (bytes) => {
        own -= bytes;
        this.#bytes -= bytes;
      },
    };
  }
}

/** One stream's part of a `WriteQueue`. */
export interface WriteQueueShare {
  /** @returns false when the queue is full */
  tryAdd(bytes: number): boolean;
  /** `bytes` are written, or given up. */
  remove(bytes: number): void;
}
