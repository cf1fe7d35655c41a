/**
 * H.264 in RTP (RFC 6184, packetization modes 0 and 1): single NAL unit packets (5.6), STAP-A (5.7.1) and FU-A (5.8). Of
 * the interleaved mode, STAP-B, MTAP and FU-B are told apart, and make their access unit a damaged one.
 */
import { BitReader } from '../../../bytes/bit-reader.ts';
import { undefinedIfMalformed } from '../../../bytes/undefined-if-malformed.ts';
import type { H264Config } from '../../../codec/codec-config.ts';
import { h264ConfigFromNalUnits, withH264ParameterSets } from '../../../codec/h264/h264-config.ts';
import { H264NalUnitType } from '../../../codec/h264/nal-unit-type.ts';
import { SEI_RECOVERY_POINT, seiPayload } from '../../../codec/nal/sei-message.ts';
import { NalPayloadKind, type NalPayloadFormat, type NalUnitRole } from './nal-collector.ts';
import { PacketPosition } from './picture-collector.ts';

/** Payload structures (5.2, table 1); 1 to 23 are single NAL units, 0, 30 and 31 reserved. */
const STAP_A = 24;
const STAP_B = 25;
const MTAP24 = 27;
const FU_A = 28;
const FU_B = 29;

const TYPE_BITS = 0x1f;
/** `first_mb_in_slice` is an Exp-Golomb number, and 0 is its only value that begins with a 1. */
const FIRST_MB_IS_0 = 0x80;

/** The payload format of H.264. */
export const H264_PAYLOAD_FORMAT: NalPayloadFormat<H264Config> = {
  nalHeaderBytes: 1,
  kindOf(payload) {
    const type = payload[0]! & TYPE_BITS;
    if (type > 0 && type < STAP_A) return NalPayloadKind.single;
    if (type === STAP_A) return NalPayloadKind.aggregate;
    if (type === FU_A) return NalPayloadKind.fragment;
    if ((type >= STAP_B && type <= MTAP24) || type === FU_B) return NalPayloadKind.unsupported;
    return startsWithStartCode(payload) ? NalPayloadKind.single : NalPayloadKind.meaningless;
  },
  fragmentedHeader(payload) {
    // F 1 and NRI 2 of the FU indicator, type 5 of the FU header.
    return Uint8Array.of((payload[0]! & 0xe0) | (payload[1]! & TYPE_BITS));
  },
  roleOf(firstByte, _secondByte, sliceByte) {
    return ROLES[firstByte & TYPE_BITS]![(sliceByte & FIRST_MB_IS_0) === 0 ? 0 : 1];
  },
  recoveryOf(sei) {
    const payload = seiPayload(sei, 1, SEI_RECOVERY_POINT);
    if (payload === undefined) return undefined;
    return undefinedIfMalformed(() => {
      const recoveryFrameCnt = new BitReader(payload).ue();
      return recoveryFrameCnt === 0 ? 'key' : 'refresh';
    });
  },
  firstConfig: h264ConfigFromNalUnits,
  updatedConfig: withH264ParameterSets,
};

/** By type; the first of each pair for units whose slice, if it is one, is not the first of its picture. */
const ROLES: readonly (readonly [NalUnitRole, NalUnitRole])[] = Array.from({ length: 32 }, (_, type) => [
  roleOfType(type, false),
  roleOfType(type, true),
]);

function roleOfType(type: number, isFirstSlice: boolean): NalUnitRole {
  const isPicture = type >= H264NalUnitType.slice && type <= H264NalUnitType.idr;
  return {
    position: positionOfType(type, isPicture, isFirstSlice),
    isDelimiter: type === H264NalUnitType.accessUnitDelimiter,
    isPicture,
    isKeyPicture: type === H264NalUnitType.idr,
    isParameterSet: type === H264NalUnitType.sps || type === H264NalUnitType.pps,
    isSei: type === H264NalUnitType.sei,
  };
}

function positionOfType(type: number, isPicture: boolean, isFirstSlice: boolean): PacketPosition {
  if (type === H264NalUnitType.accessUnitDelimiter) return PacketPosition.unitStart;
  if (type === H264NalUnitType.sps) return PacketPosition.leadingSet;
  if (!isPicture) return PacketPosition.anywhere;
  // Data partitions B and C follow their A and have no first_mb_in_slice.
  const isPartition = type === H264NalUnitType.dataPartitionB || type === H264NalUnitType.dataPartitionC;
  return isFirstSlice && !isPartition ? PacketPosition.pictureStart : PacketPosition.inside;
}

function startsWithStartCode(payload: Uint8Array): boolean {
  if (payload[0] !== 0 || payload[1] !== 0) return false;
  return payload[2] === 1 || (payload[2] === 0 && payload[3] === 1);
}
