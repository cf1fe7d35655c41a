import type { StreamState } from '../../hub/packager.ts';
import type { UnitMark } from '../../hub/pending-bytes.ts';
import type { Flush } from '../../hub/subscription.ts';
import { isFileStart, type UnitConsumer } from '../../hub/unit-consumer.ts';
import type { FragmentSink } from './fragment.ts';
import { LeadIn } from './lead-in.ts';
import { newestProgramTables } from './program-tables.ts';

/** lal cuts without a key frame when a fragment has become so many times longer than wanted, */
const FORCED_CUT_FACTOR = 10;
/** and when time goes back by more than this. */
const BACKWARD_CUT_US = 1_000_000;
/** A fragment is kept in memory until it is closed; one of 3 s reaches this at 170 Mbit/s. */
const MAX_FRAGMENT_BYTES = 64 * 1024 * 1024;
/** A longer pause between two units is not taken for the length of the first. */
const MAX_UNIT_US = 1_000_000;
/** Length of a unit of which nothing is known. */
const DEFAULT_UNIT_US = 20_000;
/** The publisher's clock may be off the machine's by this much before dates are set right. */
const MAX_DATE_ERROR_MS = 10_000;

interface OpenFragment {
  readonly startUs: number;
  readonly openedMs: number;
  readonly programDateTimeMs: number;
  readonly discontinuity: boolean;
  readonly isIndependent: boolean;
  readonly state: StreamState;
  readonly chunks: Uint8Array[];
  bytes: number;
  /** Newest time of a unit, and its distance from the one before. */
  lastUs: number;
  unitUs: number;
}

/** Why, and at which time, a fragment ends. */
interface Cut {
  readonly endUs: number;
  readonly discontinuity: boolean;
}

/**
 * Cuts one publication's transport stream into fragments, by lal's rule: at the first random access point after the
 * wanted length; without one after ten times that; when time leaps. Also where tracks or their parameters change,
 * because a player has to be told there.
 */
export class HlsSegmenter implements UnitConsumer {
  readonly #durationUs: number;
  readonly #sink: FragmentSink;
  readonly #wallMs: () => number;
  readonly #leadIn = new LeadIn();
  #open: OpenFragment | undefined;
  /** A media time and the date that belongs to it. */
  #dateAnchor: { readonly timeUs: number; readonly wallMs: number } | undefined;

  /** @param wallMs milliseconds since 1970 */
  constructor(durationMs: number, sink: FragmentSink, wallMs: () => number) {
    this.#durationUs = durationMs * 1000;
    this.#sink = sink;
    this.#wallMs = wallMs;
  }

  consume(flush: Flush): void {
    let taken = 0;
    for (const mark of flush.marks) {
      const state = flush.states.get(mark);
      const cut = this.#open === undefined ? undefined : this.#cutAt(mark, state, this.#open);
      if (cut !== undefined) {
        this.#take(flush.bytes.subarray(taken, mark.offset));
        taken = mark.offset;
        const { state: lastState } = this.#open!;
        const closed = this.#close(cut);
        const tables = isFileStart(mark, state) ? [] : [newestProgramTables(closed)];
        this.#begin(mark, state ?? lastState, cut.discontinuity, mark.timeUs, tables);
      } else if (this.#open === undefined && isFileStart(mark, state)) {
        this.#take(flush.bytes.subarray(taken, mark.offset));
        taken = mark.offset;
        const { startUs, chunks } = this.#leadIn.take(mark.timeUs);
        this.#begin(mark, state!, true, startUs, chunks);
      } else if (this.#open === undefined && mark.isRandomAccess) {
        if (!this.#leadIn.hasBegun) taken = mark.offset;
        this.#leadIn.mark(mark.timeUs);
      }
      if (this.#open !== undefined) advance(this.#open, mark.timeUs);
    }
    this.#take(flush.bytes.subarray(taken));
  }

  publicationEnded(): void {
    if (this.#open !== undefined) this.#close({ endUs: endOf(this.#open), discontinuity: false });
    this.#leadIn.clear();
    this.#dateAnchor = undefined;
    this.#sink.ended();
  }

  #cutAt(mark: UnitMark, state: StreamState | undefined, open: OpenFragment): Cut | undefined {
    const elapsedUs = mark.timeUs - open.startUs;
    const isTooLong = elapsedUs > this.#durationUs * FORCED_CUT_FACTOR || open.bytes > MAX_FRAGMENT_BYTES;
    if (isTooLong || elapsedUs < -BACKWARD_CUT_US) {
      const goesOn = Math.abs(mark.timeUs - open.lastUs) <= MAX_UNIT_US && elapsedUs >= 1000;
      return { endUs: goesOn ? mark.timeUs : endOf(open), discontinuity: true };
    }
    if (!isFileStart(mark, state) || elapsedUs < 1000) return undefined;
    if (!hasSameMedia(open.state, state!)) return { endUs: mark.timeUs, discontinuity: true };
    return elapsedUs >= this.#durationUs ? { endUs: mark.timeUs, discontinuity: false } : undefined;
  }

  /** @param chunks what stands before the mark's own bytes */
  #begin(
    mark: UnitMark,
    state: StreamState,
    discontinuity: boolean,
    startUs: number,
    chunks: Uint8Array[],
  ): void {
    const openedMs = this.#wallMs();
    this.#open = {
      startUs,
      openedMs: Math.floor(openedMs),
      programDateTimeMs: this.#dateOf(startUs, openedMs, discontinuity),
      discontinuity,
      isIndependent: isFileStart(mark, state),
      state,
      chunks,
      bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      lastUs: mark.timeUs,
      unitUs: DEFAULT_UNIT_US,
    };
    this.#sink.opened(this.#open.openedMs);
  }

  /** By the media's own clock, so that dates and durations say the same, as long as that clock is not badly off. */
  #dateOf(timeUs: number, wallMs: number, discontinuity: boolean): number {
    const anchor = this.#dateAnchor;
    if (anchor !== undefined && !discontinuity) {
      const dateMs = anchor.wallMs + (timeUs - anchor.timeUs) / 1000;
      if (Math.abs(dateMs - wallMs) <= MAX_DATE_ERROR_MS) return Math.round(dateMs);
    }
    this.#dateAnchor = { timeUs, wallMs };
    return Math.round(wallMs);
  }

  #take(bytes: Uint8Array): void {
    if (this.#open === undefined) {
      this.#leadIn.add(bytes);
    } else if (bytes.length > 0) {
      this.#open.chunks.push(bytes);
      this.#open.bytes += bytes.length;
    }
  }

  /** @returns the fragment's bytes, in pieces */
  #close({ endUs }: Cut): readonly Uint8Array[] {
    const open = this.#open!;
    const { startUs, chunks: parts, bytes: length } = open;
    const { openedMs, programDateTimeMs, discontinuity, isIndependent } = open;
    this.#open = undefined;
    // Rounded at both ends, so that errors do not add up over the fragments.
    const durationMs = Math.max(1, Math.round(endUs / 1000) - Math.round(startUs / 1000));
    this.#sink.closed({
      parts,
      length,
      durationMs,
      discontinuity,
      isIndependent,
      openedMs,
      programDateTimeMs,
    });
    return parts;
  }
}

function advance(open: OpenFragment, timeUs: number): void {
  const stepUs = timeUs - open.lastUs;
  if (stepUs <= 0) return;
  if (stepUs <= MAX_UNIT_US) open.unitUs = stepUs;
  open.lastUs = timeUs;
}

/** The last unit does not say how long it lasts; it is taken for as long as the one before. */
function endOf(open: OpenFragment): number {
  return open.lastUs + open.unitUs;
}

/** Tracks are immutable: other parameters are another object. */
function hasSameMedia(before: StreamState, after: StreamState): boolean {
  if (before === after) return true;
  const configs = (state: StreamState): unknown[] =>
    state.tracks.filter((track) => track.kind !== 'data').map((track) => track.config);
  const then = configs(before);
  const now = configs(after);
  return then.length === now.length && then.every((config, index) => config === now[index]);
}
