/**
 * Code points of FLV and of its enhanced form.
 * Sources: "Adobe Flash Video File Format Specification" 10.1 (2010), annex E; Veovera "Enhanced RTMP" v1 (2023) and
 * v2 (2024), "Enhanced Video" and "Enhanced Audio".
 */

/** `TagType` of an FLV tag, which is also the RTMP message type (annex E.4.1). */
export const FlvTagType = { audio: 8, video: 9, script: 18 } as const;
export type FlvTagType = (typeof FlvTagType)[keyof typeof FlvTagType];

/** One tag of an FLV file or one RTMP media message. */
export interface FlvTag {
  readonly type: FlvTagType;
  /** Milliseconds as on the wire: unsigned, 32 bits, wraps. */
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

/**
 * How codecs with two spellings are written.
 * - `source`: as the track's source spelt them (`Track.sourceTag`); legacy where the source is not of the FLV family.
 * - `legacy`: by code point wherever there is one, HEVC as 12 and Opus as 13 included.
 * - `enhanced`: by FourCC where the code point is not part of the FLV specification (HEVC, Opus). AVC, AAC and MP3
 *   stay as in `source`: every player of the enhanced form knows their code points, not every one their FourCC.
 */
export type FlvForm = 'source' | 'enhanced' | 'legacy';

/** `CodecID` of a video tag that a codec module knows. HEVC is not Adobe's but in wide use. */
export const FlvVideoCodecId = { avc: 7, hevc: 12 } as const;

/** `SoundFormat` of an audio tag (annex E.4.2.1); `opus` is lal's own, `exHeader` the switch to the enhanced form. */
export const FlvSoundFormat = {
  mp3: 2,
  g711ALaw: 7,
  g711MuLaw: 8,
  exHeader: 9,
  aac: 10,
  opus: 13,
  mp38k: 14,
} as const;

/** `Frame Type` of a video tag (annex E.4.3.1). */
export const FlvFrameType = {
  key: 1,
  inter: 2,
  disposableInter: 3,
  generatedKey: 4,
  command: 5,
} as const;

/** `AVCPacketType`, and the same byte of legacy HEVC (annex E.4.3.1). */
export const AvcPacketType = { sequenceHeader: 0, nalUnits: 1, endOfSequence: 2 } as const;

/** `AACPacketType` (annex E.4.2.1). */
export const AacPacketType = { sequenceHeader: 0, raw: 1 } as const;

/** `VideoPacketType` of the enhanced form. */
export const VideoPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  codedFramesX: 3,
  metadata: 4,
  mpeg2TsSequenceStart: 5,
  multitrack: 6,
  modEx: 7,
} as const;

/** `AudioPacketType` of the enhanced form. */
export const AudioPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  multichannelConfig: 4,
  multitrack: 5,
  modEx: 7,
} as const;

/** `AvMultitrackType` of the enhanced form, v2. */
export const AvMultitrackType = { oneTrack: 0, manyTracks: 1, manyTracksManyCodecs: 2 } as const;

/** Track ids that FLV and RTMP publications use. */
export const FlvTrackId = { video: 1, audio: 2, script: 3, videoMetadata: 4 } as const;
