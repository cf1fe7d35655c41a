import { isIP } from 'node:net';
import type { RtspTrackTransport } from '../../protocol/rtsp/client-transport.ts';
import type { PortPair } from '../../protocol/rtsp/transport-header.ts';
import { plainHost } from '../net/address.ts';
import type { UdpPorts, UdpPortPair } from '../net/udp-port-pool.ts';

type UdpTransport = Extract<RtspTrackTransport, { kind: 'udp' }>;

/** Takes the packets of the server. */
export type UdpMediaHandler = (trackIndex: number, isRtcp: boolean, packet: Uint8Array) => void;

/** RTP without payload, and an empty receiver report: what opens the way through a firewall or NAT. */
const PUNCH_RTP = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const PUNCH_RTCP = Uint8Array.of(0x80, 0xc9, 0, 1, 0, 0, 0, 0);

interface Peer {
  readonly address: string;
  readonly port: number;
}

interface ClientUdpTrack {
  readonly pair: UdpPortPair;
  /** `undefined` before SETUP was accepted. */
  transport: UdpTransport | undefined;
  /** Where the first packets came from: NAT may have changed what the server said. */
  rtpPeer: Peer | undefined;
  rtcpPeer: Peer | undefined;
}

/** The UDP ports of one client connection, and what came and went there. What strangers send is left out. */
export class ClientUdpMedia {
  readonly #ports: UdpPorts;
  readonly #use: 'publish' | 'play';
  readonly #localAddress: string;
  readonly #serverAddress: string;
  readonly #onPacket: UdpMediaHandler;
  readonly #tracks = new Map<number, ClientUdpTrack>();
  #isClosed = false;
  #bytesReceived = 0;
  #bytesSent = 0;
  #strayPackets = 0;

  /** @param localAddress and @param serverAddress of the RTSP connection */
  constructor(options: {
    readonly ports: UdpPorts;
    readonly mode: 'publish' | 'play';
    readonly localAddress: string;
    readonly serverAddress: string;
    readonly onPacket: UdpMediaHandler;
  }) {
    this.#ports = options.ports;
    // The ports of a player are used as those of a publisher to a server: they receive the media.
    this.#use = options.mode === 'play' ? 'publish' : 'play';
    this.#localAddress = plainHost(options.localAddress);
    this.#serverAddress = plainHost(options.serverAddress);
    this.#onPacket = options.onPacket;
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** Packets that came from somewhere else than the server. */
  get strayPackets(): number {
    return this.#strayPackets;
  }

  /** Bytes that the system has not taken yet. */
  get queuedBytes(): number {
    let sum = 0;
    for (const { pair } of this.#tracks.values()) {
      sum += pair.rtp.getSendQueueSize() + pair.rtcp.getSendQueueSize();
    }
    return sum;
  }

  /** Ports for a track, the same as long as it is not released; `undefined` when there are none. */
  async bind(trackIndex: number): Promise<PortPair | undefined> {
    const pair = this.#tracks.get(trackIndex)?.pair ?? (await this.#openPair(trackIndex));
    return pair === undefined ? undefined : { rtp: pair.port, rtcp: pair.port + 1 };
  }

  /** SETUP was accepted: from now on packets of the server arrive. */
  open(trackIndex: number, transport: UdpTransport): void {
    const track = this.#tracks.get(trackIndex);
    if (track !== undefined) track.transport = transport;
  }

  /** The track travels otherwise, or not at all. */
  release(trackIndex: number): void {
    this.#tracks.get(trackIndex)?.pair.close();
    this.#tracks.delete(trackIndex);
  }

  /** Lets the server's packets of a track through a firewall or NAT on our side, if the server said its ports. */
  punchHole(trackIndex: number): void {
    const track = this.#tracks.get(trackIndex);
    const ports = track?.transport?.serverPort;
    if (track === undefined || ports === undefined) return;
    for (const address of this.#addressesOf(track)) {
      track.pair.rtp.send(PUNCH_RTP, ports.rtp, address);
      track.pair.rtcp.send(PUNCH_RTCP, ports.rtcp, address);
    }
  }

  /** Sends to where the track's packets come from, else to where the server said; nothing when neither is known. */
  send(trackIndex: number, isRtcp: boolean, packet: Uint8Array): void {
    const track = this.#tracks.get(trackIndex);
    const ports = track?.transport?.serverPort;
    const peer = isRtcp ? track?.rtcpPeer : track?.rtpPeer;
    const port = peer?.port ?? (isRtcp ? ports?.rtcp : ports?.rtp);
    if (track === undefined || port === undefined) return;
    this.#bytesSent += packet.length;
    const address = (peer ?? track.rtpPeer)?.address ?? this.#serverAddress;
    (isRtcp ? track.pair.rtcp : track.pair.rtp).send(packet, port, address);
  }

  close(): void {
    this.#isClosed = true;
    for (const { pair } of this.#tracks.values()) pair.close();
    this.#tracks.clear();
  }

  async #openPair(trackIndex: number): Promise<UdpPortPair | undefined> {
    const pair = await this.#ports.open(this.#localAddress, this.#use);
    if (pair === undefined || this.#isClosed) {
      pair?.close();
      return undefined;
    }
    this.#tracks.set(trackIndex, { pair, transport: undefined, rtpPeer: undefined, rtcpPeer: undefined });
    pair.rtp.on('message', (packet, { address, port }) =>
      this.#receive(trackIndex, false, packet, address, port),
    );
    pair.rtcp.on('message', (packet, { address, port }) =>
      this.#receive(trackIndex, true, packet, address, port),
    );
    return pair;
  }

  #receive(trackIndex: number, isRtcp: boolean, packet: Uint8Array, address: string, port: number): void {
    const track = this.#tracks.get(trackIndex);
    if (track === undefined || !this.#isOfServer(track, isRtcp, plainHost(address), port)) {
      this.#strayPackets += 1;
      return;
    }
    this.#bytesReceived += packet.length;
    this.#onPacket(trackIndex, isRtcp, packet);
  }

  /** From an address of the server, and then always from the same one. */
  #isOfServer(track: ClientUdpTrack, isRtcp: boolean, address: string, port: number): boolean {
    const peer = isRtcp ? track.rtcpPeer : track.rtpPeer;
    if (peer !== undefined) return peer.address === address && peer.port === port;
    if (track.transport === undefined || !this.#addressesOf(track).includes(address)) return false;
    if (isRtcp) track.rtcpPeer = { address, port };
    else track.rtpPeer = { address, port };
    return true;
  }

  /** That of the RTSP connection, and the `source` of the track unless it is a name or a wildcard. */
  #addressesOf({ transport }: ClientUdpTrack): string[] {
    const source = transport?.source ?? '';
    const isOther = isIP(source) !== 0 && source !== '0.0.0.0' && source !== '::';
    return isOther && source !== this.#serverAddress ? [this.#serverAddress, source] : [this.#serverAddress];
  }
}
