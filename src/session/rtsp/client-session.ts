import { randomBytes } from 'node:crypto';
import { systemClock } from '../../media/clock.ts';
import type { Clock } from '../../media/clock.ts';
import { endReason } from '../../media/end-reason.ts';
import type { EndReason } from '../../media/end-reason.ts';
import { RtspClientAuth } from '../../protocol/rtsp/auth/client-auth.ts';
import type { RtspPublication } from '../../protocol/rtsp/client-connection.ts';
import type { RtspDescribedEvent, RtspRefusedEvent } from '../../protocol/rtsp/client-events.ts';
import type { RtspClientStart, RtspClientTrack } from '../../protocol/rtsp/client-tracks.ts';
import type { RtspClientTransportKind } from '../../protocol/rtsp/client-transport.ts';
import { parseRtspUrl, resolveRedirect } from '../../protocol/rtsp/rtsp-url.ts';
import type { RtspUrl } from '../../protocol/rtsp/rtsp-url.ts';
import type { SessionDescription } from '../../protocol/sdp/session-description.ts';
import { ClientLink } from './client-link.ts';
import type { ClientLinkEvent } from './client-link.ts';
import { systemNetwork } from './client-network.ts';
import type { RtspClientNetwork } from './client-network.ts';
import type { ClientTlsOptions } from '../net/client-socket.ts';

/** What to push or pull, and how patiently. */
export interface RtspClientSessionOptions {
  /** `rtsp://` or `rtsps://`; a user in it answers Basic and Digest authentication. */
  readonly url: string;
  /** What to push; without it the session pulls. */
  readonly publication?: RtspPublication | undefined;
  /** In the order to try. TCP, then UDP. */
  readonly transports?: readonly RtspClientTransportKind[] | undefined;
  readonly userAgent?: string | undefined;
  readonly tls?: ClientTlsOptions | undefined;
  /** For TCP and TLS together. 10 seconds. */
  readonly connectTimeoutMs?: number | undefined;
  /** For each answer on the way to playing or recording. 10 seconds. */
  readonly answerTimeoutMs?: number | undefined;
  /** How long a player may receive nothing, or a publisher's waiting bytes not move. 0 for ever; 10 seconds. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long a player waits for the first packet over UDP before it tries TCP, where `transports` has it. 5 seconds. */
  readonly firstPacketTimeoutMs?: number | undefined;
  /** Bytes that may wait to be sent; beyond, the session ends. 64 MiB. */
  readonly maxQueueBytes?: number | undefined;
  readonly clock?: Clock | undefined;
  /** The machine's own, unless said otherwise. */
  readonly network?: RtspClientNetwork | undefined;
}

/** What the session tells its owner. A call that throws ends the session. */
export interface RtspClientListener {
  /**
   * What the server offers to a player. It comes again, with what may be another description, when the session has to
   * begin anew; no packet has come before that.
   * @param sdp the description as it came
   * @returns the indices of the tracks to receive; `undefined`: all video and audio
   */
  described?(
    description: SessionDescription,
    tracks: readonly RtspClientTrack[],
    sdp: Uint8Array,
  ): readonly number[] | undefined;
  /**
   * The server accepted: a publisher may send, a player will receive. `transportOf` knows the tracks; one that the server
   * refused to a player has none. As `described`, it may come again.
   */
  started?(start: RtspClientStart): void;
  /** For a player, perhaps a little before `started`. @param packet never reused */
  rtp?(trackIndex: number, packet: Uint8Array): void;
  /** For both. @param packet as it came, mostly compound; never reused */
  rtcp?(trackIndex: number, packet: Uint8Array): void;
  /** All bytes that waited were handed to the operating system. */
  drained?(): void;
  /** Once, whatever ended the session; nothing follows. */
  ended(reason: EndReason): void;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_FIRST_PACKET_TIMEOUT_MS = 5000;
const DEFAULT_MAX_QUEUE_BYTES = 64 * 1024 * 1024;
/** Load balancers redirect once or twice; whoever wants more goes in circles. */
const MAX_REDIRECTS = 5;
/** Time limits are looked at this often, so they may be noticed so much late. */
const WATCH_INTERVAL_MS = 1000;

type State =
  | { readonly name: 'connecting' }
  | { readonly name: 'starting' }
  | { readonly name: 'started' }
  | { readonly name: 'ended'; readonly reason: EndReason };

/**
 * One RTSP push or pull. Connects at once, and again where that is needed: to another URL, after a challenge on which
 * the server closed the connection, over TCP when nothing comes over UDP. For a publisher it is also a `ByteSink`.
 */
export class RtspClientSession {
  readonly startedMs: number;
  readonly #options: RtspClientSessionOptions;
  readonly #listener: RtspClientListener;
  readonly #clock: Clock;
  #url: RtspUrl;
  #transports: readonly RtspClientTransportKind[];
  #auth: RtspClientAuth;
  #link: ClientLink;
  #state: State = { name: 'connecting' };
  #redirects = 0;
  /** The server closed the connection when it wanted credentials, and was called again. */
  #hasCalledAgain = false;
  #cancelTimer: () => void = () => undefined;
  /** A packet of the server has come. */
  #hasPackets = false;
  /** When packets last came (player) or bytes went (publisher). */
  #lastActiveMs = 0;
  #lastSentBytes = 0;

  /** @throws ProtocolError `ERR_RTSP_URL`; everything later is told to the listener, and never before this returns */
  constructor(options: RtspClientSessionOptions, listener: RtspClientListener) {
    this.#url = parseRtspUrl(options.url);
    this.#options = options;
    this.#listener = listener;
    this.#clock = options.clock ?? systemClock;
    this.#transports = options.transports ?? ['tcp', 'udp'];
    this.startedMs = this.#clock.wallMs();
    this.#auth = newAuth(this.#url);
    this.#link = this.#open();
  }

  /** Where the session is, redirects followed. Not for logs: it holds the password. */
  get url(): RtspUrl {
    return this.#url;
  }

  /** `ip:port` of the server; empty while there is no connection. */
  get remoteAddress(): string {
    return this.#link.remoteAddress;
  }

  /** Of the present connection, over TCP and UDP. */
  get bytesRead(): number {
    return this.#link.bytesRead;
  }

  get bytesWritten(): number {
    return this.#link.bytesWritten;
  }

  get isStarted(): boolean {
    return this.#state.name === 'started';
  }

  /** Why the session is over; `undefined` while it is not. */
  get endReason(): EndReason | undefined {
    return this.#state.name === 'ended' ? this.#state.reason : undefined;
  }

  /** Bytes taken and not yet handed to the operating system. */
  get queuedBytes(): number {
    return this.#link.queuedBytes;
  }

  /** Packets that belong to no track, or did not come from the server. */
  get strayPackets(): number {
    return this.#link.strayPackets;
  }

  /** How a track travels; `undefined` while it is not set up. */
  transportOf(trackIndex: number): RtspClientTransportKind | undefined {
    return this.#link.transportOf(trackIndex);
  }

  /** Sends one packet of a publisher, once started. @param packet unchanged from now on */
  sendRtp(trackIndex: number, packet: Uint8Array): void {
    this.#send(() => this.#link.sendPacket(trackIndex, false, packet));
  }

  /** Sends sender reports of a publisher, or receiver reports of a player, once started. @param packet as with `sendRtp` */
  sendRtcp(trackIndex: number, packet: Uint8Array): void {
    this.#send(() => this.#link.sendPacket(trackIndex, true, packet));
  }

  /**
   * Sends packets of a publisher that are framed already, once started: whole packets behind interleaved headers, on
   * channels 0 and 1 for RTP and RTCP of the first track, 2 and 3 for the second. Over UDP, and to servers that want
   * other channels, they go as they must.
   * @param bytes shared and unchanged from now on
   * @returns false when bytes wait, and `drained` will be called; false for ever after the end
   */
  write(bytes: Uint8Array): boolean {
    return this.#send(() => this.#link.writePackets(bytes)) ?? false;
  }

  /** Stops reading, so that the server feels the backpressure (not over UDP). Idleness does not count meanwhile. */
  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#lastActiveMs = this.#clock.monotonicMs();
    this.#link.resume();
  }

  /** Says goodbye to the server and closes, sending what waits for a moment longer. Twice is harmless. */
  end(reason: EndReason): void {
    this.#finish(reason);
  }

  #send<T>(send: () => T): T | undefined {
    if (this.#state.name !== 'started') return undefined;
    const result = send();
    this.#checkQueue();
    return result;
  }

  #checkQueue(): void {
    const limit = this.#options.maxQueueBytes ?? DEFAULT_MAX_QUEUE_BYTES;
    if (this.#link.queuedBytes > limit) this.#finish(endReason('consumer-overflow'));
  }

  #open(): ClientLink {
    const { connectTimeoutMs = DEFAULT_TIMEOUT_MS, tls = {}, network = systemNetwork() } = this.#options;
    this.#setTimer(connectTimeoutMs, () => this.#finish(endReason('connect-failed', 'ETIMEDOUT')));
    return new ClientLink(
      {
        url: this.#url,
        publication: this.#options.publication,
        transports: this.#transports,
        auth: this.#auth,
        userAgent: this.#options.userAgent,
        tls,
        network,
        clock: this.#clock,
      },
      {
        connected: () => this.#connected(),
        event: (event) => this.#handleEvent(event),
        packet: (trackIndex, isRtcp, packet) => this.#receive(trackIndex, isRtcp, packet),
        drained: () => this.#drained(),
        failed: (reason) => this.#failed(reason),
      },
    );
  }

  #connected(): void {
    this.#state = { name: 'starting' };
    this.#watch();
  }

  #handleEvent(event: ClientLinkEvent): void {
    switch (event.type) {
      case 'described':
        this.#described(event);
        break;
      case 'started':
        this.#state = { name: 'started' };
        this.#lastActiveMs = this.#clock.monotonicMs();
        this.#listener.started?.({ range: event.range, firstPackets: event.firstPackets });
        break;
      case 'redirect':
        this.#redirected(event.location);
        break;
      case 'refused':
        this.#refused(event);
        break;
      case 'stopped':
        this.#finish(endReason('peer-stopped'));
    }
  }

  #described({ description, sdp, tracks }: RtspDescribedEvent): void {
    const link = this.#link;
    const indices = this.#listener.described?.(description, tracks, sdp);
    const videoAndAudio = tracks.filter(({ media }) => media.media === 'video' || media.media === 'audio');
    link.setUp(indices ?? videoAndAudio.map(({ index }) => index));
  }

  #redirected(location: string): void {
    this.#redirects += 1;
    if (this.#redirects > MAX_REDIRECTS) {
      this.#finish(endReason('refused-by-peer', 'redirect', 'the server redirects too often'));
      return;
    }
    this.#url = resolveRedirect(this.#url, location);
    this.#auth = newAuth(this.#url);
    this.#beginAnew();
  }

  #refused({ method, status, reason }: RtspRefusedEvent): void {
    this.#finish(endReason('refused-by-peer', String(status), `${method}: ${status} ${reason}`.trim()));
  }

  #receive(trackIndex: number, isRtcp: boolean, packet: Uint8Array): void {
    this.#hasPackets = true;
    if (this.#options.publication === undefined) this.#lastActiveMs = this.#clock.monotonicMs();
    if (isRtcp) this.#listener.rtcp?.(trackIndex, packet);
    else this.#listener.rtp?.(trackIndex, packet);
  }

  #drained(): void {
    if (this.#state.name === 'started') this.#listener.drained?.();
  }

  #failed(reason: EndReason): void {
    const isClosed = reason.code === 'peer-closed' || reason.code === 'peer-reset';
    if (isClosed && this.#state.name === 'starting' && this.#auth.isUnproven && !this.#hasCalledAgain) {
      this.#hasCalledAgain = true;
      this.#beginAnew();
    } else {
      this.#finish(reason);
    }
  }

  #beginAnew(): void {
    const old = this.#link;
    this.#state = { name: 'connecting' };
    old.close();
    this.#link = this.#open();
  }

  /** Looks at the time limits again and again, once connected. */
  #watch(): void {
    this.#setTimer(WATCH_INTERVAL_MS, () => {
      const nowMs = this.#clock.monotonicMs();
      if (this.#state.name === 'started') this.#watchMedia(nowMs);
      else this.#watchStart(nowMs);
      // A server that asks and asks, and reads no answer.
      this.#checkQueue();
      if (this.#state.name === 'starting' || this.#state.name === 'started') this.#watch();
    });
  }

  #watchStart(nowMs: number): void {
    const { answerTimeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    if (nowMs - this.#link.askedMs >= answerTimeoutMs) this.#finish(endReason('handshake-timeout'));
  }

  #watchMedia(nowMs: number): void {
    const { idleTimeoutMs = DEFAULT_TIMEOUT_MS, firstPacketTimeoutMs = DEFAULT_FIRST_PACKET_TIMEOUT_MS } =
      this.#options;
    if (nowMs - this.#link.askedMs >= this.#link.keepAliveIntervalMs) this.#link.keepAlive();
    if (this.#isActive()) this.#lastActiveMs = nowMs;
    const idleMs = nowMs - this.#lastActiveMs;
    if (this.#mayFallBackToTcp()) {
      if (idleMs < firstPacketTimeoutMs) return;
      this.#transports = ['tcp'];
      this.#beginAnew();
    } else if (idleTimeoutMs > 0 && idleMs >= idleTimeoutMs) {
      this.#finish(endReason('idle-timeout'));
    }
  }

  /** Activity that no event tells: a publisher's bytes on their way, or nothing to do. */
  #isActive(): boolean {
    if (this.#options.publication === undefined) return this.#link.isPaused;
    const sentBytes = this.#link.bytesWritten - this.#link.queuedBytes;
    const isActive = this.#link.queuedBytes === 0 || sentBytes !== this.#lastSentBytes;
    this.#lastSentBytes = sentBytes;
    return isActive;
  }

  /** Firewalls let UDP packets of a server through to nobody, without telling. */
  #mayFallBackToTcp(): boolean {
    const isPlayer = this.#options.publication === undefined;
    return isPlayer && !this.#hasPackets && this.#link.usesUdp && this.#transports.includes('tcp');
  }

  #setTimer(delayMs: number, task: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(delayMs, task);
  }

  #finish(reason: EndReason): void {
    if (this.#state.name === 'ended') return;
    this.#cancelTimer();
    this.#state = { name: 'ended', reason };
    this.#link.close();
    this.#listener.ended(reason);
  }
}

function newAuth({ credentials }: RtspUrl): RtspClientAuth {
  return new RtspClientAuth(credentials, () => randomBytes(8).toString('hex'));
}
