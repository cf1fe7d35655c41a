import { expect, test } from 'vitest';
import { h264ConfigFromParameterSets, h264ConfigFromRecord } from '../codec/h264/h264-config.ts';
import { h265ConfigFromRecord } from '../codec/h265/h265-config.ts';
import { BitString } from '../testing/bit-string.ts';
import { hex } from '../testing/hex.ts';
import { H264_RECORDS, H265_RECORDS } from '../testing/record-vectors.ts';
import { reorderDepth } from './reorder-depth.ts';

test.each([
  ['x264 Baseline', h264ConfigFromRecord(H264_RECORDS[0]!.record), 0],
  ['x264 High', h264ConfigFromRecord(H264_RECORDS[1]!.record), 2],
  ['x265 Main', h265ConfigFromRecord(H265_RECORDS[0]!.record), 2],
])('the sets of %s say it', (_name, config, depth) => {
  expect(reorderDepth(config)).toBe(depth);
});

test.each([
  ['Baseline', 66, 0, 0, 0],
  ['Main, pictures in order', 77, 0, 2, 0],
  ['High, pictures in any order', 100, 0, 0, undefined],
  ['High 10 Intra', 110, 0x10, 0, 0],
  ['Main at level 1b, whose flag means something else', 77, 0x10, 0, undefined],
])('without a VUI: %s', (_name, profileIdc, constraintFlags, picOrderCntType, depth) => {
  const bits = new BitString().u(8, 0x67).u(8, profileIdc).u(8, constraintFlags).u(8, 31).ue(0);
  if (profileIdc >= 100) bits.ue(1, 0, 0).u(2, 0);
  bits.ue(0, picOrderCntType);
  if (picOrderCntType === 0) bits.ue(4);
  bits.ue(1).u(1, 0).ue(19, 14).u(1, 1).u(1, 1).u(1, 0).u(1, 0).u(1, 1);
  const config = h264ConfigFromParameterSets([bits.bytes()], []);
  expect(config.width).toBe(320);
  expect(reorderDepth(config)).toBe(depth);
});

test('sets that are missing or broken leave it unknown', () => {
  const config = h264ConfigFromRecord(H264_RECORDS[1]!.record);
  expect(reorderDepth({ ...config, sequenceParameterSets: [] })).toBeUndefined();
  expect(reorderDepth({ ...config, sequenceParameterSets: [hex('6764000d')] })).toBeUndefined();
});

test('units of AV1 and VP9 come in the order in which they are shown', () => {
  const video = {
    kind: 'video',
    codecString: '',
    description: new Uint8Array(0),
    width: 0,
    height: 0,
  } as const;
  expect(reorderDepth({ ...video, codec: 'av1' })).toBe(0);
  expect(reorderDepth({ ...video, codec: 'vp9' })).toBe(0);
  expect(reorderDepth({ ...video, codec: 'other' })).toBeUndefined();
});
