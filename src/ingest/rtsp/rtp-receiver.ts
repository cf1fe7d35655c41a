import { ProtocolError } from '../../bytes/protocol-error.ts';
import { randomInt } from 'node:crypto';
import { ReceptionStatistics } from '../../protocol/rtp/reception-statistics.ts';
import {
  ReorderBuffer,
  type OrderedPacket,
  type ReorderCounters,
} from '../../protocol/rtp/reorder-buffer.ts';
import { parseRtcp, serializeRtcp } from '../../protocol/rtp/rtcp.ts';
import type { SenderReport } from '../../protocol/rtp/rtcp/sender-report.ts';
import { parseRtpPacket, type RtpPacket } from '../../protocol/rtp/rtp-packet.ts';

/** A packet as it came, and what is in it. */
export interface ReceivedPacket extends RtpPacket {
  /** The whole packet; never changed. */
  readonly bytes: Uint8Array;
  /** Monotonic. */
  readonly arrivedMs: number;
}

/** What a receiver could not use. */
export interface RtpReceiverCounters extends ReorderCounters {
  /** Not RTP or RTCP at all. */
  readonly malformed: number;
}

/** What is read in order over TCP: a gap there will not be filled. */
const IN_ORDER = { maxPackets: 0, maxWaitMs: 0 };
/** Packets that wait behind a gap over UDP: as lal's list, and a third of a second at 2 Mbit/s and more. */
const REORDERED = { maxPackets: 1024, maxWaitMs: 150 };
/** How often the sender is told what arrives (RFC 3550, 6.2). */
const REPORT_INTERVAL_MS = 5_000;

/** One RTP source: its packets put in order, and what it is told in return. */
export class RtpReceiver {
  readonly #statistics: ReceptionStatistics;
  readonly #order: ReorderBuffer<ReceivedPacket>;
  readonly #ssrc = randomInt(1, 0x1_0000_0000);
  readonly #canonicalName: string;
  #malformed = 0;
  #reportedMs: number | undefined;

  /** @param keepsOrder whether the transport does */
  constructor(clockRate: number, keepsOrder: boolean, canonicalName: string) {
    this.#statistics = new ReceptionStatistics(clockRate);
    this.#order = new ReorderBuffer(keepsOrder ? IN_ORDER : REORDERED);
    this.#canonicalName = canonicalName;
  }

  get counters(): RtpReceiverCounters {
    return { ...this.#order.counters, malformed: this.#malformed };
  }

  /** @param bytes one packet, kept @returns the packets whose turn it is; of another payload type than `accepts` wants: none */
  receive(
    bytes: Uint8Array,
    arrivedMs: number,
    accepts: (packet: RtpPacket) => boolean,
  ): readonly OrderedPacket<ReceivedPacket>[] {
    const packet = this.#parse(() => parseRtpPacket(bytes));
    if (packet === undefined || !accepts(packet)) return [];
    this.#reportedMs ??= arrivedMs;
    this.#statistics.receive(packet, arrivedMs);
    return this.#order.receive({ ...packet, bytes, arrivedMs }, arrivedMs);
  }

  /** @returns the sender reports in a compound packet */
  receiveReports(bytes: Uint8Array, arrivedMs: number): SenderReport[] {
    const packets = this.#parse(() => parseRtcp(bytes)) ?? [];
    const reports = packets.filter((packet) => packet.type === 'sender-report');
    for (const report of reports) this.#statistics.receiveSenderReport(report, arrivedMs);
    return reports;
  }

  /** Gives up gaps that were waited for long enough. */
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

  #parse<T>(parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#malformed += 1;
      return undefined;
    }
  }
}
