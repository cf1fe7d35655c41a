/**
 * AVCDecoderConfigurationRecord, the body of an `avcC` box and of an FLV AVC sequence header
 * (ISO/IEC 14496-15:2017, 5.3.3.1).
 */
import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { NalLengthSize } from '../nal/length-prefixed.ts';

/** `numOfSequenceParameterSets` has 5 bits, the other counts have 8. */
export const MAX_H264_SPS_IN_RECORD = 31;
/** Picture parameter sets a record can hold: its count has 8 bits. */
export const MAX_H264_PPS_IN_RECORD = 255;

/** Fields in the record's order and with its names. */
export interface AvcDecoderConfigurationRecord {
  readonly profileIndication: number;
  readonly profileCompatibility: number;
  readonly levelIndication: number;
  readonly lengthSize: NalLengthSize;
  /** NAL units without length; never empty ones. */
  readonly sequenceParameterSets: readonly Uint8Array[];
  readonly pictureParameterSets: readonly Uint8Array[];
  /** What follows for the High profiles; absent in records of other profiles and of writers that leave it out. */
  readonly highProfileFields?: AvcHighProfileFields | undefined;
}

/** The fields that High profiles append to the record. */
export interface AvcHighProfileFields {
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number;
  /** Bits per sample. */
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  readonly sequenceParameterSetExtensions: readonly Uint8Array[];
}

/** Offset of the byte that holds `lengthSizeMinusOne` in its two lowest bits. */
export const AVC_RECORD_LENGTH_SIZE_OFFSET = 4;

/**
 * Parses a record. Tolerated: empty lists, zero-length sets (left out), High profile fields that are missing or cut
 * off, bytes behind the record, and the reserved length size 3, which is read as 4 (the size everybody uses).
 * @returns sets are views of `bytes`
 * @throws {ProtocolError} `ERR_H264_RECORD`
 */
export function parseAvcDecoderConfigurationRecord(bytes: Uint8Array): AvcDecoderConfigurationRecord {
  try {
    return readRecord(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'ERR_TRUNCATED') {
      throw new ProtocolError(
        'ERR_H264_RECORD',
        `AVCDecoderConfigurationRecord of ${bytes.length} bytes is cut off`,
        { length: bytes.length },
        { cause: error },
      );
    }
    throw error;
  }
}

function readRecord(reader: ByteReader): AvcDecoderConfigurationRecord {
  const configurationVersion = reader.u8();
  if (configurationVersion !== 1) {
    throw new ProtocolError(
      'ERR_H264_RECORD',
      `AVCDecoderConfigurationRecord version ${configurationVersion}, expected 1`,
      { version: configurationVersion },
    );
  }
  const profileIndication = reader.u8();
  const profileCompatibility = reader.u8();
  const levelIndication = reader.u8();
  const lengthSizeMinusOne = reader.u8() & 0x03;
  const sequenceParameterSets = readSets(reader, reader.u8() & 0x1f);
  const pictureParameterSets = readSets(reader, reader.u8());
  return {
    profileIndication,
    profileCompatibility,
    levelIndication,
    lengthSize: lengthSizeMinusOne === 0 ? 1 : lengthSizeMinusOne === 1 ? 2 : 4,
    sequenceParameterSets,
    pictureParameterSets,
    highProfileFields: hasHighProfileFields(profileIndication) ? readHighProfileFields(reader) : undefined,
  };
}

/** 5.3.3.1.2 lists 100, 110, 122 and 144 (a High 4:4:4 that was withdrawn); writers follow it for 244 too. */
export function hasHighProfileFields(profileIndication: number): boolean {
  return [100, 110, 122, 144, 244].includes(profileIndication);
}

function readSets(reader: ByteReader, count: number): Uint8Array[] {
  const sets: Uint8Array[] = [];
  for (let index = 0; index < count; index += 1) {
    const set = reader.view(reader.u16());
    if (set.length > 0) sets.push(set);
  }
  return sets;
}

function readHighProfileFields(reader: ByteReader): AvcHighProfileFields | undefined {
  if (reader.remaining < 4) return undefined;
  const chromaFormat = reader.u8() & 0x03;
  const bitDepthLuma = (reader.u8() & 0x07) + 8;
  const bitDepthChroma = (reader.u8() & 0x07) + 8;
  const count = reader.u8();
  const sequenceParameterSetExtensions: Uint8Array[] = [];
  for (let index = 0; index < count && reader.remaining >= 2; index += 1) {
    const length = reader.u16();
    if (length > reader.remaining) break;
    if (length > 0) sequenceParameterSetExtensions.push(reader.view(length));
  }
  return { chromaFormat, bitDepthLuma, bitDepthChroma, sequenceParameterSetExtensions };
}

/**
 * Writes a record.
 * @throws {RangeError} for more sets, or longer ones, than the record's counts can say (31 SPS, 255 others, 65535 bytes)
 */
export function serializeAvcDecoderConfigurationRecord(record: AvcDecoderConfigurationRecord): Uint8Array {
  const writer = new ByteWriter(128);
  writer.u8(1);
  writer.u8(record.profileIndication);
  writer.u8(record.profileCompatibility);
  writer.u8(record.levelIndication);
  writer.u8(0b1111_1100 | (record.lengthSize - 1));
  writeSets(writer, 0b1110_0000, record.sequenceParameterSets, MAX_H264_SPS_IN_RECORD);
  writeSets(writer, 0, record.pictureParameterSets, MAX_H264_PPS_IN_RECORD);
  const high = record.highProfileFields;
  if (high !== undefined) {
    writer.u8(0b1111_1100 | high.chromaFormat);
    writer.u8(0b1111_1000 | (high.bitDepthLuma - 8));
    writer.u8(0b1111_1000 | (high.bitDepthChroma - 8));
    writeSets(writer, 0, high.sequenceParameterSetExtensions, MAX_H264_PPS_IN_RECORD);
  }
  return writer.finish();
}

function writeSets(writer: ByteWriter, reserved: number, sets: readonly Uint8Array[], max: number): void {
  if (sets.length > max) throw new RangeError(`${sets.length} parameter sets, a record holds ${max}`);
  writer.u8(reserved | sets.length);
  for (const set of sets) {
    if (set.length > 0xffff)
      throw new RangeError(`parameter set of ${set.length} bytes, a record holds 65535`);
    writer.u16(set.length);
    writer.bytes(set);
  }
}
