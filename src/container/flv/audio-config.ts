/** The codec parameters that an FLV audio sequence header or first byte holds. */
import { ByteReader } from '../../bytes/byte-reader.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { aacConfigFromAudioSpecificConfig } from '../../codec/aac/aac-config.ts';
import type { AudioConfig, OpusConfig } from '../../codec/codec-config.ts';
import { opusConfigFromHead } from '../../codec/opus/opus-config.ts';
import type { FlvSpelling } from './codec-spelling.ts';

/** `SoundRate`, in hertz. */
const SOUND_RATES = [5512, 11_025, 22_050, 44_100] as const;

/** Formats whose rate is fixed whatever the bits say: Nellymoser 16 and 8 kHz, Speex (FLV 10.1, E.4.2.1). */
const FIXED_SOUND_RATES: ReadonlyMap<number, number> = new Map([
  [4, 16_000],
  [5, 8000],
  [11, 16_000],
]);

/** "fLaC" */
const FLAC_SIGNATURE = 0x66_4c_61_43;
const FLAC_STREAM_INFO_LENGTH = 34;

const EMPTY = new Uint8Array(0);

/** @throws {ProtocolError} when the record is broken or empty */
export function audioConfigFromRecord(spelling: FlvSpelling, record: Uint8Array): AudioConfig {
  switch (spelling.codec) {
    case 'aac':
      return aacConfigFromAudioSpecificConfig(record);
    case 'opus':
      return opusConfigFromHead(record);
    case 'flac':
      return flacConfig(record);
    default:
      return carriedAudioConfig(spelling, record);
  }
}

/** Opus whose source sends no head. @param packet its first byte, bit 2, says stereo (RFC 6716, 3.1) */
export function opusConfigFromPacket(packet: Uint8Array): OpusConfig {
  return { ...opusConfigFromHead(EMPTY), channels: (packet[0]! & 0x04) === 0 ? 1 : 2 };
}

/** Audio that is carried without a look into its configuration, under its FourCC. */
export function carriedAudioConfig(spelling: FlvSpelling, description: Uint8Array): AudioConfig {
  const codec = spelling.codec === 'ac3' || spelling.codec === 'eac3' ? spelling.codec : 'other';
  const codecString = spelling.sourceTag ?? '';
  return { kind: 'audio', codec, codecString, description, sampleRate: 0, channels: 0 };
}

/**
 * Audio of a legacy format without a codec module. Its description is the first byte of its tags: what the other bits
 * of that byte say (rate, sample size, channels) is all the configuration such a stream has.
 */
export function legacyAudioConfig(spelling: FlvSpelling, firstByte: number): AudioConfig {
  const soundRate = SOUND_RATES[(firstByte >>> 2) & 0x03]!;
  return {
    kind: 'audio',
    codec: 'other',
    codecString: spelling.sourceTag ?? '',
    description: Uint8Array.of(firstByte),
    sampleRate: FIXED_SOUND_RATES.get(firstByte >>> 4) ?? soundRate,
    channels: (firstByte & 1) + 1,
  };
}

/**
 * @param header the signature `fLaC` and metadata blocks, STREAMINFO first (RFC 9639, 8.2), as the specification asks
 * for, or STREAMINFO alone, as ffmpeg writes it
 */
function flacConfig(header: Uint8Array): AudioConfig {
  const reader = new ByteReader(header);
  const isAlone = header.length === FLAC_STREAM_INFO_LENGTH;
  if (!isAlone) {
    const signature = reader.u32();
    if (signature !== FLAC_SIGNATURE) {
      throw new ProtocolError('ERR_FLAC_HEADER', `FLAC header starts with 0x${signature.toString(16)}`, {
        signature,
      });
    }
    reader.skip(4); // block type and length
  }
  reader.skip(10); // minimum and maximum block and frame size
  const rateChannelsBits = reader.u32();
  return {
    kind: 'audio',
    codec: 'flac',
    codecString: 'flac',
    description: header,
    sampleRate: rateChannelsBits >>> 12,
    channels: ((rateChannelsBits >>> 9) & 0x07) + 1,
  };
}
