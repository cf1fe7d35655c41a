import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { splitLengthPrefixed } from '../../codec/nal/length-prefixed.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import { psRtpPackets, packsOf, type PsDeviceHabits, type PsRtpHabits } from '../../testing/ps-device.ts';
import { loopedFrames, recordedPublication } from '../../testing/rtsp-media-kit.ts';
import { Gb28181Ingest } from './gb28181-ingest.ts';

const START_US = 1_000_000;
/** A tick of 90 kHz, and rounding to microseconds. */
const TICK_US = 12;

const NO_DAMAGE = {
  lost: 0,
  duplicated: 0,
  late: 0,
  stray: 0,
  resyncs: 0,
  malformed: 0,
  strangerPackets: 0,
  sourceChanges: 0,
  skippedPackets: 0,
  skippedBytes: 0,
  wrongLengths: 0,
  damagedPackets: 0,
  damagedHeaders: 0,
  unsupportedPackets: 0,
  ownClocks: 0,
  video: { damagedUnits: 0, droppedUnits: 0, unitsWithoutConfig: 0, untimedUnits: 0 },
  audio: { damagedPes: 0, damagedFrames: 0, framesWithoutConfig: 0 },
};

interface Received {
  readonly frames: SourceFrame[];
  readonly ingest: Gb28181Ingest;
}

function relay(
  frames: readonly SourceFrame[],
  habits: PsDeviceHabits,
  rtpHabits: PsRtpHabits,
  keepsOrder: boolean,
): Received {
  const record = recordedPublication();
  const ingest = new Gb28181Ingest(record.publication, { keepsOrder });
  const firstTicks = packsOf(frames, habits)[0]!.ticks;
  for (const { bytes, pack } of psRtpPackets(packsOf(frames, habits), rtpHabits)) {
    ingest.receiveRtp(bytes, 5000 + (pack.ticks - firstTicks) / 90);
  }
  ingest.end();
  return { frames: record.frames, ingest };
}

/** What must arrive of a frame, so that differences can be read. */
function contentOf({ data, track, isKey }: SourceFrame): string {
  const { codec } = track.config;
  const pieces = track.kind === 'video' ? splitLengthPrefixed(data) : [data];
  const kept = pieces.filter((piece) => !isParameterSet(codec, piece[0]!));
  return `${isKey} ${kept.map((piece) => `${piece.length}:${digestOf(piece)}`).join(' ')}`;
}

/** Outputs add and leave out parameter sets as they need. */
function isParameterSet(codec: string, firstByte: number): boolean {
  if (codec === 'h264') return [7, 8].includes(firstByte & 0x1f);
  return codec === 'h265' && [32, 33, 34].includes((firstByte >>> 1) & 0x3f);
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 8);
}

function ofKind(frames: readonly SourceFrame[], kind: string): SourceFrame[] {
  return frames.filter(({ track }) => track.kind === kind);
}

interface ExpectedTimes {
  readonly presentation: boolean;
  readonly decoding: boolean;
}

/** Every access unit, bit by bit; times but for one constant of all tracks. */
function expectSame(sent: readonly SourceFrame[], { frames }: Received, times: ExpectedTimes): void {
  const offsets: number[] = [];
  for (const kind of ['video', 'audio']) {
    const [before, after] = [ofKind(sent, kind), ofKind(frames, kind)];
    expect(after.map(contentOf)).toEqual(before.map(contentOf));
    for (const [index, frame] of after.entries()) {
      if (times.presentation) offsets.push(frame.ptsUs - before[index]!.ptsUs);
      if (times.decoding) offsets.push(frame.dtsUs - before[index]!.dtsUs);
      expect(frame.dtsUs).toBeLessThanOrEqual(frame.ptsUs);
      if (index > 0) expect(frame.dtsUs).toBeGreaterThanOrEqual(after[index - 1]!.dtsUs);
    }
  }
  if (offsets.length > 0) expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThanOrEqual(TICK_US);
}

const bFrames = loopedFrames('h264-aac', 1200, 3);
const plain = loopedFrames('h264-mp3', 600, 3);
const hevc = ofKind(loopedFrames('hevc-opus', 400, 3), 'video');
const g711 = loopedFrames('g711u', 322, 4);
/** From the first key picture on, since the map stands before it. */
const withG711 = [...ofKind(plain, 'video'), ...g711]
  .sort((a, b) => a.dtsUs - b.dtsUs)
  .filter(({ dtsUs }) => dtsUs >= ofKind(plain, 'video')[0]!.dtsUs);

interface Case {
  readonly name: string;
  readonly frames: readonly SourceFrame[];
  readonly habits?: PsDeviceHabits;
  readonly rtp?: PsRtpHabits;
  /** Both times are compared unless said. */
  readonly times?: Partial<ExpectedTimes>;
}

const WRAP_TICKS = 2 ** 33 - 45_000;

const CASES: readonly Case[] = [
  { name: 'H.264 with B-frames and AAC, a packet a frame', frames: bFrames },
  {
    name: 'a packet a NAL unit, each with its time',
    frames: bFrames,
    habits: { packets: 'nal', times: 'all' },
  },
  { name: 'frames cut over many packets', frames: bFrames, habits: { packets: 100 } },
  {
    name: 'frames cut over many packets, each with its time',
    frames: bFrames,
    habits: { packets: 100, times: 'all' },
  },
  { name: 'packets without length', frames: bFrames, habits: { isUnbounded: true } },
  { name: 'RTP packets of any size', frames: bFrames, rtp: { payloadBytes: 61 } },
  { name: 'RTP packets as large as TCP allows', frames: bFrames, rtp: { payloadBytes: 65_000 } },
  { name: 'no marker', frames: bFrames, rtp: { marker: 'none' } },
  { name: 'a marker on every packet', frames: bFrames, rtp: { marker: 'all' } },
  {
    name: 'a marker on every packet, a packet a NAL unit',
    frames: bFrames,
    habits: { packets: 'nal', times: 'all' },
    rtp: { marker: 'all', payloadBytes: 300 },
  },
  {
    name: 'all clocks and numbers wrap',
    frames: bFrames,
    habits: { baseTicks: WRAP_TICKS },
    rtp: { firstSequence: 65_530 },
  },
  { name: 'no decoding times', frames: bFrames, habits: { hasDts: false }, times: { decoding: false } },
  {
    name: 'several frames of AAC in a packet',
    frames: bFrames,
    habits: { audioFrames: 4 },
    times: { presentation: false, decoding: false },
  },
  { name: 'no map: what it is shows', frames: bFrames, habits: { hasMap: false } },
  { name: 'H.265 with B-frames', frames: hevc },
  { name: 'H.265 without a map', frames: hevc, habits: { hasMap: false, packets: 'nal', times: 'all' } },
  { name: 'H.264 and MPEG audio', frames: plain },
  { name: 'MPEG audio without a map', frames: plain, habits: { hasMap: false } },
  { name: 'H.264 and G.711', frames: withG711 },
  { name: 'G.711 alone', frames: g711 },
  { name: 'no times but those of RTP', frames: withG711, habits: { times: 'none', packets: 200 } },
];

describe.each([{ keepsOrder: true }, { keepsOrder: false }])(
  'over TCP or not: $keepsOrder',
  ({ keepsOrder }) => {
    test.each(CASES)('$name', ({ frames, habits = {}, rtp = {}, times }) => {
      const received = relay(frames, habits, rtp, keepsOrder);
      expectSame(frames, received, { presentation: true, decoding: true, ...times });
      expect(received.ingest.counters).toMatchObject(NO_DAMAGE);
    });
  },
);

test('a session begins at a second, whatever the device counts from', () => {
  const { frames } = relay(bFrames, { baseTicks: 123_456_789 }, {}, true);
  expect(frames[0]!.ptsUs).toBe(START_US);
});

test('sound of another clock than the pictures lies beside them as it arrives', () => {
  const { frames, ingest } = relay(bFrames, { audioBaseTicks: 5_000_000 }, {}, true);
  expect(ingest.counters.ownClocks).toBe(1);
  const [video, audio] = ['video', 'audio'].map((kind) => ofKind(frames, kind)[0]!);
  const [sentVideo, sentAudio] = ['video', 'audio'].map((kind) => ofKind(bFrames, kind)[0]!);
  const offsetUs = audio!.ptsUs - video!.dtsUs - (sentAudio!.ptsUs - sentVideo!.dtsUs);
  expect(Math.abs(offsetUs)).toBeLessThan(200_000);
});

test('times of the AAC frames that share a packet follow on each other', () => {
  const { frames } = relay(bFrames, { audioFrames: 4 }, {}, true);
  const [before, after] = [ofKind(bFrames, 'audio'), ofKind(frames, 'audio')];
  const offsetUs = after[0]!.ptsUs - before[0]!.ptsUs;
  // FLV rounds to milliseconds, and the loop of the file has a seam.
  for (const [index, { ptsUs }] of after.entries()) {
    expect(Math.abs(ptsUs - offsetUs - before[index]!.ptsUs)).toBeLessThan(25_000);
  }
});
