import type { Vp9Config } from '../codec-config.ts';
import { parseVp9KeyFrameHeader, vp9FrameSize, type Vp9KeyFrameHeader } from './frame-header.ts';
import {
  parseVpCodecConfigurationRecord,
  serializeVpCodecConfigurationRecord,
  withoutVpccFullBoxHeader,
  type VpCodecConfigurationRecord,
} from './vp-codec-configuration-record.ts';

/**
 * The config of a VPCodecConfigurationRecord; `description` is a view of it, without the version and flags of the
 * box, which may stand in front. A record tells no size, so width and height are 0 until `withVp9FrameSize`.
 * @throws {ProtocolError} `ERR_VP9_RECORD`
 */
export function vp9ConfigFromRecord(record: Uint8Array): Vp9Config {
  const description = withoutVpccFullBoxHeader(record);
  return {
    ...fieldsOf(description, parseVpCodecConfigurationRecord(description)),
    width: 0,
    height: 0,
  };
}

/**
 * The config of a stream that came without a record, from its first key frame.
 * @returns owns its bytes; `undefined` when `data` is no key frame
 */
export function vp9ConfigFromFrame(data: Uint8Array): Vp9Config | undefined {
  const header = parseVp9KeyFrameHeader(data);
  if (header === undefined) return undefined;
  const record = recordOf(header);
  return {
    ...fieldsOf(serializeVpCodecConfigurationRecord(record), record),
    width: header.width,
    height: header.height,
  };
}

/**
 * Takes the size of a key frame into the config. Runs for every key frame.
 * @returns the same object when `data` is no key frame or the size is the same
 */
export function withVp9FrameSize(config: Vp9Config, data: Uint8Array): Vp9Config {
  const size = vp9FrameSize(data);
  const isSame = size === undefined || (size.width === config.width && size.height === config.height);
  return isSame ? config : { ...config, ...size };
}

function fieldsOf(
  description: Uint8Array,
  record: VpCodecConfigurationRecord,
): Omit<Vp9Config, 'width' | 'height'> {
  const parts = [record.profile, record.level, record.bitDepth];
  return {
    kind: 'video',
    codec: 'vp9',
    // VP Codec ISO Media File Format Binding, "Codecs Parameter String": the optional part is left out.
    codecString: `vp09.${parts.map((part) => part.toString().padStart(2, '0')).join('.')}`,
    description,
  };
}

/** Largest luma picture of each level (VP9 levels table); the bit rate and frame rate limits are not looked at. */
// prettier-ignore
const LEVELS: readonly (readonly [maxLumaPictureSize: number, level: number])[] = [
  [36_864, 10], [73_728, 11], [122_880, 20], [245_760, 21], [552_960, 30],
  [983_040, 31], [2_228_224, 40], [8_912_896, 50], [35_651_584, 60],
];

/** `color_space` to primaries, transfer, matrix of ISO/IEC 23091-2. */
// prettier-ignore
const COLOUR_CODE_POINTS: readonly (readonly [number, number, number])[] = [
  [2, 2, 2], [6, 6, 6], [1, 1, 1], [6, 6, 6], [7, 7, 7], [9, 14, 9], [2, 2, 2], [1, 13, 0],
];

function recordOf(header: Vp9KeyFrameHeader): VpCodecConfigurationRecord {
  const pictureSize = header.width * header.height;
  const level = LEVELS.find(([maxLumaPictureSize]) => pictureSize <= maxLumaPictureSize)?.[1] ?? 0;
  const [colourPrimaries, transferCharacteristics, matrixCoefficients] =
    COLOUR_CODE_POINTS[header.colourSpace]!;
  return {
    profile: header.profile,
    level,
    bitDepth: header.bitDepth,
    chromaSubsampling: header.subsamplingX ? (header.subsamplingY ? 1 : 2) : 3,
    videoFullRange: header.fullRange,
    colourPrimaries,
    transferCharacteristics,
    matrixCoefficients,
  };
}
