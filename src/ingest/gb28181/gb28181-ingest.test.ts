import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { ntpTimeOfUnixUs } from '../../protocol/rtp/ntp-time.ts';
import { parseRtcp, serializeRtcp } from '../../protocol/rtp/rtcp.ts';
import { hex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { packsOf, psRtpPackets, type PsRtpHabits } from '../../testing/ps-device.ts';
import { loopedFrames, recordedPublication, type RecordedPublication } from '../../testing/rtsp-media-kit.ts';
import { framesOf, g711Track, h264Track } from '../../testing/ts-kit.ts';
import { Gb28181Ingest } from './gb28181-ingest.ts';

const A = 0x0a0a_0a0a;
const B = 0x0b0b_0b0b;

let record: RecordedPublication;

beforeEach(() => {
  record = recordedPublication();
});

function ingestOf(options: { keepsOrder?: boolean; ssrc?: number } = {}): Gb28181Ingest {
  return new Gb28181Ingest(record.publication, { keepsOrder: false, ...options });
}

/** A picture every 40 ms, the first one a key picture. */
function framesFor(seconds: number, audio?: Track): SourceFrame[] {
  const frames = framesOf(h264Track, audio, seconds, { audioStepMs: 40 });
  for (const { track, data } of frames) if (track === h264Track) data[5] = 0x88; // the first slice of a picture
  return frames;
}

/** Packets of such pictures. */
function packetsOf(seconds: number, habits: PsRtpHabits = {}): Uint8Array[] {
  const packs = packsOf(framesFor(seconds));
  return psRtpPackets(packs, { payloadBytes: 2000, ...habits }).map(({ bytes }) => bytes);
}

describe('the marker', () => {
  test('brings a picture out at once, when the next packet has confirmed what it means', () => {
    const ingest = ingestOf();
    const counts = packetsOf(0.2, { payloadBytes: 4000 }).map((bytes) => {
      ingest.receiveRtp(bytes, 0);
      return record.frames.length;
    });
    expect(counts).toEqual([0, 2, 3, 4, 5]);
  });

  test('on every packet brings nothing out, and takes nothing away', () => {
    const ingest = ingestOf();
    for (const bytes of packetsOf(0.2, { payloadBytes: 500, marker: 'all' })) ingest.receiveRtp(bytes, 0);
    expect(record.frames).toHaveLength(4);
    ingest.end();
    expect(record.frames).toHaveLength(5);
    expect(ingest.counters.video.damagedUnits).toBe(0);
  });

  test('of sound at the time of a picture says nothing else', () => {
    const ingest = ingestOf();
    const frames = framesFor(0.2, g711Track);
    for (const { bytes } of psRtpPackets(packsOf(frames), { payloadBytes: 4000 }))
      ingest.receiveRtp(bytes, 0);
    expect(record.frames).toHaveLength(10);
  });
});

describe('the source', () => {
  function sentBy(...ssrcs: readonly [ssrc: number, nowMs: number][]): boolean[] {
    return ssrcs.map(([ssrc, nowMs], index) => {
      const [bytes] = packetsOf(0.04, { ssrc, firstSequence: 100 + index, payloadBytes: 4000 });
      return ingest.receiveRtp(bytes!, nowMs);
    });
  }

  let ingest: Gb28181Ingest;

  beforeEach(() => {
    ingest = ingestOf();
  });

  test('is the first that is heard; others are strangers', () => {
    expect(sentBy([A, 0], [B, 10], [B, 20], [A, 30])).toEqual([true, false, false, true]);
    expect(ingest.counters).toMatchObject({ strangerPackets: 2, sourceChanges: 0, received: 2 });
  });

  test('is another one after two seconds of silence, whose times go on by arrival', () => {
    const [first] = packetsOf(0.04, { ssrc: A, payloadBytes: 4000 });
    ingest.receiveRtp(first!, 0);
    expect(sentBy([B, 1999], [B, 2000])).toEqual([false, true]);
    ingest.end();
    expect(record.frames.map(({ ptsUs }) => ptsUs)).toEqual([1_000_000, 3_000_000]);
    expect(ingest.counters).toMatchObject({ strangerPackets: 1, sourceChanges: 1, received: 2, lost: 0 });
  });

  test('may be told beforehand: no silence lets others in', () => {
    ingest = ingestOf({ ssrc: B });
    expect(sentBy([A, 0], [B, 10], [A, 60_000], [B, 60_010])).toEqual([false, true, false, true]);
  });

  test('is a new one with a new connection, whatever its number', () => {
    ingest = ingestOf({ keepsOrder: true });
    const packets = packetsOf(0.08, { ssrc: A, payloadBytes: 4000 });
    expect(ingest.receiveRtp(packets[0]!.subarray(0, 900), 0)).toBe(true);
    ingest.restart();
    expect(sentBy([B, 50], [B, 90])).toEqual([true, true]);
    ingest.end();
    expect(record.frames).toHaveLength(2);
    expect(ingest.counters).toMatchObject({
      sourceChanges: 1,
      damagedPackets: 1,
      video: { damagedUnits: 1 },
    });
  });
});

describe('order', () => {
  test('is kept over TCP, whatever the numbers say: some devices do not count', () => {
    const ingest = ingestOf({ keepsOrder: true });
    for (const bytes of packetsOf(0.4, { payloadBytes: 300 })) {
      const copy = bytes.slice();
      copy.set([0, 7], 2);
      ingest.receiveRtp(copy, 0);
    }
    ingest.end();
    expect(record.frames).toHaveLength(10);
    expect(ingest.counters).toMatchObject({ lost: 0, duplicated: 0, resyncs: 0 });
  });

  test('over TCP has gaps where the device itself left something out', () => {
    const ingest = ingestOf({ keepsOrder: true });
    const packets = packetsOf(0.4, { payloadBytes: 4000, firstSequence: 65_530 });
    for (const [index, bytes] of packets.entries())
      if (index !== 3 && index !== 4) ingest.receiveRtp(bytes, 0);
    ingest.end();
    expect(record.frames).toHaveLength(3);
    expect(ingest.counters).toMatchObject({ lost: 2, video: { droppedUnits: 5 } });
  });

  test('over UDP is waited for, and given up after 150 ms', () => {
    const ingest = ingestOf();
    const packets = packetsOf(0.24, { payloadBytes: 4000 });
    for (const index of [0, 2, 1, 4, 5]) ingest.receiveRtp(packets[index]!, 10 * index);
    expect(record.frames).toHaveLength(3);
    ingest.tick(189);
    expect(ingest.counters).toMatchObject({ reordered: 1, lost: 0 });
    ingest.tick(190);
    expect(ingest.counters).toMatchObject({ reordered: 1, lost: 1 });
  });
});

test('what is no RTP is counted, and keeps no source alive', () => {
  const ingest = ingestOf();
  expect(ingest.receiveRtp(hex('000001ba'), 0)).toBe(false);
  ingest.receiveRtcp(hex('00'), 0);
  expect(ingest.counters).toMatchObject({ malformed: 2, received: 0 });
});

test('the sender is told what arrives, over UDP', () => {
  const ingest = ingestOf();
  const counts = { packetCount: 0, octetCount: 0, reports: [] };
  for (const bytes of packetsOf(0.04, { ssrc: A })) ingest.receiveRtp(bytes, 1000);
  const report = {
    type: 'sender-report' as const,
    ssrc: A,
    rtpTimestamp: 0,
    ...ntpTimeOfUnixUs(1e15),
    ...counts,
  };
  ingest.receiveRtcp(serializeRtcp([report]), 1000);
  expect(ingest.takeReport(5999)).toBeUndefined();
  const [told] = parseRtcp(ingest.takeReport(6000)!);
  expect(told).toMatchObject({ type: 'receiver-report', reports: [{ ssrc: A, fractionLost: 0 }] });
  expect(told!.type === 'receiver-report' && told!.reports[0]!.lastSenderReport).not.toBe(0);
});

test('whatever comes, frames have times in order and something in them', () => {
  const frames = [
    ...loopedFrames('h264-aac', 1200, 1).slice(0, 12),
    ...loopedFrames('hevc-opus', 400, 1).slice(0, 3),
  ];
  const vectors = [
    ...psRtpPackets(packsOf(frames, { packets: 'nal', times: 'all' }), { payloadBytes: 200 }),
    ...psRtpPackets(packsOf(frames, { packets: 300, isUnbounded: true }), {
      payloadBytes: 200,
      firstSequence: 500,
    }),
  ].map(({ bytes }) => bytes);
  const packets = fc.array(fc.oneof(damagedBytes(vectors), fc.constantFrom(...vectors)), { maxLength: 60 });
  fc.assert(
    fc.property(packets, fc.boolean(), (sequence, keepsOrder) => {
      record = recordedPublication();
      const ingest = ingestOf({ keepsOrder });
      for (const [index, bytes] of sequence.entries()) {
        const packet = bytes.slice();
        // Else most packets would be far from all others.
        if (packet.length > 12) packet.set([0x80, packet[1]!, index >>> 8, index], 0);
        ingest.receiveRtp(packet, 5 * index);
        ingest.tick(5 * index);
      }
      ingest.end();
      for (const { dtsUs, ptsUs, data, track } of record.frames) {
        expect(Number.isSafeInteger(dtsUs) && Number.isSafeInteger(ptsUs)).toBe(true);
        expect(data.length).toBeGreaterThan(0);
        expect(record.tracks).toContain(track);
      }
    }),
    { numRuns: 500 },
  );
});
