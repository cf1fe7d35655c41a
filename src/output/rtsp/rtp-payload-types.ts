import type { CodecConfig, OpaqueConfig } from '../../codec/codec-config.ts';
import { staticPayloadType } from '../../protocol/sdp/static-payload-types.ts';

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

const LAST_STATIC_PAYLOAD_TYPE = 34;
/** Second tracks of a codec, and media that no codec module knows, are numbered from here. */
const FIRST_FREE_PAYLOAD_TYPE = 102;
const LAST_PAYLOAD_TYPE = 127;

/** Hands out the payload types of one description, each once. */
export class RtpPayloadTypes {
  readonly #taken = new Set<number>();

  /** @returns `undefined` when there is none for the codec, or none left */
  take(config: CodecConfig): number | undefined {
    const isOpaque = config.kind === 'opaque';
    const usual = isOpaque ? staticTypeOf(config) : PAYLOAD_TYPES[config.codec];
    if (usual === undefined && !isOpaque) return undefined;
    let type = usual ?? FIRST_FREE_PAYLOAD_TYPE;
    if (this.#taken.has(type)) type = FIRST_FREE_PAYLOAD_TYPE;
    while (this.#taken.has(type)) type += 1;
    if (type > LAST_PAYLOAD_TYPE) return undefined;
    this.#taken.add(type);
    return type;
  }
}

/** Players that know an encoding by its static type need not know its name: ffmpeg and transport streams, for one. */
function staticTypeOf({ encodingName, clockRate, channels }: OpaqueConfig): number | undefined {
  const name = encodingName.toUpperCase();
  for (let type = 0; type <= LAST_STATIC_PAYLOAD_TYPE; type += 1) {
    const known = staticPayloadType(type);
    if (known?.encodingName.toUpperCase() !== name || known.clockRate !== clockRate) continue;
    // Each frame of MPEG audio says itself how many channels it has.
    if (known.channels === channels || name === 'MPA') return type;
  }
  return undefined;
}
