import type { EndReason } from '../../media/end-reason.ts';
import { isRtcpPacketType } from '../../protocol/rtp/packet-kind.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import type { PortPair } from '../../protocol/rtsp/transport-header.ts';
import type { RtspPlayTrack, RtspSink } from './server-handler.ts';
import type { RtspServerTransport } from './server-transport.ts';
import type { UdpPorts } from '../net/udp-port-pool.ts';
import { UdpSink } from './udp-sink.ts';
import { UdpTrack, type UdpCounters } from './udp-track.ts';

/** Takes the packets of the client. */
export type ServerPacketHandler = (trackIndex: number, isRtcp: boolean, packet: Uint8Array) => void;

/** Each takes two sockets. Real sessions have a handful of tracks; a description may have 64. */
const MAX_UDP_TRACKS = 16;

/** The way that the packets of one session go: interleaved in its transport, or over UDP ports of its own. */
export class ServerMedia {
  readonly #transport: RtspServerTransport;
  readonly #ports: UdpPorts;
  readonly #received: ServerPacketHandler;
  /** By index in the description, as what follows. */
  readonly #udpTracks = new Map<number, UdpTrack>();
  readonly #channels = new Map<number, PortPair>();
  /** The track of each interleaved channel. */
  readonly #trackOfChannel: (number | undefined)[] = [];
  #isClosed = false;

  constructor(transport: RtspServerTransport, ports: UdpPorts, received: ServerPacketHandler) {
    this.#transport = transport;
    this.#ports = ports;
    this.#received = received;
  }

  /** Whether packets go over UDP: all do, or none. */
  get isUdp(): boolean {
    return this.#udpTracks.size > 0;
  }

  /** UDP alone. */
  get udpCounters(): UdpCounters {
    const sum = { receivedBytes: 0, sentBytes: 0, strangerPackets: 0, droppedPackets: 0 };
    for (const { counters } of this.#udpTracks.values()) {
      sum.receivedBytes += counters.receivedBytes;
      sum.sentBytes += counters.sentBytes;
      sum.strangerPackets += counters.strangerPackets;
      sum.droppedPackets += counters.droppedPackets;
    }
    return sum;
  }

  /** A track was set up in the transport itself. */
  addChannels(trackIndex: number, channels: PortPair): void {
    this.#channels.set(trackIndex, channels);
    this.#trackOfChannel[channels.rtp] = trackIndex;
    this.#trackOfChannel[channels.rtcp] = trackIndex;
  }

  /**
   * Opens ports for a track.
   * @param use as `UdpPorts` has it
   * @returns our ports; `undefined` when there are none, the session has enough, or it has ended meanwhile
   */
  async openPorts(
    trackIndex: number,
    clientPorts: PortPair | undefined,
    use: 'publish' | 'play',
  ): Promise<PortPair | undefined> {
    if (this.#udpTracks.size >= MAX_UDP_TRACKS) return undefined;
    const pair = await this.#ports.open(this.#transport.localHost, use);
    if (pair === undefined || this.#isClosed) {
      pair?.close();
      return undefined;
    }
    const track = new UdpTrack(pair, this.#transport.remoteHost, clientPorts, (packet, isRtcp) =>
      this.#received(trackIndex, isRtcp, packet),
    );
    this.#udpTracks.set(trackIndex, track);
    return track.ports;
  }

  /**
   * Finds whose an interleaved packet is. Reports are known by sight, because some devices send them on the channel of
   * RTP; and media on channels that nobody agreed on is handed on as that of the first track, because some do not read
   * our reply: the receiver tells tracks apart by payload type.
   */
  receiveInterleaved(channel: number, packet: Uint8Array): void {
    const isRtcp = packet.length < 2 || isRtcpPacketType(packet[1]!);
    const trackIndex = this.#trackOfChannel[channel] ?? (isRtcp ? undefined : this.#firstTrack());
    if (trackIndex !== undefined) this.#received(trackIndex, isRtcp, packet);
  }

  /** Sends one RTCP packet about media that the client sends. */
  sendRtcp(trackIndex: number, packet: Uint8Array): void {
    if (this.#isClosed) return;
    this.#udpTracks.get(trackIndex)?.rtcp.send(packet);
    const channels = this.#channels.get(trackIndex);
    if (channels !== undefined) this.#transport.send(serializeInterleavedPacket(channels.rtcp, packet));
  }

  /** The tracks with the channels that their packets are expected on. */
  playTracks(): RtspPlayTrack[] {
    if (!this.isUdp) return [...this.#channels].map(([trackIndex, channels]) => ({ trackIndex, channels }));
    return [...this.#udpTracks.keys()].map((trackIndex) => ({
      trackIndex,
      channels: canonicalChannels(trackIndex),
    }));
  }

  /** Where a player's packets go. @param end the subscription gave up on this player */
  sink(end: (reason: EndReason) => void): RtspSink {
    if (this.isUdp) {
      const tracks = [...this.#udpTracks].map(([trackIndex, track]) => {
        const { rtp, rtcp } = canonicalChannels(trackIndex);
        return { track, rtpChannel: rtp, rtcpChannel: rtcp };
      });
      return new UdpSink(tracks, end);
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

  /** Frees the ports. */
  close(): void {
    this.#isClosed = true;
    for (const track of this.#udpTracks.values()) track.close();
  }

  #firstTrack(): number | undefined {
    for (const trackIndex of this.#channels.keys()) return trackIndex;
    return undefined;
  }
}

/** Tracks over UDP have no channels of their own: the same for all such players, so that they share their packets. */
function canonicalChannels(trackIndex: number): PortPair {
  return { rtp: 2 * trackIndex, rtcp: 2 * trackIndex + 1 };
}
