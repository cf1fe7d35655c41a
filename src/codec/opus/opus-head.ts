/** `OpusHead`, the identification header of Ogg Opus (RFC 7845, 5.1), which enhanced RTMP uses too. */
import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** Fields in the header's order and with its names. */
export interface OpusHead {
  /** Upper 4 bits 0 for the version this module knows. */
  readonly version: number;
  /** 1 to 255. */
  readonly channelCount: number;
  /** Samples at 48 kHz to drop at the start. */
  readonly preSkip: number;
  /** Of the material before encoding, for information; Opus always decodes at 48 kHz. */
  readonly inputSampleRate: number;
  /** Signed, in 1/256 dB. */
  readonly outputGain: number;
  /** 0 mono or stereo, 1 Vorbis order, 255 discrete. */
  readonly channelMappingFamily: number;
  /** Absent for family 0. */
  readonly channelMapping?: OpusChannelMapping | undefined;
}

/** The channel mapping table of families other than 0 (RFC 7845, 5.1.1). */
export interface OpusChannelMapping {
  readonly streamCount: number;
  readonly coupledCount: number;
  /** One byte for each output channel. */
  readonly mapping: Uint8Array;
}

/** 'OpusHead' */
const MAGIC: readonly number[] = [0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64];

/**
 * Parses a header; bytes behind it are ignored.
 * @returns `mapping` is a view of `bytes`
 * @throws {ProtocolError} `ERR_OPUS_HEAD` for a wrong signature, an unknown version, no channels, or when it is cut off
 */
export function parseOpusHead(bytes: Uint8Array): OpusHead {
  if (!MAGIC.every((value, index) => bytes[index] === value)) throw broken('no OpusHead', bytes);
  try {
    return readHead(new ByteReader(bytes, MAGIC.length), bytes);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'ERR_TRUNCATED') {
      throw broken('OpusHead is cut off', bytes, error);
    }
    throw error;
  }
}

function readHead(reader: ByteReader, bytes: Uint8Array): OpusHead {
  const version = reader.u8();
  if (version > 0x0f) throw broken(`OpusHead of version ${version}`, bytes);
  const channelCount = reader.u8();
  if (channelCount === 0) throw broken('OpusHead without channels', bytes);
  const preSkip = swap16(reader.u16());
  const inputSampleRate = reader.u32Le();
  const outputGain = (swap16(reader.u16()) << 16) >> 16;
  const channelMappingFamily = reader.u8();
  const head = { version, channelCount, preSkip, inputSampleRate, outputGain, channelMappingFamily };
  if (channelMappingFamily === 0) return head;
  const streamCount = reader.u8();
  const coupledCount = reader.u8();
  return { ...head, channelMapping: { streamCount, coupledCount, mapping: reader.view(channelCount) } };
}

/** Writes a header. */
export function serializeOpusHead(head: OpusHead): Uint8Array {
  const writer = new ByteWriter(32);
  writer.bytes(Uint8Array.from(MAGIC));
  writer.u8(head.version);
  writer.u8(head.channelCount);
  writer.u16(swap16(head.preSkip));
  writer.u32Le(head.inputSampleRate);
  writer.u16(swap16(head.outputGain & 0xffff));
  writer.u8(head.channelMappingFamily);
  if (head.channelMapping !== undefined) {
    writer.u8(head.channelMapping.streamCount);
    writer.u8(head.channelMapping.coupledCount);
    writer.bytes(head.channelMapping.mapping);
  }
  return writer.finish();
}

/** The header is little endian. */
function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

function broken(text: string, bytes: Uint8Array, cause?: Error): ProtocolError {
  return new ProtocolError(
    'ERR_OPUS_HEAD',
    text,
    { length: bytes.length },
    cause === undefined ? undefined : { cause },
  );
}
