/** In which order H.265 pictures are shown (ISO/IEC 23008-2, 7.3.6.1 and 8.3.1): the base layer. */
import { BitReader } from '../../bytes/bit-reader.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { nextMsb, type PictureOrder } from '../h264/picture-order-count.ts';
import { removeEmulationPrevention } from '../nal/emulation-prevention.ts';
import { H265NalUnitType, h265NalUnitType, isH265Irap } from './nal-unit-type.ts';
import type { H265SequenceParameterSet } from './sequence-parameter-set.ts';

const MAX_HEADER_BYTES = 40;
/** Of slices, those that are not kept for reference are even below this. */
const FIRST_TYPE_WITHOUT_SUBLAYERS = 16;
/** RADL and RASL pictures. */
const FIRST_LEADING_TYPE = 6;
const LAST_LEADING_TYPE = 9;

/** Fields of a picture parameter set that stand before what is read of a slice. */
interface SliceHeaderRules {
  readonly outputFlagPresent: boolean;
  readonly numExtraSliceHeaderBits: number;
}

/** Counts pictures in the order in which they are shown, from one IDR or BLA picture to the next. */
export class H265PictureOrderCounter {
  readonly #sps: H265SequenceParameterSet;
  readonly #rules: SliceHeaderRules | undefined;
  #previousMsb = 0;
  #previousLsb = 0;

  /** @param pps with its NAL unit header */
  constructor(sps: H265SequenceParameterSet, pps: Uint8Array) {
    this.#sps = sps;
    this.#rules = undefinedIfMalformed(() => readRules(pps));
  }

  /**
   * Takes the first slice segment of the next picture in decoding order.
   * @returns `undefined` when it cannot be read
   */
  next(slice: Uint8Array): PictureOrder | undefined {
    const type = h265NalUnitType(slice);
    const isFirst = type >= H265NalUnitType.blaWithLeadingPictures && type < H265NalUnitType.cra;
    if (isFirst) this.#previousMsb = 0;
    if (isIdr(type)) {
      this.#previousLsb = 0;
      return { count: 0, isFirst };
    }
    const rules = this.#rules;
    const lsb =
      rules === undefined ? undefined : undefinedIfMalformed(() => this.#readLsb(slice, type, rules));
    if (lsb === undefined) return undefined;
    const modulus = 2 ** this.#sps.log2MaxPicOrderCntLsb;
    const msb = isFirst ? 0 : nextMsb(this.#previousMsb, this.#previousLsb, lsb, modulus);
    if (isCountedFrom(slice, type)) {
      this.#previousMsb = msb;
      this.#previousLsb = lsb;
    }
    return { count: msb + lsb, isFirst };
  }

  #readLsb(slice: Uint8Array, type: number, rules: SliceHeaderRules): number {
    const reader = new BitReader(removeEmulationPrevention(slice.subarray(0, MAX_HEADER_BYTES)));
    reader.skip(16); // NAL unit header
    reader.skip(1); // first_slice_segment_in_pic_flag
    if (isH265Irap(type)) reader.skip(1); // no_output_of_prior_pics_flag
    reader.ue(); // slice_pic_parameter_set_id
    reader.skip(rules.numExtraSliceHeaderBits); // slice_reserved_flag
    reader.ue(); // slice_type
    if (rules.outputFlagPresent) reader.skip(1); // pic_output_flag
    if (this.#sps.separateColourPlanes) reader.skip(2); // colour_plane_id
    return reader.bits(this.#sps.log2MaxPicOrderCntLsb); // slice_pic_order_cnt_lsb
  }
}

function isIdr(type: number): boolean {
  return type === H265NalUnitType.idrWithRadl || type === H265NalUnitType.idrWithoutLeadingPictures;
}

/** 8.3.1, prevTid0Pic: the last picture of the lowest sub-layer that is no leading picture and kept for reference. */
function isCountedFrom(slice: Uint8Array, type: number): boolean {
  const temporalId = (slice[1]! & 0x07) - 1;
  const isLeading = type >= FIRST_LEADING_TYPE && type <= LAST_LEADING_TYPE;
  const isReference = type >= FIRST_TYPE_WITHOUT_SUBLAYERS || type % 2 === 1;
  return temporalId === 0 && !isLeading && isReference;
}

function readRules(pps: Uint8Array): SliceHeaderRules {
  const reader = new BitReader(removeEmulationPrevention(pps.subarray(0, MAX_HEADER_BYTES)));
  reader.skip(16); // NAL unit header
  reader.ue(); // pps_pic_parameter_set_id
  reader.ue(); // pps_seq_parameter_set_id
  reader.skip(1); // dependent_slice_segments_enabled_flag
  return { outputFlagPresent: reader.flag(), numExtraSliceHeaderBits: reader.bits(3) };
}
