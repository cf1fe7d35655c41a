import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { MediaFrame } from '../../media/media-frame.ts';
import { createPacketizer } from '../../protocol/rtp/packetizer/create-packetizer.ts';
import { parseRtcp } from '../../protocol/rtp/rtcp.ts';
import { describeTracks } from '../../protocol/sdp/describe-tracks.ts';
import { rtpFormatOf } from '../../protocol/sdp/rtp-format-of.ts';
import { parseSessionDescription } from '../../protocol/sdp/session-description.ts';
import { flvFrames } from '../../testing/flv-frames.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { payloadsOf } from '../../testing/payload-collector.ts';
import {
  recordedPublication,
  rtpPacketBytes,
  senderReportBytes,
  type RecordedPublication,
} from '../../testing/rtsp-media-kit.ts';
import { RtspIngest } from './rtsp-ingest.ts';

/** The time of the session's first packet. */
const START_US = 1_000_000;
const WALL_MS = 1_700_000_000_000;

let record: RecordedPublication;
beforeEach(() => {
  record = recordedPublication();
});

/** The ingest of a description with these media lines and attributes, all of them set up unless said. */
function ingestOf(
  lines: string,
  options: { keepsOrder?: boolean; trackIndices?: number[] } = {},
): RtspIngest {
  const description = parseSessionDescription(`v=0\r\n${lines.trim().replaceAll(/\n\s*/g, '\r\n')}\r\n`);
  const { keepsOrder = true, trackIndices = description.media.map((_, index) => index) } = options;
  return new RtspIngest(record.publication, description, { keepsOrder, trackIndices });
}

const OPUS_AND_PCMA = `
  m=audio 0 RTP/AVP 101
  a=rtpmap:101 opus/48000/2
  m=audio 0 RTP/AVP 8`;

interface PacketOptions {
  readonly ssrc?: number;
  readonly sequenceNumber?: number;
}

/** A packet of two bytes, which are an Opus packet as well as samples. */
function packet(payloadType: number, timestamp: number, options: PacketOptions = {}): Uint8Array {
  const { ssrc = payloadType, sequenceNumber = 0 } = options;
  const header = { payloadType, marker: false, sequenceNumber, timestamp: timestamp >>> 0, ssrc };
  return rtpPacketBytes(header, Uint8Array.of(0xf8, payloadType));
}

/** Codec and time in milliseconds, since the session's first packet, of the frames. */
function heard(): string[] {
  return record.frames.map(({ track, dtsUs }) => `${track.config.codec} ${(dtsUs - START_US) / 1000}`);
}

/** RTP packets of frames, at the clock of pictures. */
function packetsOf(frames: readonly MediaFrame[], payloadType: number): Uint8Array[] {
  let sequenceNumber = 0;
  return frames.flatMap(({ track, data, isKey, ptsUs }) => {
    const payloads = payloadsOf(() => createPacketizer(track.config, 1200), data, isKey);
    return payloads.map(({ payload, marker }) => {
      const timestamp = Math.round((ptsUs * 9) / 100);
      const bytes = rtpPacketBytes({ marker, payloadType, sequenceNumber, timestamp, ssrc: 1 }, payload);
      sequenceNumber += 1;
      return bytes;
    });
  });
}

test('pictures that are reordered keep both their times, but for a constant, and none lies before 0', () => {
  const sent = flvFrames('h264-aac').filter(({ track }) => track.kind === 'video');
  expect(sent[0]!.ptsUs).toBeGreaterThan(sent[0]!.dtsUs);
  const format = rtpFormatOf(sent[0]!.track.config, 96)!;
  const session = { name: 'test', tool: 'test', address: '192.0.2.1' };
  const ingest = ingestOf(describeTracks([{ format, control: 'streamid=0' }], session));
  for (const bytes of packetsOf(sent, 96)) ingest.receiveRtp(0, bytes, 0);
  ingest.end();
  const received = record.frames;
  const offsets = received.map(({ dtsUs }, index) => dtsUs - sent[index]!.dtsUs);
  expect(received.map(({ isKey }) => isKey)).toEqual(sent.map(({ isKey }) => isKey));
  expect(offsets).toEqual(sent.map(() => offsets[0]));
  expect(received.map(({ ptsUs }) => ptsUs - offsets[0]!)).toEqual(sent.map(({ ptsUs }) => ptsUs));
  expect(received[0]!.dtsUs).toBeGreaterThanOrEqual(0);
});

describe('what a session has', () => {
  test.each([
    {
      name: 'sound and picture',
      lines: 'm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 0 RTP/AVP 0',
      kinds: [true, true],
    },
    { name: 'sound alone', lines: OPUS_AND_PCMA, kinds: [true, false] },
    {
      name: 'a picture that nobody knows',
      lines: 'm=video 0 RTP/AVP 26\nm=audio 0 RTP/AVP 0',
      kinds: [true, false],
    },
    {
      name: 'metadata',
      lines: 'm=application 0 RTP/AVP 107\na=rtpmap:107 vnd.onvif.metadata/90000',
      kinds: [false, false],
    },
    {
      name: 'media that RTP does not carry',
      lines: 'm=audio 0 udp 33\nm=audio 0 RTP/AVP 0',
      kinds: [true, false],
    },
  ])('is announced: $name', ({ lines, kinds: [audio, video] }) => {
    ingestOf(lines);
    expect(record.publication.announced).toEqual({ audio, video });
  });

  test('is what was set up, not what was described', () => {
    const ingest = ingestOf(`m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000${OPUS_AND_PCMA}`, {
      trackIndices: [2],
    });
    expect(record.publication.announced).toEqual({ audio: true, video: false });
    ingest.receiveRtp(1, packet(101, 0), 0);
    ingest.receiveRtcp(1, senderReportBytes(101, 0, WALL_MS), 0);
    ingest.receiveRtp(2, packet(8, 0), 0);
    expect(heard()).toEqual(['g711a 0']);
    expect([0, 1, 2].map((index) => ingest.countersOf(index)?.received)).toEqual([undefined, undefined, 1]);
  });
});

describe('packets', () => {
  test('on the wrong channel go where their payload type belongs', () => {
    const ingest = ingestOf(OPUS_AND_PCMA);
    ingest.receiveRtp(1, packet(101, 0), 0);
    ingest.receiveRtp(0, packet(8, 0), 0);
    expect(heard()).toEqual(['opus 0', 'g711a 0']);
    expect([0, 1].map((index) => ingest.countersOf(index)!.received)).toEqual([1, 1]);
  });

  test('of one payload type for both media go by their channel', () => {
    const ingest = ingestOf(`
      m=audio 0 RTP/AVP 96
      a=rtpmap:96 opus/48000/2
      m=audio 0 RTP/AVP 96
      a=rtpmap:96 PCMU/8000`);
    ingest.receiveRtp(1, packet(96, 0), 0);
    ingest.receiveRtp(0, packet(96, 0), 0);
    expect(heard()).toEqual(['g711u 0', 'opus 0']);
  });

  test('of another payload type than any that is described are counted', () => {
    const ingest = ingestOf(OPUS_AND_PCMA);
    ingest.receiveRtp(1, packet(13, 0), 0);
    ingest.receiveRtp(1, packet(8, 0, { sequenceNumber: 1 }), 0);
    ingest.receiveRtp(1, packet(13, 0, { sequenceNumber: 2 }), 0);
    expect(heard()).toEqual(['g711a 0']);
    expect(ingest.countersOf(1)).toMatchObject({ unknownPayloadType: 2, received: 1, lost: 0 });
  });

  test('of several formats are those of the first one that comes, at its clock', () => {
    const ingest = ingestOf(`
      m=audio 0 RTP/AVP 8 101
      a=rtpmap:101 opus/48000/2`);
    for (const [index, timestamp] of [0, 960, 1920].entries())
      ingest.receiveRtp(0, packet(101, timestamp, { sequenceNumber: index }), 0);
    ingest.receiveRtp(0, packet(8, 0, { sequenceNumber: 3 }), 0);
    expect(heard()).toEqual(['opus 0', 'opus 20', 'opus 40']);
    expect(ingest.countersOf(0)).toMatchObject({ received: 3, unknownPayloadType: 1 });
  });

  test('that are none are counted with their media', () => {
    const ingest = ingestOf(OPUS_AND_PCMA);
    const nothing = [
      new Uint8Array(0),
      Uint8Array.of(0x80),
      packet(8, 0).subarray(0, 11),
      new Uint8Array(20),
    ];
    for (const bytes of nothing) ingest.receiveRtp(1, bytes, 0);
    for (const bytes of nothing) ingest.receiveRtcp(1, bytes, 0);
    ingest.receiveRtp(7, nothing[0]!, 0);
    expect(ingest.countersOf(1)).toMatchObject({ malformed: 8, received: 0 });
    expect(ingest.countersOf(0)).toMatchObject({ malformed: 0 });
    expect(record.frames).toEqual([]);
  });

  test('that wait behind a gap over UDP are handed on when it was waited for long enough, or at the end', () => {
    const ingest = ingestOf(OPUS_AND_PCMA, { keepsOrder: false });
    for (const [number, arrivedMs] of [
      [0, 0],
      [2, 40],
      [4, 80],
    ] as const)
      ingest.receiveRtp(1, packet(8, number * 160, { sequenceNumber: number }), arrivedMs);
    expect(heard()).toEqual(['g711a 0']);
    ingest.tick(189);
    expect(heard()).toEqual(['g711a 0']);
    ingest.tick(190);
    expect(heard()).toEqual(['g711a 0', 'g711a 40']);
    ingest.end();
    expect(heard()).toEqual(['g711a 0', 'g711a 40', 'g711a 80']);
    expect(ingest.countersOf(1)).toMatchObject({ received: 3, lost: 2 });
  });

  test('and reports of any bytes at all never throw', () => {
    const vectors = [packet(8, 0), packet(101, 7), senderReportBytes(8, 0, WALL_MS)];
    const arrival = fc.record({ bytes: damagedBytes(vectors, 64), isReport: fc.boolean(), track: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 50 }), fc.boolean(), (arrivals, keepsOrder) => {
        record = recordedPublication();
        const ingest = ingestOf(OPUS_AND_PCMA, { keepsOrder });
        for (const [index, { bytes, isReport, track }] of arrivals.entries()) {
          if (isReport) ingest.receiveRtcp(track, bytes, index * 20);
          else ingest.receiveRtp(track, bytes, index * 20);
          ingest.tick(index * 20);
        }
        ingest.takeReports(60_000);
        ingest.end();
        expect(record.frames.length).toBeLessThanOrEqual(arrivals.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('two tracks', () => {
  /** Opus begins at once, A-law 700 ms later; all of it arrives in one burst, A-law first. */
  function receiveBurst(ingest: RtspIngest): void {
    ingest.receiveRtp(1, packet(8, 4_000_000), 0);
    ingest.receiveRtp(0, packet(101, 77_000), 3);
    ingest.receiveRtp(1, packet(8, 4_000_160, { sequenceNumber: 1 }), 5);
    ingest.receiveRtp(0, packet(101, 77_960, { sequenceNumber: 1 }), 5);
  }

  test('lie to each other as their reports say, whatever the network did', () => {
    const ingest = ingestOf(OPUS_AND_PCMA);
    ingest.receiveRtcp(0, senderReportBytes(101, 77_000, WALL_MS), 0);
    ingest.receiveRtcp(1, senderReportBytes(8, 4_000_000, WALL_MS + 700), 0);
    receiveBurst(ingest);
    expect(heard()).toEqual(['g711a 0', 'opus -700', 'g711a 20', 'opus -680']);
    expect(ingest.clockCounters).toEqual({ ignoredReports: 0, corrections: 0 });
  });

  test('without reports lie to each other as they arrive', () => {
    const ingest = ingestOf(OPUS_AND_PCMA);
    receiveBurst(ingest);
    expect(heard()).toEqual(['g711a 0', 'opus 3', 'g711a 20', 'opus 23']);
  });

  test('do not jump when reports come late: one of them is moved slowly', () => {
    const ingest = ingestOf(OPUS_AND_PCMA);
    receiveBurst(ingest);
    ingest.receiveRtcp(0, senderReportBytes(101, 77_000, WALL_MS), 10);
    ingest.receiveRtcp(1, senderReportBytes(8, 4_000_000, WALL_MS + 100), 10);
    for (let index = 2; index < 152; index += 1) {
      ingest.receiveRtp(0, packet(101, 77_000 + 960 * index, { sequenceNumber: index }), 20 * index);
      ingest.receiveRtp(1, packet(8, 4_000_000 + 160 * index, { sequenceNumber: index }), 20 * index);
    }
    const steps = record.frames
      .filter(({ track }) => track.config.codec === 'g711a')
      .map(({ dtsUs }, index, all) => dtsUs - (all[index - 1]?.dtsUs ?? dtsUs));
    expect(Math.max(...steps)).toBeLessThanOrEqual(21_000);
    const [opus, alaw] = record.frames.slice(-2);
    expect(alaw!.dtsUs - opus!.dtsUs).toBe(100_000);
    expect(ingest.clockCounters).toEqual({ ignoredReports: 0, corrections: 1 });
  });

  test('whose reports come on each other’s channel are told apart by their sources', () => {
    const ingest = ingestOf(OPUS_AND_PCMA);
    ingest.receiveRtp(1, packet(101, 77_000), 0);
    ingest.receiveRtp(0, packet(8, 4_000_000), 0);
    ingest.receiveRtcp(1, senderReportBytes(101, 77_000, WALL_MS), 0);
    ingest.receiveRtcp(0, senderReportBytes(8, 4_000_000, WALL_MS + 10), 0);
    ingest.takeReports(0);
    const echoes = ingest.takeReports(5_000).map(({ trackIndex, bytes }) => {
      const [report] = parseRtcp(bytes);
      const [block] = report?.type === 'receiver-report' ? report.reports : [];
      return { trackIndex, ssrc: block!.ssrc, hasEcho: block!.lastSenderReport !== 0 };
    });
    expect(echoes).toEqual([
      { trackIndex: 0, ssrc: 101, hasEcho: true },
      { trackIndex: 1, ssrc: 8, hasEcho: true },
    ]);
  });

  test('of sources with one number have their reports by their channels', () => {
    const ingest = ingestOf(OPUS_AND_PCMA);
    ingest.receiveRtcp(0, senderReportBytes(0, 77_000, WALL_MS), 0);
    ingest.receiveRtcp(1, senderReportBytes(0, 4_000_000, WALL_MS + 400), 0);
    ingest.receiveRtp(0, packet(101, 77_000, { ssrc: 0 }), 0);
    ingest.receiveRtp(1, packet(8, 4_000_000, { ssrc: 0 }), 0);
    ingest.receiveRtcp(1, senderReportBytes(0, 4_000_000, WALL_MS + 400), 0);
    expect(heard()).toEqual(['opus 0', 'g711a 400']);
    expect(ingest.clockCounters).toEqual({ ignoredReports: 0, corrections: 0 });
  });

  test('are not moved by reports of sources that do not send', () => {
    const ingest = ingestOf(OPUS_AND_PCMA);
    receiveBurst(ingest);
    ingest.receiveRtcp(0, senderReportBytes(101, 77_000, WALL_MS), 10);
    ingest.receiveRtcp(1, senderReportBytes(999, 4_000_000, WALL_MS + 500), 10);
    expect(ingest.clockCounters).toEqual({ ignoredReports: 0, corrections: 0 });
  });
});

test('the sender is told about each media that has come, every five seconds', () => {
  const ingest = ingestOf(OPUS_AND_PCMA);
  ingest.receiveRtp(1, packet(8, 0), 0);
  expect(ingest.takeReports(4_999)).toEqual([]);
  expect(ingest.takeReports(5_000).map(({ trackIndex }) => trackIndex)).toEqual([1]);
  ingest.receiveRtp(0, packet(101, 0), 6_000);
  expect(ingest.takeReports(10_000).map(({ trackIndex }) => trackIndex)).toEqual([1]);
  expect(ingest.takeReports(11_000).map(({ trackIndex }) => trackIndex)).toEqual([0]);
});
