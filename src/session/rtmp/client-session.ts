import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { systemClock } from '../../media/clock.ts';
import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError } from '../../media/end-reason.ts';
import type { EndReason } from '../../media/end-reason.ts';
import { adobeAuthQuery } from '../../protocol/rtmp/adobe-auth.ts';
import { RtmpClientConnection } from '../../protocol/rtmp/client-connection.ts';
import type { RtmpClientConnectionOptions, RtmpClientEvent } from '../../protocol/rtmp/client-connection.ts';
import { parseRtmpUrl } from '../../protocol/rtmp/rtmp-url.ts';
import type { RtmpUrl } from '../../protocol/rtmp/rtmp-url.ts';
import type { RtmpMediaEvent } from '../../protocol/rtmp/server-connection.ts';
import { remoteAddressOf } from '../net/address.ts';
import { closeSocket } from '../net/close-socket.ts';
import { openClientSocket } from '../net/client-socket.ts';
import type { ClientTlsOptions } from '../net/client-socket.ts';

/** What to push or pull, and how patiently. */
export interface RtmpClientSessionOptions extends Pick<
  RtmpClientConnectionOptions,
  'mode' | 'handshake' | 'flashVer' | 'fourCcList' | 'limits'
> {
  /** `rtmp://` or `rtmps://`, also taken apart already; a user in it answers Adobe authentication. */
  readonly url: string | RtmpUrl;
  readonly tls?: ClientTlsOptions | undefined;
  /** For TCP and TLS together. 10 seconds. */
  readonly connectTimeoutMs?: number | undefined;
  /** From there to the server's consent to publish or play. 10 seconds. */
  readonly startTimeoutMs?: number | undefined;
  /** How long a player may receive nothing, or a publisher's waiting bytes not move. 0 for ever; 10 seconds. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * A player stays when the server says that the stream is over, and receives on the same connection what is published
   * next. Idleness counts. False unless said otherwise.
   */
  readonly outlastsPublishers?: boolean | undefined;
  /** Bytes that may wait to be sent; beyond, the session ends. 64 MiB. */
  readonly maxQueueBytes?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** What the session tells its owner. A call that throws ends the session. */
export interface RtmpClientListener {
  /** The server accepted: a publisher may send, a player will receive. */
  started?(): void;
  /** Audio, video and data for a player. */
  media?(event: RtmpMediaEvent): void;
  /** All bytes that waited were handed to the operating system. */
  drained?(): void;
  /** Once, whatever ended the session; nothing follows. */
  ended(reason: EndReason): void;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_QUEUE_BYTES = 64 * 1024 * 1024;
/** Ask for the user, then answer the challenge; whoever wants more goes in circles. */
const MAX_AUTHENTICATION_ROUNDS = 2;
/** Idleness is looked at this often, so it may be noticed so much late. */
const WATCH_INTERVAL_MS = 1000;

type State =
  | { readonly name: 'connecting' }
  | { readonly name: 'starting' }
  | { readonly name: 'started' }
  | { readonly name: 'ended'; readonly reason: EndReason };

/**
 * One RTMP push or pull: drives a socket with an `RtmpClientConnection`. Connects at once; a server that asks for Adobe
 * authentication gets new connections, which the owner does not notice. For a publisher it is also a `ByteSink`.
 */
export class RtmpClientSession {
  readonly url: RtmpUrl;
  readonly startedMs: number;
  readonly #options: RtmpClientSessionOptions;
  readonly #listener: RtmpClientListener;
  readonly #clock: Clock;
  #state: State = { name: 'connecting' };
  #socket: Socket;
  #connection: RtmpClientConnection;
  #authenticationRounds = 0;
  #cancelTimer: () => void = () => undefined;
  /** When bytes last came (player) or went (publisher). */
  #lastActiveMs = 0;
  #lastSentBytes = 0;

  /** @throws ProtocolError `ERR_RTMP_URL`; everything later is told to the listener, and never before this returns */
  constructor(options: RtmpClientSessionOptions, listener: RtmpClientListener) {
    this.url = typeof options.url === 'string' ? parseRtmpUrl(options.url) : options.url;
    this.#options = options;
    this.#listener = listener;
    this.#clock = options.clock ?? systemClock;
    this.startedMs = this.#clock.wallMs();
    this.#connection = this.#newConnection('');
    this.#socket = this.#open();
  }

  /** `ip:port` of the server; empty while there is no connection. */
  get remoteAddress(): string {
    return remoteAddressOf(this.#socket);
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get isStarted(): boolean {
    return this.#state.name === 'started';
  }

  /** Why the session is over; `undefined` while it is not. */
  get endReason(): EndReason | undefined {
    return this.#state.name === 'ended' ? this.#state.reason : undefined;
  }

  /** The message stream of this publication. Chunks for `write` must carry it; nearly all servers give 1. */
  get streamId(): number | undefined {
    return this.#connection.streamId;
  }

  /** Bytes taken and not yet handed to the operating system. */
  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  /**
   * Sends one media message of a publisher.
   * @param timestampMs unwrapped or not; the low 32 bits are sent
   * @param parts an FLV tag body in pieces; for `data` AMF 0 values, metadata behind `@setDataFrame`. Copied.
   * @returns bytes now waiting, as `queuedBytes`; `drained` is called when there are none. After the end: 0.
   * @throws {TypeError} before `started`
   */
  sendMedia(kind: 'audio' | 'video' | 'data', timestampMs: number, parts: readonly Uint8Array[]): number {
    if (this.#state.name === 'ended') return 0;
    this.write(this.#connection.serializeMedia(kind, timestampMs, parts));
    return this.queuedBytes;
  }

  /**
   * Sends whole messages of a publisher that are cut already: chunks of `OUTGOING_CHUNK_SIZE` on `streamId`.
   * @param bytes shared and unchanged from now on
   * @returns false when bytes wait; `drained` will be called
   */
  write(bytes: Uint8Array): boolean {
    if (!this.#socket.writable) return true;
    const hasRoom = this.#socket.write(bytes);
    const limit = this.#options.maxQueueBytes ?? DEFAULT_MAX_QUEUE_BYTES;
    if (this.#socket.writableLength > limit) this.#finish(endReason('consumer-overflow'));
    return hasRoom;
  }

  /** Stops reading, so that the server feels the backpressure. Idleness does not count meanwhile. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#lastActiveMs = this.#clock.monotonicMs();
    this.#socket.resume();
  }

  /** Says goodbye to the server and closes, sending what waits for a moment longer. Twice is harmless. */
  end(reason: EndReason): void {
    this.#finish(reason);
  }

  #newConnection(query: string): RtmpClientConnection {
    const { mode, handshake, flashVer, fourCcList, limits } = this.#options;
    const { app, tcUrl, streamName } = this.url;
    return new RtmpClientConnection({
      mode,
      app: app + query,
      tcUrl: tcUrl + query,
      streamName,
      handshake,
      flashVer,
      fourCcList,
      limits,
    });
  }

  #open(): Socket {
    const connectTimeoutMs = this.#options.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#setTimer(connectTimeoutMs, () => this.#finish(endReason('connect-failed', 'ETIMEDOUT')));
    const { scheme, host, port } = this.url;
    const target = { host, port, isSecure: scheme === 'rtmps' };
    const socket = openClientSocket(target, this.#options.tls ?? {}, () => this.#connected(socket));
    socket.on('data', (chunk) => this.#isCurrent(socket) && this.#receive(chunk));
    socket.on('drain', () => this.#isCurrent(socket) && this.#drained());
    socket.on('error', (error) => this.#isCurrent(socket) && this.#finish(this.#reasonOf(error)));
    socket.on('end', () => this.#isCurrent(socket) && this.#finish(endReason('peer-closed')));
    socket.on('close', () => this.#isCurrent(socket) && this.#finish(endReason('peer-closed')));
    return socket;
  }

  /** Events of a socket that authentication has replaced mean nothing any more. */
  #isCurrent(socket: Socket): boolean {
    return socket === this.#socket && this.#state.name !== 'ended';
  }

  #connected(socket: Socket): void {
    if (!this.#isCurrent(socket)) return;
    this.#state = { name: 'starting' };
    const startTimeoutMs = this.#options.startTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#setTimer(startTimeoutMs, () => this.#finish(endReason('handshake-timeout')));
    this.#writeOutput();
  }

  #drained(): void {
    if (this.#state.name === 'started') this.#guard(() => this.#listener.drained?.());
  }

  #receive(chunk: Uint8Array): void {
    if (this.#options.mode === 'play') this.#lastActiveMs = this.#clock.monotonicMs();
    this.#guard(() => {
      this.#connection.receive(chunk);
      const connection = this.#connection;
      // A listener may end the session, and authentication replaces the connection.
      while (this.#state.name !== 'ended' && connection === this.#connection) {
        const event = connection.nextEvent();
        if (event === undefined) break;
        this.#handleEvent(event);
      }
      this.#writeOutput();
    });
  }

  #handleEvent(event: RtmpClientEvent): void {
    switch (event.type) {
      case 'start':
        this.#started();
        break;
      case 'play-end':
        if (this.#outlasts(event.code)) break;
        this.#finish(endReason('peer-stopped', event.code));
        break;
      case 'refused':
        this.#refused(event.code, event.description);
        break;
      default:
        this.#listener.media?.(event);
    }
  }

  /** A recording that is complete has no next publisher. */
  #outlasts(code: string): boolean {
    return this.#options.outlastsPublishers === true && code !== 'NetStream.Play.Complete';
  }

  #started(): void {
    this.#state = { name: 'started' };
    this.#lastActiveMs = this.#clock.monotonicMs();
    this.#watch();
    this.#listener.started?.();
  }

  /** Comes back on a new connection when the server asks who we are and the URL says it. */
  #refused(code: string, description: string): void {
    const query = this.#authenticationQuery(description);
    if (query === undefined) {
      this.#finish(endReason('refused-by-peer', code, description === '' ? undefined : description));
      return;
    }
    this.#authenticationRounds += 1;
    const old = this.#socket;
    this.#state = { name: 'connecting' };
    this.#connection = this.#newConnection(query);
    this.#socket = this.#open();
    old.destroy();
  }

  #authenticationQuery(description: string): string | undefined {
    const { credentials } = this.url;
    if (credentials === undefined || this.#authenticationRounds >= MAX_AUTHENTICATION_ROUNDS)
      return undefined;
    return adobeAuthQuery(description, credentials, randomBytes(4).toString('hex'));
  }

  /** Looks for idleness again and again, once started. */
  #watch(): void {
    const idleTimeoutMs = this.#options.idleTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    if (idleTimeoutMs === 0) {
      this.#cancelTimer();
      return;
    }
    this.#setTimer(Math.min(WATCH_INTERVAL_MS, idleTimeoutMs), () => {
      const nowMs = this.#clock.monotonicMs();
      if (this.#isActive()) this.#lastActiveMs = nowMs;
      if (nowMs - this.#lastActiveMs >= idleTimeoutMs) this.#finish(endReason('idle-timeout'));
      else this.#watch();
    });
  }

  /** Activity that no event tells: a publisher's bytes on their way, or nothing to do. */
  #isActive(): boolean {
    if (this.#options.mode === 'play') return this.#socket.isPaused();
    const sentBytes = this.#socket.bytesWritten - this.#socket.writableLength;
    const isActive = this.#socket.writableLength === 0 || sentBytes !== this.#lastSentBytes;
    this.#lastSentBytes = sentBytes;
    return isActive;
  }

  #writeOutput(): void {
    if (this.#state.name === 'connecting') return;
    for (const bytes of this.#connection.takeOutput()) this.write(bytes);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#finish(endReasonOfError(error));
    }
  }

  #reasonOf(error: Error): EndReason {
    if (this.#state.name !== 'connecting') return endReasonOfError(error);
    const { code } = error as NodeJS.ErrnoException;
    // An attempt on several addresses fails with an error that has no text of its own.
    return endReason('connect-failed', code, error.message === '' ? undefined : error.message);
  }

  #setTimer(delayMs: number, task: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(delayMs, task);
  }

  #finish(reason: EndReason): void {
    if (this.#state.name === 'ended') return;
    const wasConnected = this.#state.name !== 'connecting';
    this.#cancelTimer();
    this.#state = { name: 'ended', reason };
    if (wasConnected && this.#socket.writable) this.#sayGoodbye();
    else this.#socket.destroy();
    this.#listener.ended(reason);
  }

  #sayGoodbye(): void {
    const socket = this.#socket;
    this.#connection.end();
    for (const bytes of this.#connection.takeOutput()) socket.write(bytes);
    closeSocket(socket, this.#clock);
  }
}
