import type { Socket } from 'node:net';
import type { Clock } from '../../media/clock.ts';
import { endReason, endReasonOfError } from '../../media/end-reason.ts';
import type { EndReason } from '../../media/end-reason.ts';
import { RtspClientConnection } from '../../protocol/rtsp/client-connection.ts';
import type { RtspClientConnectionOptions } from '../../protocol/rtsp/client-connection.ts';
import type {
  RtspClientEvent,
  RtspClientPacket,
  RtspDescribedEvent,
  RtspRedirectEvent,
  RtspRefusedEvent,
  RtspSetupEvent,
  RtspStartedEvent,
  RtspStoppedEvent,
} from '../../protocol/rtsp/client-events.ts';
import type { RtspClientTransportKind } from '../../protocol/rtsp/client-transport.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import type { RtspUrl } from '../../protocol/rtsp/rtsp-url.ts';
import { remoteAddressOf } from '../net/address.ts';
import { closeSocket } from '../net/close-socket.ts';
import type { RtspClientNetwork } from './client-network.ts';
import { splitCanonicalPackets } from './client-packet-splitter.ts';
import { ClientUdpMedia } from './client-udp-media.ts';
import type { ClientTlsOptions } from '../net/client-socket.ts';

/** What the server sent over UDP before it closed the connection may be read after that: it comes another way. */
const LAST_PACKETS_MS = 200;

/** What a link leaves to its session. */
export type ClientLinkEvent =
  | RtspDescribedEvent
  | RtspStartedEvent
  | RtspRedirectEvent
  | RtspRefusedEvent
  | RtspStoppedEvent;

/** What a link tells its session. A call that throws makes the link fail. */
export interface ClientLinkListener {
  /** Socket and TLS are up. */
  connected(): void;
  event(event: ClientLinkEvent): void;
  packet(trackIndex: number, isRtcp: boolean, packet: Uint8Array): void;
  drained(): void;
  /** The link is of no more use. It is not closed. */
  failed(reason: EndReason): void;
}

/** What a link is made of. */
export interface ClientLinkOptions extends Omit<RtspClientConnectionOptions, 'url'> {
  readonly url: RtspUrl;
  readonly tls: ClientTlsOptions;
  readonly network: RtspClientNetwork;
  readonly clock: Clock;
}

/** One RTSP connection of a client session, with its socket and the UDP ports of its tracks. */
export class ClientLink {
  readonly #options: ClientLinkOptions;
  readonly #listener: ClientLinkListener;
  readonly #socket: Socket;
  readonly #connection: RtspClientConnection;
  /** `undefined` before the socket is connected. */
  #udp: ClientUdpMedia | undefined;
  /** Closed, or failed: nothing is told any more. */
  #isOver = false;
  #usesUdp = false;
  #askedMs = 0;
  #requestsSeen = 0;
  #cancelLastPackets: (() => void) | undefined;
  /** All tracks travel in the channels that `splitCanonicalPackets` names. */
  #isCanonical = false;

  /** Connects at once; nothing is told before this returns. */
  constructor(options: ClientLinkOptions, listener: ClientLinkListener) {
    this.#options = options;
    this.#listener = listener;
    this.#connection = new RtspClientConnection({ ...options, url: options.url.requestUrl });
    const socket = options.network.connect(options.url, options.tls, () => this.#connected());
    this.#socket = socket;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('drain', () => this.#guard(() => listener.drained()));
    socket.on('error', (error) => this.#fail(this.#reasonOf(error)));
    socket.on('end', () => this.#closedByPeer());
    socket.on('close', () => this.#closedByPeer());
  }

  /** `ip:port` of the server; empty while there is no connection. */
  get remoteAddress(): string {
    return remoteAddressOf(this.#socket);
  }

  /** Over TCP and UDP. */
  get bytesRead(): number {
    return this.#socket.bytesRead + (this.#udp?.bytesReceived ?? 0);
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten + (this.#udp?.bytesSent ?? 0);
  }

  /** Bytes taken and not yet handed to the operating system. */
  get queuedBytes(): number {
    return this.#socket.writableLength + (this.#udp?.queuedBytes ?? 0);
  }

  get isPaused(): boolean {
    return this.#socket.isPaused();
  }

  /** At least one track travels over UDP. */
  get usesUdp(): boolean {
    return this.#usesUdp;
  }

  /** When the last request was sent. */
  get askedMs(): number {
    return this.#askedMs;
  }

  get keepAliveIntervalMs(): number {
    return this.#connection.keepAliveIntervalMs;
  }

  /** Packets that belong to no track, or did not come from the server. */
  get strayPackets(): number {
    return this.#connection.strayPackets + (this.#udp?.strayPackets ?? 0);
  }

  transportOf(trackIndex: number): RtspClientTransportKind | undefined {
    return this.#connection.transportOf(trackIndex)?.kind;
  }

  /** Answers `described`. @throws ProtocolError `ERR_RTSP_NO_TRACK` */
  setUp(trackIndices: readonly number[]): void {
    this.#connection.setUp(trackIndices);
  }

  keepAlive(): void {
    this.#connection.keepAlive();
    this.#writeOutput();
  }

  /**
   * Sends packets that were made for canonical channels; see `splitCanonicalPackets`.
   * @param bytes shared and unchanged from now on
   * @returns false when bytes wait, and for ever once the socket takes no more
   */
  writePackets(bytes: Uint8Array): boolean {
    if (this.#isCanonical) return this.#write(bytes);
    splitCanonicalPackets(bytes, (trackIndex, isRtcp, packet) => this.sendPacket(trackIndex, isRtcp, packet));
    return this.#socket.writable && !this.#socket.writableNeedDrain;
  }

  /** Sends one packet the way its track travels; nothing when the track is not set up. */
  sendPacket(trackIndex: number, isRtcp: boolean, packet: Uint8Array): void {
    const transport = this.#connection.transportOf(trackIndex);
    if (transport?.kind === 'udp') {
      this.#udp?.send(trackIndex, isRtcp, packet);
    } else if (transport !== undefined) {
      const channel = isRtcp ? transport.channels.rtcp : transport.channels.rtp;
      this.#write(serializeInterleavedPacket(channel, packet));
    }
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Says goodbye to the server, if it was reached, and closes everything. Nothing is told any more. */
  close(): void {
    this.#isOver = true;
    this.#cancelLastPackets?.();
    if (this.#udp === undefined || !this.#socket.writable) {
      this.#socket.destroy();
    } else {
      this.#connection.end();
      this.#writeOutput();
      closeSocket(this.#socket, this.#options.clock);
    }
    this.#udp?.close();
  }

  get #mode(): 'publish' | 'play' {
    return this.#options.publication === undefined ? 'play' : 'publish';
  }

  #connected(): void {
    if (this.#isOver) return;
    const { localAddress = '', remoteAddress = '' } = this.#socket;
    this.#udp = new ClientUdpMedia({
      ports: this.#options.network.udpPorts,
      mode: this.#mode,
      localAddress,
      serverAddress: remoteAddress,
      onPacket: (trackIndex, isRtcp, packet) =>
        this.#guard(() => this.#listener.packet(trackIndex, isRtcp, packet)),
    });
    this.#guard(() => {
      this.#listener.connected();
      this.#writeOutput();
    });
  }

  #receive(chunk: Uint8Array): void {
    this.#guard(() => {
      this.#connection.receive(chunk);
      this.#handleEvents();
    });
  }

  #handleEvents(): void {
    // The listener may close the link.
    while (!this.#isOver) {
      const event = this.#connection.nextEvent();
      if (event === undefined) break;
      this.#handleEvent(event);
    }
    if (!this.#isOver) this.#writeOutput();
  }

  #handleEvent(event: RtspClientEvent): void {
    switch (event.type) {
      case 'packet':
        this.#handlePacket(event);
        break;
      case 'ports-needed':
      case 'track':
      case 'track-refused':
        this.#handleSetup(event, this.#udp!);
        break;
      case 'started':
        this.#isCanonical = this.#hasCanonicalChannels();
        this.#listener.event(event);
        break;
      default:
        this.#listener.event(event);
    }
  }

  #handlePacket({ trackIndex, isRtcp, packet }: RtspClientPacket): void {
    this.#listener.packet(trackIndex, isRtcp, packet);
  }

  #handleSetup(event: RtspSetupEvent, udp: ClientUdpMedia): void {
    const { trackIndex } = event;
    if (event.type === 'ports-needed') {
      void this.#bind(trackIndex, udp);
    } else if (event.type === 'track' && event.transport.kind === 'udp') {
      this.#usesUdp = true;
      udp.open(trackIndex, event.transport);
      if (this.#mode === 'play') udp.punchHole(trackIndex);
    } else {
      udp.release(trackIndex);
    }
  }

  /** Never rejects: without ports the track travels otherwise. */
  async #bind(trackIndex: number, udp: ClientUdpMedia): Promise<void> {
    const ports = await udp.bind(trackIndex);
    this.#guard(() => {
      this.#connection.usePorts(ports);
      this.#handleEvents();
    });
  }

  #hasCanonicalChannels(): boolean {
    return (this.#options.publication?.controls ?? []).every((_, trackIndex) => {
      const transport = this.#connection.transportOf(trackIndex);
      if (transport?.kind !== 'tcp') return false;
      const { rtp, rtcp } = transport.channels;
      return rtp === trackIndex * 2 && rtcp === rtp + 1;
    });
  }

  #writeOutput(): void {
    if (this.#udp === undefined) return;
    for (const bytes of this.#connection.takeOutput()) this.#write(bytes);
    if (this.#connection.requestsSent === this.#requestsSeen) return;
    this.#requestsSeen = this.#connection.requestsSent;
    this.#askedMs = this.#options.clock.monotonicMs();
  }

  #write(bytes: Uint8Array): boolean {
    return this.#socket.writable && this.#socket.write(bytes);
  }

  #guard(work: () => void): void {
    if (this.#isOver) return;
    try {
      work();
    } catch (error) {
      this.#fail(endReasonOfError(error));
    }
  }

  #closedByPeer(): void {
    const reason = endReason('peer-closed');
    if (this.#isOver || !this.#usesUdp || this.#mode === 'publish') {
      this.#fail(reason);
      return;
    }
    this.#cancelLastPackets ??= this.#options.clock.after(LAST_PACKETS_MS, () => this.#fail(reason));
  }

  #fail(reason: EndReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.failed(reason);
  }

  #reasonOf(error: Error): EndReason {
    if (this.#udp !== undefined) return endReasonOfError(error);
    const { code } = error as NodeJS.ErrnoException;
    // An attempt on several addresses fails with an error that has no text of its own.
    return endReason('connect-failed', code, error.message === '' ? undefined : error.message);
  }
}
