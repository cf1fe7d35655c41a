import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { unixUsOfNtpTime } from './ntp-time.ts';
import { parseRtcp } from './rtcp.ts';
import { usToRtpTicks } from './rtp-clock.ts';
import { SenderClock } from './sender-clock.ts';
import { SenderReports } from './sender-reports.ts';

const NOW_US = 1_750_000_000_123_456;

function reportsOf(ssrc: number, clockRate: number, timestampOffset: number): SenderReports {
  return new SenderReports({ ssrc, clockRate, timestampOffset, canonicalName: 'stream' });
}

test('a report says what was sent, and one moment on both clocks', () => {
  const reports = reportsOf(7, 90_000, 0xffff_0000);
  reports.countPacket(1000);
  reports.countPacket(200);
  const [report, description, ...rest] = parseRtcp(reports.serializeReport(NOW_US, 2_000_000));
  expect(report).toMatchObject({
    type: 'sender-report',
    ssrc: 7,
    rtpTimestamp: 0xffff_0000 + 180_000 - 2 ** 32,
    packetCount: 2,
    octetCount: 1200,
    reports: [],
  });
  expect(report?.type === 'sender-report' && unixUsOfNtpTime(report)).toBe(NOW_US);
  expect(description).toEqual({
    type: 'source-description',
    chunks: [{ ssrc: 7, canonicalName: 'stream' }],
  });
  expect(rest).toEqual([]);
});

test('the counts are modulo 2^32', () => {
  const reports = reportsOf(7, 90_000, 0);
  for (let index = 0; index < 70_000; index += 1) reports.countPacket(65_000);
  expect(parseRtcp(reports.serializeReport(NOW_US, 0))[0]).toMatchObject({
    packetCount: 70_000,
    octetCount: (70_000 * 65_000) % 2 ** 32,
  });
});

test('a goodbye comes behind a report and the name', () => {
  const packets = parseRtcp(reportsOf(7, 90_000, 0).serializeGoodbye(NOW_US, 0));
  expect(packets.map(({ type }) => type)).toEqual(['sender-report', 'source-description', 'goodbye']);
  expect(packets[2]).toEqual({ type: 'goodbye', ssrcs: [7] });
});

test('timestamps have 32 bits, for times of either sign', () => {
  const reports = reportsOf(7, 90_000, 10);
  expect(reports.timestampOf(0)).toBe(10);
  expect(reports.timestampOf(-1_000_000)).toBe(2 ** 32 + 10 - 90_000);
  expect(reports.timestampOf(100 * 86_400 * 1_000_000)).toBe((10 + 100 * 86_400 * 90_000) % 2 ** 32);
});

test('each tick of a clock survives the way through microseconds, for years', () => {
  const rates = fc.constantFrom(8000, 44_100, 48_000, 90_000);
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 43), max: 2 ** 43 }), rates, (ticks, rate) => {
      const exactUs = (BigInt(ticks) * 2_000_000n + BigInt(rate)) / (BigInt(rate) * 2n);
      expect(usToRtpTicks(Number(exactUs), rate)).toBe(ticks);
    }),
  );
});

test('the clock of reports runs evenly from the first frame on, however frames arrive', () => {
  const clock = new SenderClock();
  expect(clock.mediaUsAt(NOW_US)).toBeUndefined();
  clock.follow(5_000_000, NOW_US);
  for (let frame = 1; frame < 100; frame += 1) {
    clock.follow(5_000_000 + frame * 40_000, NOW_US + frame * 40_000 + (frame % 7) * 70_000);
  }
  expect(clock.mediaUsAt(NOW_US)).toBe(5_000_000);
  expect(clock.mediaUsAt(NOW_US + 10_000_000)).toBe(15_000_000);
});

test('it is set anew when the source has drifted away', () => {
  const clock = new SenderClock();
  clock.follow(0, NOW_US);
  clock.follow(10_000_000, NOW_US + 9_500_000);
  expect(clock.mediaUsAt(NOW_US + 10_000_000)).toBe(10_000_000);
  clock.follow(20_000_000, NOW_US + 19_499_000);
  expect(clock.mediaUsAt(NOW_US + 20_000_000)).toBe(20_501_000);
});
