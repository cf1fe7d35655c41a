import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { remoteHostOf } from '../net/address.ts';
import type { PortLease, UdpPortPool } from '../net/udp-port-pool.ts';
import {
  TRANSPORT_SILENCE_MS,
  newTransportCounters,
  type Gb28181Transport,
  type Gb28181TransportCounters,
  type Gb28181TransportOptions,
} from './media-transport.ts';
import { RtpConnection } from './rtp-connection.ts';

/** What a listener needs. */
export interface Gb28181TcpListenerOptions extends Gb28181TransportOptions {
  /** False: the socket is one too many and is destroyed already. */
  admit(socket: Socket): boolean;
}

/** A port that listens, and whose it is. */
export interface TcpPort {
  readonly server: Server;
  /** Of a port out of the pool. */
  readonly lease: PortLease | undefined;
}

/** A newcomer may wait so long for the connection in use to fall silent. */
const MAX_WAIT_MS = 10_000;
/** Of connections that nobody has accepted yet: a device makes one. */
const BACKLOG = 16;

interface Waiting {
  readonly socket: Socket;
  readonly sinceMs: number;
}

/**
 * A device that connects to us. It has one connection: another one takes over when the first is closed, or silent, as it is
 * after a device has lost its way without saying so. Until then the newest newcomer waits, unread.
 */
export class Gb28181TcpListener implements Gb28181Transport {
  readonly keepsOrder = true;
  readonly port: number;
  readonly counters: Gb28181TransportCounters = newTransportCounters();
  readonly #options: Gb28181TcpListenerOptions;
  readonly #tcpPort: TcpPort;
  #connection: RtpConnection | undefined;
  #waiting: Waiting | undefined;
  #isClosed = false;

  /** @param tcpPort belongs to the transport from now on */
  constructor(tcpPort: TcpPort, options: Gb28181TcpListenerOptions) {
    this.#tcpPort = tcpPort;
    this.#options = options;
    const { server } = tcpPort;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#accept(socket));
    // A connection that could not be accepted is lost; unheard the error would end the process.
    server.on('error', () => (this.counters.failedConnections += 1));
  }

  sendRtcp(): void {}

  tick(nowMs: number): void {
    this.#closeKeptOut();
    if (this.#waiting === undefined) return;
    if (this.#isSilent(nowMs)) this.#takeWaiting();
    else if (nowMs - this.#waiting.sinceMs >= MAX_WAIT_MS) this.#refuseWaiting();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tcpPort.server.close();
    this.#tcpPort.lease?.release();
    this.#waiting?.socket.destroy();
    this.#connection?.close();
  }

  #accept(socket: Socket): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    if (this.#options.isKeptOut(remoteHostOf(socket))) {
      this.counters.refusedConnections += 1;
      socket.destroy();
      return;
    }
    if (!this.#options.admit(socket)) return;
    if (this.#waiting !== undefined) this.#refuseWaiting();
    const sinceMs = this.#options.clock.monotonicMs();
    const waiting = { socket, sinceMs };
    this.#waiting = waiting;
    socket.pause();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#waiting === waiting) this.#waiting = undefined;
    });
    if (this.#isSilent(sinceMs)) this.#takeWaiting();
  }

  /** Whose host has come to be kept out since he was let in. */
  #closeKeptOut(): void {
    if (this.#connection === undefined || !this.#options.isKeptOut(this.#connection.remoteHost)) return;
    this.counters.refusedConnections += 1;
    this.#connection.close();
  }

  /** Nobody is connected, or nothing has come for a while. */
  #isSilent(nowMs: number): boolean {
    return this.#connection === undefined || nowMs - this.#connection.heardMs >= TRANSPORT_SILENCE_MS;
  }

  #takeWaiting(): void {
    const { socket } = this.#waiting!;
    this.#waiting = undefined;
    this.#connection?.close();
    if (this.counters.connections > 0) this.#options.handler.connectionChanged();
    this.counters.connections += 1;
    const { clock, handler } = this.#options;
    const connection = new RtpConnection(socket, clock, handler, this.counters, () => {
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      if (this.#waiting !== undefined && !this.#isClosed) this.#takeWaiting();
    });
    this.#connection = connection;
  }

  #refuseWaiting(): void {
    this.counters.refusedConnections += 1;
    this.#waiting?.socket.destroy();
    this.#waiting = undefined;
  }
}

/**
 * Opens a port for one device.
 * @param host of ours to listen on @param port 0: one of the pool
 * @returns `undefined` when the pool has none
 * @throws the system's error for a port that cannot be had
 */
export async function openTcpPort(
  host: string,
  port: number,
  pool: Pick<UdpPortPool, 'tryLeases'>,
): Promise<TcpPort | undefined> {
  if (port !== 0) return { server: await listen(host, port), lease: undefined };
  return pool.tryLeases(async (lease) => {
    try {
      return { server: await listen(host, lease.port), lease };
    } catch {
      lease.release();
      return undefined;
    }
  });
}

function listen(host: string, port: number): Promise<Server> {
  const server = createServer({ noDelay: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG, exclusive: true }, () => {
      server.removeListener('error', reject);
      resolve(server);
    });
  });
}
