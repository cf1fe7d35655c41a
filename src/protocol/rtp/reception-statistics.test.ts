import { expect, test } from 'vitest';
import { ReceptionStatistics } from './reception-statistics.ts';
import type { SenderReport } from './rtcp/sender-report.ts';
import type { RtpHeader } from './rtp-packet.ts';

function packet(sequenceNumber: number, timestamp = 0, ssrc = 7): RtpHeader {
  return { payloadType: 96, marker: false, sequenceNumber: sequenceNumber & 0xffff, timestamp, ssrc };
}

function receiveAll(statistics: ReceptionStatistics, numbers: readonly number[]): void {
  for (const number of numbers) statistics.receive(packet(number), 0);
}

const report: SenderReport = {
  type: 'sender-report',
  ssrc: 7,
  ntpSeconds: 0xb44d_b705,
  ntpFraction: 0x2000_0000,
  rtpTimestamp: 0,
  packetCount: 0,
  octetCount: 0,
  reports: [],
};

test('there is nothing to report before the first packet', () => {
  const statistics = new ReceptionStatistics(90_000);
  expect(statistics.takeReportBlock(0)).toBeUndefined();
  statistics.receiveSenderReport(report, 0);
  expect(statistics.takeReportBlock(0)).toBeUndefined();
});

test('without loss and delay all is zero but source and number', () => {
  const statistics = new ReceptionStatistics(90_000);
  receiveAll(statistics, [5, 6, 7]);
  expect(statistics.takeReportBlock(1000)).toEqual({
    ssrc: 7,
    fractionLost: 0,
    cumulativeLost: 0,
    extendedHighestSequenceNumber: 7,
    interarrivalJitter: 0,
    lastSenderReport: 0,
    delaySinceLastSenderReport: 0,
  });
});

test('the lost part is of the time since the last report, the lost number of all time', () => {
  const statistics = new ReceptionStatistics(90_000);
  receiveAll(statistics, [0, 1, 2, 4]);
  expect(statistics.takeReportBlock(0)).toMatchObject({ fractionLost: 51, cumulativeLost: 1 });
  expect(statistics.takeReportBlock(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 1 });
  receiveAll(statistics, [5, 6, 8, 14]);
  expect(statistics.takeReportBlock(0)).toMatchObject({
    fractionLost: 153,
    cumulativeLost: 7,
    extendedHighestSequenceNumber: 14,
  });
  // What was missing comes after all.
  receiveAll(statistics, [7, 9, 10, 11, 12, 13, 15]);
  expect(statistics.takeReportBlock(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 1 });
});

test('duplicates make the lost number negative, as the field allows', () => {
  const statistics = new ReceptionStatistics(90_000);
  receiveAll(statistics, [5, 5, 5, 6]);
  expect(statistics.takeReportBlock(0)).toMatchObject({ fractionLost: 0, cumulativeLost: -2 });
});

test('the lost number stays within its 24 bits, the lost part within its 8', () => {
  const statistics = new ReceptionStatistics(90_000);
  for (let index = 0; index <= 3000; index += 1) receiveAll(statistics, [index * 2999]);
  expect(statistics.takeReportBlock(0)).toMatchObject({ fractionLost: 255, cumulativeLost: 0x7f_ffff });
});

test('numbers count on over their wraps', () => {
  const statistics = new ReceptionStatistics(90_000);
  receiveAll(statistics, [65_534, 65_535, 1, 0, 2]);
  expect(statistics.takeReportBlock(0)).toMatchObject({
    extendedHighestSequenceNumber: 0x1_0002,
    cumulativeLost: 0,
  });
});

test('a source that begins anew is counted from its second packet on, as in RFC 3550', () => {
  const statistics = new ReceptionStatistics(90_000);
  receiveAll(statistics, [5, 6, 40_000]);
  expect(statistics.takeReportBlock(0)).toMatchObject({ extendedHighestSequenceNumber: 6 });
  receiveAll(statistics, [7, 50_000, 50_001, 50_003]);
  expect(statistics.takeReportBlock(0)).toMatchObject({
    extendedHighestSequenceNumber: 50_003,
    cumulativeLost: 1,
  });
});

test('another source takes the place of the first, and its reports are its own', () => {
  const statistics = new ReceptionStatistics(90_000);
  statistics.receive(packet(5), 0);
  statistics.receiveSenderReport(report, 0);
  expect(statistics.takeReportBlock(0)!.lastSenderReport).toBe(0xb705_2000);
  statistics.receive(packet(6, 0, 8), 0);
  statistics.receive(packet(7, 0, 8), 0);
  expect(statistics.takeReportBlock(0)).toMatchObject({
    ssrc: 8,
    lastSenderReport: 0,
    delaySinceLastSenderReport: 0,
  });
});

// RFC 3550, A.8: J += (|D| - J) / 16.
test('jitter follows the difference in spacing, over the wrap of the timestamp', () => {
  const statistics = new ReceptionStatistics(90_000);
  statistics.receive(packet(1, 0xffff_f000), 1000);
  // 3600 ticks and 40 ms later: no difference.
  statistics.receive(packet(2, (0xffff_f000 + 3600) % 2 ** 32), 1040);
  expect(statistics.takeReportBlock(0)).toMatchObject({ interarrivalJitter: 0 });
  // 10 ms too late, that is 900 ticks.
  statistics.receive(packet(3, (0xffff_f000 + 7200) % 2 ** 32), 1090);
  expect(statistics.takeReportBlock(0)).toMatchObject({ interarrivalJitter: 56 });
  // 10 ms too early: 56.25 + (900 - 56.25) / 16.
  statistics.receive(packet(4, (0xffff_f000 + 10_800) % 2 ** 32), 1120);
  expect(statistics.takeReportBlock(0)).toMatchObject({ interarrivalJitter: 108 });
});

// RFC 3550, 6.4.1, figure 2: 5.25 s pass between the report's arrival and the block.
test('the last sender report is echoed with the time since then', () => {
  const statistics = new ReceptionStatistics(90_000);
  statistics.receiveSenderReport(report, 2000);
  statistics.receive(packet(1), 2100);
  expect(statistics.takeReportBlock(7250)).toMatchObject({
    lastSenderReport: 0xb705_2000,
    delaySinceLastSenderReport: 0x0005_4000,
  });
});
