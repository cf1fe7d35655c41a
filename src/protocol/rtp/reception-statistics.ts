/** What a receiver reports of one source: loss, jitter and the echo of its sender reports (RFC 3550, 6.4.1, A.1, A.3, A.8). */
import { middleNtpBits } from './ntp-time.ts';
import type { ReportBlock } from './rtcp/report-block.ts';
import type { SenderReport } from './rtcp/sender-report.ts';
import type { RtpHeader } from './rtp-packet.ts';
import { MAX_SEQUENCE_DROPOUT, MAX_SEQUENCE_MISORDER, sequenceDistance } from './sequence-number.ts';

/** Numbers and counts since the source began. */
interface SourceState {
  readonly ssrc: number;
  /** The first sequence number. */
  readonly base: number;
  /** The highest sequence number, counted on over the wraps. */
  highest: number;
  /** Duplicates included, as RFC 3550 wants it. */
  received: number;
  /** Ticks. */
  jitter: number;
  lastTimestamp: number;
  lastArrivalMs: number;
  /** At the last report. */
  expectedPrior: number;
  receivedPrior: number;
}

/** `cumulative number of packets lost` is signed and has 24 bits. */
const MAX_CUMULATIVE_LOST = 0x7f_ffff;
const MIN_CUMULATIVE_LOST = -0x80_0000;
/** The jitter follows each difference by this part of it (A.8). */
const JITTER_GAIN = 1 / 16;
/** Units of `delay since last SR` in a millisecond. */
const DELAY_UNITS_PER_MS = 65.536;

/** One instance per source. Is told each packet as it arrives, before anything is put in order. */
export class ReceptionStatistics {
  readonly #ticksPerMs: number;
  #source: SourceState | undefined;
  /** A packet far from the others: one that follows on it means a new beginning. */
  #candidate: RtpHeader | undefined;
  #senderReport: { readonly report: SenderReport; readonly arrivedMs: number } | undefined;

  /** @param clockRate ticks of the RTP timestamp in a second */
  constructor(clockRate: number) {
    this.#ticksPerMs = clockRate / 1000;
  }

  /** @param arrivalMs of a clock that never jumps */
  receive(packet: RtpHeader, arrivalMs: number): void {
    const source = this.#source;
    if (source === undefined) {
      this.#begin(packet, arrivalMs);
      return;
    }
    const ahead = sequenceDistance(source.highest, packet.sequenceNumber);
    const isNear = ahead < MAX_SEQUENCE_DROPOUT && ahead >= -MAX_SEQUENCE_MISORDER;
    if (packet.ssrc !== source.ssrc || !isNear) {
      if (this.#followsCandidate(packet)) this.#begin(packet, arrivalMs);
      else this.#candidate = packet;
      return;
    }
    this.#candidate = undefined;
    source.highest += Math.max(0, ahead);
    source.received += 1;
    this.#follow(source, packet, arrivalMs);
  }

  /** Takes the moment that the next report blocks echo. It may come before the source's first packet. */
  receiveSenderReport(report: SenderReport, arrivalMs: number): void {
    this.#senderReport = { report, arrivedMs: arrivalMs };
  }

  /**
   * The block for a report that is sent now; the next one tells of what comes after it.
   * @returns `undefined` before the first packet
   */
  takeReportBlock(nowMs: number): ReportBlock | undefined {
    const source = this.#source;
    if (source === undefined) return undefined;
    const expected = source.highest - source.base + 1;
    const fractionLost = fractionOf(expected - source.expectedPrior, source.received - source.receivedPrior);
    source.expectedPrior = expected;
    source.receivedPrior = source.received;
    const lost = expected - source.received;
    return {
      ssrc: source.ssrc,
      fractionLost,
      cumulativeLost: Math.max(MIN_CUMULATIVE_LOST, Math.min(lost, MAX_CUMULATIVE_LOST)),
      extendedHighestSequenceNumber: source.highest % 2 ** 32,
      interarrivalJitter: Math.floor(Math.min(source.jitter, 0xffff_ffff)),
      ...this.#echo(source.ssrc, nowMs),
    };
  }

  /** LSR and DLSR: zeros while there is no report of that source. */
  #echo(ssrc: number, nowMs: number): Pick<ReportBlock, 'lastSenderReport' | 'delaySinceLastSenderReport'> {
    const last = this.#senderReport;
    if (last?.report.ssrc !== ssrc) return { lastSenderReport: 0, delaySinceLastSenderReport: 0 };
    const delay = Math.round((nowMs - last.arrivedMs) * DELAY_UNITS_PER_MS);
    return {
      lastSenderReport: middleNtpBits(last.report),
      delaySinceLastSenderReport: Math.min(delay, 0xffff_ffff),
    };
  }

  #begin(packet: RtpHeader, arrivalMs: number): void {
    this.#candidate = undefined;
    this.#source = {
      ssrc: packet.ssrc,
      base: packet.sequenceNumber,
      highest: packet.sequenceNumber,
      received: 1,
      jitter: 0,
      lastTimestamp: packet.timestamp,
      lastArrivalMs: arrivalMs,
      expectedPrior: 0,
      receivedPrior: 0,
    };
  }

  #followsCandidate({ ssrc, sequenceNumber }: RtpHeader): boolean {
    const candidate = this.#candidate;
    return candidate?.ssrc === ssrc && sequenceDistance(candidate.sequenceNumber, sequenceNumber) === 1;
  }

  /** A.8: the mean difference between the spacing of packets at the receiver and at the sender. */
  #follow(source: SourceState, packet: RtpHeader, arrivalMs: number): void {
    const arrivalTicks = (arrivalMs - source.lastArrivalMs) * this.#ticksPerMs;
    const senderTicks = (packet.timestamp - source.lastTimestamp) | 0;
    source.jitter += (Math.abs(arrivalTicks - senderTicks) - source.jitter) * JITTER_GAIN;
    source.lastTimestamp = packet.timestamp;
    source.lastArrivalMs = arrivalMs;
  }
}

/** A.3: the lost part in units of 1/256; duplicates can make it negative, which reads as none. */
function fractionOf(expected: number, received: number): number {
  const lost = expected - received;
  return expected <= 0 || lost <= 0 ? 0 : Math.min(0xff, Math.floor((lost * 256) / expected));
}
