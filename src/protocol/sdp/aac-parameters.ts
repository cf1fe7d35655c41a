/** AAC in SDP: RFC 3640, 4.1 (`MPEG4-GENERIC`) and RFC 6416, 7.3 (`MP4A-LATM`). */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { aacConfigFromAudioSpecificConfig } from '../../codec/aac/aac-config.ts';
import {
  AacObjectType,
  parseAudioSpecificConfig,
  serializeAudioSpecificConfig,
} from '../../codec/aac/audio-specific-config.ts';
import { AAC_SAMPLING_FREQUENCIES } from '../../codec/aac/sampling-frequency.ts';
import { parseStreamMuxConfig } from '../../codec/aac/stream-mux-config.ts';
import type { AacConfig } from '../../codec/codec-config.ts';
import type { RtpFormat } from '../rtp/rtp-format.ts';

/** Longer than any AudioSpecificConfig or StreamMuxConfig of AAC. */
const MAX_CONFIG_BYTES = 1024;

/**
 * Object types (ISO/IEC 14496-3, table 1.17) that are AAC: 1 to 4, scalable, the error resilient ones, ELD (39), xHE-AAC
 * (42). CELP and others are not; they also show that the digits are something else than an AudioSpecificConfig.
 */
const AAC_OBJECT_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4, 6, 17, 19, 20, 23, 39, 42]);

/**
 * The config of `MPEG4-GENERIC`: its `config`, an AudioSpecificConfig. Without a usable one AAC-LC of the clock rate and
 * channels of `a=rtpmap`, because it cannot come in-band (cameras leave it out).
 * @returns `undefined` when the clock rate is not one of AAC's either
 */
export function aacConfigOfFormat(format: RtpFormat): AacConfig | undefined {
  return aacConfigOf(configBytes(format)) ?? lcConfig(format);
}

/**
 * The config of `MP4A-LATM`: its `config`, a StreamMuxConfig, or an AudioSpecificConfig that a device put in its place.
 * With `cpresent=0` and nothing usable the same guess as for `MPEG4-GENERIC`.
 * @returns `undefined` when it comes in-band
 */
export function latmConfigOfFormat(format: RtpFormat): AacConfig | undefined {
  const bytes = configBytes(format);
  const config = aacConfigOf(audioSpecificConfigIn(bytes)) ?? aacConfigOf(bytes);
  if (config !== undefined || format.parameters.get('cpresent') !== '0') return config;
  return lcConfig(format);
}

function audioSpecificConfigIn(streamMuxConfig: Uint8Array): Uint8Array {
  try {
    return parseStreamMuxConfig(streamMuxConfig).streams[0]!.audioSpecificConfig;
  } catch (error) {
    if (error instanceof ProtocolError) return new Uint8Array(0);
    throw error;
  }
}

function aacConfigOf(audioSpecificConfig: Uint8Array): AacConfig | undefined {
  return undefinedIfMalformed(() => {
    const config = aacConfigFromAudioSpecificConfig(audioSpecificConfig);
    return AAC_OBJECT_TYPES.has(config.objectType) && config.sampleRate > 0 ? config : undefined;
  });
}

/** The digits of `config`; a `0x` in front is tolerated, an odd last digit is filled up with 0. */
function configBytes(format: RtpFormat): Uint8Array {
  const text = format.parameters.get('config') ?? '';
  const digits = text
    .replaceAll(' ', '')
    .replace(/^0x/i, '')
    .slice(0, 2 * MAX_CONFIG_BYTES);
  return Uint8Array.from(Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex'));
}

function lcConfig({ clockRate, channels }: RtpFormat): AacConfig | undefined {
  // Channel configuration 7 has 8 channels, 7 channels have none (ISO/IEC 14496-3, table 1.19).
  const channelConfiguration = channels === 8 ? 7 : channels;
  if (!AAC_SAMPLING_FREQUENCIES.includes(clockRate) || channels === 7 || channels > 8) return undefined;
  return aacConfigFromAudioSpecificConfig(
    serializeAudioSpecificConfig({
      objectType: AacObjectType.lc,
      samplingFrequency: clockRate,
      channelConfiguration,
    }),
  );
}

/** Mode AAC-hbr (RFC 3640, 3.3.6). Field names in lower case, as ffmpeg writes them: some readers compare with case. */
export function aacFormatParameters(config: AacConfig): string {
  return [
    'streamtype=5',
    `profile-level-id=${profileLevelOf(config)}`,
    'mode=AAC-hbr',
    'sizelength=13',
    'indexlength=3',
    'indexdeltalength=3',
    `config=${Buffer.from(config.description).toString('hex').toUpperCase()}`,
  ].join(';');
}

/** `audioProfileLevelIndication` for what is in no profile. */
const NO_AUDIO_PROFILE = 0xfe;

/**
 * `audioProfileLevelIndication` (ISO/IEC 14496-3, 1.5.2.4, tables 1.12 and 1.14) of the AAC, HE-AAC and HE-AAC v2 profiles:
 * the lowest level that has the channels (counted without LFE) and the sampling rate of the output.
 */
function profileLevelOf(config: AacConfig): number {
  const {
    signalledObjectType,
    samplingFrequency,
    extensionSamplingFrequency = 0,
  } = parseAudioSpecificConfig(config.description);
  const rate = Math.max(samplingFrequency, extensionSamplingFrequency);
  const isStereoOrMono = config.channels >= 1 && config.channels <= 2;
  if (config.channels > 6 || config.channels === 0 || rate > 96_000) return NO_AUDIO_PROFILE;
  switch (signalledObjectType) {
    case AacObjectType.lc:
      if (isStereoOrMono && rate <= 48_000) return rate <= 24_000 ? 0x28 : 0x29;
      return rate <= 48_000 ? 0x2a : 0x2b;
    case AacObjectType.sbr:
      if (isStereoOrMono) return rate <= 48_000 ? 0x2c : 0x2d;
      return rate <= 48_000 ? 0x2e : 0x2f;
    case AacObjectType.ps:
      if (isStereoOrMono) return rate <= 48_000 ? 0x30 : 0x31;
      return rate <= 48_000 ? 0x32 : 0x33;
    default:
      return NO_AUDIO_PROFILE;
  }
}
