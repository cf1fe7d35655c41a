import { randomInt } from 'node:crypto';
import type { CodecConfig } from '../../codec/codec-config.ts';
import type { PackagerOutput } from '../../hub/packager.ts';
import type { MediaFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { createPacketizer } from '../../protocol/rtp/packetizer/create-packetizer.ts';
import type { Packetizer, PayloadTarget } from '../../protocol/rtp/packetizer/packetizer.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocol/rtp/rtp-packet.ts';
import { SenderReports } from '../../protocol/rtp/sender-reports.ts';
import { INTERLEAVED_HEADER_BYTES, writeInterleavedHeader } from '../../protocol/rtsp/interleaved-packet.ts';
import { fitsSlot, type RtspChannelSlot } from './rtsp-slots.ts';

/** IP packets of 1400 bytes, which fit every usual path, tunnels included; lal's 1200 cost a seventh more packets. */
const MAX_PAYLOAD_BYTES = 1360;

/** Told about each frame before its first packet is written; frames of which nothing can be sent are not mentioned. */
export type FrameBegins = (sender: RtpSender, frame: MediaFrame, out: PackagerOutput) => void;

/** Sends one track: its packets behind their interleaved headers, and its reports. */
export class RtpSender implements PayloadTarget {
  readonly slot: RtspChannelSlot;
  readonly #frameBegins: FrameBegins;
  readonly #reports: SenderReports;
  readonly #header: {
    readonly payloadType: number;
    readonly ssrc: number;
    marker: boolean;
    sequenceNumber: number;
    timestamp: number;
  };
  #config: CodecConfig | undefined;
  #packetizer: Packetizer | undefined;
  // Of the frame that is being written.
  #out: PackagerOutput | undefined;
  #timestamp = 0;
  /** The frame until its first packet. */
  #frame: MediaFrame | undefined;

  constructor(slot: RtspChannelSlot, ssrc: number, canonicalName: string, frameBegins: FrameBegins) {
    this.slot = slot;
    this.#frameBegins = frameBegins;
    const { clockRate, payloadType } = slot.format;
    const timestampOffset = randomInt(0x1_0000_0000);
    this.#reports = new SenderReports({ ssrc, clockRate, timestampOffset, canonicalName });
    const sequenceNumber = randomInt(0x1_0000);
    this.#header = { payloadType, ssrc, marker: false, sequenceNumber, timestamp: 0 };
  }

  /** Whether the slot has a place for the track. */
  fits(track: Track): boolean {
    return track.config === this.#config || fitsSlot(track, this.slot);
  }

  /** Parameter sets that have changed go out with the next key frame. */
  setConfig(config: CodecConfig): void {
    if (config === this.#config) return;
    this.#config = config;
    this.#packetizer = createPacketizer(config, MAX_PAYLOAD_BYTES);
  }

  /** @param shiftUs added to the frame's times */
  writeFrame(frame: MediaFrame, shiftUs: number, out: PackagerOutput): void {
    this.#out = out;
    this.#frame = frame;
    this.#timestamp = this.#reports.timestampOf(frame.ptsUs + shiftUs);
    this.#packetizer?.packetize(frame.data, frame.isKey, this);
    this.#frame = undefined;
    this.#out = undefined;
  }

  /** @param unixUs a moment of the wall clock @param mediaUs the media time then */
  writeReport(unixUs: number, mediaUs: number, out: PackagerOutput): void {
    const packet = this.#reports.serializeReport(unixUs, mediaUs);
    const at = out.reserve(INTERLEAVED_HEADER_BYTES + packet.length);
    writeInterleavedHeader(out.bytes, at, this.slot.rtcpChannel, packet.length);
    out.bytes.set(packet, at + INTERLEAVED_HEADER_BYTES);
  }

  /** The last packet, without interleaved header. */
  goodbye(unixUs: number, mediaUs: number): Uint8Array {
    return this.#reports.serializeGoodbye(unixUs, mediaUs);
  }

  // PayloadTarget: the packetizer writes in place.

  get bytes(): Uint8Array {
    return this.#out!.bytes;
  }

  beginPayload(length: number, marker: boolean, ticksLater = 0): number {
    const out = this.#out!;
    if (this.#frame !== undefined) {
      this.#frameBegins(this, this.#frame, out);
      this.#frame = undefined;
    }
    const packetLength = RTP_HEADER_BYTES + length;
    const at = out.reserve(INTERLEAVED_HEADER_BYTES + packetLength);
    writeInterleavedHeader(out.bytes, at, this.slot.rtpChannel, packetLength);
    const header = this.#header;
    header.marker = marker;
    header.timestamp = (this.#timestamp + ticksLater) >>> 0;
    writeRtpHeader(out.bytes, at + INTERLEAVED_HEADER_BYTES, header);
    header.sequenceNumber = (header.sequenceNumber + 1) & 0xffff;
    this.#reports.countPacket(length);
    return at + INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES;
  }
}
