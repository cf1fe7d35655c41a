/** Short-term reference picture sets of an H.265 SPS (ISO/IEC 23008-2, 7.3.7), read only to find what follows them. */
import type { BitReader } from '../../bytes/bit-reader.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** `num_short_term_ref_pic_sets` is 0 to 64 (7.4.3.2.1). */
const MAX_SETS = 64;
/** `sps_max_dec_pic_buffering_minus1` is at most 15, and so are the pictures a set names. */
const MAX_PICTURES = 16;

/** @throws {ProtocolError} `ERR_H265_SPS` for counts out of range, `ERR_TRUNCATED`, `ERR_EXP_GOLOMB` */
export function skipShortTermReferencePictureSets(reader: BitReader): void {
  const count = limited('num_short_term_ref_pic_sets', reader.ue(), MAX_SETS);
  let picturesBefore = 0;
  for (let index = 0; index < count; index += 1) {
    const interRefPicSetPrediction = index > 0 && reader.flag();
    picturesBefore = interRefPicSetPrediction
      ? readPredictedSet(reader, picturesBefore)
      : readExplicitSet(reader);
  }
}

/**
 * A set told as the difference to the one before.
 * @returns NumDeltaPocs of the set
 */
function readPredictedSet(reader: BitReader, picturesBefore: number): number {
  reader.skip(1); // delta_rps_sign
  reader.ue(); // abs_delta_rps_minus1
  let pictures = 0;
  for (let index = 0; index <= picturesBefore; index += 1) {
    const usedByCurrPic = reader.flag();
    // use_delta_flag is only there where the picture isn't used, and counts as set where it is.
    if (usedByCurrPic || reader.flag()) pictures += 1;
  }
  return limited('NumDeltaPocs', pictures, MAX_PICTURES);
}

/** @returns NumDeltaPocs of the set */
function readExplicitSet(reader: BitReader): number {
  const negative = limited('num_negative_pics', reader.ue(), MAX_PICTURES);
  const positive = limited('num_positive_pics', reader.ue(), MAX_PICTURES);
  for (let index = 0; index < negative + positive; index += 1) {
    reader.ue(); // delta_poc_s0_minus1 or delta_poc_s1_minus1
    reader.skip(1); // used_by_curr_pic_s0_flag or used_by_curr_pic_s1_flag
  }
  return limited('NumDeltaPocs', negative + positive, MAX_PICTURES);
}

function limited(field: string, value: number, max: number): number {
  if (value <= max) return value;
  throw new ProtocolError('ERR_H265_SPS', `${field} is ${value}, at most ${max} is legal`, {
    field,
    value,
    limit: max,
  });
}
