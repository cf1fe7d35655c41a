import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

/** A UDP port for RTP, and the next one for RTCP, if that could be had. */
export interface UdpPort {
  /** Of RTP. */
  readonly port: number;
  readonly rtp: Socket;
  readonly rtcp: Socket | undefined;
  /** Closes both and gives the ports back. Twice is harmless. */
  close(): void;
}

/** Two neighbouring UDP ports, the even one for RTP (RFC 3550, 11). */
export interface UdpPortPair extends UdpPort {
  readonly rtcp: Socket;
}

/** The number of a port that nobody else of us takes meanwhile. */
export interface PortLease {
  readonly port: number;
  /** Twice is harmless. */
  release(): void;
}

/** Where RTSP sessions get their ports. */
export interface UdpPorts {
  /**
   * Opens a pair.
   * @param host address of ours to receive on
   * @param use of publishers' ports: they need room for bursts
   * @returns `undefined` when none is free
   */
  open(host: string, use: 'publish' | 'play'): Promise<UdpPortPair | undefined>;
}

/** What the system did with a wish for a large receive buffer. */
export interface ReceiveBufferGrant {
  readonly requestedBytes: number;
  readonly grantedBytes: number;
  /** For the log: what to do about it. */
  readonly message: string;
}

export interface UdpPortPoolOptions {
  /** First and last port, both included. */
  readonly minPort: number;
  readonly maxPort: number;
  /** Of publishers' RTP ports; 2 MiB unless given. */
  readonly receiveBufferBytes?: number | undefined;
  /** Called once, when publishers get smaller receive buffers than asked for. */
  readonly onReceiveBufferCapped?: ((grant: ReceiveBufferGrant) => void) | undefined;
}

/** A key frame of 4K video arrives as one burst; a second of 16 Mbit/s. */
const DEFAULT_RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;
const MAX_PORT = 0xffff;
/** Pairs that others may have in a row before we give up; trying all would take seconds when all are taken. */
const MAX_ATTEMPTS = 64;

/**
 * Pairs of UDP ports from a range, in turn, so that what still comes for an old session seldom meets a new one. A pair
 * of which another program has a port is passed over.
 */
export class UdpPortPool implements UdpPorts {
  readonly #firstPort: number;
  readonly #pairs: number;
  readonly #used = new Set<number>();
  readonly #receiveBufferBytes: number;
  #onReceiveBufferCapped: ((grant: ReceiveBufferGrant) => void) | undefined;
  #next = 0;

  /** @throws {RangeError} for a range without an even port and its neighbour */
  constructor({ minPort, maxPort, receiveBufferBytes, onReceiveBufferCapped }: UdpPortPoolOptions) {
    this.#receiveBufferBytes = receiveBufferBytes ?? DEFAULT_RECEIVE_BUFFER_BYTES;
    this.#firstPort = minPort + (minPort % 2);
    this.#pairs = Math.floor((maxPort - this.#firstPort + 1) / 2);
    this.#onReceiveBufferCapped = onReceiveBufferCapped;
    if (minPort < 1 || maxPort > MAX_PORT || this.#pairs < 1) {
      throw new RangeError(`no pair of an even port and the next between ${minPort} and ${maxPort}`);
    }
  }

  /** Pairs in use. */
  get openPairs(): number {
    return this.#used.size;
  }

  async open(host: string, use: 'publish' | 'play'): Promise<UdpPortPair | undefined> {
    return this.tryLeases(async (lease) => {
      const pair = await openPair(host, lease);
      if (pair !== undefined && use === 'publish') this.#enlargeBuffer(pair.rtp);
      return pair;
    });
  }

  /**
   * Opens a publisher's port whose number somebody else has chosen, in the range or not.
   * @throws the system's error when it cannot be had; the port for RTCP is done without then
   */
  async openAt(host: string, port: number): Promise<UdpPort> {
    const rtp = await openSocket(host, port);
    const rtcp = port < MAX_PORT ? await openSocket(host, port + 1).catch(() => undefined) : undefined;
    this.#enlargeBuffer(rtp);
    return { port, rtp, rtcp, close: closeOnce(() => [rtp, rtcp].forEach((socket) => socket?.close())) };
  }

  /**
   * Goes through free numbers of the range, until something can be opened there, or too many were taken by others.
   * @param open opens it and takes over the lease, or lets it go and answers `undefined`
   */
  async tryLeases<T>(open: (lease: PortLease) => Promise<T | undefined>): Promise<T | undefined> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const lease = this.#lease();
      if (lease === undefined) return undefined;
      const opened = await open(lease);
      if (opened !== undefined) return opened;
    }
    return undefined;
  }

  #lease(): PortLease | undefined {
    for (let tried = 0; tried < this.#pairs && this.#used.size < this.#pairs; tried += 1) {
      const port = this.#firstPort + 2 * this.#next;
      this.#next = (this.#next + 1) % this.#pairs;
      if (this.#used.has(port)) continue;
      this.#used.add(port);
      return { port, release: closeOnce(() => this.#used.delete(port)) };
    }
    return undefined;
  }

  #enlargeBuffer(socket: Socket): void {
    const requestedBytes = this.#receiveBufferBytes;
    let grantedBytes = 0;
    try {
      socket.setRecvBufferSize(requestedBytes);
      grantedBytes = socket.getRecvBufferSize();
    } catch {
      // Some systems refuse instead of giving less.
    }
    if (grantedBytes >= requestedBytes) return;
    const message =
      `UDP receive buffers are ${grantedBytes} bytes instead of ${requestedBytes}: bursts of publishers ` +
      `may be lost; raise net.core.rmem_max (sysctl -w net.core.rmem_max=${requestedBytes})`;
    this.#onReceiveBufferCapped?.({ requestedBytes, grantedBytes, message });
    this.#onReceiveBufferCapped = undefined;
  }
}

/** `undefined` when one of the ports is taken, or the address is not ours; the lease is over then. */
async function openPair(host: string, lease: PortLease): Promise<UdpPortPair | undefined> {
  const { port } = lease;
  const opened = await Promise.allSettled([openSocket(host, port), openSocket(host, port + 1)]);
  const sockets = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const close = closeOnce(() => {
    for (const socket of sockets) socket.close();
    lease.release();
  });
  const [rtp, rtcp] = sockets;
  if (rtp !== undefined && rtcp !== undefined) return { port, rtp, rtcp, close };
  close();
  return undefined;
}

/** @throws the system's error */
async function openSocket(host: string, port: number): Promise<Socket> {
  const socket = newSocket(host);
  // The lookup answers at once, and so may the socket.
  const listening = once(socket, 'listening');
  socket.bind({ address: host, port, exclusive: true });
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  // What cannot be sent or received is lost, as UDP may lose it; without a listener it would end the process.
  socket.on('error', () => undefined);
  return socket;
}

function closeOnce(close: () => void): () => void {
  let isClosed = false;
  return () => {
    if (isClosed) return;
    isClosed = true;
    close();
  };
}

/**
 * Addresses are known, so nothing is ever looked up. Node would go through its resolver for each packet sent, and a turn
 * of the event loop later.
 */
function newSocket(host: string): Socket {
  const family = isIPv6(host) ? 6 : 4;
  return createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    lookup: (address, _options, found) => found(null, address, family),
  });
}
