import type { Socket } from 'node:dgram';
import type { PortPair } from '../../protocol/rtsp/transport-header.ts';
import { plainHost } from '../net/address.ts';
import type { UdpPortPair } from '../net/udp-port-pool.ts';

/** What a track has received and sent. */
export interface UdpCounters {
  receivedBytes: number;
  sentBytes: number;
  /** Packets of others than the client, which were ignored. */
  strangerPackets: number;
  /** Packets that were not sent because too many waited. */
  droppedPackets: number;
}

/** What the system has not taken yet; beyond, packets are dropped, as any router would. */
const MAX_SEND_QUEUE_BYTES = 4 * 1024 * 1024;

/** One track over UDP: a port for RTP and one for RTCP, and the client's two. */
export class UdpTrack {
  readonly counters: UdpCounters = {
    receivedBytes: 0,
    sentBytes: 0,
    strangerPackets: 0,
    droppedPackets: 0,
  };
  readonly rtp: UdpChannel;
  readonly rtcp: UdpChannel;
  readonly #pair: UdpPortPair;

  /**
   * @param clientHost the address that the client's RTSP connection comes from: nobody else is listened or sent to
   * @param clientPorts as it named them; `undefined`: nothing can be sent until something was received
   * @param received called for each packet of the client; the bytes are fresh
   */
  constructor(
    pair: UdpPortPair,
    clientHost: string,
    clientPorts: PortPair | undefined,
    received: (packet: Uint8Array, isRtcp: boolean) => void,
  ) {
    this.#pair = pair;
    const { counters } = this;
    this.rtp = new UdpChannel(pair.rtp, clientHost, clientPorts?.rtp, counters, (packet) =>
      received(packet, false),
    );
    this.rtcp = new UdpChannel(pair.rtcp, clientHost, clientPorts?.rtcp, counters, (packet) =>
      received(packet, true),
    );
  }

  /** Ours. */
  get ports(): PortPair {
    return { rtp: this.#pair.port, rtcp: this.#pair.port + 1 };
  }

  /** Frees the ports; nothing is sent or received any more. Twice is harmless. */
  close(): void {
    this.rtp.close();
    this.rtcp.close();
    this.#pair.close();
  }
}

/** One of our ports, towards one of the client's. */
export class UdpChannel {
  readonly #socket: Socket;
  readonly #clientHost: string;
  readonly #counters: UdpCounters;
  readonly #received: (packet: Uint8Array) => void;
  #clientPort: number | undefined;
  /** From the first packet on its port is the client's: behind NAT it is another than the client believes. */
  #isLatched = false;
  #isClosed = false;

  constructor(
    socket: Socket,
    clientHost: string,
    clientPort: number | undefined,
    counters: UdpCounters,
    received: (packet: Uint8Array) => void,
  ) {
    this.#socket = socket;
    this.#clientHost = clientHost;
    this.#clientPort = clientPort;
    this.#counters = counters;
    this.#received = received;
    socket.on('message', (packet, { address, port }) => this.#receive(packet, plainHost(address), port));
  }

  /** Whether packets can go out. To be asked once for many. */
  get isOpen(): boolean {
    return this.#clientPort !== undefined && !this.#isClosed && this.queuedBytes < MAX_SEND_QUEUE_BYTES;
  }

  /** Bytes the system has not taken yet. */
  get queuedBytes(): number {
    return this.#isClosed ? 0 : this.#socket.getSendQueueSize();
  }

  /** Sends one packet. @param packet not copied, and not changed by anybody */
  send(packet: Uint8Array): void {
    if (this.#clientPort === undefined || this.#isClosed) return;
    this.#socket.send(packet, this.#clientPort, this.#clientHost);
    this.#counters.sentBytes += packet.length;
  }

  close(): void {
    this.#isClosed = true;
  }

  #receive(packet: Uint8Array, host: string, port: number): void {
    if (this.#isClosed) return;
    if (host !== this.#clientHost || (this.#isLatched && port !== this.#clientPort)) {
      this.#counters.strangerPackets += 1;
      return;
    }
    this.#isLatched = true;
    this.#clientPort = port;
    this.#counters.receivedBytes += packet.length;
    this.#received(packet);
  }
}
