import { ProtocolError } from '../../bytes/protocol-error.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import type { H264Config } from '../codec-config.ts';
import { equalParameterSets, mergeParameterSet, type ParameterSetRules } from '../nal/parameter-set-list.ts';
import {
  AVC_RECORD_LENGTH_SIZE_OFFSET,
  MAX_H264_PPS_IN_RECORD,
  MAX_H264_SPS_IN_RECORD,
  hasHighProfileFields,
  parseAvcDecoderConfigurationRecord,
  serializeAvcDecoderConfigurationRecord,
  type AvcHighProfileFields,
} from './avc-decoder-configuration-record.ts';
import { H264NalUnitType, h264NalUnitType } from './nal-unit-type.ts';
import {
  h264PictureParameterSetId,
  h264SequenceParameterSetId,
  parseH264SequenceParameterSet,
  type H264SequenceParameterSet,
} from './sequence-parameter-set.ts';

const SPS_RULES: ParameterSetRules = { idOf: h264SequenceParameterSetId, maxSets: MAX_H264_SPS_IN_RECORD };
const PPS_RULES: ParameterSetRules = { idOf: h264PictureParameterSetId, maxSets: MAX_H264_PPS_IN_RECORD };

/**
 * The config of an AVCDecoderConfigurationRecord, as received in an FLV sequence header or an `avcC` box.
 * `description` is the record itself (a view), except that a length size other than 4 is rewritten to 4, because frames
 * carry 4-byte lengths. Width and height are those of the first SPS, 0 when it is missing or can't be parsed.
 * @throws {ProtocolError} `ERR_H264_RECORD` when the record itself is broken
 */
export function h264ConfigFromRecord(record: Uint8Array): H264Config {
  const { sequenceParameterSets, pictureParameterSets } = parseAvcDecoderConfigurationRecord(record);
  return configWith(recordWithLengthSize4(record), sequenceParameterSets, pictureParameterSets);
}

/**
 * The config for parameter sets that came without a record (SDP, Annex B).
 * @param sequenceParameterSets NAL units, at least one; the first gives profile, level and size
 * @returns owns copies of the sets
 * @throws {ProtocolError} `ERR_H264_SPS` when there is no SPS or the first is shorter than its profile and level
 */
export function h264ConfigFromParameterSets(
  sequenceParameterSets: readonly Uint8Array[],
  pictureParameterSets: readonly Uint8Array[],
): H264Config {
  const sps = mergeAll(sequenceParameterSets, SPS_RULES);
  const pps = mergeAll(pictureParameterSets, PPS_RULES);
  const first = sps[0];
  if (first === undefined) {
    throw new ProtocolError('ERR_H264_SPS', 'no usable H.264 sequence parameter set', {
      count: sequenceParameterSets.length,
    });
  }
  return configWith(buildRecord(first, sps, pps, undefined), sps, pps);
}

/**
 * The config of a stream that came without a record, from NAL units among which its parameter sets are.
 * @returns `undefined` as long as SPS or PPS are missing; owns copies of the sets
 * @throws {ProtocolError} `ERR_H264_SPS` as `h264ConfigFromParameterSets`
 */
export function h264ConfigFromNalUnits(nalUnits: readonly Uint8Array[]): H264Config | undefined {
  const sps = nalUnits.filter((nal) => h264NalUnitType(nal) === H264NalUnitType.sps);
  const pps = nalUnits.filter((nal) => h264NalUnitType(nal) === H264NalUnitType.pps);
  return sps.length > 0 && pps.length > 0 ? h264ConfigFromParameterSets(sps, pps) : undefined;
}

/**
 * Takes the parameter sets among an access unit's NAL units into the config; other NAL units are ignored. Runs for
 * every frame. A set with a known id replaces the old one, a new id is appended; sets without a readable id are ignored.
 * @returns the same object when nothing changes; else a new one that owns copies of the new sets
 */
export function withH264ParameterSets(config: H264Config, nalUnits: readonly Uint8Array[]): H264Config {
  let sps = config.sequenceParameterSets;
  let pps = config.pictureParameterSets;
  for (const nal of nalUnits) {
    const type = h264NalUnitType(nal);
    if (type === H264NalUnitType.sps) sps = mergeParameterSet(sps, nal, SPS_RULES);
    else if (type === H264NalUnitType.pps) pps = mergeParameterSet(pps, nal, PPS_RULES);
  }
  const isSame =
    equalParameterSets(sps, config.sequenceParameterSets) &&
    equalParameterSets(pps, config.pictureParameterSets);
  if (isSame) return config;
  return configWith(buildRecord(sps[0], sps, pps, config.description), sps, pps);
}

function mergeAll(sets: readonly Uint8Array[], rules: ParameterSetRules): readonly Uint8Array[] {
  let merged: readonly Uint8Array[] = [];
  for (const set of sets) merged = mergeParameterSet(merged, set, rules);
  return merged;
}

function recordWithLengthSize4(record: Uint8Array): Uint8Array {
  const field = record[AVC_RECORD_LENGTH_SIZE_OFFSET]!;
  if ((field & 0x03) === 3) return record;
  const copy = new Uint8Array(record); // not `slice`: that of a Buffer is a view
  copy[AVC_RECORD_LENGTH_SIZE_OFFSET] = field | 0x03;
  return copy;
}

/** @param first the SPS that gives profile and level; without one they stay those of `previous` */
function buildRecord(
  first: Uint8Array | undefined,
  sequenceParameterSets: readonly Uint8Array[],
  pictureParameterSets: readonly Uint8Array[],
  previous: Uint8Array | undefined,
): Uint8Array {
  const old = previous === undefined ? undefined : parseAvcDecoderConfigurationRecord(previous);
  const profileIndication = first?.[1] ?? old?.profileIndication ?? 0;
  return serializeAvcDecoderConfigurationRecord({
    profileIndication,
    profileCompatibility: first?.[2] ?? old?.profileCompatibility ?? 0,
    levelIndication: first?.[3] ?? old?.levelIndication ?? 0,
    lengthSize: 4,
    sequenceParameterSets,
    pictureParameterSets,
    highProfileFields: hasHighProfileFields(profileIndication)
      ? highProfileFields(first, old?.highProfileFields)
      : undefined,
  });
}

function highProfileFields(
  first: Uint8Array | undefined,
  old: AvcHighProfileFields | undefined,
): AvcHighProfileFields | undefined {
  const sps = parsedOrUndefined(first);
  if (sps === undefined) return old;
  return {
    chromaFormat: sps.chromaFormatIdc,
    bitDepthLuma: sps.bitDepthLuma,
    bitDepthChroma: sps.bitDepthChroma,
    sequenceParameterSetExtensions: old?.sequenceParameterSetExtensions ?? [],
  };
}

function configWith(
  description: Uint8Array,
  sequenceParameterSets: readonly Uint8Array[],
  pictureParameterSets: readonly Uint8Array[],
): H264Config {
  const sps = parsedOrUndefined(sequenceParameterSets[0]);
  return {
    kind: 'video',
    codec: 'h264',
    // RFC 6381, 3.3: profile, constraint flags and level as they stand in bytes 1 to 3 of the record.
    codecString: `avc1.${hexByte(description[1]!)}${hexByte(description[2]!)}${hexByte(description[3]!)}`,
    description,
    width: sps?.width ?? 0,
    height: sps?.height ?? 0,
    sequenceParameterSets,
    pictureParameterSets,
  };
}

/** A stream whose SPS can't be parsed still goes on, only its size is unknown. */
function parsedOrUndefined(sps: Uint8Array | undefined): H264SequenceParameterSet | undefined {
  if (sps === undefined) return undefined;
  return undefinedIfMalformed(() => parseH264SequenceParameterSet(sps));
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}
