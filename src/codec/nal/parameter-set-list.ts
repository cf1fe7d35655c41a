/** Bookkeeping that H.264 and H.265 parameter sets share: lists in which each set has an id of its own. */
import { equalBytes } from '../../bytes/equal-bytes.ts';

/** Limits of one list, given by the fields of the configuration record. */
export interface ParameterSetRules {
  /** The id inside the set; `undefined` when it can't be read or is out of range: such a set is ignored. */
  readonly idOf: (nal: Uint8Array) => number | undefined;
  readonly maxSets: number;
}

/** Record fields give a parameter set's length in 16 bits. */
const MAX_PARAMETER_SET_BYTES = 0xffff;

/**
 * Takes one in-band parameter set into a list. Runs for every set of every key frame, so the usual case, a set that is
 * there already, is only a comparison.
 * @returns the same list when the set is there already or unusable; else a new one in which it replaces the set with
 * its id, or stands last (and the oldest makes room). The list owns a copy of `nal`.
 */
export function mergeParameterSet(
  list: readonly Uint8Array[],
  nal: Uint8Array,
  rules: ParameterSetRules,
): readonly Uint8Array[] {
  // Zeros behind the stop bit are padding of the byte stream; with them the same set would look like a new one.
  const set = withoutTrailingZeros(nal);
  for (const known of list) if (equalBytes(known, set)) return list;
  const id = rules.idOf(set);
  if (id === undefined || set.length > MAX_PARAMETER_SET_BYTES) return list;
  // Not `slice`: that of a Buffer is a view.
  const owned = new Uint8Array(set);
  const merged = [...list];
  const index = list.findIndex((known) => rules.idOf(known) === id);
  if (index >= 0) merged[index] = owned;
  else merged.push(owned);
  if (merged.length > rules.maxSets) merged.shift();
  return merged;
}

/** Whether both lists hold the same sets in the same order. */
export function equalParameterSets(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a === b || (a.length === b.length && a.every((set, index) => equalBytes(set, b[index]!)));
}

function withoutTrailingZeros(nal: Uint8Array): Uint8Array {
  let end = nal.length;
  while (end > 1 && nal[end - 1] === 0) end -= 1;
  return end === nal.length ? nal : nal.subarray(0, end);
}
