import type { Socket } from 'node:net';
import type { Clock } from '../../media/clock.ts';
import type { MessageHead } from '../../protocol/rtsp/message-head.ts';
import { closeSocket } from '../net/close-socket.ts';
import { parseTunnelRequest, tunnelRefusal, tunnelResponseHead } from './http-tunnel-request.ts';
import { HttpTunnelTransport } from './http-tunnel-transport.ts';
import { plainHost } from '../net/address.ts';

/** Bounds of the tunnels of one server. */
export interface HttpTunnelsOptions {
  readonly serverName: string;
  /** How long a POST may wait for its GET. A GET without a POST is its session's business. */
  readonly pairingTimeoutMs: number;
  /** POSTs that may wait at a time. */
  readonly maxWaiting: number;
}

/** A POST that came before its GET. */
interface WaitingPost {
  readonly socket: Socket;
  readonly cancelTimer: () => void;
}

/**
 * Pairs the requests of HTTP tunnels. Both must come from one address: who has seen or guessed the cookie of another
 * makes a tunnel of his own with it, which never becomes whole.
 */
export class HttpTunnels {
  readonly #options: HttpTunnelsOptions;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, WaitingPost>();
  readonly #open = new Map<string, HttpTunnelTransport>();

  constructor(options: HttpTunnelsOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** POSTs that wait for their GET. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a request whose head has been read.
   * @param socket paused; what came behind the head has been put back
   * @param accepted called for a GET, with the whole tunnel or one that still lacks its POST
   */
  accept(socket: Socket, head: MessageHead, accepted: (transport: HttpTunnelTransport) => void): void {
    const request = parseTunnelRequest(head);
    if (request === undefined) {
      this.refuse(socket, 400);
      return;
    }
    const key = `${plainHost(socket.remoteAddress)} ${request.cookie}`;
    if (request.method === 'POST') this.#acceptPost(key, socket);
    else this.#acceptGet(key, socket, accepted);
  }

  /** Answers a request that gets no tunnel, and closes. */
  refuse(socket: Socket, status: 400 | 503): void {
    socket.on('error', () => socket.destroy());
    socket.write(tunnelRefusal(status));
    closeSocket(socket, this.#clock);
  }

  /** Ends what waits. */
  close(): void {
    for (const { socket } of this.#waiting.values()) socket.destroy();
  }

  #acceptGet(key: string, socket: Socket, accepted: (transport: HttpTunnelTransport) => void): void {
    if (this.#open.has(key)) {
      // Two answers on one session would each get half of it.
      this.refuse(socket, 400);
      return;
    }
    const transport = new HttpTunnelTransport(socket, this.#clock, () => this.#open.delete(key));
    this.#open.set(key, transport);
    socket.write(tunnelResponseHead(this.#options.serverName));
    accepted(transport);
    const post = this.#waiting.get(key);
    if (post === undefined) return;
    this.#forget(key, post);
    transport.attachPost(post.socket);
  }

  #acceptPost(key: string, socket: Socket): void {
    const transport = this.#open.get(key);
    if (transport !== undefined) {
      transport.attachPost(socket);
      return;
    }
    const older = this.#waiting.get(key);
    if (older !== undefined) {
      this.#forget(key, older);
      older.socket.destroy();
    }
    if (this.#waiting.size >= this.#options.maxWaiting) {
      this.refuse(socket, 503);
      return;
    }
    const cancelTimer = this.#clock.after(this.#options.pairingTimeoutMs, () => socket.destroy());
    const post = { socket, cancelTimer };
    this.#waiting.set(key, post);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#forget(key, post));
  }

  #forget(key: string, post: WaitingPost): void {
    post.cancelTimer();
    if (this.#waiting.get(key) === post) this.#waiting.delete(key);
  }
}
