import { ProtocolError } from '../../bytes/protocol-error.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import type { H265Config } from '../codec-config.ts';
import { equalParameterSets, mergeParameterSet, type ParameterSetRules } from '../nal/parameter-set-list.ts';
import {
  HEVC_RECORD_LENGTH_SIZE_OFFSET,
  parseHevcDecoderConfigurationRecord,
  serializeHevcDecoderConfigurationRecord,
  type HevcDecoderConfigurationRecord,
  type HevcNalUnitArray,
} from './hevc-decoder-configuration-record.ts';
import { H265NalUnitType, h265LayerId, h265NalUnitType } from './nal-unit-type.ts';
import {
  h265PictureParameterSetId,
  h265SequenceParameterSetId,
  h265VideoParameterSetId,
  parseH265SequenceParameterSet,
  type H265SequenceParameterSet,
} from './sequence-parameter-set.ts';

/** As many as there are ids (7.4.3): a list can't grow beyond them. */
const VPS_RULES: ParameterSetRules = { idOf: h265VideoParameterSetId, maxSets: 16 };
const SPS_RULES: ParameterSetRules = { idOf: h265SequenceParameterSetId, maxSets: 16 };
const PPS_RULES: ParameterSetRules = { idOf: h265PictureParameterSetId, maxSets: 64 };

interface ParameterSets {
  readonly videoParameterSets: readonly Uint8Array[];
  readonly sequenceParameterSets: readonly Uint8Array[];
  readonly pictureParameterSets: readonly Uint8Array[];
}

/**
 * The config of an HEVCDecoderConfigurationRecord, as received in an FLV sequence header or an `hvcC` box.
 * `description` is the record itself (a view), except that a length size other than 4 is rewritten to 4, because frames
 * carry 4-byte lengths. Width and height are those of the first SPS, 0 when it is missing or can't be parsed.
 * @throws {ProtocolError} `ERR_H265_RECORD` when the record itself is broken
 */
export function h265ConfigFromRecord(record: Uint8Array): H265Config {
  const parsed = parseHevcDecoderConfigurationRecord(record);
  return configWith(recordWithLengthSize4(record), parsed, {
    videoParameterSets: unitsOfType(parsed, H265NalUnitType.vps),
    sequenceParameterSets: unitsOfType(parsed, H265NalUnitType.sps),
    pictureParameterSets: unitsOfType(parsed, H265NalUnitType.pps),
  });
}

/**
 * The config for parameter sets that came without a record (SDP, Annex B).
 * @param sequenceParameterSets NAL units, at least one; the first gives profile, level and size
 * @returns owns copies of the sets
 * @throws {ProtocolError} `ERR_H265_SPS` when no SPS can be parsed
 */
export function h265ConfigFromParameterSets(
  videoParameterSets: readonly Uint8Array[],
  sequenceParameterSets: readonly Uint8Array[],
  pictureParameterSets: readonly Uint8Array[],
): H265Config {
  const sets: ParameterSets = {
    videoParameterSets: mergeAll(videoParameterSets, VPS_RULES),
    sequenceParameterSets: mergeAll(sequenceParameterSets, SPS_RULES),
    pictureParameterSets: mergeAll(pictureParameterSets, PPS_RULES),
  };
  const sps = parsedOrUndefined(sets.sequenceParameterSets[0]);
  if (sps === undefined) {
    throw new ProtocolError('ERR_H265_SPS', 'no usable H.265 sequence parameter set', {
      count: sequenceParameterSets.length,
    });
  }
  return configOfRecord({ ...recordFields(sps), arrays: arraysOf(sets) }, sets);
}

/**
 * The config of a stream that came without a record, from NAL units among which the base layer's parameter sets are.
 * @returns `undefined` as long as VPS, SPS or PPS are missing; owns copies of the sets
 * @throws {ProtocolError} `ERR_H265_SPS` as `h265ConfigFromParameterSets`
 */
export function h265ConfigFromNalUnits(nalUnits: readonly Uint8Array[]): H265Config | undefined {
  const setsOf = (type: number): Uint8Array[] =>
    nalUnits.filter((nal) => h265NalUnitType(nal) === type && h265LayerId(nal) === 0);
  const vps = setsOf(H265NalUnitType.vps);
  const sps = setsOf(H265NalUnitType.sps);
  const pps = setsOf(H265NalUnitType.pps);
  const isComplete = vps.length > 0 && sps.length > 0 && pps.length > 0;
  return isComplete ? h265ConfigFromParameterSets(vps, sps, pps) : undefined;
}

/**
 * Takes the base layer's parameter sets among an access unit's NAL units into the config; other NAL units are ignored.
 * Runs for every frame. A set with a known id replaces the old one, a new id is appended; sets without a readable id
 * are ignored.
 * @returns the same object when nothing changes; else a new one that owns copies of the new sets
 */
export function withH265ParameterSets(config: H265Config, nalUnits: readonly Uint8Array[]): H265Config {
  let { videoParameterSets, sequenceParameterSets, pictureParameterSets } = config;
  for (const nal of nalUnits) {
    const type = h265NalUnitType(nal);
    if (type < H265NalUnitType.vps || type > H265NalUnitType.pps || h265LayerId(nal) !== 0) continue;
    if (type === H265NalUnitType.vps) {
      videoParameterSets = mergeParameterSet(videoParameterSets, nal, VPS_RULES);
    } else if (type === H265NalUnitType.sps) {
      sequenceParameterSets = mergeParameterSet(sequenceParameterSets, nal, SPS_RULES);
    } else {
      pictureParameterSets = mergeParameterSet(pictureParameterSets, nal, PPS_RULES);
    }
  }
  const isSame =
    equalParameterSets(videoParameterSets, config.videoParameterSets) &&
    equalParameterSets(sequenceParameterSets, config.sequenceParameterSets) &&
    equalParameterSets(pictureParameterSets, config.pictureParameterSets);
  if (isSame) return config;
  return rebuild(config, { videoParameterSets, sequenceParameterSets, pictureParameterSets });
}

function rebuild(config: H265Config, sets: ParameterSets): H265Config {
  const old = parseHevcDecoderConfigurationRecord(config.description);
  const sps = parsedOrUndefined(sets.sequenceParameterSets[0]);
  const isParameterSet = (array: HevcNalUnitArray): boolean =>
    array.nalUnitType >= H265NalUnitType.vps && array.nalUnitType <= H265NalUnitType.pps;
  const otherArrays = old.arrays.filter((array) => !isParameterSet(array));
  const fields = sps === undefined ? { ...old, lengthSize: 4 as const } : recordFields(sps);
  return configOfRecord({ ...fields, arrays: [...arraysOf(sets), ...otherArrays] }, sets);
}

function mergeAll(sets: readonly Uint8Array[], rules: ParameterSetRules): readonly Uint8Array[] {
  let merged: readonly Uint8Array[] = [];
  for (const set of sets) merged = mergeParameterSet(merged, set, rules);
  return merged;
}

function unitsOfType(record: HevcDecoderConfigurationRecord, nalUnitType: number): Uint8Array[] {
  return record.arrays
    .filter((array) => array.nalUnitType === nalUnitType)
    .flatMap((array) => array.nalUnits);
}

function recordWithLengthSize4(record: Uint8Array): Uint8Array {
  const field = record[HEVC_RECORD_LENGTH_SIZE_OFFSET]!;
  if ((field & 0x03) === 3) return record;
  const copy = new Uint8Array(record); // not `slice`: that of a Buffer is a view
  copy[HEVC_RECORD_LENGTH_SIZE_OFFSET] = field | 0x03;
  return copy;
}

/** What is not in the SPS is written as unknown: spatial segmentation, parallelism, average frame rate. */
function recordFields(sps: H265SequenceParameterSet): Omit<HevcDecoderConfigurationRecord, 'arrays'> {
  return {
    generalProfileSpace: sps.generalProfileSpace,
    generalTierFlag: sps.generalTierFlag,
    generalProfileIdc: sps.generalProfileIdc,
    generalProfileCompatibilityFlags: sps.generalProfileCompatibilityFlags,
    generalConstraintIndicatorFlags: sps.generalConstraintIndicatorFlags,
    generalLevelIdc: sps.generalLevelIdc,
    minSpatialSegmentationIdc: 0,
    parallelismType: 0,
    chromaFormat: sps.chromaFormatIdc,
    bitDepthLuma: sps.bitDepthLuma,
    bitDepthChroma: sps.bitDepthChroma,
    avgFrameRate: 0,
    constantFrameRate: 0,
    numTemporalLayers: sps.maxSubLayersMinus1 + 1,
    temporalIdNested: sps.temporalIdNesting,
    lengthSize: 4,
  };
}

/** Completeness stays false: frames keep their in-band sets, so more may come. */
function arraysOf(sets: ParameterSets): HevcNalUnitArray[] {
  const arrays: HevcNalUnitArray[] = [
    { arrayCompleteness: false, nalUnitType: H265NalUnitType.vps, nalUnits: sets.videoParameterSets },
    { arrayCompleteness: false, nalUnitType: H265NalUnitType.sps, nalUnits: sets.sequenceParameterSets },
    { arrayCompleteness: false, nalUnitType: H265NalUnitType.pps, nalUnits: sets.pictureParameterSets },
  ];
  return arrays.filter((array) => array.nalUnits.length > 0);
}

function configOfRecord(record: HevcDecoderConfigurationRecord, sets: ParameterSets): H265Config {
  return configWith(serializeHevcDecoderConfigurationRecord(record), record, sets);
}

function configWith(
  description: Uint8Array,
  record: HevcDecoderConfigurationRecord,
  sets: ParameterSets,
): H265Config {
  const sps = parsedOrUndefined(sets.sequenceParameterSets[0]);
  return {
    kind: 'video',
    codec: 'h265',
    codecString: codecStringOf(record),
    description,
    width: sps?.width ?? 0,
    height: sps?.height ?? 0,
    ...sets,
  };
}

/**
 * ISO/IEC 14496-15, E.3. `hev1`, because parameter sets may also come in-band. Compatibility flags stand with flag 31
 * in the highest bit, the reverse of the record; constraint bytes end with the last one that is not 0.
 */
function codecStringOf(record: HevcDecoderConfigurationRecord): string {
  const space = ['', 'A', 'B', 'C'][record.generalProfileSpace]!;
  let compatibility = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    if ((record.generalProfileCompatibilityFlags & (1 << bit)) !== 0) compatibility += 2 ** (31 - bit);
  }
  const tier = record.generalTierFlag ? 'H' : 'L';
  let constraintBytes = 6;
  while (constraintBytes > 0 && record.generalConstraintIndicatorFlags[constraintBytes - 1] === 0) {
    constraintBytes -= 1;
  }
  const constraints = Array.from(record.generalConstraintIndicatorFlags.subarray(0, constraintBytes));
  return [
    `hev1.${space}${record.generalProfileIdc}`,
    compatibility.toString(16).toUpperCase(),
    `${tier}${record.generalLevelIdc}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join('.');
}

/** A stream whose SPS can't be parsed still goes on, only its size is unknown. */
function parsedOrUndefined(sps: Uint8Array | undefined): H265SequenceParameterSet | undefined {
  if (sps === undefined) return undefined;
  return undefinedIfMalformed(() => parseH265SequenceParameterSet(sps));
}
