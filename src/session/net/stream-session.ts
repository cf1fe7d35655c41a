import type { Socket } from 'node:net';
import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import { remoteAddressOf } from './address.ts';
import { destroyAfterGrace } from './close-socket.ts';
import { SocketSink } from './socket-sink.ts';

/** What feeds a viewer's socket. */
export interface StreamFeed {
  /** The socket has room again. */
  resume(): void;
  /** The viewer is gone. */
  close(reason: EndReason): void;
}

/** A viewer that only receives: an HTTP response without end, or a WebSocket. */
export class StreamSession {
  readonly remoteAddress: string;
  readonly startedMs: number;
  readonly #socket: Socket;
  readonly #goodbye: (reason: EndReason) => void;
  readonly #clock: Clock;
  #feed: StreamFeed | undefined;
  #onEnded: ((reason: EndReason) => void) | undefined;
  #endReason: EndReason | undefined;

  /** @param goodbye closes the stream in the transport's own words, ending the socket's output */
  constructor(socket: Socket, goodbye: (reason: EndReason) => void, clock: Clock) {
    this.#socket = socket;
    this.#goodbye = goodbye;
    this.#clock = clock;
    this.remoteAddress = remoteAddressOf(socket);
    this.startedMs = clock.wallMs();
    socket.on('drain', () => this.#feed?.resume());
    socket.on('error', (error) => this.#finish(endReasonOfError(error)));
    // Whoever ends his side is not waited for: if he has stopped reading too, the socket would never close.
    socket.on('end', () => this.close(endReason('peer-closed')));
    socket.on('close', () => this.#finish(endReason('peer-closed')));
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Begins to send. @param onEnded called once, whatever ended the session */
  start(attach: (sink: SocketSink) => StreamFeed, onEnded: (reason: EndReason) => void): void {
    // Admission takes time: the socket may have closed before there was anyone to hear it.
    if (this.#socket.destroyed) this.#finish(endReason('peer-closed'));
    if (this.#endReason !== undefined) {
      onEnded(this.#endReason);
      return;
    }
    this.#onEnded = onEnded;
    const feed = attach(new SocketSink(this.#socket, (reason) => this.close(reason)));
    if (this.#endReason === undefined) this.#feed = feed;
    else feed.close(this.#endReason);
  }

  close(reason: EndReason): void {
    if (this.#endReason !== undefined) return;
    this.#finish(reason);
    this.#goodbye(reason);
    destroyAfterGrace(this.#socket, this.#clock);
  }

  #finish(reason: EndReason): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#feed?.close(reason);
    this.#feed = undefined;
    this.#onEnded?.(reason);
  }
}
