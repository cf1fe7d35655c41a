import { undefinedIfMalformed } from '../bytes/undefined-if-malformed.ts';
import type { VideoConfig } from '../codec/codec-config.ts';
import { parseH264SequenceParameterSet } from '../codec/h264/sequence-parameter-set.ts';
import { parseH265SequenceParameterSet } from '../codec/h265/sequence-parameter-set.ts';

/** `profile_idc` of Baseline, which has no B pictures. */
const H264_BASELINE = 66;
/** Profiles that are restricted to intra pictures by `constraint_set3_flag` (ISO/IEC 14496-10, E.2.1). */
const H264_INTRA_PROFILES: ReadonlySet<number> = new Set([44, 86, 100, 110, 122, 244]);
const CONSTRAINT_SET3 = 0x10;
/** Pictures are shown in the order in which they are decoded (ISO/IEC 14496-10, 8.2.1.3). */
const ORDER_OF_DECODING = 2;

/**
 * How many pictures a stream may decode before one that is shown earlier: `max_num_reorder_frames` of H.264,
 * `sps_max_num_reorder_pics` of H.265; units of AV1 and VP9 come in the order in which they are shown.
 * @returns `undefined` when the parameter sets do not say, are missing or broken
 */
export function reorderDepth(config: VideoConfig): number | undefined {
  if (config.codec === 'h264') return depthIn(config.sequenceParameterSets[0], h264ReorderDepth);
  if (config.codec === 'h265') return depthIn(config.sequenceParameterSets[0], h265ReorderDepth);
  return config.codec === 'other' ? undefined : 0;
}

function h265ReorderDepth(nal: Uint8Array): number {
  return parseH265SequenceParameterSet(nal).maxNumReorderPics;
}

function h264ReorderDepth(nal: Uint8Array): number | undefined {
  const sps = parseH264SequenceParameterSet(nal);
  if (sps.maxNumReorderFrames !== undefined) return sps.maxNumReorderFrames;
  const isIntraOnly =
    H264_INTRA_PROFILES.has(sps.profileIdc) && (sps.constraintFlags & CONSTRAINT_SET3) !== 0;
  const isInOrder = sps.picOrderCntType === ORDER_OF_DECODING || sps.profileIdc === H264_BASELINE;
  return isIntraOnly || isInOrder ? 0 : undefined;
}

function depthIn(
  sps: Uint8Array | undefined,
  read: (sps: Uint8Array) => number | undefined,
): number | undefined {
  if (sps === undefined) return undefined;
  return undefinedIfMalformed(() => read(sps));
}
