/**
 * H.265 sequence parameter set (ISO/IEC 23008-2:2020, 7.3.2.2 and annex E.2.1). Left out on purpose: what follows the
 * timing in the VUI (HRD, bitstream restrictions), the extensions, and the SPS of layers above the base layer.
 */
import { BitReader } from '../../bytes/bit-reader.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { removeEmulationPrevention } from '../nal/emulation-prevention.ts';
import { readProfileTierLevel, type H265ProfileTierLevel } from './profile-tier-level.ts';
import { skipShortTermReferencePictureSets } from './reference-picture-set.ts';

/** What a server needs of a sequence parameter set. */
export interface H265SequenceParameterSet extends H265ProfileTierLevel {
  /** `sps_seq_parameter_set_id`, 0 to 15. */
  readonly id: number;
  readonly maxSubLayersMinus1: number;
  readonly temporalIdNesting: boolean;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Luma samples inside the conformance window. */
  readonly width: number;
  readonly height: number;
  /** `separate_colour_plane_flag`. */
  readonly separateColourPlanes: boolean;
  /** Bits of `slice_pic_order_cnt_lsb`, 4 to 16. */
  readonly log2MaxPicOrderCntLsb: number;
  /** Of the highest temporal layer. */
  readonly maxNumReorderPics: number;
  /** `vui_time_scale / vui_num_units_in_tick`; the VUI may be missing. */
  readonly frameRate?: number | undefined;
}

/** Larger pictures exist in no level; the limit keeps products of garbage out of the model. */
const MAX_PICTURE_SIDE = 65_535;
/** Largest legal `sps_seq_parameter_set_id`. */
const MAX_SPS_ID = 15;
/** `num_long_term_ref_pics_sps` is 0 to 32 (7.4.3.2.1). */
const MAX_LONG_TERM_PICTURES = 32;
const EXTENDED_SAR = 255;

/**
 * Parses an SPS of the base layer. What stands behind the picture size and the bit depths only serves the frame rate;
 * where that part is cut off or makes no sense, the frame rate is missing and the rest holds.
 * @param nal with its NAL unit header, emulation prevention bytes still inside
 * @throws {ProtocolError} `ERR_H265_SPS` for values out of range, `ERR_TRUNCATED`, `ERR_EXP_GOLOMB`
 */
export function parseH265SequenceParameterSet(nal: Uint8Array): H265SequenceParameterSet {
  const reader = new BitReader(removeEmulationPrevention(nal));
  reader.skip(16); // NAL unit header
  reader.skip(4); // sps_video_parameter_set_id
  const maxSubLayersMinus1 = inRange('sps_max_sub_layers_minus1', reader.bits(3), 6);
  const temporalIdNesting = reader.flag();
  const profileTierLevel = readProfileTierLevel(reader, maxSubLayersMinus1);
  const id = inRange('sps_seq_parameter_set_id', reader.ue(), MAX_SPS_ID);
  const chromaFormatIdc = inRange('chroma_format_idc', reader.ue(), 3);
  const separateColourPlanes = chromaFormatIdc === 3 && reader.flag();
  const size = readPictureSize(reader, separateColourPlanes ? 0 : chromaFormatIdc);
  const bitDepthLuma = 8 + inRange('bit_depth_luma_minus8', reader.ue(), 8);
  const bitDepthChroma = 8 + inRange('bit_depth_chroma_minus8', reader.ue(), 8);
  const log2MaxPicOrderCntLsb = 4 + inRange('log2_max_pic_order_cnt_lsb_minus4', reader.ue(), 12);
  const maxNumReorderPics = readMaxNumReorderPics(reader, maxSubLayersMinus1);
  return {
    ...profileTierLevel,
    id,
    maxSubLayersMinus1,
    temporalIdNesting,
    chromaFormatIdc,
    bitDepthLuma,
    bitDepthChroma,
    ...size,
    separateColourPlanes,
    log2MaxPicOrderCntLsb,
    maxNumReorderPics,
    frameRate: readFrameRateIfSound(reader, log2MaxPicOrderCntLsb),
  };
}

/** `vps_video_parameter_set_id`, 0 to 15; `undefined` when it is cut off. */
export function h265VideoParameterSetId(nal: Uint8Array): number | undefined {
  return nal.length < 3 ? undefined : nal[2]! >>> 4;
}

/**
 * The id of an SPS alone, for sets whose rest can't be parsed.
 * @returns `undefined` when it is cut off or out of range
 */
export function h265SequenceParameterSetId(nal: Uint8Array): number | undefined {
  // Seven layers of profile and level, the longest form, end before byte 128 even with emulation prevention.
  return undefinedIfMalformed(() => {
    const reader = new BitReader(removeEmulationPrevention(nal.subarray(0, 160)));
    reader.skip(16 + 4);
    const maxSubLayersMinus1 = inRange('sps_max_sub_layers_minus1', reader.bits(3), 6);
    reader.skip(1);
    readProfileTierLevel(reader, maxSubLayersMinus1);
    return inRange('sps_seq_parameter_set_id', reader.ue(), MAX_SPS_ID);
  });
}

/** `pps_pic_parameter_set_id`, 0 to 63; `undefined` when it is cut off or out of range. */
export function h265PictureParameterSetId(nal: Uint8Array): number | undefined {
  return undefinedIfMalformed(() => {
    const reader = new BitReader(removeEmulationPrevention(nal.subarray(0, 16)));
    reader.skip(16);
    return inRange('pps_pic_parameter_set_id', reader.ue(), 63);
  });
}

/** @param chromaArrayType `chroma_format_idc`, or 0 where the colour planes are coded separately */
function readPictureSize(reader: BitReader, chromaArrayType: number): { width: number; height: number } {
  const picWidth = reader.ue();
  const picHeight = reader.ue();
  const conformanceWindow = reader.flag();
  const left = conformanceWindow ? reader.ue() : 0;
  const right = conformanceWindow ? reader.ue() : 0;
  const top = conformanceWindow ? reader.ue() : 0;
  const bottom = conformanceWindow ? reader.ue() : 0;
  // Table 6-1: the window counts in chroma samples.
  const subWidthC = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1;
  const subHeightC = chromaArrayType === 1 ? 2 : 1;
  return {
    width: pictureSide('width', picWidth - (left + right) * subWidthC),
    height: pictureSide('height', picHeight - (top + bottom) * subHeightC),
  };
}

function readMaxNumReorderPics(reader: BitReader, maxSubLayersMinus1: number): number {
  const subLayerOrderingInfoPresent = reader.flag();
  let maxNumReorderPics = 0;
  for (
    let layer = subLayerOrderingInfoPresent ? 0 : maxSubLayersMinus1;
    layer <= maxSubLayersMinus1;
    layer += 1
  ) {
    reader.ue(); // sps_max_dec_pic_buffering_minus1
    maxNumReorderPics = inRange('sps_max_num_reorder_pics', reader.ue(), 15);
    reader.ue(); // sps_max_latency_increase_plus1
  }
  return maxNumReorderPics;
}

function readFrameRateIfSound(reader: BitReader, log2MaxPicOrderCntLsb: number): number | undefined {
  return undefinedIfMalformed(() => {
    skipCodingTools(reader, log2MaxPicOrderCntLsb);
    const vuiParametersPresent = reader.flag();
    return vuiParametersPresent ? readFrameRate(reader) : undefined;
  });
}

function skipCodingTools(reader: BitReader, log2MaxPicOrderCntLsb: number): void {
  reader.ue(); // log2_min_luma_coding_block_size_minus3
  reader.ue(); // log2_diff_max_min_luma_coding_block_size
  reader.ue(); // log2_min_luma_transform_block_size_minus2
  reader.ue(); // log2_diff_max_min_luma_transform_block_size
  reader.ue(); // max_transform_hierarchy_depth_inter
  reader.ue(); // max_transform_hierarchy_depth_intra
  const scalingListEnabled = reader.flag();
  if (scalingListEnabled && reader.flag()) skipScalingListData(reader);
  reader.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  const pcmEnabled = reader.flag();
  if (pcmEnabled) {
    reader.skip(8); // pcm_sample_bit_depth_luma_minus1, pcm_sample_bit_depth_chroma_minus1
    reader.ue(); // log2_min_pcm_luma_coding_block_size_minus3
    reader.ue(); // log2_diff_max_min_pcm_luma_coding_block_size
    reader.skip(1); // pcm_loop_filter_disabled_flag
  }
  skipShortTermReferencePictureSets(reader);
  const longTermRefPicsPresent = reader.flag();
  if (longTermRefPicsPresent) {
    const count = inRange('num_long_term_ref_pics_sps', reader.ue(), MAX_LONG_TERM_PICTURES);
    reader.skip(count * (log2MaxPicOrderCntLsb + 1)); // lt_ref_pic_poc_lsb_sps, used_by_curr_pic_lt_sps_flag
  }
  reader.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
}

/** 7.3.4. */
function skipScalingListData(reader: BitReader): void {
  for (let sizeId = 0; sizeId < 4; sizeId += 1) {
    for (let matrixId = 0; matrixId < 6; matrixId += sizeId === 3 ? 3 : 1) {
      const scalingListPredMode = reader.flag();
      if (!scalingListPredMode) {
        reader.ue(); // scaling_list_pred_matrix_id_delta
        continue;
      }
      if (sizeId > 1) reader.se(); // scaling_list_dc_coef_minus8
      const coefficients = Math.min(64, 1 << (4 + 2 * sizeId));
      for (let index = 0; index < coefficients; index += 1) reader.se(); // scaling_list_delta_coef
    }
  }
}

/** The VUI up to its timing. */
function readFrameRate(reader: BitReader): number | undefined {
  const aspectRatioInfoPresent = reader.flag();
  if (aspectRatioInfoPresent && reader.bits(8) === EXTENDED_SAR) reader.skip(32); // sar_width, sar_height
  if (reader.flag()) reader.skip(1); // overscan_info_present_flag: overscan_appropriate_flag
  const videoSignalTypePresent = reader.flag();
  if (videoSignalTypePresent) {
    reader.skip(4); // video_format, video_full_range_flag
    if (reader.flag()) reader.skip(24); // colour_primaries, transfer_characteristics, matrix_coeffs
  }
  const chromaLocInfoPresent = reader.flag();
  if (chromaLocInfoPresent) {
    reader.ue(); // chroma_sample_loc_type_top_field
    reader.ue(); // chroma_sample_loc_type_bottom_field
  }
  reader.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
  const defaultDisplayWindow = reader.flag();
  if (defaultDisplayWindow) for (let side = 0; side < 4; side += 1) reader.ue();
  const timingInfoPresent = reader.flag();
  if (!timingInfoPresent) return undefined;
  const numUnitsInTick = reader.bits(32);
  const timeScale = reader.bits(32);
  return numUnitsInTick > 0 && timeScale > 0 ? timeScale / numUnitsInTick : undefined;
}

function inRange(field: string, value: number, max: number): number {
  if (value <= max) return value;
  throw new ProtocolError('ERR_H265_SPS', `${field} is ${value}, at most ${max} is legal`, {
    field,
    value,
    limit: max,
  });
}

function pictureSide(field: 'width' | 'height', value: number): number {
  if (value > 0 && value <= MAX_PICTURE_SIDE) return value;
  throw new ProtocolError('ERR_H265_SPS', `picture ${field} of ${value} samples`, { field, value });
}
