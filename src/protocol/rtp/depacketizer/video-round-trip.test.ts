import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { av1ConfigFromRecord } from '../../../codec/av1/av1-config.ts';
import { serializeObu } from '../../../codec/av1/obu.ts';
import type { VideoConfig } from '../../../codec/codec-config.ts';
import { h264ConfigFromRecord } from '../../../codec/h264/h264-config.ts';
import { h265ConfigFromRecord } from '../../../codec/h265/h265-config.ts';
import { joinLengthPrefixed } from '../../../codec/nal/length-prefixed.ts';
import { vp9ConfigFromFrame } from '../../../codec/vp9/vp9-config.ts';
import {
  PacketSequence,
  depacketize,
  rtpFormat,
  type SentPacket,
} from '../../../testing/depacketizer-kit.ts';
import { hex, toHex } from '../../../testing/hex.ts';
import { damagedBytes } from '../../../testing/mutated.ts';
import { payloadsOf } from '../../../testing/payload-collector.ts';
import { H264_RECORDS, H265_RECORDS } from '../../../testing/record-vectors.ts';
import { createPacketizer } from '../packetizer/create-packetizer.ts';
import { createDepacketizer } from './create-depacketizer.ts';
import type { Depacketizer } from './depacketizer.ts';

/** What a codec's test pictures are made of. */
interface Codec {
  readonly name: string;
  readonly encodingName: string;
  readonly config: VideoConfig;
  /** A whole access unit; `sizes` are those of its slices or frames. */
  picture(isKey: boolean, sizes: readonly number[], seed: number): Uint8Array;
  /** Whether the first packet of a unit shows that nothing stood before it. */
  readonly startShows: 'key pictures' | 'all pictures';
}

/** Bytes that hold no start code. */
function filled(start: Uint8Array, length: number, seed: number): Uint8Array {
  const bytes = Uint8Array.from({ length: start.length + length }, (_, at) => 1 + ((at * 7 + seed) % 255));
  bytes.set(start);
  return bytes;
}

const h264 = h264ConfigFromRecord(H264_RECORDS[1]!.record);
const h265 = h265ConfigFromRecord(H265_RECORDS[0]!.record);
const av1 = av1ConfigFromRecord(hex('81000c00 0a0b000000043d07c4daf90040'));
const vp9Key = hex('824983420014100f160c38241c184a00');

function nalPicture(
  sets: readonly Uint8Array[],
  [keyHeader, header]: readonly [string, string],
): Codec['picture'] {
  return (isKey, sizes, seed) => {
    const slices = sizes.map((size, index) => {
      const start = hex((isKey ? keyHeader : header) + (index === 0 ? '88' : '48'));
      return filled(start, size, seed + index);
    });
    return joinLengthPrefixed(isKey ? [...sets, ...slices] : slices);
  };
}

const CODECS: readonly Codec[] = [
  {
    name: 'H.264',
    encodingName: 'H264',
    config: h264,
    picture: nalPicture([...h264.sequenceParameterSets, ...h264.pictureParameterSets], ['65', '41']),
    startShows: 'key pictures',
  },
  {
    name: 'H.265',
    encodingName: 'H265',
    config: h265,
    picture: nalPicture(
      [...h265.videoParameterSets, ...h265.sequenceParameterSets, ...h265.pictureParameterSets],
      ['2801', '0201'],
    ),
    startShows: 'key pictures',
  },
  {
    name: 'AV1',
    encodingName: 'AV1',
    config: av1,
    picture: (isKey, sizes, seed) => {
      const frames = sizes.map((size, index) =>
        serializeObu(6, filled(Uint8Array.of(isKey ? 0x10 : 0x3c), size, seed + index)),
      );
      return Uint8Array.from([
        ...(isKey ? av1.description.subarray(4) : []),
        ...frames.flatMap((frame) => [...frame]),
      ]);
    },
    startShows: 'key pictures',
  },
  {
    name: 'VP9',
    encodingName: 'VP9',
    config: { ...vp9ConfigFromFrame(vp9Key)! },
    picture: (isKey, sizes, seed) => filled(isKey ? vp9Key : hex('8600'), sizes[0]!, seed),
    startShows: 'all pictures',
  },
];

interface SentUnit {
  readonly timestamp: number;
  readonly data: Uint8Array;
  readonly isKey: boolean;
  readonly packets: readonly SentPacket[];
}

interface StreamPlan {
  readonly pictures: readonly { sizes: number[]; isKey: boolean }[];
  readonly maxPayloadBytes: number;
  readonly aggregates: boolean;
}

const plans: fc.Arbitrary<StreamPlan> = fc.record({
  pictures: fc.array(
    fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 }),
      isKey: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  maxPayloadBytes: fc.integer({ min: 64, max: 200 }),
  aggregates: fc.boolean(),
});

function sentUnits(codec: Codec, plan: StreamPlan): SentUnit[] {
  const sequence = new PacketSequence();
  return plan.pictures.map(({ sizes, isKey }, index) => {
    const timestamp = index * 3000;
    const data = codec.picture(isKey, sizes, index);
    const from = sequence.packets.length;
    const payloads = payloadsOf(
      () => createPacketizer(codec.config, plan.maxPayloadBytes, { aggregates: plan.aggregates }),
      data,
      isKey,
    );
    for (const { payload, marker } of payloads) sequence.send(timestamp, payload, marker);
    return { timestamp, data, isKey, packets: sequence.packets.slice(from) };
  });
}

function depacketizerOf(codec: Codec, passesDamagedPictures = false): Depacketizer {
  return createDepacketizer(rtpFormat(codec.encodingName), codec.config, { passesDamagedPictures })!;
}

test.each(CODECS)('$name: what is packetized comes out again, byte for byte', (codec) => {
  fc.assert(
    fc.property(plans, (plan) => {
      const units = sentUnits(codec, plan);
      const depacketizer = depacketizerOf(codec);
      const received = depacketize(
        depacketizer,
        units.flatMap(({ packets }) => packets),
      );
      expect(received).toEqual(
        units.map(({ timestamp, data, isKey }) => ({
          timestamp,
          data,
          isKey,
          config: codec.config,
          afterLoss: false,
        })),
      );
      expect(depacketizer.counters).toEqual({ damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 });
    }),
    { numRuns: 100 },
  );
});

interface Expected {
  readonly out: { timestamp: number; afterLoss: boolean }[];
  damagedUnits: number;
  droppedUnits: number;
}

/** What is right to hand out, seen from the sender's side. */
function expected(codec: Codec, units: readonly SentUnit[], isLost: (number: number) => boolean): Expected {
  const result: Expected = { out: [], damagedUnits: 0, droppedUnits: 0 };
  let isMarkerKnown = false;
  let awaitsKey = false;
  let afterLoss = false;
  const total = units.flatMap(({ packets }) => packets).length;
  for (const { timestamp, isKey, packets } of units) {
    const numbers = packets.map(({ number }) => number);
    const received = numbers.filter((number) => !isLost(number));
    const first = numbers[0]!;
    const isHoleBefore = first > 0 && isLost(first - 1);
    if (isHoleBefore || received.length < numbers.length) {
      awaitsKey = true;
      afterLoss = true;
    }
    if (received.length === 0) continue;
    const showsStart = isKey || codec.startShows === 'all pictures';
    const next = numbers.at(-1)! + 1;
    // As long as it is not known what the marker means, a unit needs the packet behind it.
    const isCertain = isMarkerKnown || next === total || !isLost(next);
    const isWhole = received.length === numbers.length && (showsStart || !isHoleBefore) && isCertain;
    if (!isLost(numbers.at(-1)!) && isCertain && next < total) isMarkerKnown = true;
    if (!isWhole) {
      result.damagedUnits += 1;
      awaitsKey = true;
      afterLoss = true;
    } else if (awaitsKey && !isKey) {
      result.droppedUnits += 1;
    } else {
      result.out.push({ timestamp, afterLoss });
      awaitsKey = false;
      afterLoss = false;
    }
  }
  return result;
}

test.each(CODECS)(
  '$name: of a stream with losses exactly the units come out that a decoder can use',
  (codec) => {
    fc.assert(
      fc.property(plans, fc.array(fc.nat(99), { minLength: 1, maxLength: 60 }), (plan, dice) => {
        const units = sentUnits(codec, plan);
        // Nobody misses what was lost before the first packet, or behind the last one.
        const lastUnit = units.at(-1)!.packets[0]!.number;
        const isLost = (number: number): boolean =>
          number > 0 && number < lastUnit && dice[number % dice.length]! < 8;
        const packets = units.flatMap((unit) => unit.packets).filter(({ number }) => !isLost(number));
        const depacketizer = depacketizerOf(codec);
        const received = depacketize(depacketizer, packets);
        const { out, ...counters } = expected(codec, units, isLost);
        expect(received.map(({ timestamp, afterLoss }) => ({ timestamp, afterLoss }))).toEqual(out);
        expect(depacketizer.counters).toEqual({ ...counters, ignoredPackets: 0 });
        for (const { timestamp, data, isKey } of received) {
          const sent = units.find((unit) => unit.timestamp === timestamp)!;
          expect(toHex(data)).toBe(toHex(sent.data));
          expect(isKey).toBe(sent.isKey);
        }
      }),
      { numRuns: 200 },
    );
  },
);

test.each(CODECS)(
  '$name: damaged packets never throw, and never make more units than there were',
  (codec) => {
    const units = sentUnits(codec, {
      pictures: [
        { sizes: [150, 90], isKey: true },
        { sizes: [20], isKey: false },
        { sizes: [90, 10], isKey: false },
      ],
      maxPayloadBytes: 64,
      aggregates: true,
    });
    const payloads = units.flatMap(({ packets }) => packets.map(({ payload }) => payload));
    const packet = fc.record({
      payload: damagedBytes(payloads, 80),
      marker: fc.boolean(),
      timestampStep: fc.constantFrom(0, 0, 3000),
      gap: fc.constantFrom(0, 0, 0, 1),
    });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 40 }), fc.boolean(), (stream, passesDamagedPictures) => {
        const sequence = new PacketSequence();
        let timestamp = 0;
        for (const { payload, marker, timestampStep, gap } of stream) {
          timestamp += timestampStep;
          if (gap === 1) sequence.send(timestamp, payload);
          sequence.send(timestamp, payload, marker);
        }
        const lossy = sequence.packets.filter(({ number }) => number % 7 !== 3);
        const depacketizer = depacketizerOf(codec, passesDamagedPictures);
        expect(depacketize(depacketizer, lossy).length).toBeLessThanOrEqual(lossy.length);
      }),
      { numRuns: 200 },
    );
  },
);
