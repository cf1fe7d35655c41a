import { describe, expect, test } from 'vitest';
import { h264ConfigFromRecord } from '../../codec/h264/h264-config.ts';
import { joinLengthPrefixed } from '../../codec/nal/length-prefixed.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { parseRtpPacket } from '../../protocol/rtp/rtp-packet.ts';
import { Impairment, randomNumbers } from '../../testing/impairment.ts';
import { H264_RECORDS } from '../../testing/record-vectors.ts';
import { relay, type ChannelPacket, type RelayResult } from '../../testing/rtsp-media-kit.ts';
import { aacTrack } from '../../testing/ts-kit.ts';

const SECONDS = 60;
const PICTURE_US = 40_000;
const GOP = 25;
/** Behind a key picture they are sent as P B B P B B …; how much later each is shown than sent. */
const SHOWN_LATER = [2, -1, -1];
/** What the parameter sets say of it. The encoder sets showing back by as many pictures. */
const REORDER_DEPTH = 2;
/** Sound has a packet every 21 ms, and a gap is waited for 150 ms. */
const MAX_DELAY = { video: 4, audio: 3 };

/** Of the sound's clock, rounded up. */
const TICK_US = 22;

const config = h264ConfigFromRecord(H264_RECORDS[1]!.record);
const video: Track = { id: 1, kind: 'video', config };
const parameterSets = [...config.sequenceParameterSets, ...config.pictureParameterSets];
const random = randomNumbers(4711);

/** Bytes that no other frame has, and in which no start code occurs. */
function filled(start: readonly number[], length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => start[at] ?? 1 + Math.floor(random() * 255));
}

/** Two slices of at least two packets each. */
function picture(index: number): SourceFrame {
  const place = index % GOP;
  const isKey = place === 0;
  const length = (isKey ? 6000 : 1500) * (1 + random());
  const slices = [0x88, 0x48].map((first) => filled([isKey ? 0x65 : 0x41, first], length));
  const data = joinLengthPrefixed(isKey ? [...parameterSets, ...slices] : slices);
  const shown = index + REORDER_DEPTH + (isKey ? 0 : SHOWN_LATER[(place - 1) % 3]!);
  return { track: video, dtsUs: index * PICTURE_US, ptsUs: shown * PICTURE_US, isKey, data };
}

function sound(index: number): SourceFrame {
  const timeUs = Math.round((index * 1024e6) / 48_000);
  return { track: aacTrack, dtsUs: timeUs, ptsUs: timeUs, isKey: true, data: filled([0x21], 120) };
}

const pictures = Array.from({ length: (SECONDS * 1e6) / PICTURE_US }, (_, index) => picture(index));
const sounds = Array.from({ length: Math.floor((SECONDS * 48_000) / 1024) }, (_, index) => sound(index));
const stream = [...pictures, ...sounds].sort((a, b) => a.dtsUs - b.dtsUs);

/** Packets of one slot by the frame that they are of, in order. */
function packetsByFrame(slot: number, packets: readonly ChannelPacket[]): ChannelPacket[][] {
  const frames = new Map<number, ChannelPacket[]>();
  for (const packet of packets) {
    if (packet.channel !== 2 * slot) continue;
    const { timestamp } = parseRtpPacket(packet.bytes);
    const frame = frames.get(timestamp);
    if (frame === undefined) frames.set(timestamp, [packet]);
    else frame.push(packet);
  }
  return [...frames.values()];
}

interface ExpectedPictures {
  /** Their places in the stream. */
  readonly out: number[];
  damagedUnits: number;
  droppedUnits: number;
}

/** Pictures that a decoder can use, seen from the sender's side. */
function expectedPictures({ packets, arrived }: RelayResult): ExpectedPictures {
  const delivered = new Set(arrived);
  const result: ExpectedPictures = { out: [], damagedUnits: 0, droppedUnits: 0 };
  let isBehindHole = false;
  let awaitsKey = false;
  for (const [index, frame] of packetsByFrame(0, packets).entries()) {
    const { isKey } = pictures[index]!;
    const count = frame.filter((packet) => delivered.has(packet)).length;
    // Only a parameter set shows that nothing of the picture was in the hole before it.
    const isWhole = count === frame.length && (isKey || !isBehindHole);
    if (!isWhole || isBehindHole) awaitsKey = true;
    if (isWhole && (isKey || !awaitsKey)) {
      result.out.push(index);
      awaitsKey = false;
    } else if (isWhole) {
      result.droppedUnits += 1;
    } else if (count > 0) {
      result.damagedUnits += 1;
    }
    isBehindHole = !delivered.has(frame.at(-1)!);
  }
  return result;
}

/** The pictures that came out are the expected ones, bit by bit. @returns how much later they are than they were */
function expectPictures({ received }: RelayResult, { out }: ExpectedPictures): number {
  const found = received.filter(({ track }) => track.kind === 'video');
  expect(found.length).toBe(out.length);
  const offsetUs = found[0]!.ptsUs - pictures[0]!.ptsUs;
  for (const [place, { data, isKey, ptsUs, dtsUs }] of found.entries()) {
    const sent = pictures[out[place]!]!;
    expect(Buffer.compare(data, sent.data)).toBe(0);
    expect({ isKey, ptsUs: ptsUs - offsetUs }).toEqual({ isKey: sent.isKey, ptsUs: sent.ptsUs });
    expect(dtsUs).toBeLessThanOrEqual(ptsUs);
    expect(dtsUs).toBeGreaterThanOrEqual(found[place - 1]?.dtsUs ?? 0);
  }
  return offsetUs;
}

function expectSounds({ packets, arrived, received }: RelayResult, offsetUs: number): void {
  const delivered = new Set(arrived);
  const expected = packetsByFrame(1, packets).flatMap(([packet], index) =>
    delivered.has(packet!) ? [sounds[index]!] : [],
  );
  const found = received.filter(({ track }) => track.kind === 'audio');
  expect(found.length).toBe(expected.length);
  for (const [place, { data, ptsUs }] of found.entries()) {
    expect(Buffer.compare(data, expected[place]!.data)).toBe(0);
    expect(Math.abs(ptsUs - offsetUs - expected[place]!.ptsUs)).toBeLessThanOrEqual(TICK_US);
  }
}

describe.each([0.001, 0.01, 0.05])('of all packets %f are lost, as many doubled, as many late', (rate) => {
  test.each([1, 2])(
    'what arrives whole comes out whole and at its time, pictures again from the next key picture on (seed %i)',
    (seed) => {
      const rates = { loss: rate, duplication: rate, delay: rate };
      const impairments = [
        new Impairment<ChannelPacket>(seed, rates, MAX_DELAY.video),
        new Impairment<ChannelPacket>(seed + 1000, rates, MAX_DELAY.audio),
      ];
      const result = relay(stream, { keepsOrder: false, impairments });
      const expected = expectedPictures(result);
      expectSounds(result, expectPictures(result, expected));
      for (const [slot, { counts }] of impairments.entries()) {
        const sent = result.packets.filter(({ channel }) => channel === 2 * slot).length;
        expect(counts.lost).toBeGreaterThan(0);
        expect(result.ingest.countersOf(slot)).toEqual({
          received: sent - counts.lost + counts.duplicated,
          lost: counts.lost,
          duplicated: counts.duplicated,
          reordered: counts.delayed,
          late: 0,
          stray: 0,
          resyncs: 0,
          malformed: 0,
          unknownPayloadType: 0,
          unitsWithoutConfig: 0,
          ignoredPackets: 0,
          damagedUnits: slot === 0 ? expected.damagedUnits : 0,
          droppedUnits: slot === 0 ? expected.droppedUnits : 0,
        });
      }
    },
  );
});
