/**
 * The transport packet and its adaptation field (ISO/IEC 13818-1, 2.4.3.2 to 2.4.3.5), writing side. Left out:
 * scrambling, splice countdown, private data, original program clock reference.
 */
import { writeProgramClockReference } from './timestamp.ts';

/** Bytes of every packet. */
export const TS_PACKET_LENGTH = 188;
/** First byte of every packet. */
export const TS_SYNC_BYTE = 0x47;
/** Bytes before the adaptation field or payload. */
export const TS_HEADER_LENGTH = 4;
/** Bytes for adaptation field and payload together. */
export const TS_BODY_LENGTH: number = TS_PACKET_LENGTH - TS_HEADER_LENGTH;

/** Packet identifiers: the two fixed ones, and those that lal has always used. */
export const TsPid = {
  /** Program association table. */
  pat: 0,
  video: 0x100,
  audio: 0x101,
  /** Program map table. */
  pmt: 0x1001,
  /** Filling; carries nothing. */
  null: 0x1fff,
} as const;

/** `adaptation_field_control` (table 2-5). */
export const AdaptationFieldControl = { payload: 1, adaptationField: 2, both: 3 } as const;
export type AdaptationFieldControl = (typeof AdaptationFieldControl)[keyof typeof AdaptationFieldControl];

/** Flags in the second byte of an adaptation field. */
export const AdaptationFlag = { discontinuity: 0x80, randomAccess: 0x40, pcr: 0x10 } as const;

/** Writes the 4 bytes before the adaptation field or payload. */
export function writeTsHeader(
  target: Uint8Array,
  at: number,
  pid: number,
  isUnitStart: boolean,
  control: AdaptationFieldControl,
  continuityCounter: number,
): void {
  target[at] = TS_SYNC_BYTE;
  target[at + 1] = (isUnitStart ? 0x40 : 0) | (pid >>> 8);
  target[at + 2] = pid;
  target[at + 3] = (control << 4) | (continuityCounter & 0x0f);
}

/** Bytes that an adaptation field with these flags takes, its length byte included; 0 for no field at all. */
export function adaptationFieldLength(flags: number): number {
  if (flags === 0) return 0;
  return (flags & AdaptationFlag.pcr) === 0 ? 2 : 8;
}

/**
 * Writes an adaptation field and fills it up with stuffing bytes.
 * @param length bytes to cover, the field's length byte included; at least `adaptationFieldLength(flags)`
 * @param pcrTicks written when `flags` has `AdaptationFlag.pcr`; 90 kHz, of any size and sign
 */
export function writeAdaptationField(
  target: Uint8Array,
  at: number,
  length: number,
  flags: number,
  pcrTicks: number,
): void {
  if (length === 0) return;
  target[at] = length - 1;
  if (length === 1) return;
  target[at + 1] = flags;
  let end = at + 2;
  if ((flags & AdaptationFlag.pcr) !== 0) {
    writeProgramClockReference(target, end, pcrTicks);
    end += 6;
  }
  target.fill(0xff, end, at + length);
}
