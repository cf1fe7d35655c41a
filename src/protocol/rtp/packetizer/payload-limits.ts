import { RTP_HEADER_BYTES } from '../rtp-packet.ts';

/** The longest payload that fits the 16-bit length of an interleaved packet or a datagram, behind a plain header. */
export const MAX_RTP_PAYLOAD_BYTES: number = 0xffff - RTP_HEADER_BYTES;
/** Smaller limits would spend more on headers than on media; all payload headers fit in. */
export const MIN_RTP_PAYLOAD_LIMIT = 64;
