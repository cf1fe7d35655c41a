import { connect, type Socket } from 'node:net';
import type { Clock } from '../../media/clock.ts';
import {
  newTransportCounters,
  type Gb28181MediaHandler,
  type Gb28181Transport,
  type Gb28181TransportCounters,
} from './media-transport.ts';
import { RtpConnection } from './rtp-connection.ts';

/** Where a device waits for us. */
export interface Gb28181Peer {
  readonly host: string;
  readonly port: number;
}

/** Opens a connection; the socket reports `connect`, `error` and `close`. */
export type Connect = (peer: Gb28181Peer) => Socket;

const CONNECT_TIMEOUT_MS = 10_000;
/** Between the end of one connection, or a failure, and the next attempt. */
const RETRY_MS = 1000;

/** A device that we connect to (TCP active). It is called again and again until the session ends. */
export class Gb28181TcpCaller implements Gb28181Transport {
  readonly keepsOrder = true;
  readonly port = 0;
  readonly counters: Gb28181TransportCounters = newTransportCounters();
  readonly #peer: Gb28181Peer;
  readonly #clock: Clock;
  readonly #handler: Gb28181MediaHandler;
  readonly #connect: Connect;
  #socket: Socket | undefined;
  #connection: RtpConnection | undefined;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(peer: Gb28181Peer, clock: Clock, handler: Gb28181MediaHandler, open: Connect = connect) {
    this.#peer = peer;
    this.#clock = clock;
    this.#handler = handler;
    this.#connect = open;
    this.#call();
  }

  sendRtcp(): void {}

  tick(): void {}

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#connection?.close();
    this.#socket?.destroy();
  }

  #call(): void {
    const socket = this.#connect(this.#peer);
    this.#socket = socket;
    const failed = (): void => {
      this.counters.failedConnections += 1;
      this.#callAgain();
    };
    socket.on('error', () => undefined);
    socket.once('close', failed);
    this.#cancelTimer = this.#clock.after(CONNECT_TIMEOUT_MS, () => socket.destroy());
    socket.once('connect', () => {
      this.#cancelTimer?.();
      socket.removeListener('close', failed);
      if (this.counters.connections > 0) this.#handler.connectionChanged();
      this.counters.connections += 1;
      const ended = (): void => this.#callAgain();
      this.#connection = new RtpConnection(socket, this.#clock, this.#handler, this.counters, ended);
    });
  }

  #callAgain(): void {
    this.#cancelTimer?.();
    if (this.#isClosed) return;
    this.#cancelTimer = this.#clock.after(RETRY_MS, () => this.#call());
  }
}
