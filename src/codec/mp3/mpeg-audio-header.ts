/** Frame header of MPEG audio, layers I to III (ISO/IEC 11172-3, 2.4.1.3; ISO/IEC 13818-3; MPEG 2.5 as everyone does). */
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** The first 4 bytes of a frame. */
export interface MpegAudioHeader {
  readonly version: 1 | 2 | 2.5;
  readonly layer: 1 | 2 | 3;
  /** Bits per second; 0 for free format. */
  readonly bitrate: number;
  /** Hertz. */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Per channel. */
  readonly samplesPerFrame: number;
  /** Bytes, header included; 0 for free format, whose frames don't tell. */
  readonly frameLength: number;
}

/** Length of the header without the CRC that may follow. */
export const MPEG_AUDIO_HEADER_LENGTH = 4;

/** Kilobits per second by bitrate index 0 to 14; rows: version 1 layers I, II, III, then versions 2 and 2.5. */
// prettier-ignore
const BITRATES = {
  layer1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  layer2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  layer3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  lowLayer1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  lowLayer2And3: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;

/** Hertz of version 1; halved for version 2, quartered for 2.5. */
const SAMPLE_RATES: readonly number[] = [44_100, 48_000, 32_000];
/** By the 2-bit fields; `undefined` is reserved. */
const VERSIONS = [2.5, undefined, 2, 1] as const;
const LAYERS = [undefined, 3, 2, 1] as const;

/**
 * Parses the header at the start of a frame.
 * @throws {ProtocolError} `ERR_MPEG_AUDIO_HEADER` for fewer than 4 bytes, a missing syncword or reserved values
 */
export function parseMpegAudioHeader(bytes: Uint8Array): MpegAudioHeader {
  if (bytes.length < MPEG_AUDIO_HEADER_LENGTH) throw broken('MPEG audio header is cut off', bytes.length);
  // syncword 11, version 2, layer 2, protection_bit 1
  if (bytes[0] !== 0xff || (bytes[1]! & 0xe0) !== 0xe0) {
    throw broken('no MPEG audio syncword', (bytes[0]! << 8) | bytes[1]!);
  }
  const version = VERSIONS[(bytes[1]! >>> 3) & 0x03];
  const layer = LAYERS[(bytes[1]! >>> 1) & 0x03];
  // bitrate_index 4, sampling_frequency 2, padding_bit 1, private_bit 1
  const bitrateIndex = bytes[2]! >>> 4;
  const baseRate = SAMPLE_RATES[(bytes[2]! >>> 2) & 0x03];
  const padding = (bytes[2]! >>> 1) & 0x01;
  // mode 2, mode_extension 2, copyright 1, original 1, emphasis 2
  const isMono = bytes[3]! >>> 6 === 3;
  if (version === undefined || layer === undefined || baseRate === undefined || bitrateIndex === 15) {
    throw broken('reserved value in MPEG audio header', (bytes[1]! << 8) | bytes[2]!);
  }
  const sampleRate = version === 1 ? baseRate : version === 2 ? baseRate / 2 : baseRate / 4;
  const bitrate = bitratesOf(version, layer)[bitrateIndex]! * 1000;
  const samplesPerFrame = layer === 1 ? 384 : layer === 3 && version !== 1 ? 576 : 1152;
  return {
    version,
    layer,
    bitrate,
    sampleRate,
    channels: isMono ? 1 : 2,
    samplesPerFrame,
    frameLength:
      bitrate === 0 ? 0 : frameLength(layer, (samplesPerFrame * bitrate) / sampleRate / 8, padding),
  };
}

function bitratesOf(version: 1 | 2 | 2.5, layer: 1 | 2 | 3): readonly number[] {
  if (version !== 1) return layer === 1 ? BITRATES.lowLayer1 : BITRATES.lowLayer2And3;
  if (layer === 1) return BITRATES.layer1;
  return layer === 2 ? BITRATES.layer2 : BITRATES.layer3;
}

/** 2.4.3.1: frames consist of whole slots, 4 bytes in layer I, 1 byte in the others. */
function frameLength(layer: number, averageBytes: number, padding: number): number {
  const slotLength = layer === 1 ? 4 : 1;
  return (Math.floor(averageBytes / slotLength) + padding) * slotLength;
}

function broken(text: string, value: number): ProtocolError {
  return new ProtocolError('ERR_MPEG_AUDIO_HEADER', `${text} (${value})`, { value });
}
