import { randomInt } from 'node:crypto';
import { ReceptionStatistics } from '../../protocol/rtp/reception-statistics.ts';
import {
  ReorderBuffer,
  type OrderedPacket,
  type ReorderCounters,
} from '../../protocol/rtp/reorder-buffer.ts';
import { serializeRtcp } from '../../protocol/rtp/rtcp.ts';
import type { SenderReport } from '../../protocol/rtp/rtcp/sender-report.ts';
import type { RtpPacket } from '../../protocol/rtp/rtp-packet.ts';

/** A packet as it came, and what is in it. */
export interface ReceivedPacket extends RtpPacket {
  /** The whole packet; never changed. */
  readonly bytes: Uint8Array;
  /** Monotonic. */
  readonly arrivedMs: number;
}

/** What is read in order over TCP: a gap there will not be filled. */
const IN_ORDER = { maxPackets: 0, maxWaitMs: 0 };
/** Packets that wait behind a gap over UDP: as lal's list, and a third of a second at 2 Mbit/s and more. */
const REORDERED = { maxPackets: 1024, maxWaitMs: 150 };
/** How often the sender is told what arrives (RFC 3550, 6.2). */
const REPORT_INTERVAL_MS = 5_000;

/** The packets of one media put in order, and what their sender is told in return. */
export class RtpReceiver {
  readonly #statistics: ReceptionStatistics;
  readonly #order: ReorderBuffer<ReceivedPacket>;
  readonly #ssrc = randomInt(1, 0x1_0000_0000);
  readonly #canonicalName: string;
  #reportedMs: number | undefined;

  /** @param keepsOrder whether the transport does @param canonicalName one for all media of a session */
  constructor(clockRate: number, keepsOrder: boolean, canonicalName: string) {
    this.#statistics = new ReceptionStatistics(clockRate);
    this.#order = new ReorderBuffer(keepsOrder ? IN_ORDER : REORDERED);
    this.#canonicalName = canonicalName;
  }

  get counters(): ReorderCounters {
    return this.#order.counters;
  }

  /** @returns the packets whose turn it is */
  receive(packet: ReceivedPacket): readonly OrderedPacket<ReceivedPacket>[] {
    this.#reportedMs ??= packet.arrivedMs;
    this.#statistics.receive(packet, packet.arrivedMs);
    return this.#order.receive(packet, packet.arrivedMs);
  }

  /** Our own reports say how long ago the last of the sender's came. */
  receiveReport(report: SenderReport, arrivedMs: number): void {
    this.#statistics.receiveSenderReport(report, arrivedMs);
  }

  /** Gives up gaps that were waited for long enough. @returns the packets whose turn it is */
  tick(nowMs: number): readonly OrderedPacket<ReceivedPacket>[] {
    return this.#order.tick(nowMs);
  }

  /** What still waits, at the end. */
  flush(): readonly OrderedPacket<ReceivedPacket>[] {
    return this.#order.flush();
  }

  /** A compound packet for the sender, when it is time for one. */
  takeReport(nowMs: number): Uint8Array | undefined {
    if (this.#reportedMs === undefined || nowMs - this.#reportedMs < REPORT_INTERVAL_MS) return undefined;
    this.#reportedMs = nowMs;
    const block = this.#statistics.takeReportBlock(nowMs);
    if (block === undefined) return undefined;
    const ssrc = this.#ssrc;
    return serializeRtcp([
      { type: 'receiver-report', ssrc, reports: [block] },
      { type: 'source-description', chunks: [{ ssrc, canonicalName: this.#canonicalName }] },
    ]);
  }
}
