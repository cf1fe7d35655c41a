/**
 * `stream_type` values of a program stream map that are read here (ISO/IEC 13818-1, table 2-34; GB/T 28181, annex C, for
 * G.711). Others that devices name are MPEG-4 video (10), SVAC (80), G.722.1 (92), G.723.1 (93), G.729 (99) and SVAC audio
 * (9B).
 */
export const PsStreamType = {
  mpeg1Audio: 0x03,
  mpeg2Audio: 0x04,
  aacAdts: 0x0f,
  aacLatm: 0x11,
  h264: 0x1b,
  h265: 0x24,
  g711a: 0x90,
  g711u: 0x91,
} as const;
export type PsStreamType = (typeof PsStreamType)[keyof typeof PsStreamType];
