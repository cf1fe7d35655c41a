import { randomInt } from 'node:crypto';
import type { CodecConfig } from '../../codec/codec-config.ts';
import type { PackagerOutput } from '../../hub/packager.ts';
import type { MediaFrame } from '../../media/media-frame.ts';
import { createPacketizer } from '../../protocol/rtp/packetizer/create-packetizer.ts';
import type { Packetizer, PayloadTarget } from '../../protocol/rtp/packetizer/packetizer.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocol/rtp/rtp-packet.ts';
import type { SenderClock } from '../../protocol/rtp/sender-clock.ts';
import { SenderReports } from '../../protocol/rtp/sender-reports.ts';
import { INTERLEAVED_HEADER_BYTES, writeInterleavedHeader } from '../../protocol/rtsp/interleaved-packet.ts';
import type { RtspChannelSlot } from './rtsp-packager.ts';

/** IP packets of 1400 bytes, which fit every usual path, tunnels included; lal's 1200 cost a seventh more packets. */
const MAX_PAYLOAD_BYTES = 1360;
/** RFC 3550, 6.2, asks for 5 s; players align sound and picture by it, and the first one may be lost. */
const REPORT_INTERVAL_US = 3_000_000;

/** Sends one track: its packets behind their interleaved headers, and its reports between them. */
export class RtpSender implements PayloadTarget {
  readonly slot: RtspChannelSlot;
  readonly #reports: SenderReports;
  readonly #header: {
    payloadType: number;
    marker: boolean;
    sequenceNumber: number;
    timestamp: number;
    ssrc: number;
  };
  #packetizer: Packetizer | undefined;
  #config: CodecConfig | undefined;
  #reportedUs: number | undefined;
  #isReportWanted = false;
  // Of the frame that is being written.
  #out: PackagerOutput | undefined;
  #begin: () => void = () => {};
  #timestamp = 0;
  #hasBegunUnit = false;

  constructor(slot: RtspChannelSlot, ssrc: number, canonicalName: string) {
    this.slot = slot;
    const { clockRate, payloadType } = slot.format;
    const timestampOffset = randomInt(0x1_0000_0000);
    this.#reports = new SenderReports({ ssrc, clockRate, timestampOffset, canonicalName });
    const sequenceNumber = randomInt(0x1_0000);
    this.#header = { payloadType, marker: false, sequenceNumber, timestamp: 0, ssrc };
  }

  get ssrc(): number {
    return this.#header.ssrc;
  }

  /** Something was sent, or would have been to viewers. */
  get hasBegun(): boolean {
    return this.#reportedUs !== undefined;
  }

  /** Parameter sets that have changed go out with the next key frame. */
  setConfig(config: CodecConfig): void {
    if (config === this.#config) return;
    this.#config = config;
    this.#packetizer = createPacketizer(config, MAX_PAYLOAD_BYTES);
  }

  /**
   * @param shiftUs added to the frame's times
   * @param unixUs when it arrived
   */
  writeFrame(
    frame: MediaFrame,
    shiftUs: number,
    unixUs: number,
    clock: SenderClock,
    out: PackagerOutput,
  ): void {
    this.#out = out;
    this.#timestamp = this.#reports.timestampOf(frame.ptsUs + shiftUs);
    this.#hasBegunUnit = false;
    this.#begin = () => {
      out.beginUnit(frame);
      if (this.#isReportDue(unixUs)) this.writeReport(unixUs, clock, out);
    };
    this.#packetizer?.packetize(frame.data, frame.isKey, this);
    this.#out = undefined;
  }

  writeReport(unixUs: number, clock: SenderClock, out: PackagerOutput): void {
    const mediaUs = clock.mediaUsAt(unixUs);
    if (mediaUs === undefined) return;
    this.#reportedUs = unixUs;
    this.#isReportWanted = false;
    const packet = this.#reports.serializeReport(unixUs, mediaUs);
    const at = out.reserve(INTERLEAVED_HEADER_BYTES + packet.length);
    writeInterleavedHeader(out.bytes, at, this.slot.rtcpChannel, packet.length);
    out.bytes.set(packet, at + INTERLEAVED_HEADER_BYTES);
  }

  /** The last packet; before the first frame there is no media time, and any will do. */
  goodbye(unixUs: number, clock: SenderClock): Uint8Array {
    return this.#reports.serializeGoodbye(unixUs, clock.mediaUsAt(unixUs) ?? 0);
  }

  /** A report goes out with the next frame. */
  requestReport(): void {
    this.#isReportWanted = true;
  }

  // PayloadTarget: the packetizer writes in place.

  get bytes(): Uint8Array {
    return this.#out!.bytes;
  }

  beginPayload(length: number, marker: boolean, ticksLater = 0): number {
    if (!this.#hasBegunUnit) {
      this.#hasBegunUnit = true;
      this.#begin();
    }
    const out = this.#out!;
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

  #isReportDue(unixUs: number): boolean {
    if (this.#isReportWanted) return true;
    return this.#reportedUs === undefined || Math.abs(unixUs - this.#reportedUs) >= REPORT_INTERVAL_US;
  }
}
