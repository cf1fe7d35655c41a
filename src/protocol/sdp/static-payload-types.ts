/** Static payload types (RFC 3551, 6, tables 4 and 5): what a payload type means where no `a=rtpmap` says it. */

/** What `a=rtpmap` says of one payload type. */
export interface RtpMap {
  /** As written. */
  readonly encodingName: string;
  /** Hertz; `undefined` where it is missing or impossible. */
  readonly clockRate: number | undefined;
  /** 1 where nothing is said. */
  readonly channels: number;
}

// prettier-ignore
const STATIC_PAYLOAD_TYPES: ReadonlyMap<number, RtpMap> = new Map([
  entry(0, 'PCMU', 8000), entry(3, 'GSM', 8000), entry(4, 'G723', 8000), entry(5, 'DVI4', 8000),
  entry(6, 'DVI4', 16_000), entry(7, 'LPC', 8000), entry(8, 'PCMA', 8000),
  // 4.5.2: G.722 has 16 kHz, but its RTP clock stays 8 kHz, because of a mistake in RFC 1890.
  entry(9, 'G722', 8000),
  entry(10, 'L16', 44_100, 2), entry(11, 'L16', 44_100), entry(12, 'QCELP', 8000), entry(13, 'CN', 8000),
  entry(14, 'MPA', 90_000), entry(15, 'G728', 8000), entry(16, 'DVI4', 11_025), entry(17, 'DVI4', 22_050),
  entry(18, 'G729', 8000),
  entry(25, 'CelB', 90_000), entry(26, 'JPEG', 90_000), entry(28, 'nv', 90_000), entry(31, 'H261', 90_000),
  entry(32, 'MPV', 90_000), entry(33, 'MP2T', 90_000), entry(34, 'H263', 90_000),
]);

/** RFC 7587, 4.1. */
const OPUS_CLOCK_RATE = 48_000;
/** The clock of all video, and of MPEG-2 transport streams (RFC 3551, 5). */
const VIDEO_CLOCK_RATE = 90_000;

/** What a static payload type means; `undefined` for the others. */
export function staticPayloadType(payloadType: number): RtpMap | undefined {
  return STATIC_PAYLOAD_TYPES.get(payloadType);
}

/** The clock rate that an encoding always or nearly always has; `undefined` where it depends on the stream. */
export function usualClockRate(
  media: 'video' | 'audio' | 'application',
  encodingName: string,
): number | undefined {
  if (media !== 'audio') return VIDEO_CLOCK_RATE;
  const name = encodingName.toUpperCase();
  if (name === 'OPUS') return OPUS_CLOCK_RATE;
  for (const known of STATIC_PAYLOAD_TYPES.values()) {
    if (known.encodingName.toUpperCase() === name && name !== 'L16' && name !== 'DVI4')
      return known.clockRate;
  }
  return undefined;
}

function entry(payloadType: number, encodingName: string, clockRate: number, channels = 1): [number, RtpMap] {
  return [payloadType, { encodingName, clockRate, channels }];
}
