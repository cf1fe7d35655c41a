import type { Socket } from 'node:net';
import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import { plainHost, remoteAddressOf } from '../net/address.ts';
import { closeSocket } from '../net/close-socket.ts';
import type { RtspServerTransport, RtspTransportListener } from './server-transport.ts';

/** RTSP straight over TCP or TLS. */
export class SocketTransport implements RtspServerTransport {
  readonly name = 'tcp';
  readonly framing: undefined = undefined;
  readonly isSecure: boolean;
  readonly remoteAddress: string;
  readonly remoteHost: string;
  readonly localHost: string;
  readonly #socket: Socket;
  readonly #clock: Clock;

  /** @param socket may have bytes that were put back; nobody else reads it */
  constructor(socket: Socket, clock: Clock) {
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
    socket.on('data', (chunk) => listener.received(chunk));
    socket.on('drain', () => listener.drained());
    socket.on('error', (error) => listener.ended(endReasonOfError(error)));
    socket.on('end', () => listener.ended(endReason('peer-closed')));
    socket.on('close', () => listener.ended(endReason('peer-closed')));
    socket.resume();
  }

  send(bytes: Uint8Array): boolean {
    return this.#socket.writable && this.#socket.write(bytes);
  }

  sendMedia(bytes: Uint8Array): boolean {
    return this.send(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(_reason: EndReason): void {
    closeSocket(this.#socket, this.#clock);
  }
}
