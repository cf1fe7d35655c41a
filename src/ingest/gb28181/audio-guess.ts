import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { ADTS_HEADER_LENGTH, parseAdtsHeader } from '../../codec/aac/adts.ts';
import { MPEG_AUDIO_HEADER_LENGTH, parseMpegAudioHeader } from '../../codec/mp3/mpeg-audio-header.ts';
import { PsStreamType } from '../../container/ps/stream-type.ts';
import { isLoasSync } from './loas-reader.ts';

/**
 * What the sound of a packet looks like, where no map tells.
 * @param payload of a whole packet
 * @returns `undefined` when it looks like nothing in particular, as G.711 does
 */
export function guessAudioType(payload: Uint8Array): PsStreamType | undefined {
  const adtsLength = lengthOf(payload, ADTS_HEADER_LENGTH, (bytes) => parseAdtsHeader(bytes)?.frameLength);
  if (goesOnWith(payload, adtsLength, (at) => payload[at] === 0xff && (payload[at + 1]! & 0xf6) === 0xf0)) {
    return PsStreamType.aacAdts;
  }
  const mpegLength = lengthOf(
    payload,
    MPEG_AUDIO_HEADER_LENGTH,
    (bytes) => parseMpegAudioHeader(bytes).frameLength,
  );
  if (goesOnWith(payload, mpegLength, (at) => payload[at] === 0xff && payload[at + 1] === payload[1])) {
    return PsStreamType.mpeg1Audio;
  }
  const loasLength = ((payload[1]! & 0x1f) << 8) + payload[2]! + 3;
  const isLoas = payload.length > 3 && isLoasSync(payload, 0);
  return isLoas && goesOnWith(payload, loasLength, (at) => isLoasSync(payload, at))
    ? PsStreamType.aacLatm
    : undefined;
}

function lengthOf(
  payload: Uint8Array,
  headerLength: number,
  parse: (header: Uint8Array) => number | undefined,
): number | undefined {
  if (payload.length < headerLength) return undefined;
  return undefinedIfMalformed(() => parse(payload.subarray(0, headerLength)));
}

/** Whether the next frame begins where the first ends, or the packet ends there. */
function goesOnWith(
  payload: Uint8Array,
  length: number | undefined,
  isFrame: (at: number) => boolean,
): boolean {
  if (length === undefined || length === 0) return false;
  return length === payload.length || (length + 1 < payload.length && isFrame(length));
}
