/** AV1 sequence header OBU (AV1 Bitstream & Decoding Process Specification, 5.5). */
import { BitReader } from '../../bytes/bit-reader.ts';

/** What a server needs of a sequence header. */
export interface Av1SequenceHeader {
  readonly profile: number;
  /** `seq_level_idx[0]`: 0 for level 2.0, 8 for 4.0. */
  readonly levelIdx: number;
  /** `seq_tier[0]`: false Main, true High. */
  readonly tier: boolean;
  /** Largest frame size of the sequence, in luma samples. */
  readonly width: number;
  readonly height: number;
  /** Only where the timing info promises a constant rate. */
  readonly frameRate?: number | undefined;
  readonly colour: Av1ColourConfig;
}

/** color_config() (5.5.2). */
export interface Av1ColourConfig {
  readonly highBitDepth: boolean;
  readonly twelveBit: boolean;
  readonly monochrome: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
  /** 0 unknown, 1 vertical, 2 colocated. */
  readonly chromaSamplePosition: number;
  /** Code points of ISO/IEC 23091-2; 2 is unspecified. */
  readonly colourPrimaries: number;
  readonly transferCharacteristics: number;
  readonly matrixCoefficients: number;
  readonly fullRange: boolean;
}

/** SELECT_SCREEN_CONTENT_TOOLS (3). */
const SELECT_SCREEN_CONTENT_TOOLS = 2;

/**
 * Parses the payload of a sequence header OBU.
 * @throws {ProtocolError} `ERR_TRUNCATED`, `ERR_EXP_GOLOMB`
 */
export function parseAv1SequenceHeader(payload: Uint8Array): Av1SequenceHeader {
  const reader = new BitReader(payload);
  const profile = reader.bits(3);
  reader.skip(1); // still_picture
  const reducedStillPictureHeader = reader.flag();
  const operation = reducedStillPictureHeader
    ? { levelIdx: reader.bits(5), tier: false, frameRate: undefined }
    : readOperation(reader);
  const frameWidthBits = reader.bits(4) + 1;
  const frameHeightBits = reader.bits(4) + 1;
  const width = reader.bits(frameWidthBits) + 1;
  const height = reader.bits(frameHeightBits) + 1;
  skipCodingTools(reader, reducedStillPictureHeader);
  return { profile, ...operation, width, height, colour: readColourConfig(reader, profile) };
}

interface Operation {
  readonly levelIdx: number;
  readonly tier: boolean;
  readonly frameRate: number | undefined;
}

/** Timing and operating points; the first point is the one that decoders choose by default. */
function readOperation(reader: BitReader): Operation {
  let frameRate: number | undefined;
  let bufferDelayLength = 0;
  const timingInfoPresent = reader.flag();
  if (timingInfoPresent) {
    frameRate = readFrameRate(reader);
    const decoderModelInfoPresent = reader.flag();
    if (decoderModelInfoPresent) {
      bufferDelayLength = reader.bits(5) + 1;
      reader.skip(32 + 5 + 5); // num_units_in_decoding_tick, two lengths
    }
  }
  const initialDisplayDelayPresent = reader.flag();
  const operatingPoints = reader.bits(5) + 1;
  let first: Operation | undefined;
  for (let point = 0; point < operatingPoints; point += 1) {
    reader.skip(12); // operating_point_idc
    const levelIdx = reader.bits(5);
    const tier = levelIdx > 7 && reader.flag();
    if (bufferDelayLength > 0 && reader.flag()) reader.skip(2 * bufferDelayLength + 1);
    if (initialDisplayDelayPresent && reader.flag()) reader.skip(4);
    first ??= { levelIdx, tier, frameRate };
  }
  return first!;
}

function readFrameRate(reader: BitReader): number | undefined {
  const numUnitsInDisplayTick = reader.bits(32);
  const timeScale = reader.bits(32);
  const equalPictureInterval = reader.flag();
  if (!equalPictureInterval) return undefined;
  const numTicksPerPicture = reader.ue() + 1;
  const isSound = numUnitsInDisplayTick > 0 && timeScale > 0;
  return isSound ? timeScale / (numUnitsInDisplayTick * numTicksPerPicture) : undefined;
}

function skipCodingTools(reader: BitReader, reducedStillPictureHeader: boolean): void {
  // delta_frame_id_length_minus_2, additional_frame_id_length_minus_1
  if (!reducedStillPictureHeader && reader.flag()) reader.skip(4 + 3);
  reader.skip(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reducedStillPictureHeader) {
    reader.skip(4); // enable_interintra_compound, enable_masked_compound, enable_warped_motion, enable_dual_filter
    const enableOrderHint = reader.flag();
    if (enableOrderHint) reader.skip(2); // enable_jnt_comp, enable_ref_frame_mvs
    const seqChooseScreenContentTools = reader.flag();
    const screenContentTools = seqChooseScreenContentTools ? SELECT_SCREEN_CONTENT_TOOLS : reader.bits(1);
    if (screenContentTools > 0) {
      const seqChooseIntegerMv = reader.flag();
      if (!seqChooseIntegerMv) reader.skip(1); // seq_force_integer_mv
    }
    if (enableOrderHint) reader.skip(3); // order_hint_bits_minus_1
  }
  reader.skip(3); // enable_superres, enable_cdef, enable_restoration
}

function readColourConfig(reader: BitReader, profile: number): Av1ColourConfig {
  const highBitDepth = reader.flag();
  const twelveBit = profile === 2 && highBitDepth && reader.flag();
  const monochrome = profile !== 1 && reader.flag();
  const colourDescriptionPresent = reader.flag();
  const colourPrimaries = colourDescriptionPresent ? reader.bits(8) : 2;
  const transferCharacteristics = colourDescriptionPresent ? reader.bits(8) : 2;
  const matrixCoefficients = colourDescriptionPresent ? reader.bits(8) : 2;
  const isSrgb = colourPrimaries === 1 && transferCharacteristics === 13 && matrixCoefficients === 0;
  const fullRange = isSrgb && !monochrome ? true : reader.flag();
  const [subsamplingX, subsamplingY] = readSubsampling(reader, profile, {
    monochrome,
    twelveBit,
    isSrgb,
  });
  const hasPosition = subsamplingX && subsamplingY && !monochrome;
  return {
    highBitDepth,
    twelveBit,
    monochrome,
    subsamplingX,
    subsamplingY,
    chromaSamplePosition: hasPosition ? reader.bits(2) : 0,
    colourPrimaries,
    transferCharacteristics,
    matrixCoefficients,
    fullRange,
  };
}

function readSubsampling(
  reader: BitReader,
  profile: number,
  colour: { monochrome: boolean; twelveBit: boolean; isSrgb: boolean },
): readonly [boolean, boolean] {
  if (colour.monochrome) return [true, true];
  if (colour.isSrgb || profile === 1) return [false, false];
  if (profile === 0) return [true, true];
  if (!colour.twelveBit) return [true, false];
  const subsamplingX = reader.flag();
  return [subsamplingX, subsamplingX && reader.flag()];
}
