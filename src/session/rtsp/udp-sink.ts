import type { EndReason } from '../../media/end-reason.ts';
import { INTERLEAVED_HEADER_BYTES } from '../../protocol/rtsp/interleaved-packet.ts';
import type { UdpChannel, UdpTrack } from './udp-track.ts';

/** A track of a UDP viewer, and the channels that its packets have in what the sink is given. */
export interface UdpSinkTrack {
  readonly track: UdpTrack;
  readonly rtpChannel: number;
  readonly rtcpChannel: number;
}

interface FlushPacket {
  readonly channel: number;
  readonly packet: Uint8Array;
}

/** All viewers of a flush get the same bytes, so they are taken apart once for all; forgotten with the bytes. */
const splitFlushes = new WeakMap<Uint8Array, readonly FlushPacket[]>();

function splitFlush(bytes: Uint8Array): readonly FlushPacket[] {
  let packets = splitFlushes.get(bytes);
  if (packets === undefined) {
    packets = splitInterleaved(bytes);
    splitFlushes.set(bytes, packets);
  }
  return packets;
}

function splitInterleaved(bytes: Uint8Array): FlushPacket[] {
  const packets: FlushPacket[] = [];
  const end = bytes.length - INTERLEAVED_HEADER_BYTES;
  for (let at = 0; at <= end;) {
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const start = at + INTERLEAVED_HEADER_BYTES;
    packets.push({ channel: bytes[at + 1]!, packet: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return packets;
}

/**
 * Lets a fan-out of interleaved packets write to a viewer over UDP: each packet is sent by itself, without the four
 * bytes before it. It never holds up anything, because nobody waits for UDP: what the system does not take is dropped.
 */
export class UdpSink {
  readonly #tracks: readonly UdpTrack[];
  /** By interleaved channel. */
  readonly #channels: ({ readonly channel: UdpChannel; readonly track: UdpTrack } | undefined)[] = [];
  readonly #onEnd: (reason: EndReason) => void;

  /** @param onEnd the subscription gave up on this viewer */
  constructor(tracks: readonly UdpSinkTrack[], onEnd: (reason: EndReason) => void) {
    this.#tracks = tracks.map(({ track }) => track);
    for (const { track, rtpChannel, rtcpChannel } of tracks) {
      this.#channels[rtpChannel] = { channel: track.rtp, track };
      this.#channels[rtcpChannel] = { channel: track.rtcp, track };
    }
    this.#onEnd = onEnd;
  }

  get queuedBytes(): number {
    return this.#tracks.reduce((sum, { rtp, rtcp }) => sum + rtp.queuedBytes + rtcp.queuedBytes, 0);
  }

  /**
   * @param bytes whole interleaved packets, shared and never changed; channels that were not set up are passed over
   * @returns true: there is always room
   */
  write(bytes: Uint8Array): boolean {
    // Looked at once a flush: the question costs about as much as a packet.
    const open = this.#channels.map((entry) => entry?.channel.isOpen === true);
    for (const { channel, packet } of splitFlush(bytes)) {
      const entry = this.#channels[channel];
      if (open[channel]) entry!.channel.send(packet);
      else if (entry !== undefined) entry.track.counters.droppedPackets += 1;
    }
    return true;
  }

  end(reason: EndReason): void {
    this.#onEnd(reason);
  }
}
