/**
 * AudioSpecificConfig (ISO/IEC 14496-3:2019, 1.6.2.1) with the GASpecificConfig of the AAC object types (4.4.1).
 * Left out on purpose: the specific configs of other object types (CELP, ALS, ELD, USAC); for them only the fields
 * before are read.
 */
import { BitReader } from '../../bytes/bit-reader.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { readProgramConfigChannels } from './program-config-element.ts';
import { AAC_SAMPLING_FREQUENCIES, EXPLICIT_FREQUENCY_INDEX } from './sampling-frequency.ts';

/** Audio object types (table 1.17) that this module tells apart. */
export const AacObjectType = {
  main: 1,
  lc: 2,
  ssr: 3,
  ltp: 4,
  sbr: 5,
  scalable: 6,
  twinVq: 7,
  erLc: 17,
  erLtp: 19,
  erScalable: 20,
  erTwinVq: 21,
  erBsac: 22,
  erLd: 23,
  ps: 29,
} as const;
export type AacObjectType = (typeof AacObjectType)[keyof typeof AacObjectType];

/** What a server needs of an AudioSpecificConfig. */
export interface AudioSpecificConfig {
  /** Audio object type of the core stream: 2 for AAC-LC, also below SBR and PS. */
  readonly objectType: number;
  /** The object type that stands first: 5 or 29 where SBR or PS is signalled explicitly, else the core's. */
  readonly signalledObjectType: number;
  /** Of the core stream, in hertz; 0 for a reserved index. */
  readonly samplingFrequency: number;
  /** 0 to 15; 0: the channels stand in a program config element. */
  readonly channelConfiguration: number;
  /** Output channels of the core stream; 0 when unknown. */
  readonly channels: number;
  /** Samples of one access unit per channel at `samplingFrequency`. */
  readonly samplesPerFrame: number;
  /** Spectral band replication: present, absent, or not told (it may still be in the frames). */
  readonly sbr: boolean | undefined;
  /** Parametric stereo, told in the same way. */
  readonly ps: boolean | undefined;
  /** Output rate with SBR, where the config tells it. */
  readonly extensionSamplingFrequency?: number | undefined;
}

/** Shorter than this no AudioSpecificConfig of AAC can be. */
const MIN_BYTES = 2;
/** `syncExtensionType` of a backward compatible SBR or PS signal (1.6.5). */
const SYNC_EXTENSION_SBR = 0x2b7;
const SYNC_EXTENSION_PS = 0x548;

/** Channels by channelConfiguration (table 1.19); 0 and the reserved ones are unknown. */
const CHANNELS_OF_CONFIGURATION: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8];

/** Object types with a GASpecificConfig (1.6.2.1). */
const GENERAL_AUDIO: ReadonlySet<number> = new Set([
  AacObjectType.main,
  AacObjectType.lc,
  AacObjectType.ssr,
  AacObjectType.ltp,
  AacObjectType.scalable,
  AacObjectType.twinVq,
  AacObjectType.erLc,
  AacObjectType.erLtp,
  AacObjectType.erScalable,
  AacObjectType.erTwinVq,
  AacObjectType.erBsac,
  AacObjectType.erLd,
]);

/**
 * Parses an AudioSpecificConfig. The first fields must be there; what follows them (GASpecificConfig, program config
 * element, backward compatible SBR signal) may be cut off or missing, and any bytes may follow.
 * @throws {ProtocolError} `ERR_AAC_CONFIG` when it is shorter than 2 bytes or its first fields are cut off
 */
export function parseAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig {
  if (bytes.length < MIN_BYTES) throw cutOff(bytes.length);
  const reader = new BitReader(bytes);
  try {
    return readConfig(reader);
  } catch (error) {
    if (error instanceof ProtocolError) throw cutOff(bytes.length, error);
    throw error;
  }
}

/** The fields in front, which every object type has. */
interface ConfigHead {
  readonly signalledObjectType: number;
  readonly samplingFrequency: number;
  readonly channelConfiguration: number;
  /** SBR or PS stands first, the core's object type behind it. */
  readonly isExplicit: boolean;
  readonly extensionSamplingFrequency: number | undefined;
  readonly objectType: number;
}

function readHead(reader: BitReader): ConfigHead {
  const signalledObjectType = readObjectType(reader);
  const samplingFrequency = readSamplingFrequency(reader);
  const channelConfiguration = reader.bits(4);
  const isExplicit = signalledObjectType === AacObjectType.sbr || signalledObjectType === AacObjectType.ps;
  const extensionSamplingFrequency = isExplicit ? readSamplingFrequency(reader) : undefined;
  const objectType = isExplicit ? readObjectType(reader) : signalledObjectType;
  return {
    signalledObjectType,
    samplingFrequency,
    channelConfiguration,
    isExplicit,
    extensionSamplingFrequency,
    objectType,
  };
}

function readConfig(reader: BitReader): AudioSpecificConfig {
  const head = readHead(reader);
  const { signalledObjectType, objectType, channelConfiguration, extensionSamplingFrequency } = head;
  const general = undefinedIfMalformed(() =>
    GENERAL_AUDIO.has(objectType) ? readGeneralAudio(reader, objectType, channelConfiguration) : undefined,
  );
  const extension = head.isExplicit
    ? {
        sbr: true,
        ps: signalledObjectType === AacObjectType.ps ? true : undefined,
        extensionSamplingFrequency,
      }
    : readSyncExtension(reader);
  return {
    objectType,
    signalledObjectType,
    samplingFrequency: head.samplingFrequency,
    channelConfiguration,
    channels: CHANNELS_OF_CONFIGURATION[channelConfiguration] || (general?.channels ?? 0),
    samplesPerFrame: samplesPerFrame(objectType, general?.frameLengthFlag ?? false),
    ...extension,
  };
}

/**
 * Bits of the AudioSpecificConfig at the start of `bytes`, where other fields follow it and nothing tells its length
 * (a StreamMuxConfig of version 0). A backward compatible SBR signal should not stand there, but GStreamer puts it there;
 * it can be told apart, because read as `frameLengthType` its first bits are a reserved value.
 * @throws {ProtocolError} `ERR_AAC_CONFIG` when it is cut off, and for object types whose own config is not read here
 */
export function audioSpecificConfigBits(bytes: Uint8Array): number {
  const reader = new BitReader(bytes);
  try {
    const { objectType, channelConfiguration } = readHead(reader);
    if (!GENERAL_AUDIO.has(objectType)) throw unknownLength(objectType);
    readGeneralAudio(reader, objectType, channelConfiguration, false);
    if (objectType >= AacObjectType.erLc) {
      const epConfig = reader.bits(2);
      if (epConfig >= 2) throw unknownLength(objectType); // ErrorProtectionSpecificConfig follows
    }
    const { position } = reader;
    return position + (undefinedIfMalformed(() => syncExtensionBits(bytes, position)) ?? 0);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'ERR_TRUNCATED') throw cutOff(bytes.length, error);
    throw error;
  }
}

/** @returns 0 when no backward compatible signal stands at `position` */
function syncExtensionBits(bytes: Uint8Array, position: number): number {
  const reader = new BitReader(bytes);
  reader.skip(position);
  if (reader.bits(11) !== SYNC_EXTENSION_SBR || readObjectType(reader) !== AacObjectType.sbr) return 0;
  const sbr = reader.flag();
  if (sbr) readSamplingFrequency(reader);
  let end = reader.position;
  if (sbr && reader.remaining >= 12 && reader.bits(11) === SYNC_EXTENSION_PS) end += 12;
  return end - position;
}

function unknownLength(objectType: number): ProtocolError {
  return new ProtocolError(
    'ERR_AAC_CONFIG',
    `the length of the AudioSpecificConfig of object type ${objectType} is not known`,
    { objectType },
  );
}

/** 1.6.2.1, GetAudioObjectType(): 31 escapes to 6 more bits. */
function readObjectType(reader: BitReader): number {
  const objectType = reader.bits(5);
  return objectType === 31 ? 32 + reader.bits(6) : objectType;
}

function readSamplingFrequency(reader: BitReader): number {
  const index = reader.bits(4);
  return index === EXPLICIT_FREQUENCY_INDEX ? reader.bits(24) : (AAC_SAMPLING_FREQUENCIES[index] ?? 0);
}

interface GeneralAudio {
  /** True: 960 samples a frame (480 for LD), false: 1024 (512). */
  readonly frameLengthFlag: boolean;
  /** From a program config element. */
  readonly channels: number;
}

/** @param elementMayBeCutOff a program config element that is cut off tells no channels, instead of being an error */
function readGeneralAudio(
  reader: BitReader,
  objectType: number,
  channelConfiguration: number,
  elementMayBeCutOff = true,
): GeneralAudio {
  const frameLengthFlag = reader.flag();
  const dependsOnCoreCoder = reader.flag();
  if (dependsOnCoreCoder) reader.skip(14); // coreCoderDelay
  const extensionFlag = reader.flag();
  const readElement = (): number => readProgramConfigChannels(reader);
  const channels =
    channelConfiguration !== 0
      ? 0
      : elementMayBeCutOff
        ? (undefinedIfMalformed(readElement) ?? 0)
        : readElement();
  if (objectType === AacObjectType.scalable || objectType === AacObjectType.erScalable) reader.skip(3); // layerNr
  if (extensionFlag) skipGeneralAudioExtension(reader, objectType);
  return { frameLengthFlag, channels };
}

function skipGeneralAudioExtension(reader: BitReader, objectType: number): void {
  if (objectType === AacObjectType.erBsac) reader.skip(16); // numOfSubFrame, layer_length
  const hasResilienceFlags =
    objectType === AacObjectType.erLc ||
    objectType === AacObjectType.erLtp ||
    objectType === AacObjectType.erScalable ||
    objectType === AacObjectType.erLd;
  if (hasResilienceFlags) reader.skip(3); // section, scalefactor and spectral data resilience
  reader.skip(1); // extensionFlag3
}

interface Extension {
  readonly sbr: boolean | undefined;
  readonly ps: boolean | undefined;
  readonly extensionSamplingFrequency: number | undefined;
}

/** The signal that old decoders don't see, behind everything else. */
function readSyncExtension(reader: BitReader): Extension {
  const none: Extension = { sbr: undefined, ps: undefined, extensionSamplingFrequency: undefined };
  // 1.6.2.1: looked for where 16 or more bits are left.
  if (reader.remaining < 16 || reader.bits(11) !== SYNC_EXTENSION_SBR) return none;
  return undefinedIfMalformed(() => readSbrExtension(reader)) ?? none;
}

function readSbrExtension(reader: BitReader): Extension | undefined {
  const extensionObjectType = readObjectType(reader);
  if (extensionObjectType !== AacObjectType.sbr) return undefined;
  const sbr = reader.flag();
  if (!sbr) return { sbr, ps: undefined, extensionSamplingFrequency: undefined };
  const extensionSamplingFrequency = readSamplingFrequency(reader);
  const hasPs = reader.remaining >= 12 && reader.bits(11) === SYNC_EXTENSION_PS;
  return { sbr, ps: hasPs ? reader.flag() : undefined, extensionSamplingFrequency };
}

function samplesPerFrame(objectType: number, frameLengthFlag: boolean): number {
  if (objectType === AacObjectType.erLd) return frameLengthFlag ? 480 : 512;
  return frameLengthFlag ? 960 : 1024;
}

function cutOff(length: number, cause?: Error): ProtocolError {
  return new ProtocolError(
    'ERR_AAC_CONFIG',
    `AudioSpecificConfig of ${length} bytes is cut off`,
    { length },
    cause === undefined ? undefined : { cause },
  );
}

/** The fields that say everything for AAC object types 1 to 4 without extensions. */
export interface PlainAudioSpecificConfig {
  readonly objectType: number;
  readonly samplingFrequency: number;
  readonly channelConfiguration: number;
}

/**
 * Writes the plain form: 2 bytes, or 5 for a frequency outside the table. Frames of 1024 samples, no extension.
 * @throws {RangeError} for an object type outside 1 to 30 or a channel configuration outside 0 to 15
 */
export function serializeAudioSpecificConfig(config: PlainAudioSpecificConfig): Uint8Array {
  const { objectType, samplingFrequency, channelConfiguration } = config;
  if (objectType < 1 || objectType > 30) throw new RangeError(`audio object type ${objectType}`);
  if (channelConfiguration < 0 || channelConfiguration > 15) {
    throw new RangeError(`channel configuration ${channelConfiguration}`);
  }
  const index = AAC_SAMPLING_FREQUENCIES.indexOf(samplingFrequency);
  if (index >= 0) {
    return Uint8Array.of((objectType << 3) | (index >> 1), ((index & 1) << 7) | (channelConfiguration << 3));
  }
  // 5 bits object type, 1111, 24 bits frequency, 4 bits channels, 3 bits GASpecificConfig
  return Uint8Array.of(
    (objectType << 3) | 0x07,
    0x80 | (samplingFrequency >>> 17),
    samplingFrequency >>> 9,
    samplingFrequency >>> 1,
    ((samplingFrequency & 1) << 7) | (channelConfiguration << 3),
  );
}
