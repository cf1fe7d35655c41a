import { describe, expect, test } from 'vitest';
import { middleNtpBits, ntpTimeOfUnixUs } from '../../protocol/rtp/ntp-time.ts';
import { parseRtcp, type RtcpPacket } from '../../protocol/rtp/rtcp.ts';
import type { OrderedPacket } from '../../protocol/rtp/reorder-buffer.ts';
import { RtpReceiver, type ReceivedPacket } from './rtp-receiver.ts';

const SSRC = 0xdead_beef;

function packet(sequenceNumber: number, arrivedMs: number, ssrc = SSRC): ReceivedPacket {
  const payload = Uint8Array.of(sequenceNumber);
  const timestamp = sequenceNumber * 160;
  return {
    payloadType: 0,
    marker: false,
    sequenceNumber,
    timestamp,
    ssrc,
    payload,
    bytes: payload,
    arrivedMs,
  };
}

function numbers(packets: readonly OrderedPacket<ReceivedPacket>[]): string[] {
  return packets.map(({ packet: { sequenceNumber }, lostBefore }) =>
    lostBefore === 0 ? `${sequenceNumber}` : `${sequenceNumber} behind ${lostBefore}`,
  );
}

describe('where the transport keeps the order', () => {
  const receiver = new RtpReceiver(8000, true, 'name');

  test('nothing waits: what is missing is lost, what comes twice or late is dropped', () => {
    const out = [1, 2, 5, 5, 4, 6].map((number) => numbers(receiver.receive(packet(number, 0))));
    expect(out).toEqual([['1'], ['2'], ['5 behind 2'], [], [], ['6']]);
    expect(receiver.counters).toMatchObject({ received: 6, lost: 2, duplicated: 1, late: 1, reordered: 0 });
  });
});

describe('where it does not', () => {
  const receiver = new RtpReceiver(8000, false, 'name');
  const receive = (number: number, arrivedMs: number): string[] =>
    numbers(receiver.receive(packet(number, arrivedMs)));

  test('a packet that is overtaken is put in its place', () => {
    expect([receive(1, 0), receive(3, 10), receive(4, 20), receive(2, 30)]).toEqual([
      ['1'],
      [],
      [],
      ['2', '3', '4'],
    ]);
  });

  test('a gap is given up after 150 ms, whether or not packets come', () => {
    expect([receive(6, 40), receive(7, 60)]).toEqual([[], []]);
    expect(numbers(receiver.tick(189))).toEqual([]);
    expect(numbers(receiver.tick(190))).toEqual(['6 behind 1', '7']);
    expect(receive(9, 200)).toEqual([]);
    expect(receive(10, 350)).toEqual(['9 behind 1', '10']);
    expect(receive(8, 360)).toEqual([]);
    expect(receiver.counters).toMatchObject({ received: 9, lost: 2, late: 1, reordered: 1 });
  });

  test('at the end nothing is held back', () => {
    expect(receive(13, 400)).toEqual([]);
    expect(numbers(receiver.flush())).toEqual(['13 behind 2']);
  });
});

describe('reports for the sender', () => {
  const parsed = (bytes: Uint8Array | undefined): RtcpPacket[] =>
    bytes === undefined ? [] : parseRtcp(bytes);

  test('come every five seconds, from the first packet on', () => {
    const receiver = new RtpReceiver(8000, false, 'name');
    expect(receiver.takeReport(100_000)).toBeUndefined();
    receiver.receive(packet(1, 100_000));
    expect(receiver.takeReport(104_999)).toBeUndefined();
    const [first, description] = parsed(receiver.takeReport(105_000));
    expect(receiver.takeReport(109_999)).toBeUndefined();
    const [second] = parsed(receiver.takeReport(110_000));
    expect(first).toMatchObject({ type: 'receiver-report', reports: [{ ssrc: SSRC }] });
    const ssrc = first!.type === 'receiver-report' ? first!.ssrc : undefined;
    expect(description).toEqual({
      type: 'source-description',
      chunks: [{ ssrc, canonicalName: 'name' }],
    });
    expect(second).toMatchObject({ ssrc });
  });

  test('tell what is missing, and what the sender said last', () => {
    const receiver = new RtpReceiver(8000, false, 'name');
    const time = ntpTimeOfUnixUs(1_700_000_000_250_000);
    const counts = { rtpTimestamp: 0, packetCount: 0, octetCount: 0, reports: [] };
    receiver.receiveReport({ type: 'sender-report', ssrc: SSRC, ...time, ...counts }, 500);
    for (const number of [65_534, 65_535, 1, 2]) receiver.receive(packet(number, 0));
    expect(parsed(receiver.takeReport(5_500))[0]).toMatchObject({
      reports: [
        {
          ssrc: SSRC,
          fractionLost: Math.floor(256 / 5),
          cumulativeLost: 1,
          extendedHighestSequenceNumber: 0x1_0002,
          lastSenderReport: middleNtpBits(time),
          delaySinceLastSenderReport: 5 * 0x1_0000,
        },
      ],
    });
  });
});
