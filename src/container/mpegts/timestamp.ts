/** The 33-bit clocks of a transport stream: PTS, DTS (ISO/IEC 13818-1, 2.4.3.7) and PCR (2.4.3.5), in ticks of 90 kHz. */

/** Timestamps count modulo this: they wrap every 26.5 hours. */
export const TIMESTAMP_MODULUS: number = 2 ** 33;
/** Ticks of one millisecond. */
export const TICKS_PER_MS = 90;

/** Microseconds to the nearest tick. */
export function usToTicks(us: number): number {
  return Math.round((us * 9) / 100);
}

/** Ticks to the nearest microsecond; exact to the tick on the way back. */
export function ticksToUs(ticks: number): number {
  return Math.round((ticks * 100) / 9);
}

function wrap(ticks: number): number {
  const rest = ticks % TIMESTAMP_MODULUS;
  return rest < 0 ? rest + TIMESTAMP_MODULUS : rest;
}

/**
 * Writes a PTS or DTS in 5 bytes.
 * @param prefix the 4 bits in front: 2 a PTS alone, 3 a PTS with DTS, 1 that DTS
 * @param ticks of any size and sign; written modulo 2^33
 */
export function writeTimestamp(target: Uint8Array, at: number, prefix: number, ticks: number): void {
  const wrapped = wrap(ticks);
  // Bitwise operators see 32 bits: the top 3 bits are taken by division.
  const high = Math.floor(wrapped / 2 ** 30);
  const low = wrapped % 2 ** 30;
  target[at] = (prefix << 4) | (high << 1) | 1;
  target[at + 1] = low >>> 22;
  target[at + 2] = ((low >>> 14) & 0xfe) | 1;
  target[at + 3] = low >>> 7;
  target[at + 4] = ((low << 1) & 0xfe) | 1;
}

/** Reads what `writeTimestamp` writes; prefix and marker bits are not checked, because some encoders get them wrong. */
export function readTimestamp(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! >>> 1) & 0x07;
  const middle = (bytes[at + 1]! << 7) | (bytes[at + 2]! >>> 1);
  const low = (bytes[at + 3]! << 7) | (bytes[at + 4]! >>> 1);
  return high * 2 ** 30 + middle * 2 ** 15 + low;
}

/** Writes a PCR in 6 bytes: base in 33 bits, 6 reserved ones, extension (27 MHz) 0. */
export function writeProgramClockReference(target: Uint8Array, at: number, ticks: number): void {
  const wrapped = wrap(ticks);
  const high = Math.floor(wrapped / 2);
  target[at] = high >>> 24;
  target[at + 1] = high >>> 16;
  target[at + 2] = high >>> 8;
  target[at + 3] = high;
  target[at + 4] = ((wrapped % 2) << 7) | 0x7e;
  target[at + 5] = 0;
}

/** Follows 33-bit timestamps over their wraps. All elementary streams of a program share one, so they wrap together. */
export class TimestampUnwrapper {
  #reference: number | undefined;

  /**
   * The time nearest to the last one that reads `timestamp` on the wire. Two timestamps of one program are never
   * 13 hours apart, so the nearest one is meant.
   * @returns ticks; the first one as on the wire, later ones may exceed 33 bits or be negative
   */
  unwrap(timestamp: number): number {
    const reference = this.#reference ?? timestamp;
    const turns = Math.round((reference - timestamp) / TIMESTAMP_MODULUS);
    this.#reference = timestamp + turns * TIMESTAMP_MODULUS;
    return this.#reference;
  }
}
