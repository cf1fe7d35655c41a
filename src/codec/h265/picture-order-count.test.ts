import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitString } from '../../testing/bit-string.ts';
import { fixture } from '../../testing/fixture.ts';
import { H265_RECORDS } from '../../testing/record-vectors.ts';
import { demuxAll } from '../../testing/ts-kit.ts';
import { splitLengthPrefixed } from '../nal/length-prefixed.ts';
import { h265ConfigFromRecord } from './h265-config.ts';
import { H265PictureOrderCounter } from './picture-order-count.ts';
import { parseH265SequenceParameterSet, type H265SequenceParameterSet } from './sequence-parameter-set.ts';

const config = h265ConfigFromRecord(H265_RECORDS[0]!.record);
const RULES: H265SequenceParameterSet = {
  ...parseH265SequenceParameterSet(config.sequenceParameterSets[0]!),
  log2MaxPicOrderCntLsb: 6,
};

const Type = { trailN: 0, trailR: 1, radlN: 6, bla: 16, idr: 20, cra: 21 } as const;

function pps(outputFlagPresent: boolean, extraBits: number): Uint8Array {
  const bits = new BitString().u(16, 0x4401).ue(0).ue(0).u(1, 0);
  return bits
    .u(1, outputFlagPresent ? 1 : 0)
    .u(3, extraBits)
    .u(8, 0xff)
    .bytes();
}

/** The beginning of a slice segment, the first of its picture. */
function slice(
  type: number,
  lsb: number,
  temporalId = 0,
  more: (bits: BitString) => void = () => {},
): Uint8Array {
  const bits = new BitString()
    .u(1, 0)
    .u(6, type)
    .u(6, 0)
    .u(3, temporalId + 1)
    .u(1, 1);
  if (type >= 16) bits.u(1, 0);
  bits.ue(0);
  more(bits);
  return bits.u(6, lsb).u(16, 0xffff).bytes();
}

const withType = (bits: BitString): void => void bits.ue(1);

function counts(slices: readonly Uint8Array[], sps = RULES, set = pps(false, 0)): (number | undefined)[] {
  const counter = new H265PictureOrderCounter(sps, set);
  return slices.map((each) => counter.next(each)?.count);
}

describe('the order of pictures', () => {
  test('is counted past the wraps of its low part, from pictures of the lowest layer that are kept', () => {
    const slices = [
      slice(Type.idr, 0, 0, withType),
      ...(
        [
          [Type.trailR, 28, 0],
          [Type.trailN, 61, 0],
          [Type.trailR, 40, 1],
          [Type.trailR, 56, 0],
          [Type.trailR, 20, 0],
          [Type.trailN, 10, 0],
        ] as const
      ).map(([type, lsb, temporalId]) => slice(type, lsb, temporalId, withType)),
    ];
    expect(counts(slices)).toEqual([0, 28, -3, 40, 56, 84, 74]);
  });

  test('begins anew with IDR and BLA pictures, and not with CRA pictures', () => {
    const counter = new H265PictureOrderCounter(RULES, pps(false, 0));
    const orders = [
      slice(Type.idr, 0, 0, withType),
      slice(Type.trailR, 30, 0, withType),
      slice(Type.cra, 60, 0, withType),
      slice(Type.radlN, 62, 0, withType),
      slice(Type.bla, 5, 0, withType),
      slice(Type.idr, 0, 0, withType),
    ].map((each) => counter.next(each));
    expect(orders).toEqual([
      { count: 0, isFirst: true },
      { count: 30, isFirst: false },
      { count: 60, isFirst: false },
      { count: 62, isFirst: false },
      { count: 5, isFirst: true },
      { count: 0, isFirst: true },
    ]);
  });

  test('is found behind fields that parameter sets announce', () => {
    const planes = { ...RULES, separateColourPlanes: true };
    const all = slice(Type.trailR, 21, 0, (bits) => void bits.u(2, 3).ue(2).u(1, 1).u(2, 1));
    expect(counts([all], planes, pps(true, 2))).toEqual([21]);
  });

  test('is not known where the parameter set or the header is cut off', () => {
    expect(counts([slice(Type.trailR, 1, 0, withType)], RULES, pps(false, 0).subarray(0, 2))).toEqual([
      undefined,
    ]);
    expect(counts([slice(Type.trailR, 1, 0, withType).subarray(0, 3)])).toEqual([undefined]);
  });

  test('of any bytes is a number, or not known', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 2, maxLength: 60 }), { maxLength: 10 }), (slices) => {
        for (const count of counts(slices)) {
          expect(count === undefined || Number.isSafeInteger(count)).toBe(true);
        }
      }),
    );
  });
});

test("of x265's pictures is that of their times", () => {
  const frames = demuxAll(fixture('ts/hevc-opus.mpegts')).frames.filter(
    ({ track }) => track.kind === 'video',
  );
  const [{ track }] = frames as [(typeof frames)[0]];
  if (track.config.codec !== 'h265') throw new Error('another codec');
  const { sequenceParameterSets, pictureParameterSets } = track.config;
  const counter = new H265PictureOrderCounter(
    parseH265SequenceParameterSet(sequenceParameterSets[0]!),
    pictureParameterSets[0]!,
  );
  let first = { count: 0, ptsUs: 0 };
  for (const { data, ptsUs } of frames) {
    const slices = splitLengthPrefixed(data).filter((nal) => nal[0]! >>> 1 < 32);
    const order = counter.next(slices[0]!)!;
    if (order.isFirst) first = { count: order.count, ptsUs };
    expect(Math.round((ptsUs - first.ptsUs) / 40_000)).toBe(order.count - first.count);
  }
});
