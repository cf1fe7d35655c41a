import { describe, expect, test } from 'vitest';
import { h264ConfigFromRecord } from '../../codec/h264/h264-config.ts';
import { joinLengthPrefixed, splitLengthPrefixed } from '../../codec/nal/length-prefixed.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { Impairment, randomNumbers } from '../../testing/impairment.ts';
import { packsOf, psRtpPackets, type PsRtpPacket } from '../../testing/ps-device.ts';
import { H264_RECORDS } from '../../testing/record-vectors.ts';
import { recordedPublication } from '../../testing/rtsp-media-kit.ts';
import { aacTrack } from '../../testing/ts-kit.ts';
import { Gb28181Ingest } from './gb28181-ingest.ts';

const SECONDS = 60;
const PICTURE_US = 40_000;
const GOP = 25;
/** Behind a key picture they are sent as P B B P B B …; how much later each is shown than sent. */
const SHOWN_LATER = [2, -1, -1];
const REORDER_DEPTH = 2;
/** At the beginning and the end nothing happens: there nobody could know what is missing. */
const SAFE_PACKETS = 40;
const TICK_US = 12;

const video: Track = { id: 1, kind: 'video', config: h264ConfigFromRecord(H264_RECORDS[1]!.record) };
const random = randomNumbers(4711);

/** Bytes that no other frame has, and in which no start code occurs. */
function filled(start: readonly number[], length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => start[at] ?? 1 + Math.floor(random() * 255));
}

/** Two slices of at least one packet each. */
function picture(index: number): SourceFrame {
  const place = index % GOP;
  const isKey = place === 0;
  const length = (isKey ? 6000 : 1500) * (1 + random());
  const slices = [0x88, 0x48].map((first) => filled([isKey ? 0x65 : 0x41, first], length));
  const shown = index + REORDER_DEPTH + (isKey ? 0 : SHOWN_LATER[(place - 1) % 3]!);
  return {
    track: video,
    dtsUs: index * PICTURE_US,
    ptsUs: shown * PICTURE_US,
    isKey,
    data: joinLengthPrefixed(slices),
  };
}

function sound(index: number): SourceFrame {
  const timeUs = Math.round((index * 1024e6) / 48_000);
  return { track: aacTrack, dtsUs: timeUs, ptsUs: timeUs, isKey: true, data: filled([0x21], 120) };
}

const stream = [
  ...Array.from({ length: (SECONDS * 1e6) / PICTURE_US }, (_, index) => picture(index)),
  ...Array.from({ length: Math.floor((SECONDS * 48_000) / 1024) }, (_, index) => sound(index)),
].sort((a, b) => a.dtsUs - b.dtsUs);
const packets = psRtpPackets(packsOf(stream), { firstSequence: 60_000 });

interface Arrived {
  readonly delivered: ReadonlySet<PsRtpPacket>;
  readonly frames: readonly SourceFrame[];
  readonly ingest: Gb28181Ingest;
}

function send(impairment: Impairment<PsRtpPacket>): Arrived {
  const { publication, frames } = recordedPublication();
  const ingest = new Gb28181Ingest(publication, { keepsOrder: false });
  const delivered = new Set<PsRtpPacket>();
  const arrive = (arrived: readonly PsRtpPacket[], nowMs: number): void => {
    for (const packet of arrived) {
      delivered.add(packet);
      ingest.receiveRtp(packet.bytes, nowMs);
    }
  };
  for (const [index, packet] of packets.entries()) {
    const isSafe = index < SAFE_PACKETS || index >= packets.length - SAFE_PACKETS;
    const nowMs = packet.pack.ticks / 90;
    arrive(isSafe ? impairment.pass(packet) : impairment.send(packet), nowMs);
    ingest.tick(nowMs);
  }
  ingest.end();
  return { delivered, frames, ingest };
}

interface Expected {
  readonly frames: readonly SourceFrame[];
  readonly damagedUnits: number;
  readonly droppedUnits: number;
}

/** What a decoder can use, seen from the sender's side: a hole may hide a picture, so pictures go on with a key picture. */
function expectedOf(delivered: ReadonlySet<PsRtpPacket>): Expected {
  const frames: SourceFrame[] = [];
  let damagedUnits = 0;
  let droppedUnits = 0;
  let awaitsKey = false;
  for (let at = 0; at < packets.length;) {
    const { pack } = packets[at]!;
    const own = packets.slice(at, at + 64).filter((packet) => packet.pack === pack);
    at += own.length;
    const [frame] = pack.frames as [SourceFrame];
    const isWhole = own.every((packet) => delivered.has(packet));
    if (!isWhole) {
      awaitsKey = true;
      if (frame.track === video && delivered.has(own[0]!)) damagedUnits += 1;
    } else if (frame.track === video && awaitsKey && !frame.isKey) {
      droppedUnits += 1;
    } else {
      if (frame.track === video) awaitsKey = false;
      frames.push(frame);
    }
  }
  return { frames, damagedUnits, droppedUnits };
}

function expectFrames(found: readonly SourceFrame[], expected: readonly SourceFrame[]): void {
  const offsets: number[] = [];
  for (const kind of ['video', 'audio']) {
    const before = expected.filter(({ track }) => track.kind === kind);
    const after = found.filter(({ track }) => track.kind === kind);
    expect(after.length).toBe(before.length);
    for (const [index, { data, isKey, ptsUs, dtsUs }] of after.entries()) {
      const sent = before[index]!;
      const nalUnits = kind === 'audio' ? [data] : splitLengthPrefixed(data).filter(isSlice);
      const sentUnits = kind === 'audio' ? [sent.data] : splitLengthPrefixed(sent.data);
      expect(nalUnits.map((nal) => Buffer.from(nal).compare(sentUnits.shift()!))).toEqual(
        nalUnits.map(() => 0),
      );
      expect([isKey, sentUnits.length]).toEqual([sent.isKey, 0]);
      offsets.push(ptsUs - sent.ptsUs, dtsUs - sent.dtsUs);
    }
  }
  expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThanOrEqual(TICK_US);
}

function isSlice(nal: Uint8Array): boolean {
  return (nal[0]! & 0x1f) <= 5;
}

describe.each([0.001, 0.01, 0.05])('of all packets %f are lost, as many doubled, as many late', (rate) => {
  test.each([1, 2])('what arrives whole comes out whole and at its time (seed %i)', (seed) => {
    const impairment = new Impairment<PsRtpPacket>(seed, { loss: rate, duplication: rate, delay: rate });
    const { delivered, frames, ingest } = send(impairment);
    const expected = expectedOf(delivered);
    expectFrames(frames, expected.frames);
    const { counts } = impairment;
    expect(counts.lost).toBeGreaterThan(0);
    expect(ingest.counters).toMatchObject({
      received: packets.length - counts.lost + counts.duplicated,
      lost: counts.lost,
      duplicated: counts.duplicated,
      reordered: counts.delayed,
      late: 0,
      stray: 0,
      resyncs: 0,
      malformed: 0,
      strangerPackets: 0,
      sourceChanges: 0,
      damagedHeaders: 0,
      wrongLengths: 0,
      unsupportedPackets: 0,
      damagedPackets: expected.damagedUnits,
      video: {
        damagedUnits: expected.damagedUnits,
        droppedUnits: expected.droppedUnits,
        unitsWithoutConfig: 0,
        untimedUnits: 0,
      },
      audio: { damagedPes: 0, damagedFrames: 0, framesWithoutConfig: 0 },
    });
  });
});
