/** NAL unit types of H.265 (ISO/IEC 23008-2, table 7-1) that a server tells apart. */
export const H265NalUnitType = {
  blaWithLeadingPictures: 16,
  idrWithRadl: 19,
  idrWithoutLeadingPictures: 20,
  cra: 21,
  /** Highest type reserved for random access pictures. */
  reservedIrap23: 23,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  endOfSequence: 36,
  endOfBitstream: 37,
  fillerData: 38,
  prefixSei: 39,
  suffixSei: 40,
} as const;
export type H265NalUnitType = (typeof H265NalUnitType)[keyof typeof H265NalUnitType];

/** `nal_unit_type`, 0 to 63; 63 (unspecified) for an empty NAL unit. */
export function h265NalUnitType(nal: Uint8Array): number {
  return nal.length === 0 ? 63 : (nal[0]! >>> 1) & 0x3f;
}

/** `nuh_layer_id`, 0 for the base layer, which is the only one most decoders read. */
export function h265LayerId(nal: Uint8Array): number {
  return nal.length < 2 ? 0 : ((nal[0]! & 1) << 5) | (nal[1]! >>> 3);
}

/** Whether pictures of this NAL unit type are random access points: BLA, IDR, CRA and the two reserved ones. */
export function isH265Irap(nalUnitType: number): boolean {
  return (
    nalUnitType >= H265NalUnitType.blaWithLeadingPictures && nalUnitType <= H265NalUnitType.reservedIrap23
  );
}
