import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitString } from '../../testing/bit-string.ts';
import { fixture } from '../../testing/fixture.ts';
import { hex } from '../../testing/hex.ts';
import { H264_RECORDS } from '../../testing/record-vectors.ts';
import { demuxAll } from '../../testing/ts-kit.ts';
import { splitLengthPrefixed } from '../nal/length-prefixed.ts';
import { h264ConfigFromRecord } from './h264-config.ts';
import { H264PictureOrderCounter, nextMsb } from './picture-order-count.ts';
import { parseH264SequenceParameterSet, type H264SequenceParameterSet } from './sequence-parameter-set.ts';

function spsOf(record: number): H264SequenceParameterSet {
  return parseH264SequenceParameterSet(
    h264ConfigFromRecord(H264_RECORDS[record]!.record).sequenceParameterSets[0]!,
  );
}

const RULES: H264SequenceParameterSet = { ...spsOf(1), log2MaxFrameNum: 5, log2MaxPicOrderCntLsb: 6 };

interface Slice {
  readonly type: 1 | 5;
  readonly lsb: number;
  readonly isReference?: boolean;
  readonly frameNum?: number;
}

/** The beginning of a slice. @param more fields between those that all have */
function slice({ type, lsb, isReference = true, frameNum = 0 }: Slice, more = ''): Uint8Array {
  const bits = new BitString()
    .u(1, 0)
    .u(2, isReference ? 3 : 0)
    .u(5, type)
    .ue(0)
    .ue(7)
    .ue(0);
  if (more.includes('plane')) bits.u(2, 1);
  bits.u(5, frameNum);
  if (more.includes('frame')) bits.u(1, 0);
  if (more.includes('field')) bits.u(1, 1).u(1, 0);
  if (type === 5) bits.ue(12_345);
  return bits.u(6, lsb).u(16, 0xffff).bytes();
}

function counts(sps: H264SequenceParameterSet, slices: readonly Uint8Array[]): (number | undefined)[] {
  const counter = new H264PictureOrderCounter(sps);
  return slices.map((each) => counter.next(each)?.count);
}

describe('the order of pictures', () => {
  test('is counted past the wraps of its low part, from reference picture to reference picture', () => {
    const lsbs = [0, 16, 8, 4, 12, 32, 24, 48, 40, 0, 56, 16];
    const slices = lsbs.map((lsb, index) =>
      slice({ type: index === 0 ? 5 : 1, lsb, isReference: lsb % 16 === 0 }),
    );
    expect(counts(RULES, slices)).toEqual([0, 16, 8, 4, 12, 32, 24, 48, 40, 64, 56, 80]);
  });

  test('begins anew with each IDR picture', () => {
    const counter = new H264PictureOrderCounter(RULES);
    const orders = [slice({ type: 5, lsb: 0 }), slice({ type: 1, lsb: 40 }), slice({ type: 5, lsb: 2 })].map(
      (each) => counter.next(each),
    );
    expect(orders).toEqual([
      { count: 0, isFirst: true },
      { count: -24, isFirst: false },
      { count: 2, isFirst: true },
    ]);
  });

  test.each([
    ['colour planes of their own', { separateColourPlanes: true }, 'plane'],
    ['frames where fields are possible', { frameMbsOnly: false }, 'frame'],
    ['fields', { frameMbsOnly: false }, 'field'],
  ])('is found behind %s', (_name, rules, more) => {
    expect(counts({ ...RULES, ...rules }, [slice({ type: 1, lsb: 22, frameNum: 31 }, more)])).toEqual([22]);
  });

  test('is found behind emulation prevention', () => {
    // frame_num and pic_order_cnt_lsb of 16 bits; 00 00 03 stands in them.
    const rules = { ...RULES, log2MaxFrameNum: 16, log2MaxPicOrderCntLsb: 16 };
    expect(counts(rules, [hex('61 e0 0000 03 0028 80')])).toEqual([1]);
  });

  test('is not known where the stream counts in another way, or the header is cut off', () => {
    const { log2MaxPicOrderCntLsb: _, ...none } = RULES;
    const whole = slice({ type: 1, lsb: 4 });
    expect(counts({ ...none, picOrderCntType: 2 }, [whole])).toEqual([undefined]);
    expect(counts({ ...RULES, log2MaxPicOrderCntLsb: 17 }, [whole])).toEqual([undefined]);
    expect(counts(RULES, [whole.subarray(0, 2)])).toEqual([undefined]);
  });

  test('of any bytes is a number, or not known', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 10 }), (slices) => {
        for (const count of counts(RULES, slices)) {
          expect(count === undefined || Number.isSafeInteger(count)).toBe(true);
        }
      }),
    );
  });
});

test.each(['h264-aac', 'h264-open-gop'])("of x264's pictures is that of their times: %s", (name) => {
  const frames = demuxAll(fixture(`ts/${name}.mpegts`)).frames.filter(({ track }) => track.kind === 'video');
  const [{ track }] = frames as [(typeof frames)[0]];
  if (track.config.codec !== 'h264') throw new Error('another codec');
  const counter = new H264PictureOrderCounter(
    parseH264SequenceParameterSet(track.config.sequenceParameterSets[0]!),
  );
  let first = { count: 0, ptsUs: 0 };
  for (const { data, ptsUs } of frames) {
    const slices = splitLengthPrefixed(data).filter((nal) => [1, 5].includes(nal[0]! & 0x1f));
    const order = counter.next(slices[0]!)!;
    if (order.isFirst) first = { count: order.count, ptsUs };
    expect(Math.round((ptsUs - first.ptsUs) / 20_000)).toBe(order.count - first.count);
  }
});

test.each([
  [0, 0, 31, 0],
  [0, 0, 33, -64],
  [64, 60, 2, 128],
  [64, 2, 60, 0],
  [0, 32, 0, 64],
])('the high part behind %i + %i is %3$i for %2$i', (previousMsb, previousLsb, lsb, msb) => {
  expect(nextMsb(previousMsb, previousLsb, lsb, 64)).toBe(msb);
});
