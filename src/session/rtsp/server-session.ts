import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import { RtspStatus } from '../../protocol/rtsp/rtsp-status.ts';
import type { RtspServerConnection } from '../../protocol/rtsp/server-connection.ts';
import type {
  RtspAnnounceEvent,
  RtspDescribeEvent,
  RtspServerEvent,
  RtspServerSetupEvent,
} from '../../protocol/rtsp/server-events.ts';
import type { RtspOffer } from '../../protocol/rtsp/server-transports.ts';
import { PendingDecision } from './server-decision.ts';
import { SessionDeadlines, type RtspDeadlineLimits, type RtspSilence } from './server-deadlines.ts';
import type {
  RtspChallenge,
  RtspPlayFeed,
  RtspPresentation,
  RtspPublishTarget,
  RtspSessionHandler,
} from './server-handler.ts';
import { HeldSink } from './server-held-sink.ts';
import { ServerMedia } from './server-media.ts';
import { statusOfRefusal } from './server-refusals.ts';
import type { RtspServerTransport } from './server-transport.ts';
import type { UdpPorts } from '../net/udp-port-pool.ts';

/** Bounds of a session. `idleTimeoutMs` is also how long a DESCRIBE may wait for its stream. */
export interface RtspSessionLimits extends RtspDeadlineLimits {
  /** How long any other decision may take. */
  readonly admissionTimeoutMs: number;
  /** What a client may send ahead of a decision; about, since a transport is read in pieces. */
  readonly admissionBufferBytes: number;
}

/** A client that fails more often is guessing. */
const MAX_CHALLENGES = 6;

/** What the session is there for. */
type Role =
  | { readonly name: 'none' }
  | { readonly name: 'publisher'; readonly target: RtspPublishTarget }
  | { readonly name: 'player'; readonly presentation: RtspPresentation; feed: RtspPlayFeed | undefined };

/** One RTSP client of the server: drives a transport, and UDP ports, with an `RtspServerConnection`. */
export class RtspServerSession {
  readonly startedMs: number;
  readonly #transport: RtspServerTransport;
  readonly #connection: RtspServerConnection;
  readonly #handler: RtspSessionHandler;
  readonly #limits: RtspSessionLimits;
  readonly #media: ServerMedia;
  readonly #deadlines: SessionDeadlines;
  readonly #decision = new PendingDecision();
  readonly #clock: Clock;
  #role: Role = { name: 'none' };
  #challenges = 0;
  #endReason: EndReason | undefined;

  constructor(
    transport: RtspServerTransport,
    connection: RtspServerConnection,
    handler: RtspSessionHandler,
    limits: RtspSessionLimits,
    ports: UdpPorts,
    clock: Clock,
  ) {
    this.#transport = transport;
    this.#connection = connection;
    this.#handler = handler;
    this.#limits = limits;
    this.#media = new ServerMedia(transport, ports, (...packet) => this.#receivePacket(...packet));
    this.#clock = clock;
    this.startedMs = clock.wallMs();
    this.#deadlines = new SessionDeadlines(limits, clock.monotonicMs());
  }

  get remoteAddress(): string {
    return this.#transport.remoteAddress;
  }

  /** The client's address alone. */
  get remoteHost(): string {
    return this.#transport.remoteHost;
  }

  /** Ours, as the client reached it. */
  get localHost(): string {
    return this.#transport.localHost;
  }

  /** What carries the requests, and the packets unless these go over UDP. */
  get transportName(): RtspServerTransport['name'] | 'udp' {
    return this.#media.isUdp ? 'udp' : this.#transport.name;
  }

  get bytesRead(): number {
    return this.#transport.bytesRead + this.#media.udpCounters.receivedBytes;
  }

  get bytesWritten(): number {
    return this.#transport.bytesWritten + this.#media.udpCounters.sentBytes;
  }

  /** Packets from elsewhere on the session's UDP ports. */
  get strangerPackets(): number {
    return this.#media.udpCounters.strangerPackets;
  }

  get isEnded(): boolean {
    return this.#endReason !== undefined;
  }

  /** Begins to read; to be called once. */
  start(): void {
    this.#transport.start({
      received: (chunk) => this.#receive(chunk),
      drained: () => this.#drained(),
      ended: (reason) => this.#finish(reason),
    });
  }

  /** Enforces the time limits; to be called about once a second. */
  tick(nowMs: number): void {
    if (this.#decision.isPending) {
      const code = this.#decision.overdue(nowMs);
      if (code !== undefined) this.#refuse(endReason(code));
    } else {
      const code = this.#deadlines.overdue(nowMs, this.#silence);
      if (code !== undefined) this.#finish(endReason(code));
    }
  }

  /** Sends RTCP to a publisher, about the media that it sends. */
  sendReport(trackIndex: number, packet: Uint8Array): void {
    this.#media.sendRtcp(trackIndex, packet);
  }

  /** Ends the session; who waits for an answer gets one, and a player is told in RTP's words. */
  close(reason: EndReason): void {
    if (this.#endReason !== undefined) return;
    if (this.#connection.isAnswerOwed) this.#reject(reason);
    if (this.#role.name === 'player' && this.#role.feed !== undefined) this.#sayGoodbye(this.#role.feed);
    this.#finish(reason);
  }

  get #silence(): RtspSilence {
    const { state } = this.#connection;
    if (state === 'recording') return 'publisher';
    const isPaused = state === 'paused' || state === 'ready to record';
    return isPaused || this.#media.isUdp ? 'client that must speak' : 'player';
  }

  /** What media wants around its packets. */
  get #framing(): RtspServerTransport['framing'] {
    return this.#media.isUdp ? undefined : this.#transport.framing;
  }

  #receive(chunk: Uint8Array): void {
    if (this.#endReason !== undefined) return;
    this.#deadlines.received(this.#clock.monotonicMs());
    this.#connection.receive(chunk);
    this.#handleEvents();
    const isAhead = this.#connection.pendingBytes > this.#limits.admissionBufferBytes;
    if (this.#decision.isPending && isAhead) this.#transport.pause();
  }

  #handleEvents(): void {
    try {
      while (this.#endReason === undefined) {
        const event = this.#connection.nextEvent();
        if (event === undefined) break;
        this.#handleEvent(event);
      }
      this.#writeOutput();
    } catch (error) {
      this.#fail(error);
    }
  }

  #handleEvent(event: RtspServerEvent): void {
    switch (event.type) {
      case 'describe':
        this.#decide((isCurrent) => this.#describe(event, isCurrent), 'stream-not-found');
        break;
      case 'announce':
        this.#decide((isCurrent) => this.#announce(event, isCurrent));
        break;
      case 'setup':
        this.#setUp(event);
        break;
      case 'play':
        this.#play();
        break;
      case 'record':
        this.#record();
        break;
      case 'pause':
        this.#pause();
        break;
      case 'teardown':
        this.#writeOutput();
        this.#finish(endReason('peer-stopped'));
        break;
      case 'interleaved':
        this.#media.receiveInterleaved(event.channel, event.data);
        break;
    }
  }

  /**
   * Asks for a decision. What the client sends meanwhile waits in the connection; a client that leaves is noticed.
   * @param work is told whether anybody still waits for it
   */
  #decide(
    work: (isCurrent: () => boolean) => Promise<void>,
    timeoutCode: 'admission-timeout' | 'stream-not-found' = 'admission-timeout',
  ): void {
    const { idleTimeoutMs, admissionTimeoutMs } = this.#limits;
    const timeoutMs = timeoutCode === 'stream-not-found' ? idleTimeoutMs : admissionTimeoutMs;
    const isCurrent = this.#decision.begin(this.#clock.monotonicMs(), timeoutMs, timeoutCode);
    const decided = async (): Promise<void> => {
      await work(isCurrent);
      if (isCurrent()) this.#decided();
    };
    decided().catch((error: unknown) => this.#fail(error));
  }

  #decided(): void {
    this.#deadlines.waited(this.#decision.settle(this.#clock.monotonicMs()));
    this.#transport.resume();
    this.#handleEvents();
  }

  async #describe(event: RtspDescribeEvent, isCurrent: () => boolean): Promise<void> {
    const answer = await this.#handler.describe(this, event);
    if (!isCurrent()) return;
    if (!('description' in answer)) {
      this.#turnDown(answer);
      return;
    }
    this.#role = { name: 'player', presentation: answer, feed: undefined };
    this.#connection.acceptDescribe(answer.description);
  }

  async #announce(event: RtspAnnounceEvent, isCurrent: () => boolean): Promise<void> {
    const answer = await this.#handler.announce(this, event);
    if (!('receiveRtp' in answer)) {
      if (isCurrent()) this.#turnDown(answer);
    } else if (isCurrent()) {
      this.#role = { name: 'publisher', target: answer };
      this.#connection.acceptAnnounce();
    } else {
      answer.close(this.#endReason ?? endReason('admission-timeout'));
    }
  }

  #turnDown(answer: RtspChallenge | EndReason): void {
    if (!('wwwAuthenticate' in answer)) {
      this.#refuse(answer);
      return;
    }
    this.#challenges += 1;
    this.#connection.challenge(answer.wwwAuthenticate);
    if (this.#challenges <= MAX_CHALLENGES) return;
    this.#writeOutput();
    this.#finish(endReason('refused'));
  }

  #setUp(event: RtspServerSetupEvent): void {
    const offer = event.offers[0]!;
    if (offer.kind === 'interleaved') this.#acceptChannels(event.trackIndex, offer);
    else this.#decide((isCurrent) => this.#setUpUdp(event, offer, isCurrent));
  }

  /** Without a port the client's next choice may do. */
  async #setUpUdp(
    { mode, trackIndex, offers }: RtspServerSetupEvent,
    offer: Extract<RtspOffer, { kind: 'udp' }>,
    isCurrent: () => boolean,
  ): Promise<void> {
    const use = mode === 'record' ? 'publish' : 'play';
    const serverPorts = await this.#media.openPorts(trackIndex, offer.clientPorts, use);
    if (!isCurrent()) return;
    const other = offers.find(({ kind }) => kind === 'interleaved');
    if (serverPorts !== undefined) this.#connection.acceptSetup(offer, { serverPorts });
    else if (other?.kind === 'interleaved') this.#acceptChannels(trackIndex, other);
    else this.#connection.reject(RtspStatus.serviceUnavailable);
  }

  #acceptChannels(trackIndex: number, offer: Extract<RtspOffer, { kind: 'interleaved' }>): void {
    this.#media.addChannels(trackIndex, offer.channels);
    this.#connection.acceptSetup(offer);
  }

  #play(): void {
    const role = this.#role;
    if (role.name !== 'player') return;
    const sink = new HeldSink(this.#media.sink((reason) => this.close(reason)));
    const feed = role.presentation.play(this.#media.playTracks(), sink, this.#framing);
    // The feed may have ended the session with the first bytes it wrote.
    if (this.#endReason !== undefined) {
      feed.close(this.#endReason);
      return;
    }
    role.feed = feed;
    this.#deadlines.granted(this.#clock.monotonicMs());
    this.#connection.acceptPlay(feed.starts);
    this.#writeOutput();
    sink.release();
  }

  #record(): void {
    if (this.#role.name !== 'publisher') return;
    const trackIndices = this.#connection.tracks.map(({ trackIndex }) => trackIndex);
    this.#role.target.record({ trackIndices, keepsOrder: !this.#media.isUdp });
    this.#deadlines.granted(this.#clock.monotonicMs());
    this.#connection.acceptRecord();
  }

  /** A publisher's packets are passed over until it records on. */
  #pause(): void {
    const role = this.#role;
    if (role.name !== 'player') return;
    role.feed?.close(endReason('peer-stopped'));
    role.feed = undefined;
  }

  #receivePacket(trackIndex: number, isRtcp: boolean, packet: Uint8Array): void {
    if (this.#endReason !== undefined) return;
    const nowMs = this.#clock.monotonicMs();
    this.#deadlines.received(nowMs);
    const role = this.#role;
    if (role.name !== 'publisher' || this.#connection.state !== 'recording') return;
    this.#deadlines.receivedMedia(nowMs);
    try {
      if (isRtcp) role.target.receiveRtcp(trackIndex, packet);
      else role.target.receiveRtp(trackIndex, packet);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Answers in RTSP, then ends: whoever was refused begins anew. */
  #refuse(reason: EndReason): void {
    this.#reject(reason);
    this.#finish(reason);
  }

  #fail(error: unknown): void {
    if (this.#endReason !== undefined) return;
    const reason = endReasonOfError(error);
    if (this.#connection.isAnswerOwed) this.#reject(reason);
    else this.#writeOutput();
    this.#finish(reason);
  }

  #reject({ code }: EndReason): void {
    this.#connection.reject(statusOfRefusal(code));
    this.#writeOutput();
  }

  #sayGoodbye(feed: RtspPlayFeed): void {
    const packets = feed.goodbye();
    const bytes = this.#framing?.frame(packets) ?? packets;
    if (bytes.length > 0) this.#media.sink(() => undefined).write(bytes);
  }

  /** Whoever does not read our answers is not read either: they would pile up here. */
  #writeOutput(): void {
    let hasRoom = true;
    for (const bytes of this.#connection.takeOutput()) hasRoom = this.#transport.send(bytes);
    if (!hasRoom && this.#endReason === undefined) this.#transport.pause();
  }

  #drained(): void {
    if (this.#endReason !== undefined) return;
    if (this.#role.name === 'player') this.#role.feed?.resume();
    if (!this.#decision.isPending) this.#transport.resume();
  }

  /** The one way out: runs once, for whatever reason came first. */
  #finish(reason: EndReason): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#decision.settle(this.#clock.monotonicMs());
    if (this.#role.name === 'publisher') this.#role.target.close(reason);
    else if (this.#role.name === 'player') this.#role.feed?.close(reason);
    this.#media.close();
    this.#handler.ended(this, reason);
    this.#transport.close(reason);
  }
}
