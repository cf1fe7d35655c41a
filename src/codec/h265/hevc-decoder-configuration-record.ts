/**
 * HEVCDecoderConfigurationRecord, the body of an `hvcC` box and of an FLV HEVC sequence header
 * (ISO/IEC 14496-15:2017, 8.3.3.1).
 */
import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { NalLengthSize } from '../nal/length-prefixed.ts';

/** Fields in the record's order and with its names. */
export interface HevcDecoderConfigurationRecord {
  readonly generalProfileSpace: number;
  /** `general_tier_flag`: false Main, true High. */
  readonly generalTierFlag: boolean;
  readonly generalProfileIdc: number;
  /** 32 bits, flag 0 in the highest. */
  readonly generalProfileCompatibilityFlags: number;
  /** 6 bytes. */
  readonly generalConstraintIndicatorFlags: Uint8Array;
  /** 30 times the level: 93 for 3.1. */
  readonly generalLevelIdc: number;
  readonly minSpatialSegmentationIdc: number;
  readonly parallelismType: number;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number;
  /** Bits per sample. */
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Frames per 256 seconds, 0 when unspecified. */
  readonly avgFrameRate: number;
  readonly constantFrameRate: number;
  /** 0 when unknown. */
  readonly numTemporalLayers: number;
  readonly temporalIdNested: boolean;
  readonly lengthSize: NalLengthSize;
  readonly arrays: readonly HevcNalUnitArray[];
}

/** NAL units of one type; the specification allows VPS, SPS, PPS and SEI. */
export interface HevcNalUnitArray {
  /** True: all sets of this type are here and none in the stream. */
  readonly arrayCompleteness: boolean;
  readonly nalUnitType: number;
  /** Without length; never empty ones. */
  readonly nalUnits: readonly Uint8Array[];
}

/** Offset of the byte that holds `lengthSizeMinusOne` in its two lowest bits. */
export const HEVC_RECORD_LENGTH_SIZE_OFFSET = 21;

/**
 * Parses a record. Tolerated: any version but Annex B start codes (early writers put 0), no arrays, several arrays of
 * one type, zero-length units (left out), bytes behind the record, and the reserved length size 3, which is read as 4.
 * @returns units are views of `bytes`
 * @throws {ProtocolError} `ERR_H265_RECORD`
 */
export function parseHevcDecoderConfigurationRecord(bytes: Uint8Array): HevcDecoderConfigurationRecord {
  try {
    return readRecord(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'ERR_TRUNCATED') {
      throw new ProtocolError(
        'ERR_H265_RECORD',
        `HEVCDecoderConfigurationRecord of ${bytes.length} bytes is cut off`,
        { length: bytes.length },
        { cause: error },
      );
    }
    throw error;
  }
}

function readRecord(reader: ByteReader): HevcDecoderConfigurationRecord {
  const configurationVersion = reader.u8();
  const profile = reader.u8();
  if (configurationVersion === 0 && profile === 0) {
    throw new ProtocolError('ERR_H265_RECORD', 'an Annex B start code where a record should be', {});
  }
  const generalProfileCompatibilityFlags = reader.u32();
  const generalConstraintIndicatorFlags = reader.view(6);
  const generalLevelIdc = reader.u8();
  const minSpatialSegmentationIdc = reader.u16() & 0x0fff;
  const parallelismType = reader.u8() & 0x03;
  const chromaFormat = reader.u8() & 0x03;
  const bitDepthLuma = (reader.u8() & 0x07) + 8;
  const bitDepthChroma = (reader.u8() & 0x07) + 8;
  const avgFrameRate = reader.u16();
  const layers = reader.u8();
  const lengthSizeMinusOne = layers & 0x03;
  return {
    generalProfileSpace: profile >>> 6,
    generalTierFlag: (profile & 0x20) !== 0,
    generalProfileIdc: profile & 0x1f,
    generalProfileCompatibilityFlags,
    generalConstraintIndicatorFlags,
    generalLevelIdc,
    minSpatialSegmentationIdc,
    parallelismType,
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
    avgFrameRate,
    constantFrameRate: layers >>> 6,
    numTemporalLayers: (layers >>> 3) & 0x07,
    temporalIdNested: (layers & 0x04) !== 0,
    lengthSize: lengthSizeMinusOne === 0 ? 1 : lengthSizeMinusOne === 1 ? 2 : 4,
    arrays: readArrays(reader),
  };
}

function readArrays(reader: ByteReader): HevcNalUnitArray[] {
  const arrays: HevcNalUnitArray[] = [];
  const numOfArrays = reader.u8();
  for (let index = 0; index < numOfArrays; index += 1) {
    const type = reader.u8();
    const numNalus = reader.u16();
    const nalUnits: Uint8Array[] = [];
    for (let unit = 0; unit < numNalus; unit += 1) {
      const nal = reader.view(reader.u16());
      if (nal.length > 0) nalUnits.push(nal);
    }
    arrays.push({ arrayCompleteness: (type & 0x80) !== 0, nalUnitType: type & 0x3f, nalUnits });
  }
  return arrays;
}

/**
 * Writes a record.
 * @throws {RangeError} for more arrays or units, or longer ones, than the record's counts can say
 */
export function serializeHevcDecoderConfigurationRecord(record: HevcDecoderConfigurationRecord): Uint8Array {
  if (record.generalConstraintIndicatorFlags.length !== 6) {
    throw new RangeError('generalConstraintIndicatorFlags must be 6 bytes');
  }
  const writer = new ByteWriter(256);
  writer.u8(1);
  writer.u8(
    (record.generalProfileSpace << 6) | (record.generalTierFlag ? 0x20 : 0) | record.generalProfileIdc,
  );
  writer.u32(record.generalProfileCompatibilityFlags);
  writer.bytes(record.generalConstraintIndicatorFlags);
  writer.u8(record.generalLevelIdc);
  writer.u16(0xf000 | record.minSpatialSegmentationIdc);
  writer.u8(0b1111_1100 | record.parallelismType);
  writer.u8(0b1111_1100 | record.chromaFormat);
  writer.u8(0b1111_1000 | (record.bitDepthLuma - 8));
  writer.u8(0b1111_1000 | (record.bitDepthChroma - 8));
  writer.u16(record.avgFrameRate);
  writer.u8(
    (record.constantFrameRate << 6) |
      (record.numTemporalLayers << 3) |
      (record.temporalIdNested ? 0x04 : 0) |
      (record.lengthSize - 1),
  );
  writeArrays(writer, record.arrays);
  return writer.finish();
}

function writeArrays(writer: ByteWriter, arrays: readonly HevcNalUnitArray[]): void {
  if (arrays.length > 0xff) throw new RangeError(`${arrays.length} arrays, a record holds 255`);
  writer.u8(arrays.length);
  for (const array of arrays) {
    if (array.nalUnits.length > 0xffff) {
      throw new RangeError(`${array.nalUnits.length} NAL units, an array holds 65535`);
    }
    writer.u8((array.arrayCompleteness ? 0x80 : 0) | array.nalUnitType);
    writer.u16(array.nalUnits.length);
    for (const nal of array.nalUnits) {
      if (nal.length > 0xffff) throw new RangeError(`NAL unit of ${nal.length} bytes, a record holds 65535`);
      writer.u16(nal.length);
      writer.bytes(nal);
    }
  }
}
