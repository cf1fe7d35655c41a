import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket, type RawData, type WebSocketServer } from 'ws';
import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import { plainHost, remoteAddressOf } from '../net/address.ts';
import { destroyAfterGrace } from '../net/close-socket.ts';
import { webSocketFraming } from '../websocket/framing.ts';
import { createWebSocketServer, type WebSocketLimits } from '../websocket/web-socket-server.ts';
import type { RtspServerTransport, RtspTransportListener } from './server-transport.ts';
import { webSocketPacketFraming } from './websocket-framing.ts';

/** A publisher may put a whole picture's packets into one message: a megabyte, in segments of 1460 bytes and some more. */
const LIMITS: WebSocketLimits = { maxMessageBytes: 1024 * 1024, maxFragments: 1024, maxBufferedChunks: 4096 };
/** The sub-protocol that lal answers with, and that its players ask for. */
const SUB_PROTOCOL = 'rtsp';

/** Accepts RTSP over WebSocket. The `ws` library does the handshake, reading, pings and closing. */
export class RtspWebSocketAcceptor {
  readonly #server: WebSocketServer;
  readonly #clock: Clock;

  /** @param headers response header lines to add to the handshake's answer */
  constructor(headers: readonly string[], clock: Clock) {
    this.#clock = clock;
    this.#server = createWebSocketServer(LIMITS, headers, SUB_PROTOCOL);
  }

  /** @param accepted makes the session; not called when the handshake is broken: the library has answered 400 then */
  accept(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    accepted: (transport: RtspServerTransport) => void,
  ): void {
    socket.setTimeout(0);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      accepted(new WebSocketTransport(webSocket, socket, this.#clock));
    });
  }
}

/** RTSP over one WebSocket. What we send are whole frames written to the socket itself, as the library writes its own. */
class WebSocketTransport implements RtspServerTransport {
  readonly name = 'websocket';
  readonly framing = webSocketPacketFraming;
  readonly isSecure: boolean;
  readonly remoteAddress: string;
  readonly remoteHost: string;
  readonly localHost: string;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #clock: Clock;

  constructor(webSocket: WebSocket, socket: Socket, clock: Clock) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#clock = clock;
    this.isSecure = 'encrypted' in socket;
    this.remoteAddress = remoteAddressOf(socket);
    this.remoteHost = plainHost(socket.remoteAddress);
    this.localHost = plainHost(socket.localAddress);
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  start(listener: RtspTransportListener): void {
    const socket = this.#socket;
    // Text or binary: the bytes count. A message may hold several requests and packets, or part of one.
    this.#webSocket.on('message', (data) => listener.received(bytesOf(data)));
    this.#webSocket.on('error', (error) => listener.ended(endReasonOfError(error)));
    this.#webSocket.on('close', () => listener.ended(endReason('peer-closed')));
    socket.on('error', (error) => listener.ended(endReasonOfError(error)));
    socket.on('drain', () => listener.drained());
  }

  send(bytes: Uint8Array): boolean {
    return this.#write(webSocketFraming.frame(bytes));
  }

  sendMedia(bytes: Uint8Array): boolean {
    return this.#write(bytes);
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  close(reason: EndReason): void {
    this.#webSocket.resume();
    this.#webSocket.close(closeCodeOf(reason), reason.code);
    destroyAfterGrace(this.#socket, this.#clock);
  }

  /** Nothing may follow a Close frame. */
  #write(bytes: Uint8Array): boolean {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return false;
    return this.#socket.writable && this.#socket.write(bytes);
  }
}

/** One buffer for `nodebuffer`, the library's default. */
function bytesOf(data: RawData): Uint8Array {
  return data as Buffer;
}

/** RFC 6455, 7.4.1: 1000 done, 1001 going away, 1002 protocol error, 1008 policy, 1011 internal error. */
function closeCodeOf({ code }: EndReason): number {
  switch (code) {
    case 'peer-stopped':
    case 'peer-closed':
      return 1000;
    case 'server-shutdown':
      return 1001;
    case 'protocol-error':
      return 1002;
    case 'internal-error':
      return 1011;
    default:
      return 1008;
  }
}
