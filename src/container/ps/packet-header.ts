/**
 * Headers of PES packets in program streams: MPEG-2's (ISO/IEC 13818-1, 2.4.3.6) and MPEG-1's (ISO/IEC 11172-1, 2.4.3.3).
 * Everything but PTS and DTS is skipped.
 */
import { readTimestamp } from '../mpegts/timestamp.ts';

/** What a header says. */
export interface PsPacketHeader {
  /** Ticks of 90 kHz, 33 bits; absent when nothing begins in the packet. */
  readonly ptsTicks?: number | undefined;
  /** Absent when it equals the PTS, and where a sender does not say. */
  readonly dtsTicks?: number | undefined;
  /** Bytes behind `PES_packet_length` that are no payload. */
  readonly length: number;
}

/** More bytes are needed to tell. */
export const INCOMPLETE = 'incomplete';

const TIMESTAMP_LENGTH = 5;
const MPEG2_FIXED_LENGTH = 3;
/** `stuffing_byte` of MPEG-1: at most 16. */
const MAX_MPEG1_STUFFING = 16;

/**
 * Reads a header.
 * @param at the byte behind `PES_packet_length`
 * @returns `undefined` for what is no header
 */
export function readPacketHeader(
  data: Uint8Array,
  at: number,
): PsPacketHeader | typeof INCOMPLETE | undefined {
  if (at >= data.length) return INCOMPLETE;
  return (data[at]! & 0xc0) === 0x80 ? readMpeg2Header(data, at) : readMpeg1Header(data, at);
}

/**
 *     '10' 2, PES_scrambling_control 2, priority 1, data_alignment_indicator 1, copyright 1, original_or_copy 1
 *     PTS_DTS_flags 2, ESCR 1, ES_rate 1, DSM_trick_mode 1, additional_copy_info 1, CRC 1, extension 1
 *     PES_header_data_length 8
 *     PTS 40, DTS 40, …
 *
 * Times are read where there is room for them: some devices set the flag of a DTS that is not there.
 */
function readMpeg2Header(data: Uint8Array, at: number): PsPacketHeader | typeof INCOMPLETE {
  if (data.length < at + MPEG2_FIXED_LENGTH) return INCOMPLETE;
  const flags = data[at + 1]! >>> 6;
  const dataLength = data[at + 2]!;
  const length = MPEG2_FIXED_LENGTH + dataLength;
  if (data.length < at + length) return INCOMPLETE;
  const first = at + MPEG2_FIXED_LENGTH;
  const hasPts = flags >= 2 && dataLength >= TIMESTAMP_LENGTH;
  const hasDts = flags === 3 && dataLength >= 2 * TIMESTAMP_LENGTH;
  return {
    ptsTicks: hasPts ? readTimestamp(data, first) : undefined,
    dtsTicks: hasDts ? readTimestamp(data, first + TIMESTAMP_LENGTH) : undefined,
    length,
  };
}

/**
 *     stuffing_byte 8 …
 *     '01' 2, STD_buffer_scale 1, STD_buffer_size 13                       if there
 *     '0010' 4, PTS 36   or   '0011' 4, PTS 36, '0001' 4, DTS 36   or   '0000 1111' 8
 */
function readMpeg1Header(data: Uint8Array, start: number): PsPacketHeader | typeof INCOMPLETE | undefined {
  let at = start;
  while (data[at] === 0xff && at - start < MAX_MPEG1_STUFFING) at += 1;
  if (at < data.length && (data[at]! & 0xc0) === 0x40) at += 2;
  if (at >= data.length) return INCOMPLETE;
  const kind = data[at]!;
  if (kind === 0x0f) return { length: at + 1 - start };
  const timestamps = kind >>> 4 === 2 ? 1 : kind >>> 4 === 3 ? 2 : 0;
  if (timestamps === 0) return undefined;
  const end = at + timestamps * TIMESTAMP_LENGTH;
  if (end > data.length) return INCOMPLETE;
  return {
    ptsTicks: readTimestamp(data, at),
    dtsTicks: timestamps === 2 ? readTimestamp(data, at + TIMESTAMP_LENGTH) : undefined,
    length: end - start,
  };
}
