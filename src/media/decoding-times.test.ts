import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fixture } from '../testing/fixture.ts';
import { DecodingTimes, type TimedUnit } from './decoding-times.ts';

interface CodedPicture {
  readonly ptsUs: number;
  readonly isKey: boolean;
  /** What the encoder says. */
  readonly dtsUs: number;
}

/** The choices of an encoder; every list is used over and over. */
interface EncoderPlan {
  readonly depth: number;
  readonly pictures: number;
  /** Distances of the presentation times. */
  readonly stepsUs: readonly number[];
  /** How far ahead the encoder looks for the next picture to code. */
  readonly leaps: readonly number[];
  /** Pictures between random access points. */
  readonly keyDistances: readonly number[];
  /** Whether pictures shown before a random access point are coded after it. */
  readonly leadingPictures: readonly number[];
}

/** Codes pictures in any order in which at most `depth` pictures come before one that is shown earlier. */
function codingOrder(plan: EncoderPlan): { shown: number; isKey: boolean }[] {
  const order: { shown: number; isKey: boolean }[] = [];
  const coded = new Set<number>();
  const code = (shown: number, isKey = false): void => {
    coded.add(shown);
    order.push({ shown, isKey });
  };
  let from = 0;
  for (let gop = 0; from < plan.pictures; gop += 1) {
    const leading = plan.depth === 0 ? 0 : plan.leadingPictures[gop % plan.leadingPictures.length]!;
    const key = gop === 0 ? 0 : Math.min(from + leading, plan.pictures - 1);
    const end = Math.min(key + plan.keyDistances[gop % plan.keyDistances.length]!, plan.pictures);
    code(key, true);
    for (let first = from; first < end;) {
      if (coded.has(first)) {
        first += 1;
        continue;
      }
      const later = [...coded].filter((shown) => shown > first).length;
      const leap = plan.leaps[order.length % plan.leaps.length]!;
      // Before the leading pictures are done, no picture behind the random access point is coded.
      const limit = first < key ? key : end;
      const choice = later >= plan.depth ? first : Math.min(first + leap, limit - 1);
      code(coded.has(choice) ? first : choice);
    }
    from = end;
  }
  return order;
}

/** As x264 and x265 number their pictures: presentation times in order, `depth` pictures late. */
function encode(plan: EncoderPlan): CodedPicture[] {
  let timeUs = 1_000_000;
  const shownUs = Array.from({ length: plan.pictures }, (_, index) => {
    timeUs += plan.stepsUs[index % plan.stepsUs.length]!;
    return timeUs;
  });
  const delayUs = shownUs[plan.depth]! - shownUs[0]!;
  return codingOrder(plan).map(({ shown, isKey }, index) => ({
    ptsUs: shownUs[shown]!,
    isKey,
    dtsUs: index < plan.depth ? shownUs[index]! - delayUs : shownUs[index - plan.depth]!,
  }));
}

function timesOf(pictures: readonly Omit<CodedPicture, 'dtsUs'>[], depth?: number): TimedUnit<number>[] {
  const times = new DecodingTimes<number>(depth);
  const timed = pictures.flatMap(({ ptsUs, isKey }, index) => times.push(ptsUs, isKey, index));
  return [...timed, ...times.flush()];
}

function planOf(stepsUs: fc.Arbitrary<number[]>): fc.Arbitrary<EncoderPlan> {
  const some = (min: number, max: number): fc.Arbitrary<number[]> =>
    fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 8 });
  return fc.record({
    depth: fc.integer({ min: 0, max: 4 }),
    pictures: fc.integer({ min: 20, max: 80 }),
    stepsUs,
    leaps: some(0, 8),
    keyDistances: some(1, 25),
    leadingPictures: some(0, 3),
  });
}

const constantRate = planOf(fc.constantFrom([40_000], [33_400], [16_600], [100_000]));
const variableRate = planOf(
  fc.array(fc.integer({ min: 1000, max: 500_000 }), { minLength: 2, maxLength: 12 }),
);

test.each([
  ['constant', constantRate],
  ['variable', variableRate],
])('decoding times are those of the encoder, at a %s rate', (_name, plans) => {
  fc.assert(
    fc.property(plans, (plan) => {
      const pictures = encode(plan);
      expect(timesOf(pictures, plan.depth)).toEqual(
        pictures.map(({ ptsUs, dtsUs }, unit) => ({ unit, ptsUs, dtsUs })),
      );
    }),
    { numRuns: 300 },
  );
});

test('a stream of constant rate that is joined at a key frame gets the times of the encoder', () => {
  fc.assert(
    fc.property(constantRate, fc.nat(), (plan, choice) => {
      const pictures = encode(plan);
      const keys = pictures.flatMap(({ isKey }, index) => (isKey ? [index] : []));
      const joined = pictures.slice(keys[choice % keys.length]);
      // What is shorter than the encoder's start says too little about the distance.
      fc.pre(joined.length > 2 * plan.depth);
      expect(timesOf(joined, plan.depth).map(({ dtsUs }) => dtsUs)).toEqual(joined.map(({ dtsUs }) => dtsUs));
    }),
    { numRuns: 300 },
  );
});

test.each(['h264-aac', 'hevc-opus'])('the times of %s are those that x264 and x265 wrote', (name) => {
  const rows = Buffer.from(fixture(`flv/${name}.packets.csv`))
    .toString()
    .split('\n');
  const packets = rows.map((row) => row.split(',')).filter(([kind]) => kind === 'video');
  const timed = timesOf(
    packets.map(([, pts, , , flags]) => ({ ptsUs: Number(pts) * 1000, isKey: flags!.startsWith('K') })),
    2,
  );
  expect(timed.length).toBeGreaterThanOrEqual(10);
  expect(timed.map(({ dtsUs }) => dtsUs / 1000)).toEqual(packets.map(([, , dts]) => Number(dts)));
});

test('times stay within a microsecond where the distance of pictures is no whole number of them', () => {
  const order = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11];
  const us = (picture: number): number => Math.round((picture * 1e6 * 1001) / 30_000);
  const timed = timesOf(
    order.map((shown) => ({ ptsUs: us(shown), isKey: shown === 0 })),
    2,
  );
  timed.forEach(({ dtsUs }, index) => expect(Math.abs(dtsUs - us(index - 2))).toBeLessThanOrEqual(1));
});

test('with a depth of 2 the first four pictures wait for the fifth, later ones for nothing', () => {
  const times = new DecodingTimes<string>(2);
  expect(times.push(0, true, 'I0')).toEqual([]);
  expect(times.push(160, false, 'P4')).toEqual([]);
  expect(times.push(80, false, 'B2')).toEqual([]);
  expect(times.push(40, false, 'b1')).toEqual([]);
  expect(times.push(120, false, 'b3')).toEqual([
    { unit: 'I0', ptsUs: 0, dtsUs: -80 },
    { unit: 'P4', ptsUs: 160, dtsUs: -40 },
    { unit: 'B2', ptsUs: 80, dtsUs: 0 },
    { unit: 'b1', ptsUs: 40, dtsUs: 40 },
    { unit: 'b3', ptsUs: 120, dtsUs: 80 },
  ]);
  expect(times.push(320, false, 'P8')).toEqual([{ unit: 'P8', ptsUs: 320, dtsUs: 120 }]);
});

test('a stream that ends while its first pictures are held gives them out', () => {
  const times = new DecodingTimes<string>(1);
  times.push(1000, true, 'I0');
  times.push(1080, false, 'P1');
  expect(times.flush()).toEqual([
    { unit: 'I0', ptsUs: 1000, dtsUs: 920 },
    { unit: 'P1', ptsUs: 1080, dtsUs: 1000 },
  ]);
  expect(times.flush()).toEqual([]);
});

test('of an unknown depth nothing is held, and the depth is what the pictures show', () => {
  const times = new DecodingTimes<number>();
  const mini = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8].map((shown) => shown * 40_000);
  const timed = mini.map((ptsUs, index) => times.push(ptsUs, index === 0, index));
  expect(timed.map((units) => units.length)).toEqual(mini.map(() => 1));
  expect(times.depth).toBe(1);
  // The two pictures that showed the depth come too late for their times.
  expect(times.counters).toEqual({ raisedPresentationTimes: 2, jumps: 0 });
  expect(timed.slice(4).map(([unit]) => unit!.dtsUs / 40_000)).toEqual([3, 4, 5, 6, 7, 8]);
  expect(timed.slice(4).map(([unit]) => unit!.ptsUs)).toEqual(mini.slice(4));
});

test('a declared depth that is less than the true one grows', () => {
  const shown = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15];
  const times = new DecodingTimes<number>(1);
  const timed = shown.flatMap((picture, index) => times.push(picture * 40_000, index === 0, picture));
  expect(times.depth).toBe(2);
  expect(timed.slice(7).map(({ dtsUs }) => dtsUs / 40_000)).toEqual(
    timed.slice(7).map((_, index) => index + 5),
  );
});

test('a depth that no encoder has counts as unknown', () => {
  expect(new DecodingTimes(16).depth).toBe(0);
  expect(new DecodingTimes(5).depth).toBe(5);
});

test('a depth that is declared anew holds from then on', () => {
  const times = new DecodingTimes<number>(0);
  expect(times.push(0, true, 0)).toHaveLength(1);
  times.declareDepth(1);
  const timed = [40, 160, 80, 120, 200].flatMap((ptsUs) => times.push(ptsUs, false, ptsUs));
  expect(timed.map(({ dtsUs }) => dtsUs)).toEqual([0, 40, 80, 120, 160]);
});

test('a clock that starts again is followed, and the pictures held before it are not lost', () => {
  const times = new DecodingTimes<number>(1);
  const pts = [50_000_000, 50_080_000, 0, 80_000, 40_000, 160_000];
  const timed = pts.flatMap((ptsUs, index) => times.push(ptsUs, index === 0 || index === 2, index));
  expect(timed).toEqual([
    { unit: 0, ptsUs: 50_000_000, dtsUs: 49_920_000 },
    { unit: 1, ptsUs: 50_080_000, dtsUs: 50_000_000 },
    { unit: 2, ptsUs: 0, dtsUs: -40_000 },
    { unit: 3, ptsUs: 80_000, dtsUs: 0 },
    { unit: 4, ptsUs: 40_000, dtsUs: 40_000 },
    { unit: 5, ptsUs: 160_000, dtsUs: 80_000 },
  ]);
  expect(times.counters.jumps).toBe(1);
});

test('a small step back of the clock stops the times until they are reached again, and leaves no depth behind', () => {
  const times = new DecodingTimes<number>(0);
  const pts = [0, 40_000, 80_000, 120_000, 160_000, 40_000, 80_000, 120_000, 160_000, 200_000];
  const timed = pts.flatMap((ptsUs, index) => times.push(ptsUs, index === 0, index));
  expect(timed.map(({ dtsUs }) => dtsUs / 40_000)).toEqual([0, 1, 2, 3, 4, 4, 4, 4, 4, 5]);
  expect(times.depth).toBe(0);
});

test('a key frame before pictures that were there already is a step of the clock, no reordering', () => {
  const times = new DecodingTimes<number>(0);
  const pts = [0, 40_000, 80_000, 60_000, 100_000];
  const timed = pts.flatMap((ptsUs, index) => times.push(ptsUs, index === 3, index));
  expect(timed.map(({ dtsUs }) => dtsUs)).toEqual([0, 40_000, 80_000, 80_000, 100_000]);
  expect(times.depth).toBe(0);
});

test('a leap forward starts anew, so that no picture is shown long after it was decoded', () => {
  const times = new DecodingTimes<number>(1);
  const pts = [0, 80_000, 40_000, 3_600_000_000, 3_600_080_000, 3_600_040_000];
  const timed = pts.flatMap((ptsUs, index) => times.push(ptsUs, index === 0, index));
  expect(timed.map(({ dtsUs }) => dtsUs)).toEqual([
    -40_000, 0, 40_000, 3_599_960_000, 3_600_000_000, 3_600_040_000,
  ]);
});

test('whatever a source says, no unit is lost, none is decoded after it is shown, and times go back at jumps alone', () => {
  const anyTime = fc.oneof(
    fc.integer({ min: 0, max: 2_000_000 }),
    fc.integer({ min: -3_600_000_000, max: 3_600_000_000 }),
  );
  const stream = fc.array(fc.tuple(anyTime, fc.boolean()), { maxLength: 60 });
  fc.assert(
    fc.property(stream, fc.option(fc.nat(20), { nil: undefined }), (units, depth) => {
      const times = new DecodingTimes<number>(depth);
      const timed = units.flatMap(([ptsUs, isKey], index) => times.push(ptsUs, isKey, index));
      timed.push(...times.flush());
      expect(timed.map(({ unit }) => unit)).toEqual(units.map((_, index) => index));
      let stepsBack = 0;
      timed.forEach(({ dtsUs, ptsUs }, index) => {
        expect(Number.isInteger(dtsUs)).toBe(true);
        expect(dtsUs).toBeLessThanOrEqual(ptsUs);
        if (index > 0 && dtsUs < timed[index - 1]!.dtsUs) stepsBack += 1;
      });
      expect(stepsBack).toBeLessThanOrEqual(times.counters.jumps);
      expect(times.depth).toBeLessThanOrEqual(16);
    }),
    { numRuns: 500 },
  );
});

test('a source of little disorder never goes back', () => {
  const stream = fc.array(fc.tuple(fc.integer({ min: 0, max: 900_000 }), fc.boolean()), { maxLength: 60 });
  fc.assert(
    fc.property(stream, fc.option(fc.nat(5), { nil: undefined }), (units, depth) => {
      const timed = timesOf(
        units.map(([ptsUs, isKey]) => ({ ptsUs, isKey })),
        depth,
      );
      timed.forEach(({ dtsUs, ptsUs }, index) => {
        expect(dtsUs).toBeLessThanOrEqual(ptsUs);
        if (index > 0) expect(dtsUs).toBeGreaterThanOrEqual(timed[index - 1]!.dtsUs);
      });
    }),
    { numRuns: 300 },
  );
});
