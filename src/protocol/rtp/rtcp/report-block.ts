/** Reception report blocks, the same in sender and receiver reports (RFC 3550, 6.4.1). */
import type { ByteReader } from '../../../bytes/byte-reader.ts';
import type { ByteWriter } from '../../../bytes/byte-writer.ts';

/** How one source was received. */
export interface ReportBlock {
  /** The source reported on. */
  readonly ssrc: number;
  /** Of the packets since the last report, in units of 1/256. */
  readonly fractionLost: number;
  /** Since the start; signed 24 bits, because duplicates count as received. */
  readonly cumulativeLost: number;
  /** Sequence number in the low 16 bits, its wraps above; 32 bits. */
  readonly extendedHighestSequenceNumber: number;
  /** Ticks of the RTP timestamp; 32 bits. */
  readonly interarrivalJitter: number;
  /** LSR: the middle 32 bits of the last sender report's NTP time; 0 for none. */
  readonly lastSenderReport: number;
  /** DLSR: from its arrival until this report, in units of 1/65536 s; 0 for none. */
  readonly delaySinceLastSenderReport: number;
}

/** Bytes of one block. */
export const REPORT_BLOCK_BYTES = 24;

/** Reads `count` blocks; the caller has checked that they are there. */
export function readReportBlocks(reader: ByteReader, count: number): ReportBlock[] {
  return Array.from({ length: count }, () => ({
    ssrc: reader.u32(),
    fractionLost: reader.u8(),
    cumulativeLost: reader.i24(),
    extendedHighestSequenceNumber: reader.u32(),
    interarrivalJitter: reader.u32(),
    lastSenderReport: reader.u32(),
    delaySinceLastSenderReport: reader.u32(),
  }));
}

/** Writes blocks one behind the other. */
export function writeReportBlocks(writer: ByteWriter, blocks: readonly ReportBlock[]): void {
  for (const block of blocks) {
    writer.u32(block.ssrc);
    writer.u8(block.fractionLost);
    writer.u24(block.cumulativeLost);
    writer.u32(block.extendedHighestSequenceNumber);
    writer.u32(block.interarrivalJitter);
    writer.u32(block.lastSenderReport);
    writer.u32(block.delaySinceLastSenderReport);
  }
}
