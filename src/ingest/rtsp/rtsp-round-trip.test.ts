import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { OpaqueConfig } from '../../codec/codec-config.ts';
import { splitLengthPrefixed } from '../../codec/nal/length-prefixed.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { parseRtpPacket, writeRtpHeader } from '../../protocol/rtp/rtp-packet.ts';
import {
  channelSlotsOf,
  loopedFrames,
  relay,
  tracksOf,
  type ChannelPacket,
  type RelayResult,
} from '../../testing/rtsp-media-kit.ts';

type Frame = Pick<SourceFrame, 'track' | 'data'>;

/** What must arrive of a frame: all but what payload formats add or leave out. */
function contentOf({ track, data }: Frame): readonly Uint8Array[] {
  switch (track.config.codec) {
    case 'h264':
      return splitLengthPrefixed(data).filter((nal) => ![7, 8, 9].includes(nal[0]! & 0x1f));
    case 'h265':
      return splitLengthPrefixed(data).filter((nal) => ![32, 33, 34, 35].includes((nal[0]! >>> 1) & 0x3f));
    case 'rtp': {
      const { marker, payload } = parseRtpPacket(data);
      return [Uint8Array.of(marker ? 1 : 0), payload];
    }
    default:
      return [data];
  }
}

/** In a few characters, so that differences can be read. */
function summaryOf(frame: Frame & { readonly isKey: boolean }): string {
  const pieces = contentOf(frame).map((piece) => `${piece.length}:${digestOf(piece)}`);
  return `${frame.isKey ? 'key ' : ''}${pieces.join(' ')}`;
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12);
}

/** Frames of one track, or of the one that came out in its place. */
function ofKind<F extends Frame>(frames: readonly F[], track: Track): F[] {
  return frames.filter((frame) => frame.track.kind === track.kind);
}

/** How much later the frames are that came out than those that went in, beside the times of these. */
function timeOffsets(
  sent: readonly SourceFrame[],
  received: readonly SourceFrame[],
): { sentUs: number; laterUs: number }[] {
  return tracksOf(sent).flatMap((track) => {
    const before = ofKind(sent, track);
    return ofKind(received, track).flatMap(({ dtsUs, ptsUs }, index) => [
      { sentUs: before[index]!.dtsUs, laterUs: dtsUs - before[index]!.dtsUs },
      { sentUs: before[index]!.dtsUs, laterUs: ptsUs - before[index]!.ptsUs },
    ]);
  });
}

function spreadOf(offsets: readonly { laterUs: number }[]): number {
  const values = offsets.map(({ laterUs }) => laterUs);
  return Math.max(...values) - Math.min(...values);
}

function timeSpread({ sent, received }: RelayResult): number {
  return spreadOf(timeOffsets(sent, received));
}

/** One tick of the coarsest clock, and the rounding to microseconds. */
function tickUs(frames: readonly SourceFrame[]): number {
  const rates = channelSlotsOf(tracksOf(frames)).map(({ format }) => format.clockRate);
  return Math.ceil(1e6 / Math.min(...rates)) + 1;
}

function expectAllCameThrough({ sent, received, ingest }: RelayResult): void {
  for (const [index, track] of tracksOf(sent).entries()) {
    expect(ofKind(received, track).map(summaryOf)).toEqual(ofKind(sent, track).map(summaryOf));
    expect(ingest.countersOf(index)).toMatchObject({
      lost: 0,
      duplicated: 0,
      late: 0,
      reordered: 0,
      damagedUnits: 0,
      droppedUnits: 0,
      ignoredPackets: 0,
      malformed: 0,
      unknownPayloadType: 0,
      unitsWithoutConfig: 0,
    });
  }
  expect(received).toHaveLength(sent.length);
}

const FILES: readonly { name: string; file: string; periodMs: number }[] = [
  { name: 'H.264 with B-frames, and AAC', file: 'h264-aac', periodMs: 1200 },
  { name: 'H.264 and MP3', file: 'h264-mp3', periodMs: 600 },
  { name: 'H.265 with B-frames, and Opus', file: 'hevc-opus', periodMs: 400 },
  { name: 'AV1 (and AC-3, which RTP does not carry here)', file: 'av1-ac3', periodMs: 320 },
  { name: 'VP9 (and E-AC-3)', file: 'vp9-eac3', periodMs: 320 },
  { name: 'mu-law', file: 'g711u', periodMs: 322 },
  { name: 'A-law (and a picture that nobody knows)', file: 'flv1-g711a', periodMs: 509 },
];

describe.each(FILES)('$name', ({ file, periodMs }) => {
  const frames = loopedFrames(file, periodMs, 3);

  test.each([{ keepsOrder: true }, { keepsOrder: false }])(
    'comes through byte for byte, at its times but for one constant, over TCP or not: $keepsOrder',
    ({ keepsOrder }) => {
      const result = relay(frames, { keepsOrder });
      expectAllCameThrough(result);
      expect(timeSpread(result)).toBeLessThanOrEqual(tickUs(result.sent));
    },
  );

  test('does not notice that sequence numbers and timestamps wrap', () => {
    const result = relay(frames, { change: nearWrap() });
    expectAllCameThrough(result);
    expect(timeSpread(result)).toBeLessThanOrEqual(tickUs(result.sent));
  });
});

/** Adds to sequence numbers and timestamps of all packets and reports. */
function renumbered({ channel, bytes }: ChannelPacket, sequence: number, timestamp: number): ChannelPacket {
  const copy = Buffer.from(bytes);
  const isRtp = channel % 2 === 0;
  const timestampAt = isRtp ? 4 : 16;
  copy.writeUInt32BE((copy.readUInt32BE(timestampAt) + timestamp) >>> 0, timestampAt);
  if (isRtp) copy.writeUInt16BE((copy.readUInt16BE(2) + sequence) & 0xffff, 2);
  return { channel, bytes: Uint8Array.from(copy) };
}

/** Lets sequence numbers wrap after a few packets and timestamps soon. */
function nearWrap(): (packet: ChannelPacket) => ChannelPacket {
  const shifts = new Map<number, { sequence?: number; timestamp: number }>();
  return (packet) => {
    const { channel, bytes } = packet;
    const isRtp = channel % 2 === 0;
    const view = Buffer.from(bytes);
    const shift = shifts.get(channel >>> 1) ?? { timestamp: -4000 - view.readUInt32BE(isRtp ? 4 : 16) };
    shifts.set(channel >>> 1, shift);
    if (isRtp) shift.sequence ??= -6 - view.readUInt16BE(2);
    return renumbered(packet, shift.sequence ?? 0, shift.timestamp);
  };
}

describe('media that nobody knows', () => {
  const config: OpaqueConfig = {
    kind: 'opaque',
    codec: 'rtp',
    media: 'video',
    encodingName: 'X-THERMAL',
    clockRate: 90_000,
    channels: 1,
    formatParameters: 'depth=14;palette=iron',
  };
  const track: Track = { id: 7, kind: 'opaque', config };

  /** Pictures of three packets each, which a source of its own numbering sent. */
  function opaqueFrames(count: number): SourceFrame[] {
    return Array.from({ length: count }, (_, index) => {
      const dtsUs = Math.floor(index / 3) * 40_000;
      const data = new Uint8Array(12 + 900).fill(index);
      const timestamp = Math.floor(index / 3) * 3600;
      const marker = index % 3 === 2;
      writeRtpHeader(data, 0, { payloadType: 111, marker, sequenceNumber: 700 + index, timestamp, ssrc: 9 });
      return { track, dtsUs, ptsUs: dtsUs, isKey: true, data };
    });
  }

  test('travels with payload, marker and time as it came, and its description as well', () => {
    const result = relay(opaqueFrames(60));
    expectAllCameThrough(result);
    expect(timeSpread(result)).toBeLessThanOrEqual(tickUs(result.sent));
    expect(result.received[0]!.track.config).toEqual(config);
  });

  test('travels beside media that is known', () => {
    const frames = [...loopedFrames('h264-aac', 1200, 2), ...opaqueFrames(150)];
    frames.sort((a, b) => a.dtsUs - b.dtsUs);
    const result = relay(frames);
    expectAllCameThrough(result);
    expect(timeSpread(result)).toBeLessThanOrEqual(tickUs(result.sent));
  });
});

test('sound and picture without reports lie to each other as they arrive', () => {
  // Without B-frames: what is shown later than it is sent would look late.
  const result = relay(loopedFrames('h264-mp3', 600, 3), { hasReports: false });
  expectAllCameThrough(result);
  expect(timeSpread(result)).toBeLessThanOrEqual(tickUs(result.sent));
});

test('a source whose clock leaps goes on without a pause, sound and picture together', () => {
  const rounds = 4;
  const frames = loopedFrames('h264-aac', 1200, rounds);
  const leapUs = rounds * 600_000;
  const rates = channelSlotsOf(tracksOf(frames)).map(({ format }) => format.clockRate);
  let parameterSets = 0;
  const change = (packet: ChannelPacket): ChannelPacket => {
    // Two in each round.
    if (packet.channel === 0 && (packet.bytes[12]! & 0x1f) === 7) parameterSets += 1;
    return parameterSets <= rounds ? packet : renumbered(packet, 0, 3600 * rates[packet.channel >>> 1]!);
  };
  const result = relay(frames, { change });
  expectAllCameThrough(result);
  const offsets = timeOffsets(result.sent, result.received);
  const [before, after] = [true, false].map((isBefore) =>
    offsets.filter(({ sentUs }) => sentUs < leapUs === isBefore),
  );
  for (const part of [before!, after!]) expect(spreadOf(part)).toBeLessThanOrEqual(tickUs(result.sent));
  expect(Math.abs(after![0]!.laterUs - before![0]!.laterUs)).toBeLessThan(50_000);
});
