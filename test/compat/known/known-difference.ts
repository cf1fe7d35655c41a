import type { Difference } from '../differences.ts';

/** A difference that is wanted. */
export interface KnownDifference {
  readonly reason: string;
  /** Of the whole `where`. */
  readonly where: RegExp;
  readonly kind?: Difference['kind'];
  /** Of the values as JSON. */
  readonly lal?: RegExp;
  readonly ours?: RegExp;
}
