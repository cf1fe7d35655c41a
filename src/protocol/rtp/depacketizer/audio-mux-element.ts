/**
 * AudioMuxElement of LATM (ISO/IEC 14496-3:2019, 1.7.3), as RFC 6416 carries it. Of several streams the first is read.
 * Streams without a common time, and frame lengths of CELP and HVXC, are left out.
 */
import { BitReader } from '../../../bytes/bit-reader.ts';
import { copyBits } from '../../../bytes/copy-bits.ts';
import { ProtocolError } from '../../../bytes/protocol-error.ts';
import { parseStreamMuxConfig, type StreamMuxConfig } from '../../../codec/aac/stream-mux-config.ts';

/** What one element holds. */
export interface AudioMuxElement {
  /** The configuration in force, new where the element brought one. */
  readonly muxConfig: StreamMuxConfig;
  /** Access units of the first stream, in order; views of the element where they lie at whole bytes. */
  readonly units: readonly Uint8Array[];
  /** Where the next element may begin. */
  readonly end: number;
}

/** Frame length types: a length in each payload, or one for all. */
const VARIABLE_LENGTH = 0;
const FIXED_LENGTH = 1;

/**
 * Reads the element at the start of `bytes`.
 * @param muxConfigPresent whether elements say if they bring a configuration (`cpresent`)
 * @param muxConfig the configuration so far
 * @returns `undefined` as long as there is no configuration
 * @throws {ProtocolError} `ERR_LATM_CONFIG`, `ERR_LATM_ELEMENT`, `ERR_TRUNCATED`
 */
export function readAudioMuxElement(
  bytes: Uint8Array,
  muxConfigPresent: boolean,
  muxConfig: StreamMuxConfig | undefined,
): AudioMuxElement | undefined {
  const reader = new BitReader(bytes);
  let config = muxConfig;
  if (muxConfigPresent) {
    const useSameStreamMux = reader.flag();
    if (!useSameStreamMux) {
      config = parseStreamMuxConfig(bytes, 1);
      reader.skip(config.lengthBits);
    }
  }
  if (config === undefined) return undefined;
  if (!config.allStreamsSameTimeFraming)
    throw unsupported('streams without a common time', config.streams.length);
  const units: Uint8Array[] = [];
  for (let subFrame = 0; subFrame < config.subFrameCount; subFrame += 1) {
    units.push(readPayloads(bytes, reader, config));
  }
  // Devices announce other data and leave it out.
  reader.skip(Math.min(config.otherDataLengthBits, reader.remaining));
  return { muxConfig: config, units, end: Math.ceil(reader.position / 8) };
}

/** PayloadLengthInfo, then PayloadMux. @returns the payload of the first stream */
function readPayloads(bytes: Uint8Array, reader: BitReader, config: StreamMuxConfig): Uint8Array {
  const lengths = config.streams.map(({ frameLengthType, frameLengthBits }) => {
    if (frameLengthType === FIXED_LENGTH) return frameLengthBits!;
    if (frameLengthType === VARIABLE_LENGTH) return 8 * readVariableLength(reader);
    throw unsupported('frame length type', frameLengthType);
  });
  const start = reader.position;
  for (const length of lengths) reader.skip(length);
  const first = lengths[0]!;
  return start % 8 === 0 && first % 8 === 0
    ? bytes.subarray(start / 8, (start + first) / 8)
    : copyBits(bytes, start, first);
}

/** Bytes: a sum of as many 255s as needed, and one value below. */
function readVariableLength(reader: BitReader): number {
  let length = 0;
  let part: number;
  do {
    part = reader.bits(8);
    length += part;
  } while (part === 255);
  return length;
}

function unsupported(what: string, value: number): ProtocolError {
  return new ProtocolError('ERR_LATM_ELEMENT', `LATM with ${what} (${value}) is not read`, { value });
}
