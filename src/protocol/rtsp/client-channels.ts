/**
 * Interleaved channels as the server uses them (RFC 2326, 10.12). The reply to SETUP says which they are; servers that
 * give all tracks the same pair, or use others than they said, are found out by looking at the packets.
 */
import { isRtcpPacketType } from '../rtp/packet-kind.ts';
import type { PortPair } from './transport-header.ts';

/** Whose packet it is. */
export interface ChannelRoute {
  readonly trackIndex: number;
  readonly isRtcp: boolean;
}

interface ChannelTrack {
  readonly rtp: ChannelRoute;
  readonly rtcp: ChannelRoute;
  readonly payloadTypes: ReadonlySet<number>;
  /** Of the last RTP packet; tells whose reports are whose. */
  ssrc: number | undefined;
}

/** Finds the track of each interleaved packet. */
export class ClientChannels {
  readonly #tracks: ChannelTrack[] = [];
  /** By channel; `shared` where the server gave one channel to several. */
  readonly #routes: (ChannelRoute | 'shared' | undefined)[] = [];

  /** @param payloadTypes of the formats that the description gives for the track */
  add(trackIndex: number, channels: PortPair, payloadTypes: ReadonlySet<number>): void {
    const rtp = { trackIndex, isRtcp: false };
    const rtcp = { trackIndex, isRtcp: true };
    this.#tracks.push({ rtp, rtcp, payloadTypes, ssrc: undefined });
    this.#claim(channels.rtp, rtp);
    this.#claim(channels.rtcp, rtcp);
  }

  /** @returns `undefined` for a packet that belongs to no track */
  routeOf(channel: number, packet: Uint8Array): ChannelRoute | undefined {
    const route = this.#routes[channel];
    return typeof route === 'object' ? route : this.#routeBySight(packet);
  }

  #claim(channel: number, route: ChannelRoute): void {
    this.#routes[channel] = this.#routes[channel] === undefined ? route : 'shared';
  }

  #routeBySight(packet: Uint8Array): ChannelRoute | undefined {
    if (packet.length < 8) return undefined;
    const second = packet[1]!;
    if (isRtcpPacketType(second)) {
      const ssrc = readUint32(packet, 4);
      return this.#tracks.find((track) => track.ssrc === ssrc)?.rtcp;
    }
    if (packet.length < 12) return undefined;
    const track = this.#tracks.find(({ payloadTypes }) => payloadTypes.has(second & 0x7f));
    if (track === undefined) return undefined;
    track.ssrc = readUint32(packet, 8);
    return track.rtp;
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
