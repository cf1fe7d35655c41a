import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError, type EndCode, type EndReason } from '../../media/end-reason.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import type { RtspInterleavedPacket } from '../../protocol/rtsp/rtsp-reader.ts';
import { RtspStatus } from '../../protocol/rtsp/rtsp-status.ts';
import type { RtspServerConnection } from '../../protocol/rtsp/server-connection.ts';
import type {
  RtspAnnounceEvent,
  RtspDescribeEvent,
  RtspServerEvent,
  RtspSetupEvent,
} from '../../protocol/rtsp/server-events.ts';
import type {
  RtspChallenge,
  RtspPlayFeed,
  RtspPlayTrack,
  RtspPresentation,
  RtspPublishTarget,
  RtspSessionHandler,
  RtspSink,
} from './server-handler.ts';
import type { RtspServerTransport } from './server-transport.ts';
import type { RtspUdpPorts } from './udp-port-pool.ts';
import { UdpSink } from './udp-sink.ts';
import { UdpTrack } from './udp-track.ts';

/** Bounds of a session. */
export interface RtspSessionLimits {
  /** From accept to a PLAY or RECORD that was granted; waiting for a stream does not count. */
  readonly handshakeTimeoutMs: number;
  /** How long a decision may take; not that on a DESCRIBE, which waits for the stream. */
  readonly admissionTimeoutMs: number;
  /** How long a DESCRIBE may wait for its stream, and a publisher may send nothing. */
  readonly idleTimeoutMs: number;
  /** What a client may send ahead of a decision. */
  readonly admissionBufferBytes: number;
  /** How long a player over UDP may say nothing: longer than the `Session` header tells it. */
  readonly silenceTimeoutMs: number;
}

/** A client that fails more often is guessing. */
const MAX_CHALLENGES = 6;

/** What the session is there for. */
type Role =
  | { readonly name: 'none' }
  | { readonly name: 'publisher'; readonly target: RtspPublishTarget }
  | { readonly name: 'player'; readonly presentation: RtspPresentation; feed: RtspPlayFeed | undefined };

/** A request that is being decided on. */
interface Decision {
  readonly sinceMs: number;
  readonly timeoutMs: number;
  readonly timeoutCode: EndCode;
}

/** One RTSP client of the server: drives a transport, and UDP ports, with an `RtspServerConnection`. */
export class RtspServerSession {
  readonly startedMs: number;
  readonly #transport: RtspServerTransport;
  readonly #connection: RtspServerConnection;
  readonly #handler: RtspSessionHandler;
  readonly #limits: RtspSessionLimits;
  readonly #ports: RtspUdpPorts;
  readonly #clock: Clock;
  /** By index in the description. */
  readonly #udpTracks = new Map<number, UdpTrack>();
  #role: Role = { name: 'none' };
  #decision: Decision | undefined;
  #challenges = 0;
  #handshakeSinceMs: number | undefined;
  #lastReceivedMs: number;
  #endReason: EndReason | undefined;

  constructor(
    transport: RtspServerTransport,
    connection: RtspServerConnection,
    handler: RtspSessionHandler,
    limits: RtspSessionLimits,
    ports: RtspUdpPorts,
    clock: Clock,
  ) {
    this.#transport = transport;
    this.#connection = connection;
    this.#handler = handler;
    this.#limits = limits;
    this.#ports = ports;
    this.#clock = clock;
    this.startedMs = clock.wallMs();
    this.#lastReceivedMs = clock.monotonicMs();
    this.#handshakeSinceMs = this.#lastReceivedMs;
  }

  get remoteAddress(): string {
    return this.#transport.remoteAddress;
  }

  /** The client's address alone. */
  get remoteHost(): string {
    return this.#transport.remoteHost;
  }

  get localHost(): string {
    return this.#transport.localHost;
  }

  get isSecure(): boolean {
    return this.#transport.isSecure;
  }

  /** What carries the requests, and the packets unless these go over UDP. */
  get transportName(): RtspServerTransport['name'] | 'udp' {
    return this.#udpTracks.size > 0 ? 'udp' : this.#transport.name;
  }

  get bytesRead(): number {
    return this.#sumOverTracks(this.#transport.bytesRead, ({ counters }) => counters.receivedBytes);
  }

  get bytesWritten(): number {
    return this.#sumOverTracks(this.#transport.bytesWritten, ({ counters }) => counters.sentBytes);
  }

  /** Packets from elsewhere on the session's UDP ports. */
  get strangerPackets(): number {
    return this.#sumOverTracks(0, ({ counters }) => counters.strangerPackets);
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
    const { handshakeTimeoutMs, idleTimeoutMs, silenceTimeoutMs } = this.#limits;
    const decision = this.#decision;
    if (decision !== undefined && nowMs - decision.sinceMs > decision.timeoutMs) {
      this.#refuse(endReason(decision.timeoutCode));
      return;
    }
    const { state } = this.#connection;
    const silentMs = nowMs - this.#lastReceivedMs;
    const isPlayingOverUdp = this.#role.name === 'player' && this.#udpTracks.size > 0;
    if (state === 'recording') {
      if (silentMs > idleTimeoutMs) this.#finish(endReason('idle-timeout'));
    } else if (state === 'playing' || state === 'paused') {
      if (isPlayingOverUdp && silentMs > silenceTimeoutMs) this.#finish(endReason('idle-timeout'));
    } else if (decision === undefined && nowMs - (this.#handshakeSinceMs ?? nowMs) > handshakeTimeoutMs) {
      this.#finish(endReason('handshake-timeout'));
    }
  }

  /** Sends RTCP to a publisher, about the media that it sends. */
  sendReport(trackIndex: number, packet: Uint8Array): void {
    if (this.#endReason !== undefined) return;
    const udp = this.#udpTracks.get(trackIndex);
    if (udp !== undefined) {
      udp.rtcp.send(packet, 0, packet.length);
      return;
    }
    const channels = channelsOf(this.#connection, trackIndex);
    if (channels !== undefined) this.#transport.send(serializeInterleavedPacket(channels.rtcp, packet));
  }

  /** Ends the session; a player is told in RTP's words first. */
  close(reason: EndReason): void {
    const role = this.#role;
    if (this.#endReason === undefined && role.name === 'player' && role.feed !== undefined) {
      const packets = role.feed.goodbye();
      const { framing } = this.#transport;
      const isFramed = framing !== undefined && this.#udpTracks.size === 0;
      this.#sinkOf(this.#playTracks()).write(isFramed ? framing.frame(packets) : packets);
    }
    this.#finish(reason);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#endReason !== undefined) return;
    this.#lastReceivedMs = this.#clock.monotonicMs();
    this.#connection.receive(chunk);
    this.#handleEvents();
    const isAhead = this.#connection.pendingBytes > this.#limits.admissionBufferBytes;
    if (this.#decision !== undefined && isAhead) this.#transport.pause();
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
      this.#writeOutput();
      this.#finish(endReasonOfError(error));
    }
  }

  #handleEvent(event: RtspServerEvent): void {
    const { admissionTimeoutMs, idleTimeoutMs } = this.#limits;
    switch (event.type) {
      case 'describe':
        this.#decide(idleTimeoutMs, 'stream-not-found', () => this.#describe(event));
        break;
      case 'announce':
        this.#decide(admissionTimeoutMs, 'admission-timeout', () => this.#announce(event));
        break;
      case 'setup':
        this.#decide(admissionTimeoutMs, 'admission-timeout', () => this.#setUp(event));
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
        this.#receivePacket(event);
        break;
    }
  }

  /** Asks for a decision. What the client sends meanwhile waits in the connection. */
  #decide(timeoutMs: number, timeoutCode: EndCode, decide: () => Promise<void>): void {
    const decision = { sinceMs: this.#clock.monotonicMs(), timeoutMs, timeoutCode };
    this.#decision = decision;
    decide()
      .then(() => {
        if (this.#endReason !== undefined || this.#decision !== decision) return;
        this.#decided();
      })
      .catch((error: unknown) => this.#finish(endReasonOfError(error)));
  }

  #decided(): void {
    this.#decision = undefined;
    // The client has not been idle: it had to wait for us.
    if (this.#handshakeSinceMs !== undefined) this.#handshakeSinceMs = this.#clock.monotonicMs();
    this.#writeOutput();
    this.#transport.resume();
    this.#handleEvents();
  }

  async #describe(event: RtspDescribeEvent): Promise<void> {
    const decision = this.#decision;
    const answer = await this.#handler.describe(this, event);
    if (this.#decision !== decision || this.#endReason !== undefined) return;
    if (this.#turnsDown(answer)) return;
    this.#role = { name: 'player', presentation: answer, feed: undefined };
    this.#connection.acceptDescribe(answer.description);
  }

  async #announce(event: RtspAnnounceEvent): Promise<void> {
    const decision = this.#decision;
    const answer = await this.#handler.announce(this, event);
    if (this.#decision !== decision || this.#endReason !== undefined) {
      if ('receiveRtp' in answer) answer.close(this.#endReason ?? endReason('admission-timeout'));
      return;
    }
    if (this.#turnsDown(answer)) return;
    this.#stop(endReason('peer-stopped'));
    this.#role = { name: 'publisher', target: answer };
    this.#connection.acceptAnnounce();
  }

  /** Answers a request that is not granted. */
  #turnsDown<T extends object>(answer: T | RtspChallenge | EndReason): answer is RtspChallenge | EndReason {
    if ('wwwAuthenticate' in answer) {
      this.#challenges += 1;
      this.#connection.challenge(answer.wwwAuthenticate);
      if (this.#challenges > MAX_CHALLENGES) {
        this.#writeOutput();
        this.#finish(endReason('refused'));
      }
      return true;
    }
    if ('code' in answer) {
      this.#connection.reject(statusOf((answer as EndReason).code));
      return true;
    }
    return false;
  }

  async #setUp({ mode, trackIndex, offers }: RtspSetupEvent): Promise<void> {
    const decision = this.#decision;
    const offer = offers[0]!;
    if (offer.kind === 'interleaved') {
      this.#connection.acceptSetup(offer);
      return;
    }
    const pair = await this.#ports.open(this.localHost, mode === 'record' ? 'publish' : 'play');
    if (this.#decision !== decision || this.#endReason !== undefined) {
      pair?.close();
      return;
    }
    if (pair === undefined) {
      this.#connection.reject(RtspStatus.serviceUnavailable);
      return;
    }
    const track = new UdpTrack(pair, this.remoteHost, offer.clientPorts, (packet, isRtcp) =>
      this.#receiveOfTrack(trackIndex, isRtcp, packet),
    );
    this.#udpTracks.set(trackIndex, track);
    this.#connection.acceptSetup(offer, { serverPorts: track.ports });
  }

  #play(): void {
    const role = this.#role;
    if (role.name !== 'player') return;
    const { framing } = this.#transport;
    const tracks = this.#playTracks();
    // What is written before the reply would be taken for it.
    const sink = new HeldSink(this.#sinkOf(tracks));
    const feed = role.presentation.play(tracks, sink, this.#udpTracks.size > 0 ? undefined : framing);
    if (this.#endReason !== undefined) {
      feed.close(this.#endReason);
      return;
    }
    role.feed = feed;
    this.#handshakeSinceMs = undefined;
    this.#connection.acceptPlay(feed.starts);
    this.#writeOutput();
    sink.release();
  }

  #record(): void {
    if (this.#role.name !== 'publisher') return;
    const trackIndices = this.#connection.tracks.map(({ trackIndex }) => trackIndex);
    this.#role.target.record({ trackIndices, keepsOrder: this.#udpTracks.size === 0 });
    this.#handshakeSinceMs = undefined;
    this.#connection.acceptRecord();
  }

  #pause(): void {
    const role = this.#role;
    if (role.name !== 'player') return;
    role.feed?.close(endReason('peer-stopped'));
    role.feed = undefined;
  }

  #receivePacket({ channel, data }: RtspInterleavedPacket): void {
    for (const { trackIndex, offer } of this.#connection.tracks) {
      if (offer.kind !== 'interleaved') continue;
      if (channel === offer.channels.rtp) this.#receiveOfTrack(trackIndex, false, data);
      else if (channel === offer.channels.rtcp) this.#receiveOfTrack(trackIndex, true, data);
    }
  }

  #receiveOfTrack(trackIndex: number, isRtcp: boolean, packet: Uint8Array): void {
    this.#lastReceivedMs = this.#clock.monotonicMs();
    const role = this.#role;
    if (role.name !== 'publisher' || this.#connection.state !== 'recording') return;
    if (isRtcp) role.target.receiveRtcp(trackIndex, packet);
    else role.target.receiveRtp(trackIndex, packet);
  }

  #playTracks(): RtspPlayTrack[] {
    return this.#connection.tracks.map(({ trackIndex, offer }) => ({
      trackIndex,
      channels: offer.kind === 'interleaved' ? offer.channels : canonicalChannels(trackIndex),
    }));
  }

  #sinkOf(tracks: readonly RtspPlayTrack[]): RtspSink {
    const end = (reason: EndReason): void => this.close(reason);
    if (this.#udpTracks.size > 0) {
      const udpTracks = tracks.map(({ trackIndex, channels }) => ({
        track: this.#udpTracks.get(trackIndex)!,
        rtpChannel: channels.rtp,
        rtcpChannel: channels.rtcp,
      }));
      return new UdpSink(udpTracks, end);
    }
    const transport = this.#transport;
    return {
      get queuedBytes() {
        return transport.queuedBytes;
      },
      write: (bytes) => transport.sendMedia(bytes),
      end,
    };
  }

  #refuse(reason: EndReason): void {
    this.#connection.reject(statusOf(reason.code));
    this.#writeOutput();
    this.#finish(reason);
  }

  /** Whoever does not read our answers is not read either: they would pile up here. */
  #writeOutput(): void {
    let hasRoom = true;
    for (const bytes of this.#connection.takeOutput()) hasRoom = this.#transport.send(bytes);
    if (!hasRoom && this.#endReason === undefined) this.#transport.pause();
  }

  #drained(): void {
    if (this.#role.name === 'player') this.#role.feed?.resume();
    if (this.#decision === undefined) this.#transport.resume();
  }

  /** Detaches from the hub, if attached. */
  #stop(reason: EndReason): void {
    const role = this.#role;
    if (role.name === 'publisher') role.target.close(reason);
    else if (role.name === 'player') role.feed?.close(reason);
    this.#role = { name: 'none' };
  }

  #sumOverTracks(base: number, valueOf: (track: UdpTrack) => number): number {
    let sum = base;
    for (const track of this.#udpTracks.values()) sum += valueOf(track);
    return sum;
  }

  /** The one way out: runs once, for whatever reason came first. */
  #finish(reason: EndReason): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#decision = undefined;
    this.#stop(reason);
    for (const track of this.#udpTracks.values()) track.close();
    this.#handler.ended(this, reason);
    this.#transport.close(reason);
  }
}

/** Keeps what a feed writes until the reply to PLAY is out. */
class HeldSink implements RtspSink {
  readonly #sink: RtspSink;
  #held: Uint8Array[] | undefined = [];
  #heldBytes = 0;

  constructor(sink: RtspSink) {
    this.#sink = sink;
  }

  get queuedBytes(): number {
    return this.#heldBytes + this.#sink.queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#held === undefined) return this.#sink.write(bytes);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    return true;
  }

  end(reason: EndReason): void {
    this.#sink.end(reason);
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    for (const bytes of held) this.#sink.write(bytes);
  }
}

/** The channels of tracks over UDP, which have none of their own: the same for all such players. */
function canonicalChannels(trackIndex: number): { readonly rtp: number; readonly rtcp: number } {
  return { rtp: 2 * trackIndex, rtcp: 2 * trackIndex + 1 };
}

function channelsOf(
  { tracks }: RtspServerConnection,
  trackIndex: number,
): { readonly rtp: number; readonly rtcp: number } | undefined {
  const offer = tracks.find((track) => track.trackIndex === trackIndex)?.offer;
  return offer?.kind === 'interleaved' ? offer.channels : undefined;
}

/** How RTSP names a refusal. */
function statusOf(code: EndCode): number {
  switch (code) {
    case 'name-refused':
      return RtspStatus.badRequest;
    case 'stream-not-found':
      return RtspStatus.notFound;
    case 'limit-reached':
    case 'admission-timeout':
    case 'server-shutdown':
      return RtspStatus.serviceUnavailable;
    case 'internal-error':
      return RtspStatus.internalServerError;
    default:
      return RtspStatus.forbidden;
  }
}
