import type { Socket } from 'node:net';
import { ChunkQueue } from '../../bytes/chunk-queue.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { Clock } from '../../media/clock.ts';
import { HeadCollector, parseMessageHead, type MessageHead } from '../../protocol/rtsp/message-head.ts';
import { HttpTunnels, type HttpTunnelsOptions } from './http-tunnels.ts';
import { SocketTransport } from './server-socket-transport.ts';
import type { RtspServerTransport } from './server-transport.ts';

/** Bounds of what comes before a session. */
export interface RtspFrontOptions extends HttpTunnelsOptions {
  /** How long a client may take until it is known what it speaks. */
  readonly handshakeTimeoutMs: number;
}

/** `GET_PARAMETER` is RTSP, hence the spaces. */
const HTTP_METHODS = ['GET ', 'POST '];

/** What a new socket has turned out to be. */
type Protocol = 'rtsp' | 'broken' | { readonly tunnelHead: MessageHead };

/**
 * The door of an RTSP or RTSPS port: the first bytes of a connection tell RTSP from one half of an HTTP tunnel. Sockets
 * are closed that do not say in time which they are.
 */
export class RtspFront {
  readonly #options: RtspFrontOptions;
  readonly #clock: Clock;
  readonly #accepted: (transport: RtspServerTransport) => void;
  readonly #tunnels: HttpTunnels;
  readonly #undecided = new Set<Socket>();

  /** @param accepted takes a connection that speaks RTSP: makes its session */
  constructor(options: RtspFrontOptions, clock: Clock, accepted: (transport: RtspServerTransport) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#accepted = accepted;
    this.#tunnels = new HttpTunnels(options, clock);
  }

  /** Sockets without a session: not known yet, or waiting for the other half of a tunnel. */
  get waiting(): number {
    return this.#undecided.size + this.#tunnels.waiting;
  }

  /** Takes a socket that was just accepted, with TLS where there is TLS. */
  accept(socket: Socket): void {
    this.#undecided.add(socket);
    const cancelTimer = this.#clock.after(this.#options.handshakeTimeoutMs, () => socket.destroy());
    const failed = (): void => void socket.destroy();
    const release = (): void => {
      cancelTimer();
      this.#undecided.delete(socket);
    };
    const decider = new ProtocolDecider();
    const decide = (chunk: Uint8Array): void => {
      const protocol = decider.decide(chunk);
      if (protocol === undefined) return;
      socket.off('data', decide).off('error', failed).off('close', release);
      release();
      socket.pause();
      socket.unshift(decider.rest());
      if (protocol === 'rtsp') this.#accepted(new SocketTransport(socket, this.#clock));
      else if (protocol === 'broken') this.#tunnels.refuse(socket, 400);
      else this.#tunnels.accept(socket, protocol.tunnelHead, this.#accepted);
    };
    socket.on('data', decide).on('error', failed).on('close', release);
  }

  /** Ends all sockets without a session. */
  close(): void {
    for (const socket of this.#undecided) socket.destroy();
    this.#tunnels.close();
  }
}

/** Looks at the first bytes of one connection. */
class ProtocolDecider {
  readonly #input = new ChunkQueue();
  readonly #head = new HeadCollector();
  #isHttp = false;

  /** `undefined` when more bytes are needed; `broken` for a request too long to be one. */
  decide(chunk: Uint8Array): Protocol | undefined {
    this.#input.push(chunk);
    this.#isHttp ||= HTTP_METHODS.some((method) => this.#startsWith(method) === true);
    if (this.#isHttp) return this.#readHead();
    const mayBeHttp = HTTP_METHODS.some((method) => this.#startsWith(method) !== false);
    return mayBeHttp ? undefined : 'rtsp';
  }

  /** What belongs to whoever reads on. */
  rest(): Uint8Array {
    return this.#input.take(this.#input.length)!;
  }

  /** `undefined` as long as there are too few bytes to tell. */
  #startsWith(text: string): boolean | undefined {
    const length = Math.min(text.length, this.#input.length);
    for (let at = 0; at < length; at += 1) {
      if (this.#input.byteAt(at) !== text.charCodeAt(at)) return false;
    }
    return length === text.length ? true : undefined;
  }

  #readHead(): Protocol | undefined {
    try {
      const bytes = this.#head.collect(this.#input);
      return bytes === undefined ? undefined : { tunnelHead: parseMessageHead(bytes) };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return 'broken';
    }
  }
}
