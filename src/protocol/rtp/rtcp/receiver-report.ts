/** RTCP receiver reports (RFC 3550, 6.4.2). Profile-specific extensions are skipped. */
import { ByteReader } from '../../../bytes/byte-reader.ts';
import type { ByteWriter } from '../../../bytes/byte-writer.ts';
import { REPORT_BLOCK_BYTES, readReportBlocks, writeReportBlocks, type ReportBlock } from './report-block.ts';
import { RtcpPacketType, rtcpTruncated, writeRtcpHeader } from './rtcp-header.ts';

/** How one receiver gets the sources it listens to. Without blocks it only says that the receiver is there. */
export interface ReceiverReport {
  readonly type: 'receiver-report';
  /** The receiver's own. */
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
}

const SSRC_BYTES = 4;

/** @throws {ProtocolError} `ERR_RTCP_TRUNCATED` */
export function parseReceiverReport(count: number, body: Uint8Array): ReceiverReport {
  const needed = SSRC_BYTES + count * REPORT_BLOCK_BYTES;
  if (body.length < needed) throw rtcpTruncated('receiver report', needed, body.length);
  const reader = new ByteReader(body);
  return { type: 'receiver-report', ssrc: reader.u32(), reports: readReportBlocks(reader, count) };
}

/** @throws {RangeError} for more than 31 report blocks */
export function writeReceiverReport(writer: ByteWriter, report: ReceiverReport): void {
  const count = report.reports.length;
  writeRtcpHeader(writer, RtcpPacketType.receiverReport, count, SSRC_BYTES + count * REPORT_BLOCK_BYTES);
  writer.u32(report.ssrc);
  writeReportBlocks(writer, report.reports);
}
