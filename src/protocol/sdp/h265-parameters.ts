/** H.265 in SDP (RFC 7798, 7.1 and 7.2.1). */
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import type { H265Config } from '../../codec/codec-config.ts';
import { h265ConfigFromParameterSets } from '../../codec/h265/h265-config.ts';
import { parseHevcDecoderConfigurationRecord } from '../../codec/h265/hevc-decoder-configuration-record.ts';
import { H265NalUnitType, h265LayerId, h265NalUnitType } from '../../codec/h265/nal-unit-type.ts';
import { decodeParameterSets, encodeParameterSets } from './parameter-sets.ts';

/**
 * The config of `sprop-vps`, `sprop-sps` and `sprop-pps`. Sets are told apart by their type, wherever they stand; those of
 * layers above the base are ignored.
 * @returns `undefined` unless there is one of each kind that looks sound: then they come in-band
 */
export function h265ConfigOfParameters(parameters: ReadonlyMap<string, string>): H265Config | undefined {
  const sets = ['sprop-vps', 'sprop-sps', 'sprop-pps']
    .flatMap((name) => decodeParameterSets(parameters.get(name) ?? ''))
    .filter((set) => (set[0]! & 0x80) === 0 && h265LayerId(set) === 0);
  const ofType = (type: number): Uint8Array[] => sets.filter((set) => h265NalUnitType(set) === type);
  return undefinedIfMalformed(() => {
    const config = h265ConfigFromParameterSets(
      ofType(H265NalUnitType.vps),
      ofType(H265NalUnitType.sps),
      ofType(H265NalUnitType.pps),
    );
    const isComplete = config.videoParameterSets.length > 0 && config.pictureParameterSets.length > 0;
    return isComplete ? config : undefined;
  });
}

/** Profile, tier and level of the configuration record, and the parameter sets that are known. */
export function h265FormatParameters(config: H265Config): string {
  const record = parseHevcDecoderConfigurationRecord(config.description);
  const parameters = [
    `profile-space=${record.generalProfileSpace}`,
    `profile-id=${record.generalProfileIdc}`,
    `tier-flag=${record.generalTierFlag ? 1 : 0}`,
    `level-id=${record.generalLevelIdc}`,
  ];
  const sets = [
    ['sprop-vps', config.videoParameterSets],
    ['sprop-sps', config.sequenceParameterSets],
    ['sprop-pps', config.pictureParameterSets],
  ] as const;
  for (const [name, list] of sets) {
    if (list.length > 0) parameters.push(`${name}=${encodeParameterSets(list)}`);
  }
  return parameters.join(';');
}
