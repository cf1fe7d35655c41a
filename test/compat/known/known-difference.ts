import type { Difference } from '../differences.ts';

/** A difference that is wanted. */
export interface KnownDifference {
  /** Which row of docs/lal-compatibility.md tells of it: the section's name, a colon, the row's first column. */
  readonly topic: string;
  /** Of the whole `where`. */
  readonly where: RegExp;
  readonly kind?: Difference['kind'];
  /** Of the values as JSON; of nothing it is empty. */
  readonly lal?: RegExp;
  readonly ours?: RegExp;
}
