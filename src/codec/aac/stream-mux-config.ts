/**
 * StreamMuxConfig of LATM (ISO/IEC 14496-3:2019, 1.7.3.1), which stands in the `config` of an SDP (RFC 6416, 7.3) or in
 * front of the payloads. Left out on purpose: `audioMuxVersionA` 1, whose syntax is not defined, and inside version 0
 * the object types whose AudioSpecificConfig has a length that this project can't tell (ELD, USAC, CELP, HVXC).
 */
import { BitReader } from '../../bytes/bit-reader.ts';
import { copyBits } from '../../bytes/copy-bits.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { audioSpecificConfigBits } from './audio-specific-config.ts';

/** What a receiver needs of a StreamMuxConfig to take the payloads that follow it apart. */
export interface StreamMuxConfig {
  /** True: the payloads of all streams belong to one time, and each has its length in front of all payloads. */
  readonly allStreamsSameTimeFraming: boolean;
  /** `numSubFrames` plus 1: access units of each stream in one AudioMuxElement, 1 to 64. */
  readonly subFrameCount: number;
  /** All layers of all programs, in the order of their stream ids; 1 to 128. Senders of AAC have one. */
  readonly streams: readonly LatmStream[];
  /** Bits of other data behind the payloads of an AudioMuxElement. */
  readonly otherDataLengthBits: number;
  /** Bits that the StreamMuxConfig itself takes. */
  readonly lengthBits: number;
}

/** One layer of one program. */
interface LatmStream {
  readonly program: number;
  readonly layer: number;
  /** From bit 0 on, with zeros up to a whole byte; an owned copy, the same object where a layer repeats the one before. */
  readonly audioSpecificConfig: Uint8Array;
  /** 0: each payload has a length of its own; 1: all have `frameLengthBits`; 3 to 7: CELP and HVXC. */
  readonly frameLengthType: number;
  /** Of frame length type 1; else `undefined`. */
  readonly frameLengthBits: number | undefined;
}

/** Longest AudioSpecificConfig that is looked at: a program config element with its comment takes about 300 bytes. */
const MAX_AUDIO_SPECIFIC_CONFIG_BYTES = 512;

/**
 * Bits behind `frameLengthType` 0 to 7: latmBufferFullness, frameLength, none (reserved), CELPframeLengthTableIndex
 * thrice, HVXCframeLengthTableIndex twice.
 */
const FRAME_LENGTH_FIELD_BITS: readonly number[] = [8, 9, 0, 6, 6, 6, 1, 1];

/**
 * Parses a StreamMuxConfig. What stands behind the AudioSpecificConfig of the last stream may be cut off: senders
 * write such.
 * @param firstBit where it starts: 0 in an SDP, 1 in an AudioMuxElement (behind `useSameStreamMux`)
 * @throws {ProtocolError} `ERR_LATM_CONFIG`
 */
export function parseStreamMuxConfig(bytes: Uint8Array, firstBit = 0): StreamMuxConfig {
  try {
    const reader = new BitReader(bytes);
    reader.skip(firstBit);
    return new StreamMuxConfigReader(bytes, reader).read(firstBit);
  } catch (error) {
    if (error instanceof ProtocolError && error.code !== 'ERR_LATM_CONFIG') {
      throw broken(`StreamMuxConfig of ${bytes.length} bytes: ${error.message}`, bytes.length, error);
    }
    throw error;
  }
}

class StreamMuxConfigReader {
  readonly #bytes: Uint8Array;
  readonly #reader: BitReader;
  #audioMuxVersion = 0;
  readonly #streams: LatmStream[] = [];

  constructor(bytes: Uint8Array, reader: BitReader) {
    this.#bytes = bytes;
    this.#reader = reader;
  }

  read(firstBit: number): StreamMuxConfig {
    const reader = this.#reader;
    this.#audioMuxVersion = reader.bits(1);
    if (this.#audioMuxVersion === 1) {
      const audioMuxVersionA = reader.bits(1);
      if (audioMuxVersionA === 1)
        throw broken('audioMuxVersionA is 1, which is reserved', this.#bytes.length);
      readLatmValue(reader); // taraBufferFullness
    }
    const allStreamsSameTimeFraming = reader.flag();
    const subFrameCount = reader.bits(6) + 1;
    const programs = reader.bits(4) + 1;
    for (let program = 0; program < programs; program += 1) {
      const layers = reader.bits(3) + 1;
      for (let layer = 0; layer < layers; layer += 1)
        this.#readStream(program, layer, allStreamsSameTimeFraming);
    }
    const otherDataLengthBits = this.#readTail();
    return {
      allStreamsSameTimeFraming,
      subFrameCount,
      streams: this.#streams,
      otherDataLengthBits,
      lengthBits: reader.position - firstBit,
    };
  }

  #readStream(program: number, layer: number, allStreamsSameTimeFraming: boolean): void {
    const reader = this.#reader;
    const previous = this.#streams.at(-1);
    const useSameConfig = previous !== undefined && reader.flag();
    const audioSpecificConfig = useSameConfig
      ? previous.audioSpecificConfig
      : this.#readAudioSpecificConfig();
    const framing = this.#readFraming(allStreamsSameTimeFraming, layer);
    this.#streams.push({ program, layer, audioSpecificConfig, ...framing });
  }

  /** Cut off counts as a length for each payload: GStreamer's config ends with the AudioSpecificConfig. */
  #readFraming(
    allStreamsSameTimeFraming: boolean,
    layer: number,
  ): Pick<LatmStream, 'frameLengthType' | 'frameLengthBits'> {
    const reader = this.#reader;
    const frameLengthType = reader.remaining >= 3 ? reader.bits(3) : 0;
    const fieldBits = FRAME_LENGTH_FIELD_BITS[frameLengthType]!;
    // coreFrameOffset follows above a CELP core, where streams have no common time: such is no AAC.
    if (frameLengthType === 0 && !allStreamsSameTimeFraming && layer > 0) {
      throw broken('scalable layers without common time', layer);
    }
    if (frameLengthType === 1) return { frameLengthType, frameLengthBits: 8 * (reader.bits(9) + 20) };
    reader.skip(Math.min(fieldBits, reader.remaining));
    return { frameLengthType, frameLengthBits: undefined };
  }

  #readAudioSpecificConfig(): Uint8Array {
    const reader = this.#reader;
    const ascLen = this.#audioMuxVersion === 1 ? readLatmValue(reader) : undefined;
    const maxBits = Math.min(reader.remaining, 8 * MAX_AUDIO_SPECIFIC_CONFIG_BYTES);
    if (ascLen !== undefined && ascLen > maxBits) throw broken('AudioSpecificConfig is cut off', ascLen);
    const start = reader.position;
    const lengthBits = ascLen ?? audioSpecificConfigBits(copyBits(this.#bytes, start, maxBits));
    reader.skip(lengthBits);
    return copyBits(this.#bytes, start, lengthBits);
  }

  /** @returns bits of other data, 0 where that is cut off */
  #readTail(): number {
    const reader = this.#reader;
    try {
      const otherDataPresent = reader.flag();
      const otherDataLengthBits = otherDataPresent ? this.#readOtherDataLength() : 0;
      const crcCheckPresent = reader.flag();
      if (crcCheckPresent) reader.skip(8); // crcCheckSum
      return otherDataLengthBits;
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'ERR_TRUNCATED') return 0;
      throw error;
    }
  }

  #readOtherDataLength(): number {
    const reader = this.#reader;
    if (this.#audioMuxVersion === 1) return readLatmValue(reader);
    let otherDataLenBits = 0;
    let otherDataLenEsc = true;
    for (let count = 0; otherDataLenEsc; count += 1) {
      if (count === 4) throw broken('length of other data has more than 32 bits', count);
      otherDataLenEsc = reader.flag();
      otherDataLenBits = otherDataLenBits * 256 + reader.bits(8);
    }
    return otherDataLenBits;
  }
}

/** LatmGetValue(): 1 to 4 bytes. */
function readLatmValue(reader: BitReader): number {
  const bytesForValue = reader.bits(2);
  return reader.bits(8 * (bytesForValue + 1));
}

function broken(text: string, value: number, cause?: Error): ProtocolError {
  return new ProtocolError('ERR_LATM_CONFIG', text, { value }, cause === undefined ? undefined : { cause });
}
