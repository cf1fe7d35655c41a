/** RTP's 16-bit sequence numbers, and how far they may leap before they are taken for a new beginning (RFC 3550, A.1). */

/** `MAX_DROPOUT`: this many packets ahead, or more, is no loss. */
export const MAX_SEQUENCE_DROPOUT = 3000;
/** `MAX_MISORDER`: more than this many packets behind is no delay. */
export const MAX_SEQUENCE_MISORDER = 100;

/** Steps from one number to another, the shorter way round: -32768 to 32767. Only the low 16 bits of both count. */
export function sequenceDistance(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}
