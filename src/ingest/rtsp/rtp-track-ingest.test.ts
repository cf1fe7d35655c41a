import { beforeEach, describe, expect, test } from 'vitest';
import type { OrderedPacket } from '../../protocol/rtp/reorder-buffer.ts';
import type { SenderReport } from '../../protocol/rtp/rtcp/sender-report.ts';
import type { RtpFormat } from '../../protocol/rtp/rtp-format.ts';
import { parseRtpPacket } from '../../protocol/rtp/rtp-packet.ts';
import { ntpTimeOfUnixUs } from '../../protocol/rtp/ntp-time.ts';
import { SourceClock } from '../../protocol/rtp/source-clock.ts';
import { rtpFormatOf } from '../../protocol/sdp/rtp-format-of.ts';
import { rtpFormat } from '../../testing/depacketizer-kit.ts';
import { IDR, IDR_2, PPS, SLICE, SPS, baseline, high } from '../../testing/h264-rtp-kit.ts';
import { hex, toHex } from '../../testing/hex.ts';
import {
  recordedPublication,
  rtpPacketBytes,
  type RecordedPublication,
} from '../../testing/rtsp-media-kit.ts';
import type { ReceivedPacket } from './rtp-receiver.ts';
import { RtpTrackIngest } from './rtp-track-ingest.ts';

const START_US = 1_000_000;

let record: RecordedPublication;
let clock: SourceClock;
beforeEach(() => {
  record = recordedPublication();
  clock = new SourceClock();
});

function ingestOf(format: RtpFormat): RtpTrackIngest {
  return new RtpTrackIngest(
    record.publication,
    3,
    format,
    clock.addTrack(format.clockRate, format.media === 'video'),
  );
}

function audioFormat(encodingName: string, clockRate: number): RtpFormat {
  return rtpFormat(encodingName, {}, { media: 'audio', clockRate });
}

interface PacketOptions {
  readonly arrivedMs?: number;
  readonly ssrc?: number;
  readonly marker?: boolean;
  readonly lostBefore?: number;
}

function packet(
  timestamp: number,
  payload: string,
  { arrivedMs = 0, ssrc = 1, marker = true, lostBefore = 0 }: PacketOptions = {},
): OrderedPacket<ReceivedPacket> {
  const header = { payloadType: 96, marker, sequenceNumber: 0, timestamp: timestamp >>> 0, ssrc };
  const bytes = rtpPacketBytes(header, hex(payload));
  return { packet: { ...parseRtpPacket(bytes), bytes, arrivedMs }, lostBefore };
}

function report(ssrc: number, rtpTimestamp: number, unixMs: number): SenderReport {
  const counts = { packetCount: 0, octetCount: 0, reports: [] };
  return { type: 'sender-report', ssrc, rtpTimestamp, ...ntpTimeOfUnixUs(unixMs * 1000), ...counts };
}

/** Times of the frames, in milliseconds since the session's first packet. */
function timesMs(): number[] {
  return record.frames.map(({ dtsUs }) => (dtsUs - START_US) / 1000);
}

describe('the track', () => {
  test('is there with its first frame, and not before', () => {
    const ingest = ingestOf(rtpFormatOf(baseline, 96)!);
    ingest.receive(packet(0, IDR, { marker: false }));
    expect(record.tracks).toEqual([]);
    ingest.receive(packet(0, IDR_2));
    ingest.receive(packet(3600, SLICE));
    expect(record.tracks).toEqual([{ id: 3, kind: 'video', config: baseline }]);
    expect(record.frames[0]).toMatchObject({ track: record.tracks[0], isKey: true });
  });

  test('is another one under its id when parameters change in mid-stream', () => {
    const ingest = ingestOf(rtpFormatOf(baseline, 96)!);
    ingest.receive(packet(0, IDR));
    ingest.receive(packet(3600, SLICE));
    for (const set of [...high.sequenceParameterSets, ...high.pictureParameterSets])
      ingest.receive(packet(7200, toHex(set), { marker: false }));
    ingest.receive(packet(7200, IDR));
    ingest.receive(packet(10_800, SLICE));
    ingest.end();
    expect(
      record.tracks.map(({ id, config }) => ({ id, width: config.kind === 'video' && config.width })),
    ).toEqual([
      { id: 3, width: 320 },
      { id: 3, width: 322 },
    ]);
    expect(record.frames.map(({ track }) => record.tracks.indexOf(track))).toEqual([0, 0, 1, 1]);
  });

  test('waits for parameters that come in-band; what comes before them is counted', () => {
    const ingest = ingestOf(rtpFormat('H264'));
    ingest.receive(packet(0, IDR));
    ingest.receive(packet(3600, SLICE));
    ingest.receive(packet(7200, SPS, { marker: false }));
    ingest.receive(packet(7200, PPS, { marker: false }));
    ingest.receive(packet(7200, IDR));
    ingest.end();
    expect(ingest.unitsWithoutConfig).toBe(2);
    expect(record.frames).toHaveLength(1);
    expect(record.tracks[0]!.config).toMatchObject({ width: 320, height: 240 });
  });
});

describe('times', () => {
  test('run on over the wrap of timestamps', () => {
    const ingest = ingestOf(audioFormat('PCMA', 8000));
    for (let index = 0; index < 4; index += 1) ingest.receive(packet(2 ** 32 - 320 + 160 * index, 'd5d5'));
    expect(timesMs()).toEqual([0, 20, 40, 60]);
  });

  test('begin with the packet that came first, however late its picture is complete', () => {
    const picture = ingestOf(rtpFormatOf(baseline, 96)!);
    const sound = ingestOf(audioFormat('PCMA', 8000));
    picture.receive(packet(0, IDR, { arrivedMs: 100, marker: false }));
    sound.receive(packet(0, 'd5', { arrivedMs: 110 }));
    picture.receive(packet(0, IDR_2, { arrivedMs: 130 }));
    picture.receive(packet(3600, SLICE, { arrivedMs: 140 }));
    expect(timesMs()).toEqual([10, 0, 40]);
  });

  test('of pictures that are reordered are those of decoding, too', () => {
    const ingest = ingestOf(rtpFormatOf(high, 96)!);
    const shown = [2, 5, 3, 4, 8, 6, 7];
    for (const place of shown) ingest.receive(packet(place * 3600, place === 2 ? IDR : SLICE));
    ingest.end();
    expect(timesMs()).toEqual([0, 1, 2, 3, 4, 5, 6].map((place) => (place - 2) * 40));
    expect(record.frames.map(({ ptsUs }) => (ptsUs - START_US) / 40_000 + 2)).toEqual(shown);
  });
});

describe('another source', () => {
  test('goes on by arrival, with timestamps of its own', () => {
    const ingest = ingestOf(audioFormat('PCMA', 8000));
    ingest.receive(packet(1_000_000, 'd5', { arrivedMs: 0 }));
    ingest.receive(packet(1_000_160, 'd5', { arrivedMs: 20 }));
    expect(ingest.ssrc).toBe(1);
    ingest.receive(packet(77, 'd5', { arrivedMs: 520, ssrc: 2, lostBefore: 1 }));
    ingest.receive(packet(77 + 160, 'd5', { arrivedMs: 540, ssrc: 2 }));
    expect(timesMs()).toEqual([0, 20, 520, 540]);
    expect(ingest.ssrc).toBe(2);
  });

  test('does not keep back, or misplace, what the one before left', () => {
    const ingest = ingestOf(rtpFormatOf(high, 96)!);
    for (const [index, place] of [2, 5, 3].entries())
      ingest.receive(packet(place * 3600, index === 0 ? IDR : SLICE, { arrivedMs: index * 40 }));
    expect(record.frames).toEqual([]);
    const start = { arrivedMs: 5_000, ssrc: 2 };
    const [sps] = high.sequenceParameterSets.map(toHex);
    ingest.receive(packet(4_000_000_000, sps!, { ...start, marker: false, lostBefore: 1 }));
    expect(record.frames).toHaveLength(3);
    ingest.receive(packet(4_000_000_000, IDR, start));
    for (const place of [3, 1, 2, 6]) {
      ingest.receive(packet(4_000_000_000 + place * 3600, SLICE, { arrivedMs: 5_000 + place * 40, ssrc: 2 }));
    }
    ingest.end();
    const [, , , key, ...others] = record.frames;
    // The newest one before was shown at 120 ms and came at 40 ms.
    expect(key!.ptsUs - START_US).toBe(5_080_000);
    expect(others.map(({ ptsUs }) => ptsUs - key!.ptsUs)).toEqual([120_000, 40_000, 80_000, 240_000]);
    // As much before the key picture as the parameter sets say that is reordered, again.
    expect(key!.ptsUs - key!.dtsUs).toBeGreaterThanOrEqual(80_000);
    expect(record.tracks).toHaveLength(1);
  });

  test('is aligned by its own reports, also by one that came before its first packet', () => {
    const picture = ingestOf(rtpFormatOf(baseline, 96)!);
    const sound = ingestOf(audioFormat('PCMA', 8000));
    picture.receiveReport(report(1, 9_000, 50_000));
    sound.receiveReport(report(1, 700, 50_000));
    picture.receive(packet(9_000, IDR));
    sound.receive(packet(700, 'd5'));
    sound.receiveReport(report(2, 5_000_000, 50_700));
    sound.receive(packet(860, 'd5', { arrivedMs: 20 }));
    // It arrives 300 ms late.
    sound.receive(packet(5_000_000, 'd5', { arrivedMs: 1_000, ssrc: 2, lostBefore: 1 }));
    picture.receive(packet(12_600, SLICE, { arrivedMs: 1_000 }));
    expect(timesMs()).toEqual([0, 20, 700, 0, 40]);
    expect(clock.counters).toEqual({ ignoredReports: 0, corrections: 0 });
  });
});

describe('what no codec module knows', () => {
  test('goes on packet by packet, with its header', () => {
    const format = rtpFormat('JPEG', {}, { formatParameters: 'a=b' });
    const ingest = ingestOf(format);
    const packets = [
      packet(90, '01', { marker: false }),
      packet(90, '02'),
      packet(9_090, '03', { lostBefore: 3 }),
    ];
    for (const sent of packets) ingest.receive(sent);
    ingest.end();
    expect(record.tracks).toHaveLength(1);
    expect(record.tracks[0]).toEqual({
      id: 3,
      kind: 'opaque',
      config: {
        kind: 'opaque',
        codec: 'rtp',
        media: 'video',
        encodingName: 'JPEG',
        clockRate: 90_000,
        channels: 1,
        formatParameters: 'a=b',
      },
    });
    expect(record.frames.map(({ data }) => data)).toEqual(packets.map(({ packet: { bytes } }) => bytes));
    expect(timesMs()).toEqual([0, 0, 100]);
    expect(ingest.counters).toEqual({ damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 });
  });

  test('is also MPEG audio that turns out to be of layer II', () => {
    const ingest = ingestOf(audioFormat('MPA', 90_000));
    // MPEG-1, layer II, 48 kHz, 32 kbit/s: 96 bytes.
    const frame = `00000000fffd14c4${'11'.repeat(92)}`;
    for (let index = 0; index < 3; index += 1) ingest.receive(packet(index * 2160, frame, { marker: false }));
    expect(record.tracks.map(({ kind }) => kind)).toEqual(['opaque']);
    expect(record.frames.map(({ data }) => toHex(parseRtpPacket(data).payload))).toEqual([
      frame,
      frame,
      frame,
    ]);
    expect(timesMs()).toEqual([0, 24, 48]);
  });

  test('is not MPEG audio of layer III', () => {
    const ingest = ingestOf(audioFormat('MPA', 90_000));
    const frame = `fffb14c4${'11'.repeat(92)}`;
    ingest.receive(packet(0, `00000000${frame}`, { marker: false }));
    expect(record.tracks.map(({ config }) => config.codec)).toEqual(['mp3']);
    expect(toHex(record.frames[0]!.data)).toBe(frame);
  });
});
