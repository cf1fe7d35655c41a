import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitString } from '../../testing/bit-string.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { hex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { H264_RECORDS } from '../../testing/record-vectors.ts';
import { parseAvcDecoderConfigurationRecord } from './avc-decoder-configuration-record.ts';
import {
  h264PictureParameterSetId,
  h264SequenceParameterSetId,
  parseH264SequenceParameterSet,
} from './sequence-parameter-set.ts';

const SPS_VECTORS = H264_RECORDS.map(
  ({ record }) => parseAvcDecoderConfigurationRecord(record).sequenceParameterSets[0]!,
);

/** What ffprobe says about the same streams, in the order of the vectors. */
const EXPECTED = [
  { profileIdc: 66, constraintFlags: 0xc0, levelIdc: 13, frameRate: 25, maxNumReorderFrames: 0 },
  { profileIdc: 100, levelIdc: 13, frameRate: 30_000 / 1001, maxNumReorderFrames: 2 },
  { profileIdc: 100, levelIdc: 40, frameRate: 25, frameMbsOnly: false, sampleAspectRatio: [1, 1] },
  { profileIdc: 122, chromaFormatIdc: 2, frameRate: 25, maxNumReorderFrames: 2 },
  { profileIdc: 100, chromaFormatIdc: 0, frameRate: 25, sampleAspectRatio: [1936, 1449] },
  { profileIdc: 244, chromaFormatIdc: 3, bitDepthLuma: 10, bitDepthChroma: 10, frameRate: 25 },
];

test.each(H264_RECORDS.map((vector, index) => ({ ...vector, index })))(
  'reads the SPS of $name',
  ({ index, width, height }) => {
    const sps = parseH264SequenceParameterSet(SPS_VECTORS[index]!);
    expect(sps).toMatchObject({ id: 0, width, height, ...EXPECTED[index] });
  },
);

interface Shape {
  readonly profileIdc?: number;
  readonly id?: number;
  readonly chroma?: (bits: BitString) => void;
  readonly pictureOrder?: (bits: BitString) => void;
  readonly mbs?: readonly [number, number];
  readonly interlaced?: boolean;
  readonly crop?: readonly [number, number, number, number];
  readonly vui?: (bits: BitString) => void;
}

/** An SPS made by hand, for forms that x264 doesn't write. */
function spsOf(shape: Shape): Uint8Array {
  const bits = new BitString()
    .u(8, 0x67)
    .u(8, shape.profileIdc ?? 77)
    .u(8, 0)
    .u(8, 31);
  bits.ue(shape.id ?? 0);
  shape.chroma?.(bits);
  bits.ue(0); // log2_max_frame_num_minus4
  if (shape.pictureOrder === undefined) bits.ue(2);
  else shape.pictureOrder(bits);
  bits.ue(1).u(1, 0); // max_num_ref_frames, gaps
  const [widthInMbs, heightInMapUnits] = shape.mbs ?? [20, 15];
  bits.ue(widthInMbs - 1, heightInMapUnits - 1);
  if (shape.interlaced === true) bits.u(2, 0b00);
  else bits.u(1, 1);
  bits.u(1, 1); // direct_8x8_inference_flag
  bits.u(1, shape.crop === undefined ? 0 : 1);
  if (shape.crop !== undefined) bits.ue(...shape.crop);
  bits.u(1, shape.vui === undefined ? 0 : 1);
  shape.vui?.(bits);
  return bits.u(1, 1).bytes();
}

test('reads an SPS without VUI', () => {
  const sps = parseH264SequenceParameterSet(spsOf({ id: 31 }));
  expect(sps).toMatchObject({ id: 31, width: 320, height: 240, frameMbsOnly: true, chromaFormatIdc: 1 });
  expect(sps.frameRate).toBeUndefined();
  expect(sps.maxNumReorderFrames).toBeUndefined();
});

test('reads an SPS with picture order count type 1', () => {
  const pictureOrder = (bits: BitString): unknown => bits.ue(1).u(1, 1).se(-3, 4).ue(3).se(1, -2, 3);
  expect(parseH264SequenceParameterSet(spsOf({ pictureOrder }))).toMatchObject({
    picOrderCntType: 1,
    width: 320,
    height: 240,
  });
});

test.each([
  // chroma_format_idc; separate_colour_plane_flag only for 3. One cropping unit on each side.
  ['4:2:0', 1, 0, false, 316, 236],
  ['4:2:2', 2, 0, false, 316, 238],
  ['4:4:4', 3, 0, false, 318, 238],
  ['4:4:4 in separate planes', 3, 1, false, 318, 238],
  ['monochrome', 0, 0, false, 318, 238],
  ['4:2:0 interlaced', 1, 0, true, 316, 472],
  ['monochrome interlaced', 0, 0, true, 318, 476],
])('crops in the units of %s', (_name, chromaFormatIdc, separate, interlaced, width, height) => {
  const chroma = (bits: BitString): void => {
    bits.ue(chromaFormatIdc);
    if (chromaFormatIdc === 3) bits.u(1, separate);
    bits.ue(0, 0).u(2, 0);
  };
  const sps = spsOf({ profileIdc: 100, chroma, crop: [1, 1, 1, 1], interlaced });
  expect(parseH264SequenceParameterSet(sps)).toMatchObject({ width, height });
});

test('skips scaling lists, those that end early and those of 4:4:4 included', () => {
  const chroma = (bits: BitString): void => {
    bits.ue(3).u(1, 0).ue(0, 0).u(1, 0).u(1, 1); // seq_scaling_matrix_present_flag
    bits.u(1, 0); // list 0 absent
    bits.u(1, 1).se(-8); // list 1 ends at once: the default list
    bits.u(1, 1).se(...Array.from({ length: 16 }, () => 1));
    bits.u(1, 1).se(0, 0, -8); // list 3 ends at its third entry
    bits.u(2, 0); // lists 4 and 5 absent
    bits.u(1, 1).se(...Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? 2 : -2)));
    bits.u(5, 0);
  };
  expect(parseH264SequenceParameterSet(spsOf({ profileIdc: 244, chroma }))).toMatchObject({
    width: 320,
    height: 240,
  });
});

test('a VUI that is cut off costs only what the VUI says', () => {
  const vui = (bits: BitString): unknown => bits.u(1, 1).u(8, 255).u(16, 4);
  const sps = parseH264SequenceParameterSet(spsOf({ vui }));
  expect(sps).toMatchObject({ width: 320, height: 240 });
  expect(sps.sampleAspectRatio).toBeUndefined();
});

test('a VUI with zero time units tells no frame rate', () => {
  const vui = (bits: BitString): unknown => bits.u(4, 0).u(1, 1).u(32, 0).u(32, 50).u(1, 1).u(4, 0);
  const sps = parseH264SequenceParameterSet(spsOf({ vui }));
  expect(sps.frameRate).toBeUndefined();
  expect(sps.fixedFrameRate).toBe(true);
});

test.each([
  ['a cropping window larger than the picture', spsOf({ crop: [80, 80, 0, 0] })],
  ['a picture wider than any level allows', spsOf({ mbs: [5000, 1] })],
  ['an id above 31', spsOf({ id: 32 })],
  ['an unknown chroma format', spsOf({ profileIdc: 100, chroma: (bits) => bits.ue(4) })],
  [
    'an endless picture order count cycle',
    spsOf({ pictureOrder: (bits) => bits.ue(1).u(1, 0).se(0, 0).ue(256) }),
  ],
])('refuses %s', (_name, sps) => {
  expect(codeOf(() => parseH264SequenceParameterSet(sps))).toBe('ERR_H264_SPS');
});

test('refuses an SPS that is cut off before its size', () => {
  expect(codeOf(() => parseH264SequenceParameterSet(hex('67')))).toBe('ERR_TRUNCATED');
  expect(codeOf(() => parseH264SequenceParameterSet(new Uint8Array(0)))).toBe('ERR_TRUNCATED');
});

test('reads ids alone, and none where there is none', () => {
  expect(h264SequenceParameterSetId(spsOf({ id: 5 }))).toBe(5);
  expect(h264SequenceParameterSetId(spsOf({ id: 32 }))).toBeUndefined();
  expect(h264SequenceParameterSetId(hex('6742'))).toBeUndefined();
  expect(h264PictureParameterSetId(new BitString().u(8, 0x68).ue(255).bytes())).toBe(255);
  expect(h264PictureParameterSetId(new BitString().u(8, 0x68).ue(256).bytes())).toBeUndefined();
  expect(h264PictureParameterSetId(hex('68'))).toBeUndefined();
  expect(h264PictureParameterSetId(new Uint8Array(0))).toBeUndefined();
});

test('damaged parameter sets parse to a sound size or end in a coded error', () => {
  fc.assert(
    fc.property(damagedBytes(SPS_VECTORS), (bytes) => {
      const code = codeOf(() => {
        const { width, height } = parseH264SequenceParameterSet(bytes);
        expect(width > 0 && width < 65_536 && height > 0 && height < 65_536).toBe(true);
      });
      expect([undefined, 'ERR_H264_SPS', 'ERR_TRUNCATED', 'ERR_EXP_GOLOMB']).toContain(code);
      h264SequenceParameterSetId(bytes);
      h264PictureParameterSetId(bytes);
    }),
    { numRuns: 2000 },
  );
});
