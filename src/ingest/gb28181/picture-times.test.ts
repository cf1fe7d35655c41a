import { beforeEach, expect, test } from 'vitest';
import type { H264Config, VideoConfig } from '../../codec/codec-config.ts';
import { parseH264SequenceParameterSet } from '../../codec/h264/sequence-parameter-set.ts';
import { BitString } from '../../testing/bit-string.ts';
import { h264HighTrack, h264Track } from '../../testing/ts-kit.ts';
import { PictureTimes } from './picture-times.ts';

const config = h264HighTrack.config as H264Config;
const sps = parseH264SequenceParameterSet(config.sequenceParameterSets[0]!);
const STEP = 3600;

let times: PictureTimes;

beforeEach(() => {
  times = new PictureTimes();
});

/** The beginning of the only slice of a picture. @param place among those shown since the IDR picture, which has 0 */
function slice(place: number): Uint8Array {
  const isIdr = place === 0;
  const bits = new BitString()
    .u(8, isIdr ? 0x65 : 0x41)
    .ue(0, 7, 0)
    .u(sps.log2MaxFrameNum, 0);
  if (isIdr) bits.ue(0);
  const lsbBits = sps.log2MaxPicOrderCntLsb!;
  return bits
    .u(lsbBits, (2 * place) % 2 ** lsbBits)
    .u(16, 0xffff)
    .bytes();
}

interface Options {
  readonly pts?: number;
  readonly dts?: number;
  readonly step?: number;
  readonly config?: VideoConfig;
}

function next(place: number, { pts, dts, step = STEP, ...other }: Options = {}): number | undefined {
  const picture = {
    slice: slice(place),
    config: other.config ?? config,
    ptsTicks: pts,
    decodingTicks: dts,
    stepTicks: step,
  };
  return times.next(picture);
}

test('what is told is what counts', () => {
  expect([next(0, { pts: 500 }), next(2, { pts: 7700 }), next(1, { pts: 4099 })]).toEqual([500, 7700, 4099]);
});

test('pictures without a time are shown where they are among those with one', () => {
  next(0, { pts: 0 });
  next(4, { pts: 4 * 3003 });
  expect([next(2), next(1), next(3), next(8), next(6)]).toEqual([2, 1, 3, 8, 6].map((place) => place * 3003));
});

test('while only one has a time, the distance of pictures decides', () => {
  next(0, { pts: 90_000 });
  expect([next(3, { step: 1500 }), next(1, { step: 1500 })]).toEqual([94_500, 91_500]);
});

test('an IDR picture without a time is shown as much later than it is decoded as those before', () => {
  next(0, { pts: 7200, dts: 0 });
  next(2, { pts: 14_400, dts: 3600 });
  expect(next(0, { dts: 7200 })).toBe(14_400);
  expect(next(1)).toBe(18_000);
});

test('behind a loss only what is told counts, until there is a time again', () => {
  next(0, { pts: 0 });
  times.lose();
  expect([next(5), next(6, { pts: 100 }), next(7)]).toEqual([undefined, 100, 100 + STEP]);
});

test('pictures at odd distances do not make a rate', () => {
  next(0, { pts: 0 });
  next(1, { pts: 10_000_000 });
  next(2, { pts: 9_000_000 });
  expect(next(3)).toBe(9_000_000 + STEP);
});

test('streams that do not count have only what is told', () => {
  const other = { ...(h264Track.config as H264Config), sequenceParameterSets: [] };
  next(0, { pts: 0, config: other });
  expect(next(1, { config: other })).toBeUndefined();
});
