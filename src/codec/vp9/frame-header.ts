/** The start of a VP9 key frame's uncompressed header (VP9 Bitstream & Decoding Process Specification, 6.2 and 7.2). */
import { BitReader } from '../../bytes/bit-reader.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';

/** What a server needs of a key frame's header. */
export interface Vp9KeyFrameHeader {
  readonly profile: number;
  readonly bitDepth: 8 | 10 | 12;
  /** `color_space`: 0 unknown, 1 BT.601, 2 BT.709, 3 SMPTE 170, 4 SMPTE 240, 5 BT.2020, 7 sRGB. */
  readonly colourSpace: number;
  readonly fullRange: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
  readonly width: number;
  readonly height: number;
}

const FRAME_MARKER = 2;
const SYNC_CODE = 0x498342;
const COLOUR_SPACE_RGB = 7;

/**
 * Parses the header of a frame, or of the first frame of a superframe.
 * @returns `undefined` for anything that is not a complete key frame header: inter frames, repeats, damage
 */
export function parseVp9KeyFrameHeader(data: Uint8Array): Vp9KeyFrameHeader | undefined {
  return undefinedIfMalformed(() => readKeyFrameHeader(new BitReader(data)));
}

/** The size of a key frame in luma samples; `undefined` for other frames. */
export function vp9FrameSize(data: Uint8Array): { width: number; height: number } | undefined {
  const header = parseVp9KeyFrameHeader(data);
  return header === undefined ? undefined : { width: header.width, height: header.height };
}

function readKeyFrameHeader(reader: BitReader): Vp9KeyFrameHeader | undefined {
  if (reader.bits(2) !== FRAME_MARKER) return undefined;
  const profileLowBit = reader.bits(1);
  const profileHighBit = reader.bits(1);
  const profile = profileHighBit * 2 + profileLowBit;
  if (profile === 3) reader.skip(1); // reserved_zero
  const showExistingFrame = reader.flag();
  if (showExistingFrame) return undefined;
  const isKeyFrame = reader.bits(1) === 0; // frame_type
  reader.skip(2); // show_frame, error_resilient_mode
  if (!isKeyFrame || reader.bits(24) !== SYNC_CODE) return undefined;
  const bitDepth = profile < 2 ? 8 : reader.flag() ? 12 : 10;
  const colourSpace = reader.bits(3);
  const colour = readColour(reader, profile, colourSpace);
  const width = reader.bits(16) + 1;
  const height = reader.bits(16) + 1;
  return { profile, bitDepth, colourSpace, ...colour, width, height };
}

function readColour(
  reader: BitReader,
  profile: number,
  colourSpace: number,
): Pick<Vp9KeyFrameHeader, 'fullRange' | 'subsamplingX' | 'subsamplingY'> {
  const hasSubsamplingBits = profile === 1 || profile === 3;
  if (colourSpace === COLOUR_SPACE_RGB) {
    if (hasSubsamplingBits) reader.skip(1); // reserved_zero
    return { fullRange: true, subsamplingX: false, subsamplingY: false };
  }
  const fullRange = reader.flag(); // color_range
  if (!hasSubsamplingBits) return { fullRange, subsamplingX: true, subsamplingY: true };
  const subsamplingX = reader.flag();
  const subsamplingY = reader.flag();
  reader.skip(1); // reserved_zero
  return { fullRange, subsamplingX, subsamplingY };
}
