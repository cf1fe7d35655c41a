/** `stream_id` of a program stream's units (ISO/IEC 13818-1, 2.5.3.2 and table 2-22). */
export const PsStreamId = {
  /** MPEG_program_end_code: nothing behind it belongs to what came before. */
  programEnd: 0xb9,
  packHeader: 0xba,
  systemHeader: 0xbb,
  programStreamMap: 0xbc,
  /** private_stream_1; Hikvision's own data. */
  private1: 0xbd,
  padding: 0xbe,
  firstAudio: 0xc0,
  lastAudio: 0xdf,
  firstVideo: 0xe0,
  lastVideo: 0xef,
} as const;

/** Whether a packet is one of video: 16 numbers. */
export function isVideoStreamId(streamId: number): boolean {
  return streamId >= PsStreamId.firstVideo && streamId <= PsStreamId.lastVideo;
}

/** Whether a packet is one of audio, MPEG's or any other: 32 numbers. */
export function isAudioStreamId(streamId: number): boolean {
  return streamId >= PsStreamId.firstAudio && streamId <= PsStreamId.lastAudio;
}
