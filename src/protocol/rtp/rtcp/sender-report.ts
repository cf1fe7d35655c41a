/** RTCP sender reports (RFC 3550, 6.4.1). Profile-specific extensions are skipped. */
import { ByteReader } from '../../../bytes/byte-reader.ts';
import type { ByteWriter } from '../../../bytes/byte-writer.ts';
import type { NtpTime } from '../ntp-time.ts';
import { REPORT_BLOCK_BYTES, readReportBlocks, writeReportBlocks, type ReportBlock } from './report-block.ts';
import { RtcpPacketType, rtcpTruncated, writeRtcpHeader } from './rtcp-header.ts';

/** What a source sent, and one moment on two clocks: the wall clock (`NtpTime`) and the RTP timestamp's. */
export interface SenderReport extends NtpTime {
  readonly type: 'sender-report';
  readonly ssrc: number;
  /** The moment of the NTP time in the RTP timestamp's units and with its offset; 32 bits. */
  readonly rtpTimestamp: number;
  /** Since the start, modulo 2^32. */
  readonly packetCount: number;
  /** Payload bytes since the start, modulo 2^32. */
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
}

/** SSRC, NTP time, RTP timestamp, packet and octet count. */
const SENDER_INFO_BYTES = 24;

/** @throws {ProtocolError} `ERR_RTCP_TRUNCATED` */
export function parseSenderReport(count: number, body: Uint8Array): SenderReport {
  const needed = SENDER_INFO_BYTES + count * REPORT_BLOCK_BYTES;
  if (body.length < needed) throw rtcpTruncated('sender report', needed, body.length);
  const reader = new ByteReader(body);
  return {
    type: 'sender-report',
    ssrc: reader.u32(),
    ntpSeconds: reader.u32(),
    ntpFraction: reader.u32(),
    rtpTimestamp: reader.u32(),
    packetCount: reader.u32(),
    octetCount: reader.u32(),
    reports: readReportBlocks(reader, count),
  };
}

/** @throws {RangeError} for more than 31 report blocks */
export function writeSenderReport(writer: ByteWriter, report: SenderReport): void {
  const count = report.reports.length;
  writeRtcpHeader(writer, RtcpPacketType.senderReport, count, SENDER_INFO_BYTES + count * REPORT_BLOCK_BYTES);
  writer.u32(report.ssrc);
  writer.u32(report.ntpSeconds);
  writer.u32(report.ntpFraction);
  writer.u32(report.rtpTimestamp);
  writer.u32(report.packetCount);
  writer.u32(report.octetCount);
  writeReportBlocks(writer, report.reports);
}
