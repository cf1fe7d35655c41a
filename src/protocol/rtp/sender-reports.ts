import { ntpTimeOfUnixUs } from './ntp-time.ts';
import { serializeRtcp, type WritableRtcpPacket } from './rtcp.ts';
import { usToRtpTicks } from './rtp-clock.ts';

/** One outgoing RTP stream. */
export interface SenderReportsOptions {
  readonly ssrc: number;
  /** Ticks of the RTP timestamp in a second. */
  readonly clockRate: number;
  /** The RTP timestamp of media time 0; random (RFC 3550, 5.1). */
  readonly timestampOffset: number;
  /** CNAME, the same for all tracks of a stream: it says that they share a clock. At most 255 bytes of UTF-8. */
  readonly canonicalName: string;
}

/**
 * Counts what one RTP stream sends, and reports it (RFC 3550, 6.4.1). Receivers align the tracks of a stream by the pairs
 * of wall clock and media time in these reports, so the pairs must come from one `SenderClock` for all tracks.
 */
export class SenderReports {
  readonly #options: SenderReportsOptions;
  #packetCount = 0;
  #octetCount = 0;

  constructor(options: SenderReportsOptions) {
    this.#options = options;
  }

  /** The RTP timestamp of a media time, for packets as well as for reports: 32 bits, unsigned. */
  timestampOf(mediaUs: number): number {
    const { clockRate, timestampOffset } = this.#options;
    return (timestampOffset + usToRtpTicks(mediaUs, clockRate)) >>> 0;
  }

  /** Counts a packet that was sent. @param payloadBytes without header and padding */
  countPacket(payloadBytes: number): void {
    this.#packetCount = (this.#packetCount + 1) >>> 0;
    this.#octetCount = (this.#octetCount + payloadBytes) >>> 0;
  }

  /**
   * A compound packet of report and name.
   * @param unixUs the wall clock now, microseconds since 1970
   * @param mediaUs the media time at that moment
   * @returns a fresh copy
   */
  serializeReport(unixUs: number, mediaUs: number): Uint8Array {
    return serializeRtcp(this.#report(unixUs, mediaUs));
  }

  /** The last compound packet of the stream: report, name and goodbye. @returns a fresh copy */
  serializeGoodbye(unixUs: number, mediaUs: number): Uint8Array {
    const goodbye: WritableRtcpPacket = { type: 'goodbye', ssrcs: [this.#options.ssrc] };
    return serializeRtcp([...this.#report(unixUs, mediaUs), goodbye]);
  }

  #report(unixUs: number, mediaUs: number): WritableRtcpPacket[] {
    const { ssrc, canonicalName } = this.#options;
    return [
      {
        type: 'sender-report',
        ssrc,
        ...ntpTimeOfUnixUs(unixUs),
        rtpTimestamp: this.timestampOf(mediaUs),
        packetCount: this.#packetCount,
        octetCount: this.#octetCount,
        reports: [],
      },
      { type: 'source-description', chunks: [{ ssrc, canonicalName }] },
    ];
  }
}
