import type { CodecConfig } from '../../codec/codec-config.ts';

/** Static types (RFC 3551, 6), and the dynamic ones that lal's players know, ours beside them. */
const PAYLOAD_TYPES: Partial<Record<CodecConfig['codec'], number>> = {
  g711u: 0,
  g711a: 8,
  // Not a dynamic one: ffmpeg leaves the payload header of MPEG audio in place then.
  mp3: 14,
  h264: 96,
  aac: 97,
  h265: 98,
  av1: 99,
  vp9: 100,
  opus: 101,
};

const MPEG_AUDIO_PAYLOAD_TYPE = 14;
/** Media that no codec module knows are numbered from here. */
const FIRST_OPAQUE_PAYLOAD_TYPE = 102;
const LAST_PAYLOAD_TYPE = 127;

/** Hands out the payload types of one description, each once. */
export class RtpPayloadTypes {
  readonly #taken = new Set<number>();

  /** @returns `undefined` when there is none for the codec, or none left */
  take(config: CodecConfig): number | undefined {
    const wanted = isMpegAudio(config) ? MPEG_AUDIO_PAYLOAD_TYPE : PAYLOAD_TYPES[config.codec];
    if (wanted === undefined && config.kind !== 'opaque') return undefined;
    let type = wanted ?? FIRST_OPAQUE_PAYLOAD_TYPE;
    // A second track of a codec takes a number that nobody has.
    if (this.#taken.has(type)) type = FIRST_OPAQUE_PAYLOAD_TYPE;
    while (this.#taken.has(type)) type += 1;
    if (type > LAST_PAYLOAD_TYPE) return undefined;
    this.#taken.add(type);
    return type;
  }
}

function isMpegAudio(config: CodecConfig): boolean {
  return config.kind === 'opaque' && /^mpa$/i.test(config.encodingName) && config.clockRate === 90_000;
}
