/** NAL unit types of H.264 (ISO/IEC 14496-10, table 7-1) that a server tells apart. */
export const H264NalUnitType = {
  slice: 1,
  dataPartitionA: 2,
  dataPartitionB: 3,
  dataPartitionC: 4,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  fillerData: 12,
  spsExtension: 13,
} as const;
export type H264NalUnitType = (typeof H264NalUnitType)[keyof typeof H264NalUnitType];

/** `nal_unit_type`, 0 to 31; 0 (unspecified) for an empty NAL unit. */
export function h264NalUnitType(nal: Uint8Array): number {
  return nal.length === 0 ? 0 : nal[0]! & 0x1f;
}
