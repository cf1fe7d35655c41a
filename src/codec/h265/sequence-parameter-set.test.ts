import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitString } from '../../testing/bit-string.ts';
import { codeOf } from '../../testing/coded-error.ts';
import { hex } from '../../testing/hex.ts';
import { damagedBytes } from '../../testing/mutated.ts';
import { H265_RECORDS } from '../../testing/record-vectors.ts';
import { parseHevcDecoderConfigurationRecord } from './hevc-decoder-configuration-record.ts';
import {
  h265PictureParameterSetId,
  h265SequenceParameterSetId,
  h265VideoParameterSetId,
  parseH265SequenceParameterSet,
} from './sequence-parameter-set.ts';

const SPS_VECTORS = H265_RECORDS.map(
  ({ record }) =>
    parseHevcDecoderConfigurationRecord(record).arrays.find((array) => array.nalUnitType === 33)!
      .nalUnits[0]!,
);

/** What ffprobe says about the same streams, in the order of the vectors. */
const EXPECTED = [
  { generalProfileIdc: 1, generalLevelIdc: 60, frameRate: 30_000 / 1001, maxNumReorderPics: 2 },
  { generalProfileIdc: 2, bitDepthLuma: 10, bitDepthChroma: 10, frameRate: 25 },
  { generalProfileIdc: 4, generalTierFlag: false, generalLevelIdc: 123, chromaFormatIdc: 3, frameRate: 25 },
  { generalProfileIdc: 4, chromaFormatIdc: 0, frameRate: 25 },
  { generalProfileIdc: 4, chromaFormatIdc: 2, bitDepthLuma: 10, frameRate: 25 },
];

test.each(H265_RECORDS.map((vector, index) => ({ ...vector, index })))(
  'reads the SPS of $name',
  ({ index, width, height }) => {
    const sps = parseH265SequenceParameterSet(SPS_VECTORS[index]!);
    expect(sps).toMatchObject({ id: 0, width, height, ...EXPECTED[index] });
  },
);

interface Shape {
  readonly subLayers?: readonly { readonly profile: boolean; readonly level: boolean }[];
  readonly id?: number;
  readonly chromaFormatIdc?: number;
  readonly separatePlanes?: boolean;
  readonly size?: readonly [number, number];
  readonly window?: readonly [number, number, number, number];
  readonly orderingInfoForAll?: boolean;
  /** Everything behind the ordering info. */
  readonly tools?: (bits: BitString) => void;
}

/** An SPS made by hand, for forms that x265 doesn't write. */
function spsOf(shape: Shape): Uint8Array {
  const subLayers = shape.subLayers ?? [];
  const bits = new BitString().u(16, 0x4201).u(4, 0).u(3, subLayers.length).u(1, 1);
  bits.u(8, 1).u(32, 0x60000000).u(48, 0xb00000000000n).u(8, 93);
  for (const layer of subLayers) bits.u(1, layer.profile ? 1 : 0).u(1, layer.level ? 1 : 0);
  if (subLayers.length > 0) bits.u(2 * (8 - subLayers.length), 0);
  for (const layer of subLayers) {
    if (layer.profile) bits.u(32, 0xffffffff).u(32, 0xffffffff).u(24, 0xffffff);
    if (layer.level) bits.u(8, 90);
  }
  bits.ue(shape.id ?? 0).ue(shape.chromaFormatIdc ?? 1);
  if (shape.chromaFormatIdc === 3) bits.u(1, shape.separatePlanes === true ? 1 : 0);
  bits.ue(...(shape.size ?? [640, 368]));
  bits.u(1, shape.window === undefined ? 0 : 1);
  if (shape.window !== undefined) bits.ue(...shape.window);
  bits.ue(0, 2, 4); // bit_depth_luma_minus8, bit_depth_chroma_minus8, log2_max_pic_order_cnt_lsb_minus4
  bits.u(1, shape.orderingInfoForAll === true ? 1 : 0);
  const layers = shape.orderingInfoForAll === true ? subLayers.length + 1 : 1;
  for (let layer = 0; layer < layers; layer += 1) bits.ue(4, layer + 1, 0);
  shape.tools?.(bits);
  return withEmulationPrevention(bits.u(1, 1).bytes());
}

function withEmulationPrevention(payload: Uint8Array): Uint8Array {
  const nal: number[] = [];
  for (const byte of payload) {
    if (byte <= 3 && nal.at(-1) === 0 && nal.at(-2) === 0) nal.push(3);
    nal.push(byte);
  }
  return Uint8Array.from(nal);
}

/** The coding tools between ordering info and VUI, with what stands between them given by the caller. */
function toolsOf(parts: {
  scaling?: (bits: BitString) => unknown;
  pcm?: boolean;
  referenceSets?: (bits: BitString) => unknown;
  longTerm?: boolean;
  vui?: (bits: BitString) => unknown;
}): (bits: BitString) => void {
  return (bits) => {
    bits.ue(0, 3, 0, 3, 1, 1);
    bits.u(1, parts.scaling === undefined ? 0 : 1);
    parts.scaling?.(bits);
    bits.u(2, 0b11);
    bits.u(1, parts.pcm === true ? 1 : 0);
    if (parts.pcm === true) bits.u(8, 0x77).ue(0, 1).u(1, 0);
    if (parts.referenceSets === undefined) bits.ue(0);
    else parts.referenceSets(bits);
    bits.u(1, parts.longTerm === true ? 1 : 0);
    if (parts.longTerm === true) bits.ue(2).u(8, 5).u(1, 1).u(8, 6).u(1, 0);
    bits.u(2, 0b11);
    bits.u(1, parts.vui === undefined ? 0 : 1);
    parts.vui?.(bits);
  };
}

/** 50 frames a second, behind every optional field of the VUI. */
function fullVui(bits: BitString): void {
  bits.u(1, 1).u(8, 255).u(16, 4).u(16, 3); // aspect ratio
  bits.u(2, 0b11); // overscan
  bits.u(1, 1).u(4, 0b1010).u(1, 1).u(24, 0x010101); // video signal
  bits.u(1, 1).ue(0, 0); // chroma location
  bits.u(3, 0);
  bits.u(1, 1).ue(1, 1, 1, 1); // default display window
  bits.u(1, 1).u(32, 1).u(32, 50);
}

test.each([
  ['4:2:0', 1, false, 636, 364],
  ['4:2:2', 2, false, 636, 366],
  ['4:4:4', 3, false, 638, 366],
  ['4:4:4 in separate planes', 3, true, 638, 366],
  ['monochrome', 0, false, 638, 366],
])(
  'applies the conformance window in the units of %s',
  (_name, chromaFormatIdc, separatePlanes, width, height) => {
    const sps = spsOf({ chromaFormatIdc, separatePlanes, window: [1, 1, 1, 1] });
    expect(parseH265SequenceParameterSet(sps)).toMatchObject({ width, height });
  },
);

test('reads an SPS of several temporal layers', () => {
  const subLayers = [
    { profile: true, level: true },
    { profile: false, level: true },
    { profile: true, level: false },
  ];
  const sps = parseH265SequenceParameterSet(spsOf({ subLayers, id: 3, orderingInfoForAll: true }));
  expect(sps).toMatchObject({ id: 3, maxSubLayersMinus1: 3, width: 640, height: 368, maxNumReorderPics: 4 });
});

test('finds the frame rate behind all that can stand before it', () => {
  const scaling = (bits: BitString): void => {
    bits.u(1, 1);
    for (let list = 0; list < 20; list += 1) {
      if (list % 3 === 0) {
        bits.u(1, 0).ue(0);
        continue;
      }
      bits.u(1, 1);
      if (list >= 12) bits.se(3);
      const coefficients = list < 6 ? 16 : 64;
      bits.se(...Array.from({ length: coefficients }, (_, index) => (index % 2 === 0 ? 1 : -1)));
    }
  };
  const referenceSets = (bits: BitString): void => {
    bits.ue(4);
    bits.ue(2, 1).ue(0).u(1, 1).ue(1).u(1, 1).ue(0).u(1, 1); // 2 before, 1 after
    bits.u(1, 1).u(1, 1).ue(0); // predicted: a flag for each of 3 pictures and the set itself
    bits.u(1, 1).u(2, 0b01).u(2, 0b00).u(1, 1); // used, delta only, dropped, used: 3 pictures
    bits.u(1, 1).u(1, 0).ue(1).u(4, 0b1111); // predicted from those 3: 4 pictures
    bits.u(1, 0).ue(0, 0); // explicit and empty
  };
  const tools = toolsOf({ scaling, pcm: true, referenceSets, longTerm: true, vui: fullVui });
  expect(parseH265SequenceParameterSet(spsOf({ tools })).frameRate).toBe(50);
});

test('an SPS without VUI has no frame rate', () => {
  const sps = parseH265SequenceParameterSet(spsOf({ tools: toolsOf({}) }));
  expect(sps).toMatchObject({ width: 640, height: 368, frameRate: undefined });
});

test.each([
  ['cut off behind the ordering info', {}],
  ['of 65 reference picture sets', { tools: toolsOf({ referenceSets: (bits) => bits.ue(65) }) }],
  [
    'of reference picture sets with 17 pictures',
    { tools: toolsOf({ referenceSets: (bits) => bits.ue(1, 17, 0) }) },
  ],
])('an SPS %s has a size, but no frame rate', (_name, shape) => {
  expect(parseH265SequenceParameterSet(spsOf(shape))).toMatchObject({ width: 640, frameRate: undefined });
});

test.each([
  ['a window larger than the picture', spsOf({ window: [160, 160, 0, 0] })],
  ['a picture wider than any level allows', spsOf({ size: [70_000, 100] })],
  ['a picture without height', spsOf({ size: [64, 0] })],
  ['an id above 15', spsOf({ id: 16 })],
  ['an unknown chroma format', spsOf({ chromaFormatIdc: 4 })],
])('refuses %s', (_name, sps) => {
  expect(codeOf(() => parseH265SequenceParameterSet(sps))).toBe('ERR_H265_SPS');
});

test('refuses an SPS that is cut off before its size', () => {
  expect(codeOf(() => parseH265SequenceParameterSet(hex('4201 0101 60')))).toBe('ERR_TRUNCATED');
  expect(codeOf(() => parseH265SequenceParameterSet(new Uint8Array(0)))).toBe('ERR_TRUNCATED');
});

test('reads ids alone, and none where there is none', () => {
  const subLayers = Array.from({ length: 6 }, () => ({ profile: true, level: true }));
  expect(h265SequenceParameterSetId(spsOf({ id: 7, subLayers }))).toBe(7);
  expect(h265SequenceParameterSetId(spsOf({ id: 16 }))).toBeUndefined();
  expect(h265SequenceParameterSetId(hex('4201'))).toBeUndefined();
  expect(h265VideoParameterSetId(hex('4001 3c'))).toBe(3);
  expect(h265VideoParameterSetId(hex('4001'))).toBeUndefined();
  expect(h265PictureParameterSetId(new BitString().u(16, 0x4401).ue(63).bytes())).toBe(63);
  expect(h265PictureParameterSetId(new BitString().u(16, 0x4401).ue(64).bytes())).toBeUndefined();
  expect(h265PictureParameterSetId(hex('44'))).toBeUndefined();
});

test('damaged parameter sets parse to a sound size or end in a coded error', () => {
  const vectors = [...SPS_VECTORS, spsOf({ tools: toolsOf({ pcm: true, longTerm: true, vui: fullVui }) })];
  fc.assert(
    fc.property(damagedBytes(vectors), (bytes) => {
      const code = codeOf(() => {
        const { width, height } = parseH265SequenceParameterSet(bytes);
        expect(width > 0 && width < 65_536 && height > 0 && height < 65_536).toBe(true);
      });
      expect([undefined, 'ERR_H265_SPS', 'ERR_TRUNCATED', 'ERR_EXP_GOLOMB']).toContain(code);
      h265SequenceParameterSetId(bytes);
      h265PictureParameterSetId(bytes);
    }),
    { numRuns: 2000 },
  );
});
