/** `stream_type` values (ISO/IEC 13818-1, table 2-34) of what is written and read here. */
export const TsStreamType = {
  mpeg1Audio: 0x03,
  mpeg2Audio: 0x04,
  /** What a registration descriptor names: Opus, among others. */
  privateData: 0x06,
  aacAdts: 0x0f,
  h264: 0x1b,
  h265: 0x24,
} as const;
export type TsStreamType = (typeof TsStreamType)[keyof typeof TsStreamType];
