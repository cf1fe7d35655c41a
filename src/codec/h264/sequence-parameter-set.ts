/**
 * H.264 sequence parameter set (ISO/IEC 14496-10:2020, 7.3.2.1.1 and annex E.1.1). Left out on purpose: the SPS
 * extension, the subset SPS of SVC and MVC, and the values of scaling lists and HRD parameters, which are skipped.
 */
import { BitReader } from '../../bytes/bit-reader.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { removeEmulationPrevention } from '../nal/emulation-prevention.ts';

/** What a server needs of a sequence parameter set. */
export interface H264SequenceParameterSet {
  readonly profileIdc: number;
  /** `constraint_set0_flag` in the highest bit, reserved bits included: the middle byte of `avc1.64001f`. */
  readonly constraintFlags: number;
  /** 31 for level 3.1. */
  readonly levelIdc: number;
  /** `seq_parameter_set_id`, 0 to 31. */
  readonly id: number;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Luma samples after cropping. */
  readonly width: number;
  readonly height: number;
  /** `frame_mbs_only_flag`; false: the stream may hold interlaced pictures. */
  readonly frameMbsOnly: boolean;
  /** `separate_colour_plane_flag`. */
  readonly separateColourPlanes: boolean;
  /** Bits of `frame_num`, 4 to 16; not checked. */
  readonly log2MaxFrameNum: number;
  /** Bits of `pic_order_cnt_lsb`, 4 to 16, not checked; only with `pic_order_cnt_type` 0. */
  readonly log2MaxPicOrderCntLsb?: number | undefined;
  /** `pic_order_cnt_type`; 2: pictures are shown in the order in which they are decoded. */
  readonly picOrderCntType: number;
  readonly maxNumRefFrames: number;
  /** From the VUI, which may be missing. */
  readonly maxNumReorderFrames?: number | undefined;
  /** Width to height of one sample; absent when unspecified. */
  readonly sampleAspectRatio?: readonly [number, number] | undefined;
  /** `time_scale / (2 * num_units_in_tick)` of the VUI, the rate of frames when `fixed_frame_rate_flag` is set. */
  readonly frameRate?: number | undefined;
  readonly fixedFrameRate?: boolean | undefined;
}

/** Larger pictures exist in no level (6.2 ends near 16888); the limit keeps products of garbage out of the model. */
const MAX_PICTURE_SIDE = 65_535;
/** Largest legal `seq_parameter_set_id`. */
const MAX_SPS_ID = 31;
/** `num_ref_frames_in_pic_order_cnt_cycle` is 0 to 255 (7.4.2.1.1). */
const MAX_POC_CYCLE = 255;
/** `cpb_cnt_minus1` is 0 to 31 (E.2.2). */
const MAX_CPB_COUNT = 32;

/** Profiles whose SPS tells chroma format and bit depth (7.3.2.1.1). */
const PROFILES_WITH_CHROMA_FORMAT: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);

/** Table E-1, `aspect_ratio_idc` 1 to 16. */
// prettier-ignore
const SAMPLE_ASPECT_RATIOS: readonly (readonly [number, number])[] = [
  [1, 1], [12, 11], [10, 11], [16, 11], [40, 33], [24, 11], [20, 11], [32, 11],
  [80, 33], [18, 11], [15, 11], [64, 33], [160, 99], [4, 3], [3, 2], [2, 1],
];
const EXTENDED_SAR = 255;

/**
 * Parses an SPS. A VUI that is cut off or makes no sense is treated as missing: cameras write such, and the picture
 * size stands before it.
 * @param nal with its NAL unit header, emulation prevention bytes still inside
 * @throws {ProtocolError} `ERR_H264_SPS` for values out of range, `ERR_TRUNCATED`, `ERR_EXP_GOLOMB`
 */
export function parseH264SequenceParameterSet(nal: Uint8Array): H264SequenceParameterSet {
  const reader = new BitReader(removeEmulationPrevention(nal));
  reader.skip(8); // forbidden_zero_bit, nal_ref_idc, nal_unit_type
  const profileIdc = reader.bits(8);
  const constraintFlags = reader.bits(8);
  const levelIdc = reader.bits(8);
  const id = inRange('seq_parameter_set_id', reader.ue(), MAX_SPS_ID);
  const chroma = readChromaFormat(reader, profileIdc);
  const log2MaxFrameNum = 4 + reader.ue(); // log2_max_frame_num_minus4
  const pictureOrder = readPictureOrderCountType(reader);
  const maxNumRefFrames = reader.ue();
  reader.skip(1); // gaps_in_frame_num_value_allowed_flag
  const size = readPictureSize(reader, chroma.chromaFormatIdc, chroma.separateColourPlanes);
  const vui = readVuiIfSound(reader);
  return {
    profileIdc,
    constraintFlags,
    levelIdc,
    id,
    chromaFormatIdc: chroma.chromaFormatIdc,
    bitDepthLuma: chroma.bitDepthLuma,
    bitDepthChroma: chroma.bitDepthChroma,
    separateColourPlanes: chroma.separateColourPlanes,
    ...size,
    log2MaxFrameNum,
    ...pictureOrder,
    maxNumRefFrames,
    ...vui,
  };
}

/**
 * The id alone, for sets whose rest can't be parsed.
 * @returns `undefined` when it is cut off or out of range
 */
export function h264SequenceParameterSetId(nal: Uint8Array): number | undefined {
  // Header, profile, constraints and level take 4 bytes, the longest legal id 11 bits.
  return idAfter(nal, 4, MAX_SPS_ID);
}

/** `pic_parameter_set_id` of a PPS, 0 to 255; `undefined` when it is cut off or out of range. */
export function h264PictureParameterSetId(nal: Uint8Array): number | undefined {
  return idAfter(nal, 1, 255);
}

function idAfter(nal: Uint8Array, headerBytes: number, max: number): number | undefined {
  const reader = new BitReader(removeEmulationPrevention(nal.subarray(0, headerBytes + 8)));
  return undefinedIfMalformed(() => {
    reader.skip(headerBytes * 8);
    const id = reader.ue();
    return id <= max ? id : undefined;
  });
}

interface ChromaFormat {
  readonly chromaFormatIdc: number;
  readonly separateColourPlanes: boolean;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
}

function readChromaFormat(reader: BitReader, profileIdc: number): ChromaFormat {
  if (!PROFILES_WITH_CHROMA_FORMAT.has(profileIdc)) {
    return { chromaFormatIdc: 1, separateColourPlanes: false, bitDepthLuma: 8, bitDepthChroma: 8 };
  }
  const chromaFormatIdc = inRange('chroma_format_idc', reader.ue(), 3);
  const separateColourPlanes = chromaFormatIdc === 3 && reader.flag();
  const bitDepthLuma = 8 + inRange('bit_depth_luma_minus8', reader.ue(), 6);
  const bitDepthChroma = 8 + inRange('bit_depth_chroma_minus8', reader.ue(), 6);
  reader.skip(1); // qpprime_y_zero_transform_bypass_flag
  const scalingMatrixPresent = reader.flag();
  if (scalingMatrixPresent) {
    const lists = chromaFormatIdc === 3 ? 12 : 8;
    for (let index = 0; index < lists; index += 1) {
      if (reader.flag()) skipScalingList(reader, index < 6 ? 16 : 64);
    }
  }
  return { chromaFormatIdc, separateColourPlanes, bitDepthLuma, bitDepthChroma };
}

/** 7.3.2.1.1.1: a list ends early where the running scale becomes 0. */
function skipScalingList(reader: BitReader, size: number): void {
  let lastScale = 8;
  for (let index = 0; index < size; index += 1) {
    const nextScale = (lastScale + reader.se() + 256) % 256;
    if (nextScale === 0) return;
    lastScale = nextScale;
  }
}

interface PictureOrderFields {
  readonly picOrderCntType: number;
  readonly log2MaxPicOrderCntLsb?: number;
}

function readPictureOrderCountType(reader: BitReader): PictureOrderFields {
  const picOrderCntType = inRange('pic_order_cnt_type', reader.ue(), 2);
  if (picOrderCntType === 0) {
    return { picOrderCntType, log2MaxPicOrderCntLsb: 4 + reader.ue() }; // log2_max_pic_order_cnt_lsb_minus4
  }
  if (picOrderCntType === 1) {
    reader.skip(1); // delta_pic_order_always_zero_flag
    reader.se(); // offset_for_non_ref_pic
    reader.se(); // offset_for_top_to_bottom_field
    const cycle = inRange('num_ref_frames_in_pic_order_cnt_cycle', reader.ue(), MAX_POC_CYCLE);
    for (let index = 0; index < cycle; index += 1) reader.se(); // offset_for_ref_frame
  }
  return { picOrderCntType };
}

function readPictureSize(
  reader: BitReader,
  chromaFormatIdc: number,
  separateColourPlanes: boolean,
): { width: number; height: number; frameMbsOnly: boolean } {
  const picWidthInMbs = reader.ue() + 1;
  const picHeightInMapUnits = reader.ue() + 1;
  const frameMbsOnly = reader.flag();
  if (!frameMbsOnly) reader.skip(1); // mb_adaptive_frame_field_flag
  reader.skip(1); // direct_8x8_inference_flag
  const frameCropping = reader.flag();
  const left = frameCropping ? reader.ue() : 0;
  const right = frameCropping ? reader.ue() : 0;
  const top = frameCropping ? reader.ue() : 0;
  const bottom = frameCropping ? reader.ue() : 0;
  const fields = frameMbsOnly ? 1 : 2;
  const hasChroma = chromaFormatIdc !== 0 && !separateColourPlanes;
  // Equations 7-19 to 7-22: cropping counts in chroma samples, and in pairs of lines where fields are possible.
  const cropUnitX = hasChroma && chromaFormatIdc !== 3 ? 2 : 1;
  const cropUnitY = (hasChroma && chromaFormatIdc === 1 ? 2 : 1) * fields;
  return {
    width: pictureSide('width', picWidthInMbs * 16 - (left + right) * cropUnitX),
    height: pictureSide('height', picHeightInMapUnits * 16 * fields - (top + bottom) * cropUnitY),
    frameMbsOnly,
  };
}

interface Vui {
  readonly sampleAspectRatio?: readonly [number, number] | undefined;
  readonly frameRate?: number | undefined;
  readonly fixedFrameRate?: boolean | undefined;
  readonly maxNumReorderFrames?: number | undefined;
}

function readVuiIfSound(reader: BitReader): Vui {
  try {
    const vuiParametersPresent = reader.flag();
    return vuiParametersPresent ? readVui(reader) : {};
  } catch (error) {
    if (error instanceof ProtocolError) return {};
    throw error;
  }
}

function readVui(reader: BitReader): Vui {
  const sampleAspectRatio = reader.flag() ? readSampleAspectRatio(reader) : undefined;
  if (reader.flag()) reader.skip(1); // overscan_info_present_flag: overscan_appropriate_flag
  const videoSignalTypePresent = reader.flag();
  if (videoSignalTypePresent) {
    reader.skip(4); // video_format, video_full_range_flag
    if (reader.flag()) reader.skip(24); // colour_primaries, transfer_characteristics, matrix_coefficients
  }
  const chromaLocInfoPresent = reader.flag();
  if (chromaLocInfoPresent) {
    reader.ue(); // chroma_sample_loc_type_top_field
    reader.ue(); // chroma_sample_loc_type_bottom_field
  }
  const timing = reader.flag() ? readTiming(reader) : {};
  const nalHrdParametersPresent = reader.flag();
  if (nalHrdParametersPresent) skipHrdParameters(reader);
  const vclHrdParametersPresent = reader.flag();
  if (vclHrdParametersPresent) skipHrdParameters(reader);
  if (nalHrdParametersPresent || vclHrdParametersPresent) reader.skip(1); // low_delay_hrd_flag
  reader.skip(1); // pic_struct_present_flag
  const bitstreamRestriction = reader.flag();
  return {
    sampleAspectRatio,
    ...timing,
    maxNumReorderFrames: bitstreamRestriction ? readMaxNumReorderFrames(reader) : undefined,
  };
}

function readSampleAspectRatio(reader: BitReader): readonly [number, number] | undefined {
  const aspectRatioIdc = reader.bits(8);
  if (aspectRatioIdc !== EXTENDED_SAR) return SAMPLE_ASPECT_RATIOS[aspectRatioIdc - 1];
  const sarWidth = reader.bits(16);
  const sarHeight = reader.bits(16);
  return sarWidth === 0 || sarHeight === 0 ? undefined : [sarWidth, sarHeight];
}

function readTiming(reader: BitReader): { frameRate: number | undefined; fixedFrameRate: boolean } {
  const numUnitsInTick = reader.bits(32);
  const timeScale = reader.bits(32);
  const fixedFrameRate = reader.flag();
  const isSound = numUnitsInTick > 0 && timeScale > 0;
  return { frameRate: isSound ? timeScale / (2 * numUnitsInTick) : undefined, fixedFrameRate };
}

function skipHrdParameters(reader: BitReader): void {
  const cpbCount = inRange('cpb_cnt_minus1', reader.ue(), MAX_CPB_COUNT - 1) + 1;
  reader.skip(8); // bit_rate_scale, cpb_size_scale
  for (let index = 0; index < cpbCount; index += 1) {
    reader.ue(); // bit_rate_value_minus1
    reader.ue(); // cpb_size_value_minus1
    reader.skip(1); // cbr_flag
  }
  reader.skip(20); // four delay and offset lengths of 5 bits
}

function readMaxNumReorderFrames(reader: BitReader): number {
  reader.skip(1); // motion_vectors_over_pic_boundaries_flag
  reader.ue(); // max_bytes_per_pic_denom
  reader.ue(); // max_bits_per_mb_denom
  reader.ue(); // log2_max_mv_length_horizontal
  reader.ue(); // log2_max_mv_length_vertical
  return inRange('max_num_reorder_frames', reader.ue(), 16);
}

function inRange(field: string, value: number, max: number): number {
  if (value <= max) return value;
  throw new ProtocolError('ERR_H264_SPS', `${field} is ${value}, at most ${max} is legal`, {
    field,
    value,
    limit: max,
  });
}

function pictureSide(field: 'width' | 'height', value: number): number {
  if (value > 0 && value <= MAX_PICTURE_SIDE) return value;
  throw new ProtocolError('ERR_H264_SPS', `picture ${field} of ${value} samples`, { field, value });
}
