/** The table-of-contents byte of an Opus packet (RFC 6716, 3.1 and 3.2). */
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** Frame duration in microseconds by `config`, the upper 5 bits (table 2). */
// prettier-ignore
const FRAME_DURATIONS_US: readonly number[] = [
  10_000, 20_000, 40_000, 60_000, // SILK, narrow band
  10_000, 20_000, 40_000, 60_000, // SILK, medium band
  10_000, 20_000, 40_000, 60_000, // SILK, wide band
  10_000, 20_000, 10_000, 20_000, // hybrid
  2500, 5000, 10_000, 20_000, // CELT, narrow band
  2500, 5000, 10_000, 20_000, // CELT, wide band
  2500, 5000, 10_000, 20_000, // CELT, super wide band
  2500, 5000, 10_000, 20_000, // CELT, full band
];

/** No packet may be longer (3.4, R5). */
const MAX_PACKET_DURATION_US = 120_000;

/**
 * How long a packet plays, in microseconds: 2500 to 120000.
 * @throws {ProtocolError} `ERR_OPUS_PACKET` for an empty packet, a cut off frame count, no frames or more than 120 ms
 */
export function opusPacketDurationUs(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) throw broken('empty Opus packet', 0);
  const durationUs = FRAME_DURATIONS_US[toc >>> 3]! * frameCount(packet, toc & 0x03);
  if (durationUs === 0 || durationUs > MAX_PACKET_DURATION_US) {
    throw broken('Opus packet of impossible duration', durationUs);
  }
  return durationUs;
}

/** @param code 0 one frame, 1 and 2 two frames, 3 a count in the next byte */
function frameCount(packet: Uint8Array, code: number): number {
  if (code === 0) return 1;
  if (code < 3) return 2;
  const count = packet[1];
  if (count === undefined) throw broken('Opus packet without its frame count', packet.length);
  return count & 0x3f;
}

function broken(text: string, value: number): ProtocolError {
  return new ProtocolError('ERR_OPUS_PACKET', `${text} (${value})`, { value });
}
