/** Parameter sets as base64 in format parameters: `sprop-…` of H.264 (RFC 6184, 8.1) and H.265 (RFC 7798, 7.1). */
import { splitAnnexB } from '../../codec/nal/annex-b.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** Encoders have a handful; merging works through each pair. */
const MAX_PARAMETER_SETS = 64;

/**
 * The NAL units of a comma-separated list. Tolerated: white space, the URL-safe alphabet, missing padding, empty entries,
 * and start codes (then an entry may hold several units).
 * @returns owned copies, in order, never empty ones; whether they are parameter sets the caller must look
 */
export function decodeParameterSets(list: string): Uint8Array[] {
  return list
    .split(',', MAX_PARAMETER_SETS)
    .flatMap((entry) => nalUnitsOf(Uint8Array.from(Buffer.from(entry, 'base64'))));
}

/** The list that `decodeParameterSets` reads. */
export function encodeParameterSets(sets: readonly Uint8Array[]): string {
  return sets.map((set) => Buffer.from(set.buffer, set.byteOffset, set.length).toString('base64')).join(',');
}

function nalUnitsOf(bytes: Uint8Array): Uint8Array[] {
  const hasStartCode =
    bytes[0] === 0 && bytes[1] === 0 && (bytes[2] === 1 || (bytes[2] === 0 && bytes[3] === 1));
  if (!hasStartCode) return bytes.length === 0 ? [] : [bytes];
  try {
    return splitAnnexB(bytes).slice(0, MAX_PARAMETER_SETS);
  } catch (error) {
    if (error instanceof ProtocolError) return [];
    throw error;
  }
}
