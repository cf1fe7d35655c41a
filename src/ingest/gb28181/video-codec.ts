import type { H264Config, H265Config } from '../../codec/codec-config.ts';
import { H264NalUnitType } from '../../codec/h264/nal-unit-type.ts';
import { H265NalUnitType } from '../../codec/h265/nal-unit-type.ts';
import { H264_PAYLOAD_FORMAT } from '../../protocol/rtp/depacketizer/h264-payload-format.ts';
import { H265_PAYLOAD_FORMAT } from '../../protocol/rtp/depacketizer/h265-payload-format.ts';
import { NalCollector, type NalUnitRole } from '../../protocol/rtp/depacketizer/nal-collector.ts';
import type { PictureCollector } from '../../protocol/rtp/depacketizer/picture-collector.ts';

/** What differs between the video codecs of a program stream. */
export interface PsVideoCodec {
  readonly name: 'h264' | 'h265';
  readonly nalHeaderBytes: 1 | 2;
  /** An access unit delimiter. */
  readonly delimiter: Uint8Array;
  /** A unit's place in its access unit, by its first bytes; 0 where missing. */
  roleOf(firstByte: number, secondByte: number, sliceByte: number): NalUnitRole;
  /** Whether a unit is of a type that the codec defines. */
  isDefined(firstByte: number): boolean;
  /** Whether a unit that is no picture stands behind the picture of its access unit. */
  isTrailing(firstByte: number): boolean;
  /** Whether a unit shows that the stream is one of the other codec: it is what that begins with, and means nothing here. */
  isOther(firstByte: number, secondByte: number): boolean;
  newCollector(): PictureCollector;
}

const FORBIDDEN_BIT = 0x80;
/** Of H.264; from 24 on types have a meaning in RTP only. */
const LAST_H264_TYPE = 23;
/** `nal_unit_type` of H.264's units behind a picture: end of sequence and stream, filler, auxiliary slices, extensions. */
const H264_TRAILING: ReadonlySet<number> = new Set([
  H264NalUnitType.endOfSequence,
  H264NalUnitType.endOfStream,
  H264NalUnitType.fillerData,
  19,
  20,
  21,
]);
/** The same of H.265: end of sequence and bitstream, filler, suffix SEI, and those reserved for behind a picture. */
const H265_TRAILING: ReadonlySet<number> = new Set([
  H265NalUnitType.endOfSequence,
  H265NalUnitType.endOfBitstream,
  H265NalUnitType.fillerData,
  H265NalUnitType.suffixSei,
  45,
  46,
  47,
]);
/** Types above have a meaning in RTP, or none. */
const LAST_H265_TYPE = 47;

/** `nal_unit_header` of an H.265 video parameter set in the base layer. */
const H265_VPS_HEADER = [0x40, 0x01] as const;
/** `profile_idc` of what cameras send, behind the header of an H.264 sequence parameter set. */
const H264_PROFILES: ReadonlySet<number> = new Set([66, 77, 88, 100, 110, 122, 244]);

export const PS_H264: PsVideoCodec = {
  name: 'h264',
  nalHeaderBytes: 1,
  delimiter: Uint8Array.of(H264NalUnitType.accessUnitDelimiter, 0xf0),
  roleOf: (...bytes) => H264_PAYLOAD_FORMAT.roleOf(...bytes),
  isDefined(firstByte) {
    const type = firstByte & 0x1f;
    return (firstByte & FORBIDDEN_BIT) === 0 && type > 0 && type <= LAST_H264_TYPE;
  },
  isTrailing: (firstByte) => H264_TRAILING.has(firstByte & 0x1f),
  isOther: (firstByte, secondByte) => firstByte === H265_VPS_HEADER[0] && secondByte === H265_VPS_HEADER[1],
  newCollector: () => new NalCollector<H264Config>(H264_PAYLOAD_FORMAT, undefined),
};

export const PS_H265: PsVideoCodec = {
  name: 'h265',
  nalHeaderBytes: 2,
  delimiter: Uint8Array.of(H265NalUnitType.accessUnitDelimiter << 1, 0x01, 0x50),
  roleOf: (...bytes) => H265_PAYLOAD_FORMAT.roleOf(...bytes),
  isDefined: (firstByte) => (firstByte & FORBIDDEN_BIT) === 0 && firstByte >>> 1 <= LAST_H265_TYPE,
  isTrailing: (firstByte) => H265_TRAILING.has((firstByte >>> 1) & 0x3f),
  // The type would be 19 or 51, in a layer that nobody has.
  isOther: (firstByte, secondByte) =>
    (firstByte & 0x9f) === H264NalUnitType.sps && H264_PROFILES.has(secondByte),
  newCollector: () => new NalCollector<H265Config>(H265_PAYLOAD_FORMAT, undefined),
};
