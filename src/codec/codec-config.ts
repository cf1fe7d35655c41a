/**
 * What a decoder must know before the first frame, per codec. `description` is the codec's own configuration
 * record, byte for byte as the field's specifications define it (and as WebCodecs calls it): `avcC`, `hvcC`,
 * `av1C`, `vpcC`, AudioSpecificConfig, `OpusHead`. All values are immutable; a change makes a new object.
 */
export type CodecConfig = VideoConfig | AudioConfig | DataConfig | OpaqueConfig;

/** Any video codec's configuration. */
export type VideoConfig = H264Config | H265Config | Av1Config | Vp9Config | OtherVideoConfig;
/** Any audio codec's configuration. */
export type AudioConfig =
  | AacConfig
  | Mp3Config
  | OpusConfig
  | G711Config
  | PassThroughAudioConfig
  | OtherAudioConfig;
/** Any data track's configuration. */
export type DataConfig = ScriptDataConfig;

interface VideoFields {
  readonly kind: 'video';
  /** As in WebCodecs: `avc1.64001f`, `hev1.1.6.L93.B0`, `av01.0.04M.08`, `vp09.00.10.08`. */
  readonly codecString: string;
  readonly description: Uint8Array;
  /** Picture size in luma samples after cropping; 0 when unknown. */
  readonly width: number;
  readonly height: number;
}

interface AudioFields {
  readonly kind: 'audio';
  /** As in WebCodecs: `mp4a.40.2`, `mp3`, `opus`, `alaw`, `ulaw`. */
  readonly codecString: string;
  readonly description: Uint8Array;
  /** Hertz; 0 when unknown. */
  readonly sampleRate: number;
  readonly channels: number;
}

/** `description` is an AVCDecoderConfigurationRecord with 4-byte NAL unit lengths (ISO/IEC 14496-15, 5.3.3). */
export interface H264Config extends VideoFields {
  readonly codec: 'h264';
  /** NAL units without start code or length, in the record's order. */
  readonly sequenceParameterSets: readonly Uint8Array[];
  readonly pictureParameterSets: readonly Uint8Array[];
}

/** `description` is an HEVCDecoderConfigurationRecord with 4-byte NAL unit lengths (ISO/IEC 14496-15, 8.3.3). */
export interface H265Config extends VideoFields {
  readonly codec: 'h265';
  readonly videoParameterSets: readonly Uint8Array[];
  readonly sequenceParameterSets: readonly Uint8Array[];
  readonly pictureParameterSets: readonly Uint8Array[];
}

/** `description` is an AV1CodecConfigurationRecord (AV1 in ISOBMFF, 2.3). */
export interface Av1Config extends VideoFields {
  readonly codec: 'av1';
}

/** `description` is a VPCodecConfigurationRecord without the box's version and flags (VP codec ISO media, 2.2). */
export interface Vp9Config extends VideoFields {
  readonly codec: 'vp9';
}

/** Video that is carried but not understood; `Track.sourceTag` says what it is. */
export interface OtherVideoConfig extends VideoFields {
  readonly codec: 'other';
}

/** `description` is an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). */
export interface AacConfig extends AudioFields {
  readonly codec: 'aac';
  /** Audio object type of the core stream: 2 for AAC-LC, also below SBR and PS. */
  readonly objectType: number;
}

/** No description: each frame has its own header. */
export interface Mp3Config extends AudioFields {
  readonly codec: 'mp3';
}

/** `description` is an OpusHead (RFC 7845, 5.1), or empty where the source gave none. */
export interface OpusConfig extends AudioFields {
  readonly codec: 'opus';
}

/** G.711, 8 bits a sample; no description. */
export interface G711Config extends AudioFields {
  readonly codec: 'g711a' | 'g711u';
}

/** Carried with its own configuration bytes, not looked into. */
export interface PassThroughAudioConfig extends AudioFields {
  readonly codec: 'flac' | 'ac3' | 'eac3';
}

/** Audio that is carried but not understood; `Track.sourceTag` says what it is. */
export interface OtherAudioConfig extends AudioFields {
  readonly codec: 'other';
}

/**
 * Timed data of the AMF0 family: `script` is an FLV script tag's values (name, then arguments), without
 * `@setDataFrame`; `video-metadata` is the AMF0 of an enhanced RTMP video metadata packet (`colorInfo`).
 */
export interface ScriptDataConfig {
  readonly kind: 'data';
  readonly codec: 'script' | 'video-metadata';
}

/**
 * Media that no codec module knows, in the form in which RTP carries it: it travels from RTSP to RTSP as it came, and
 * reaches no other output. A frame's `data` is one RTP packet, header included; only its payload, marker and time go on.
 */
export interface OpaqueConfig {
  readonly kind: 'opaque';
  readonly codec: 'rtp';
  /** What SDP calls it on the `m=` line. */
  readonly media: 'video' | 'audio' | 'application';
  /** As `a=rtpmap` writes it. */
  readonly encodingName: string;
  /** Hertz. */
  readonly clockRate: number;
  /** Of audio; 1 where nothing is said. */
  readonly channels: number;
  /** The value of `a=fmtp` without the payload type; empty where there is none. */
  readonly formatParameters: string;
}
