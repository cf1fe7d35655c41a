/** A piece of the stream, complete: from one random access point to the next. */
export interface ClosedFragment {
  /** Whole transport packets, tables first, in pieces that never change: views of what the viewers got. */
  readonly parts: readonly Uint8Array[];
  /** Bytes of all parts. */
  readonly length: number;
  /** Up to the start of the next fragment; at least 1. */
  readonly durationMs: number;
  /** Times, tracks or encodings do not go on from the fragment before. */
  readonly discontinuity: boolean;
  /** Begins with a random access point. Not so after a cut that did not wait for one. */
  readonly isIndependent: boolean;
  /** Milliseconds since 1970 at which the fragment was opened; part of its name. */
  readonly openedMs: number;
  /** Milliseconds since 1970 that belong to the first frame. */
  readonly programDateTimeMs: number;
}

/** Takes the fragments of one publication. Called from the stream's own turn: must not block, and does not throw. */
export interface FragmentSink {
  /** The fragment that will come next has been begun. */
  opened(openedMs: number): void;
  closed(fragment: ClosedFragment): void;
  /** No more will come. */
  ended(): void;
}
