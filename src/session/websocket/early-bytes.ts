import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';

/** Clients have nothing to say before they are accepted. */
const MAX_EARLY_BYTES = 4096;

/**
 * Reads a socket that waits for the decision on its upgrade, which nobody else does then: a client that leaves meanwhile is
 * noticed, and its socket closed.
 */
export class EarlyBytes {
  readonly #socket: Socket;
  readonly #chunks: Buffer[];
  #length: number;
  readonly #received = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length > MAX_EARLY_BYTES) this.#socket.destroy();
  };
  readonly #ended = (): void => void this.#socket.destroy();

  /** @param head what has come behind the request already */
  constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#chunks = [head];
    this.#length = head.length;
    socket.on('data', this.#received);
    socket.on('end', this.#ended);
  }

  /** Stops reading; the socket is paused. @returns all that has come, `head` first */
  take(): Buffer {
    this.#socket.pause();
    this.#socket.off('data', this.#received);
    this.#socket.off('end', this.#ended);
    return Buffer.concat(this.#chunks);
  }
}
