/**
 * In which order H.264 pictures are shown (ISO/IEC 14496-10, 7.3.3 and 8.2.1.1). Left out: `pic_order_cnt_type` 1, which no encoder
 * at hand writes, memory_management_control_operation 5, and the difference between the fields of a frame.
 */
import { BitReader } from '../../bytes/bit-reader.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { removeEmulationPrevention } from '../nal/emulation-prevention.ts';
import { H264NalUnitType, h264NalUnitType } from './nal-unit-type.ts';
import type { H264SequenceParameterSet } from './sequence-parameter-set.ts';

/** Where a picture is among those shown since the last IDR picture. */
export interface PictureOrder {
  /** Steps need not be 1. */
  readonly count: number;
  /** An IDR picture: counts before it and from it on have nothing to do with each other. */
  readonly isFirst: boolean;
}

/** Largest number of bits of `pic_order_cnt_lsb` (7.4.2.1.1). */
const MAX_LSB_BITS = 16;
/** All that is read of a slice header lies in its first bytes, whatever its numbers are. */
const MAX_HEADER_BYTES = 40;

/** Counts pictures in the order in which they are shown, from one IDR picture to the next. */
export class H264PictureOrderCounter {
  readonly #sps: H264SequenceParameterSet;
  #previousMsb = 0;
  #previousLsb = 0;

  constructor(sps: H264SequenceParameterSet) {
    this.#sps = sps;
  }

  /**
   * Takes the first slice of the next picture in decoding order.
   * @returns `undefined` when the stream does not count in this way
   */
  next(slice: Uint8Array): PictureOrder | undefined {
    const { log2MaxPicOrderCntLsb: lsbBits = 0 } = this.#sps;
    const lsb = lsbBits === 0 || lsbBits > MAX_LSB_BITS ? undefined : this.#readLsb(slice, lsbBits);
    if (lsb === undefined) return undefined;
    const isFirst = h264NalUnitType(slice) === H264NalUnitType.idr;
    const msb = isFirst ? 0 : nextMsb(this.#previousMsb, this.#previousLsb, lsb, 2 ** lsbBits);
    const isReference = (slice[0]! & 0x60) !== 0; // nal_ref_idc
    if (isReference) {
      this.#previousMsb = msb;
      this.#previousLsb = lsb;
    }
    return { count: msb + lsb, isFirst };
  }

  #readLsb(slice: Uint8Array, lsbBits: number): number | undefined {
    const { log2MaxFrameNum, separateColourPlanes, frameMbsOnly } = this.#sps;
    return undefinedIfMalformed(() => {
      const reader = new BitReader(removeEmulationPrevention(slice.subarray(0, MAX_HEADER_BYTES)));
      reader.skip(8); // NAL unit header
      reader.ue(); // first_mb_in_slice
      reader.ue(); // slice_type
      reader.ue(); // pic_parameter_set_id
      if (separateColourPlanes) reader.skip(2); // colour_plane_id
      reader.skip(log2MaxFrameNum); // frame_num
      if (!frameMbsOnly && reader.flag()) reader.skip(1); // field_pic_flag, bottom_field_flag
      if (h264NalUnitType(slice) === H264NalUnitType.idr) reader.ue(); // idr_pic_id
      return reader.bits(lsbBits); // pic_order_cnt_lsb
    });
  }
}

/** The high part of a picture order count whose low part wraps at `modulus`: the nearest to the reference picture before. */
export function nextMsb(previousMsb: number, previousLsb: number, lsb: number, modulus: number): number {
  if (lsb < previousLsb && previousLsb - lsb >= modulus / 2) return previousMsb + modulus;
  if (lsb > previousLsb && lsb - previousLsb > modulus / 2) return previousMsb - modulus;
  return previousMsb;
}
