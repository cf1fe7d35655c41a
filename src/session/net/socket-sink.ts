import type { Socket } from 'node:net';
import type { EndReason } from '../../media/end-reason.ts';

/** Lets a fan-out write to a socket. Buffers are shared by many sockets and never changed. */
export class SocketSink {
  readonly #socket: Socket;
  readonly #onEnd: (reason: EndReason) => void;

  /** @param onEnd the subscription gave up on this viewer */
  constructor(socket: Socket, onEnd: (reason: EndReason) => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  /**
   * False until the socket's `drain` event, and for ever once the socket takes no more: whoever is on it must not look
   * like a viewer that keeps up.
   */
  write(bytes: Uint8Array): boolean {
    return this.#socket.writable && this.#socket.write(bytes);
  }

  end(reason: EndReason): void {
    this.#onEnd(reason);
  }
}
