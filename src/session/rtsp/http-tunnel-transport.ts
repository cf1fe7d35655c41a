import type { Socket } from 'node:net';
import type { Clock } from '../../media/clock.ts';
import { endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import { Base64Decoder } from './http-tunnel-base64.ts';
import { SocketTransport } from './server-socket-transport.ts';
import type { RtspServerTransport, RtspTransportListener } from './server-transport.ts';

/**
 * RTSP through a pair of HTTP requests. The GET's socket is the session's life; POSTs may come, end and come again, and
 * of two at a time the later counts.
 */
export class HttpTunnelTransport implements RtspServerTransport {
  readonly name = 'http-tunnel';
  readonly framing: undefined = undefined;
  /** What goes to the client is what goes over a socket. */
  readonly #down: SocketTransport;
  readonly #onEnded: () => void;
  #post: Socket | undefined;
  /** Bytes of the POSTs that are over. */
  #readBefore = 0;
  #listener: RtspTransportListener | undefined;
  #isPaused = false;
  #isEnded = false;

  /**
   * @param get has been answered, and is read by nobody else
   * @param onEnded the tunnel is over: no POST is to be attached any more
   */
  constructor(get: Socket, clock: Clock, onEnded: () => void) {
    this.#down = new SocketTransport(get, clock);
    this.#onEnded = onEnded;
  }

  get isSecure(): boolean {
    return this.#down.isSecure;
  }

  get remoteAddress(): string {
    return this.#down.remoteAddress;
  }

  get remoteHost(): string {
    return this.#down.remoteHost;
  }

  get localHost(): string {
    return this.#down.localHost;
  }

  get bytesRead(): number {
    return this.#down.bytesRead + this.#readBefore + (this.#post?.bytesRead ?? 0);
  }

  get bytesWritten(): number {
    return this.#down.bytesWritten;
  }

  get queuedBytes(): number {
    return this.#down.queuedBytes;
  }

  start(listener: RtspTransportListener): void {
    this.#listener = listener;
    this.#down.start({
      // The GET has no body.
      received: () => undefined,
      drained: () => listener.drained(),
      ended: (reason) => this.#finish(reason),
    });
  }

  /** Takes over the upward half; closes it when the tunnel is over. @param post its head has been read; nobody else reads it */
  attachPost(post: Socket): void {
    this.#detachPost();
    if (this.#isEnded) {
      post.destroy();
      return;
    }
    this.#post = post;
    const decoder = new Base64Decoder();
    post.on('data', (chunk) => this.#receive(post, decoder, chunk));
    post.on('error', () => this.#postEnded(post));
    post.on('end', () => this.#postEnded(post));
    post.on('close', () => this.#postEnded(post));
    if (!this.#isPaused) post.resume();
  }

  send(bytes: Uint8Array): boolean {
    return this.#down.send(bytes);
  }

  sendMedia(bytes: Uint8Array): boolean {
    return this.#down.send(bytes);
  }

  pause(): void {
    this.#isPaused = true;
    this.#post?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#post?.resume();
  }

  close(reason: EndReason): void {
    this.#finish(reason);
    this.#down.close(reason);
  }

  #receive(post: Socket, decoder: Base64Decoder, chunk: Uint8Array): void {
    if (post !== this.#post) return;
    let bytes: Uint8Array;
    try {
      bytes = decoder.decode(chunk);
    } catch (error) {
      this.#finish(endReasonOfError(error));
      return;
    }
    if (bytes.length > 0) this.#listener?.received(bytes);
  }

  /** Clients may end a POST when they have nothing to say for a while. */
  #postEnded(post: Socket): void {
    if (post === this.#post) this.#detachPost();
  }

  #detachPost(): void {
    const post = this.#post;
    if (post === undefined) return;
    this.#post = undefined;
    this.#readBefore += post.bytesRead;
    post.destroy();
  }

  #finish(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnded();
    this.#detachPost();
    this.#listener?.ended(reason);
  }
}
