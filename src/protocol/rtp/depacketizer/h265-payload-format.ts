/**
 * H.265 in RTP (RFC 7798): single NAL unit packets (4.4.1), aggregation packets (4.4.2) and fragmentation units (4.4.3),
 * all without decoding order numbers. PACI packets (4.4.4) make their access unit a damaged one.
 */
import type { H265Config } from '../../../codec/codec-config.ts';
import { h265ConfigFromNalUnits, withH265ParameterSets } from '../../../codec/h265/h265-config.ts';
import { H265NalUnitType, isH265Irap } from '../../../codec/h265/nal-unit-type.ts';
import { SEI_RECOVERY_POINT, seiPayload } from '../../../codec/nal/sei-message.ts';
import { NalPayloadKind, type NalPayloadFormat, type NalUnitRole } from './nal-collector.ts';
import { PacketPosition } from './picture-collector.ts';

/** Payload structures (4.4); lower types are single NAL units, higher ones reserved. */
const AGGREGATION_PACKET = 48;
const FRAGMENTATION_UNIT = 49;
const PACI = 50;

/** Types below this are coded slices (ISO/IEC 23008-2, table 7-1). */
const FIRST_NON_VCL_TYPE = 32;
/** `first_slice_segment_in_pic_flag`. */
const FIRST_SLICE_FLAG = 0x80;
/** F 1 and the highest bit of `nuh_layer_id`, which share a byte with the type. */
const NOT_TYPE_BITS = 0x81;

/** `nuh_temporal_id_plus1` is never 0, but the second byte of a start code is. */
const TEMPORAL_ID_BITS = 0x07;

/** The payload format of H.265. */
export const H265_PAYLOAD_FORMAT: NalPayloadFormat<H265Config> = {
  nalHeaderBytes: 2,
  kindOf(payload) {
    const type = (payload[0]! >>> 1) & 0x3f;
    if (payload.length < 2) return NalPayloadKind.meaningless;
    if (type < AGGREGATION_PACKET) return NalPayloadKind.single;
    if (type === AGGREGATION_PACKET) return NalPayloadKind.aggregate;
    if (type === FRAGMENTATION_UNIT) return NalPayloadKind.fragment;
    return type === PACI ? NalPayloadKind.unsupported : NalPayloadKind.meaningless;
  },
  fragmentedHeader(payload) {
    // F, layer and temporal id of the payload header, type of the FU header.
    return Uint8Array.of((payload[0]! & NOT_TYPE_BITS) | ((payload[2]! & 0x3f) << 1), payload[1]!);
  },
  roleOf(firstByte, secondByte, sliceByte) {
    if ((secondByte & TEMPORAL_ID_BITS) === 0) return NO_UNIT;
    const isBaseLayer = (firstByte & 1) === 0 && secondByte >>> 3 === 0;
    const isFirstSlice = (sliceByte & FIRST_SLICE_FLAG) !== 0;
    return ROLES[(firstByte >>> 1) & 0x3f]![(isBaseLayer ? 2 : 0) + (isFirstSlice ? 1 : 0)]!;
  },
  recoveryOf(sei) {
    return seiPayload(sei, 2, SEI_RECOVERY_POINT) === undefined ? undefined : 'refresh';
  },
  firstConfig: h265ConfigFromNalUnits,
  updatedConfig: withH265ParameterSets,
};

const NO_UNIT: NalUnitRole = {
  position: PacketPosition.anywhere,
  isDelimiter: false,
  isPicture: false,
  isKeyPicture: false,
  isParameterSet: false,
  isSei: false,
};

/** By type; four each: in other layers, the same with the flag of a first slice, in the base layer, the same with it. */
const ROLES: readonly (readonly NalUnitRole[])[] = Array.from({ length: 64 }, (_, type) => [
  roleOfType(type, false, false),
  roleOfType(type, false, true),
  roleOfType(type, true, false),
  roleOfType(type, true, true),
]);

function roleOfType(type: number, isBaseLayer: boolean, isFirstSlice: boolean): NalUnitRole {
  const isPicture = type < FIRST_NON_VCL_TYPE;
  return {
    position: positionOfType(type, isBaseLayer, isFirstSlice),
    isDelimiter: type === H265NalUnitType.accessUnitDelimiter,
    isPicture,
    isKeyPicture: isBaseLayer && isH265Irap(type),
    isParameterSet: type >= H265NalUnitType.vps && type <= H265NalUnitType.pps,
    isSei: type === H265NalUnitType.prefixSei,
  };
}

function positionOfType(type: number, isBaseLayer: boolean, isFirstSlice: boolean): PacketPosition {
  if (type === H265NalUnitType.accessUnitDelimiter) return PacketPosition.unitStart;
  if (type === H265NalUnitType.vps) return PacketPosition.leadingSet;
  if (type >= FIRST_NON_VCL_TYPE) return PacketPosition.anywhere;
  // The pictures of other layers follow that of the base layer.
  return isBaseLayer && isFirstSlice ? PacketPosition.pictureStart : PacketPosition.inside;
}
