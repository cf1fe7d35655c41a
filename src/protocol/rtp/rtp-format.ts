/** How RTP carries one track: what SDP says with `m=`, `a=rtpmap` and `a=fmtp` (RFC 8866, 6.6 and 6.15; RFC 3551, 6). */
export interface RtpFormat {
  readonly media: 'video' | 'audio' | 'application';
  /** 0 to 127. */
  readonly payloadType: number;
  /** As written; compared without regard to case. */
  readonly encodingName: string;
  /** Ticks of the RTP timestamp in a second. */
  readonly clockRate: number;
  /** Of audio; 1 where nothing is said. */
  readonly channels: number;
  /** Format parameters by their names in lower case; a parameter without a value has an empty one. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The value of `a=fmtp` without the payload type, as it came; empty where there is none. */
  readonly formatParameters: string;
}
