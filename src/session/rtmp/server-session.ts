import type { Socket } from 'node:net';
import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError, type EndCode, type EndReason } from '../../media/end-reason.ts';
import type {
  RtmpMediaEvent,
  RtmpServerConnection,
  RtmpServerEvent,
} from '../../protocol/rtmp/server-connection.ts';
import { remoteAddressOf } from '../net/address.ts';
import { closeSocket } from '../net/close-socket.ts';
import { SocketSink } from '../net/socket-sink.ts';
import type { StreamFeed } from '../net/stream-session.ts';

/** A client's `connect`. */
export type RtmpConnectEvent = Extract<RtmpServerEvent, { type: 'connect' }>;
/** A client's `publish`. */
export type RtmpPublishEvent = Extract<RtmpServerEvent, { type: 'publish' }>;
/** A client's `play`. */
export type RtmpPlayEvent = Extract<RtmpServerEvent, { type: 'play' }>;

/** What takes a publisher's messages. */
export interface RtmpPublishTarget {
  receive(event: RtmpMediaEvent): void;
  /**
   * Asked when all that was read has been received: whether what comes next may wait a little, because nobody waits for it.
   * @param goOn called when the rest is over; twice is harmless, and so is after the end
   */
  rest?(goOn: () => void): boolean;
  close(reason: EndReason): void;
}

/** `start` is called once the player has been told that it may play. */
export interface RtmpPlayAdmission {
  start(sink: SocketSink): StreamFeed;
  /** The player left before `start`. */
  cancel(): void;
}

/** Decides what sessions may do, and connects them with the rest of the server. */
export interface RtmpSessionHandler {
  connected(session: RtmpServerSession, event: RtmpConnectEvent): void;
  /** The answer may take time; what the client sends meanwhile waits. An `EndReason` refuses. */
  publish(session: RtmpServerSession, event: RtmpPublishEvent): Promise<RtmpPublishTarget | EndReason>;
  play(session: RtmpServerSession, event: RtmpPlayEvent): Promise<RtmpPlayAdmission | EndReason>;
  /** Called once, whatever ended the session. */
  ended(session: RtmpServerSession, reason: EndReason): void;
}

/** Bounds of a session. */
export interface RtmpSessionLimits {
  /** From accept to the end of `publish` or `play`. */
  readonly handshakeTimeoutMs: number;
  /** How long a decision on `publish` or `play` may take. */
  readonly admissionTimeoutMs: number;
  /** What a client may send ahead of that decision; about, since a socket is read in pieces. */
  readonly admissionBufferBytes: number;
  /** How long a publisher may send nothing. */
  readonly publisherIdleTimeoutMs: number;
}

/**
 * Whoever sends more than this between two rests is read without one: a socket that is not read keeps 64 KiB, then the sender
 * has to wait.
 */
const MAX_BYTES_PER_REST = 32 * 1024;

type State =
  | { readonly name: 'connecting'; readonly sinceMs: number }
  | { readonly name: 'admitting'; readonly what: 'publish' | 'play'; readonly sinceMs: number }
  | { readonly name: 'publishing'; readonly target: RtmpPublishTarget }
  | { readonly name: 'playing'; readonly feed: StreamFeed }
  /** Ended its stream in RTMP's words; most then close the connection. */
  | { readonly name: 'stopped'; readonly sinceMs: number }
  | { readonly name: 'ended'; readonly reason: EndReason };

/** One RTMP client of the server: drives a socket with an `RtmpServerConnection`. */
export class RtmpServerSession {
  readonly remoteAddress: string;
  readonly isSecure: boolean;
  readonly startedMs: number;
  readonly #socket: Socket;
  readonly #connection: RtmpServerConnection;
  readonly #handler: RtmpSessionHandler;
  readonly #limits: RtmpSessionLimits;
  readonly #clock: Clock;
  #state: State;
  #lastReceivedMs: number;
  #bytesSinceRest = 0;
  readonly #receiveData = (chunk: Uint8Array): void => this.#receive(chunk);
  readonly #goOnReading = (): void => {
    this.#bytesSinceRest = 0;
    if (!this.#socket.writableNeedDrain) this.#socket.resume();
  };

  constructor(
    socket: Socket,
    connection: RtmpServerConnection,
    handler: RtmpSessionHandler,
    limits: RtmpSessionLimits,
    clock: Clock,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#handler = handler;
    this.#limits = limits;
    this.#clock = clock;
    this.remoteAddress = remoteAddressOf(socket);
    this.isSecure = 'encrypted' in socket;
    this.startedMs = clock.wallMs();
    this.#lastReceivedMs = clock.monotonicMs();
    this.#state = { name: 'connecting', sinceMs: this.#lastReceivedMs };
    socket.on('data', this.#receiveData);
    socket.on('drain', () => this.#drained());
    socket.on('error', (error) => {
      this.#receiveRest();
      this.#finish(endReasonOfError(error));
    });
    socket.on('end', () => this.#finish(endReason('peer-closed')));
    socket.on('close', () => this.#finish(endReason('peer-closed')));
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get isEnded(): boolean {
    return this.#state.name === 'ended';
  }

  /** Enforces the time limits; to be called about once a second. */
  tick(nowMs: number): void {
    const state = this.#state;
    if (state.name === 'connecting' && nowMs - state.sinceMs > this.#limits.handshakeTimeoutMs) {
      this.#finish(endReason('handshake-timeout'));
    } else if (state.name === 'stopped' && nowMs - state.sinceMs > this.#limits.handshakeTimeoutMs) {
      this.#finish(endReason('peer-stopped'));
    } else if (state.name === 'admitting' && nowMs - state.sinceMs > this.#limits.admissionTimeoutMs) {
      this.#refuse(state.what, endReason('admission-timeout'));
    } else if (
      state.name === 'publishing' &&
      nowMs - this.#lastReceivedMs > this.#limits.publisherIdleTimeoutMs
    ) {
      this.#finish(endReason('idle-timeout'));
    }
  }

  /** Ends the session; a player is told in RTMP's words first. */
  close(reason: EndReason): void {
    this.#receiveRest();
    if (this.#state.name === 'playing') {
      this.#connection.endPlay();
      this.#writeOutput();
    }
    this.#finish(reason);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state.name === 'ended') return;
    this.#lastReceivedMs = this.#clock.monotonicMs();
    this.#run(() => {
      this.#connection.receive(chunk);
      this.#handleEvents();
    });
    const isAhead = this.#connection.pendingBytes > this.#limits.admissionBufferBytes;
    if (this.#state.name === 'admitting' && isAhead) this.#socket.pause();
    this.#bytesSinceRest += chunk.length;
    if (this.#state.name === 'publishing' && this.#socket.readableLength === 0)
      this.#rest(this.#state.target);
  }

  /** What a publisher who rests has sent meanwhile: a socket that breaks, or is closed, would not hand it out any more. */
  #receiveRest(): void {
    if (this.#state.name !== 'publishing') return;
    // Otherwise each read would be an event too.
    this.#socket.off('data', this.#receiveData);
    for (let chunk; (chunk = this.#socket.read() as Uint8Array | null) !== null;) this.#receive(chunk);
  }

  #rest(target: RtmpPublishTarget): void {
    if (target.rest?.(this.#goOnReading) === true && this.#bytesSinceRest <= MAX_BYTES_PER_REST) {
      this.#socket.pause();
    }
  }

  #run(work: () => void): void {
    try {
      work();
      this.#writeOutput();
    } catch (error) {
      this.#writeOutput();
      this.#finish(endReasonOfError(error));
    }
  }

  #handleEvents(): void {
    while (this.#state.name !== 'admitting' && this.#state.name !== 'ended') {
      const event = this.#connection.nextEvent();
      if (event === undefined) return;
      this.#handleEvent(event);
    }
  }

  #handleEvent(event: RtmpServerEvent): void {
    switch (event.type) {
      case 'connect':
        this.#handler.connected(this, event);
        break;
      case 'publish':
        this.#admit('publish', () => this.#admitPublish(event));
        break;
      case 'play':
        this.#admit('play', () => this.#admitPlay(event));
        break;
      case 'audio':
      case 'video':
      case 'data':
        if (this.#state.name === 'publishing') this.#state.target.receive(event);
        break;
      case 'publish-end':
      case 'play-end':
        this.#stop(endReason('peer-stopped'));
        this.#state = { name: 'stopped', sinceMs: this.#clock.monotonicMs() };
        break;
    }
  }

  /** Asks for a decision. What comes before it waits in the connection; a client that leaves is noticed. */
  #admit(what: 'publish' | 'play', decide: () => Promise<void>): void {
    this.#state = { name: 'admitting', what, sinceMs: this.#clock.monotonicMs() };
    decide().catch((error: unknown) => this.#finish(endReasonOfError(error)));
  }

  async #admitPublish(event: RtmpPublishEvent): Promise<void> {
    const decision = await this.#handler.publish(this, event);
    if ('code' in decision) {
      this.#refuse('publish', decision);
      return;
    }
    if (this.#state.name !== 'admitting') {
      decision.close(this.#state.name === 'ended' ? this.#state.reason : endReason('peer-closed'));
      return;
    }
    this.#state = { name: 'publishing', target: decision };
    this.#goOn(() => this.#connection.acceptPublish());
  }

  async #admitPlay(event: RtmpPlayEvent): Promise<void> {
    const decision = await this.#handler.play(this, event);
    if ('code' in decision) {
      this.#refuse('play', decision);
      return;
    }
    if (this.#state.name !== 'admitting') {
      decision.cancel();
      return;
    }
    this.#connection.acceptPlay();
    this.#writeOutput();
    const feed = decision.start(new SocketSink(this.#socket, (reason) => this.close(reason)));
    // The feed may have ended the session with the first bytes it sent.
    const now = this.#state as State;
    if (now.name === 'ended') {
      feed.close(now.reason);
      return;
    }
    this.#state = { name: 'playing', feed };
    this.#goOn(() => {});
  }

  #goOn(accept: () => void): void {
    this.#socket.resume();
    this.#run(() => {
      accept();
      this.#writeOutput();
      this.#handleEvents();
    });
  }

  #refuse(what: 'publish' | 'play', reason: EndReason): void {
    if (this.#state.name !== 'admitting') return;
    this.#connection.reject(statusCodeOf(what, reason.code), reason.message);
    this.#writeOutput();
    this.#finish(reason);
  }

  /** Whoever does not read our answers is not read either: they would pile up here. */
  #writeOutput(): void {
    let hasRoom = true;
    for (const bytes of this.#connection.takeOutput()) {
      if (this.#socket.writable) hasRoom = this.#socket.write(bytes);
    }
    if (!hasRoom) this.#socket.pause();
  }

  #drained(): void {
    if (this.#state.name === 'playing') this.#state.feed.resume();
    if (this.#state.name !== 'admitting') this.#socket.resume();
  }

  /** Detaches from the hub, if attached. */
  #stop(reason: EndReason): void {
    if (this.#state.name === 'publishing') this.#state.target.close(reason);
    else if (this.#state.name === 'playing') this.#state.feed.close(reason);
  }

  /** The one way out: runs once, for whatever reason came first. */
  #finish(reason: EndReason): void {
    if (this.#state.name === 'ended') return;
    this.#stop(reason);
    this.#state = { name: 'ended', reason };
    this.#handler.ended(this, reason);
    closeSocket(this.#socket, this.#clock);
  }
}

/** How RTMP names a refusal. */
function statusCodeOf(what: 'publish' | 'play', code: EndCode): string {
  if (what === 'publish') {
    return code === 'refused' ? 'NetStream.Publish.Unauthorized' : 'NetStream.Publish.BadName';
  }
  if (code === 'refused') return 'NetStream.Play.Unauthorized';
  return code === 'stream-not-found' || code === 'name-refused'
    ? 'NetStream.Play.StreamNotFound'
    : 'NetStream.Play.Failed';
}
