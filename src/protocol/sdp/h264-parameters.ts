/** H.264 in SDP (RFC 6184, 8.1 and 8.2.1). */
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import type { H264Config } from '../../codec/codec-config.ts';
import { h264ConfigFromParameterSets } from '../../codec/h264/h264-config.ts';
import { H264NalUnitType, h264NalUnitType } from '../../codec/h264/nal-unit-type.ts';
import { decodeParameterSets, encodeParameterSets } from './parameter-sets.ts';

/**
 * The config of `sprop-parameter-sets`. Sets are told apart by their type, whatever their order, other units are ignored.
 * @returns `undefined` without a sequence and a picture parameter set that look sound: then they come in-band
 */
export function h264ConfigOfParameters(parameters: ReadonlyMap<string, string>): H264Config | undefined {
  const sets = decodeParameterSets(parameters.get('sprop-parameter-sets') ?? '').filter(isWellFormed);
  const ofType = (type: number): Uint8Array[] => sets.filter((set) => h264NalUnitType(set) === type);
  const pictureParameterSets = ofType(H264NalUnitType.pps);
  if (pictureParameterSets.length === 0) return undefined;
  return undefinedIfMalformed(() => {
    const config = h264ConfigFromParameterSets(ofType(H264NalUnitType.sps), pictureParameterSets);
    return config.pictureParameterSets.length === 0 ? undefined : config;
  });
}

/** `forbidden_zero_bit`: cameras have been seen to send garbage that sets it. */
function isWellFormed(nal: Uint8Array): boolean {
  return (nal[0]! & 0x80) === 0;
}

/** Non-interleaved mode, profile and level of the first SPS, and all parameter sets; without them the mode alone. */
export function h264FormatParameters(config: H264Config): string {
  const [sps] = config.sequenceParameterSets;
  const parameters = ['packetization-mode=1'];
  if (sps !== undefined && sps.length >= 4) {
    const profileLevelId = Buffer.from(sps.subarray(1, 4)).toString('hex').toUpperCase();
    parameters.push(`profile-level-id=${profileLevelId}`);
  }
  const sets = [...config.sequenceParameterSets, ...config.pictureParameterSets];
  if (sets.length > 0) parameters.push(`sprop-parameter-sets=${encodeParameterSets(sets)}`);
  return parameters.join(';');
}
