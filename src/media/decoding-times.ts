/**
 * Decoding times for video whose source tells presentation times only, as RTP does.
 *
 * An encoder that reorders pictures by up to `depth` decodes picture n at the time at which picture n - depth is shown
 * (x264 and x265 number their decoding times so). Seen from here that time is the (depth + 1)-th largest presentation
 * time so far: what is smaller has been shown by then, and nothing that comes later can be before it.
 */

/** One unit with both its times, integer microseconds. */
export interface TimedUnit<T> {
  readonly unit: T;
  /** As it was pushed, unless it lay before the decoding time (`raisedPresentationTimes`). */
  readonly ptsUs: number;
  /** Never above `ptsUs`. Never below that of the unit before, unless the clock has leapt back by more than a second. */
  readonly dtsUs: number;
}

/** What did not fit the depth in force. */
export interface DecodingTimesCounters {
  /** Units that came too late to be shown in time, because the source reorders more than it said. */
  raisedPresentationTimes: number;
  /** Leaps of the source's clock. */
  jumps: number;
}

/** No codec reorders more: the decoded picture buffer of H.264 and H.265 holds 16 pictures. */
const MAX_DEPTH = 16;
/**
 * Hierarchies of 32 pictures reorder 5 deep. Some devices write the size of their picture buffer, up to 16, into a field
 * that they do not think about; believed, it would set all decoding times back by that many pictures.
 */
const MAX_DECLARED_DEPTH = 5;
/** One picture shows at most this many levels of reordering more than those before it; more is a step of the clock. */
const MAX_GROWTH = 2;
/** A step back that reordering does not explain is a new clock above this; below it times stand still meanwhile. */
const BACKWARD_JUMP_US = 1_000_000;
/** A step forward above this is a new clock. */
const FORWARD_JUMP_US = 10_000_000;

interface HeldUnit<T> {
  readonly unit: T;
  readonly ptsUs: number;
}

/**
 * Gives each unit of one video track its decoding time. With a depth above 0 the first 2 x depth units are held back,
 * because only then the distance of the pictures is known for sure; from there on each unit comes out as it goes in.
 */
export class DecodingTimes<T> {
  readonly counters: DecodingTimesCounters = { raisedPresentationTimes: 0, jumps: 0 };
  #declaredDepth: number;
  #observedDepth = 0;
  /** The largest presentation times since the last jump, ascending; one more than the depth can need. */
  readonly #largest: number[] = [];
  /** The first units since the last jump; `undefined` once they are out. */
  #held: HeldUnit<T>[] | undefined = [];
  #lastDtsUs = -Infinity;

  /** @param declaredDepth as `declareDepth` */
  constructor(declaredDepth?: number) {
    this.#declaredDepth = believed(declaredDepth);
  }

  /** Pictures that may come between a picture's decoding and its showing. */
  get depth(): number {
    return Math.max(this.#declaredDepth, this.#observedDepth);
  }

  /**
   * The stream says anew how much it reorders (`reorderDepth` of the parameter sets). `undefined`, and what no encoder
   * does, stand for unknown: the depth is 0 until pictures are seen to step back.
   */
  declareDepth(depth: number | undefined): void {
    this.#declaredDepth = believed(depth);
  }

  /**
   * Takes the next unit in decoding order.
   * @param isKey no unit before it is shown after it, as with IDR pictures, CRA pictures and recovery points
   * @returns what can be told now, in decoding order: usually this unit, nothing while units are held
   */
  push(ptsUs: number, isKey: boolean, unit: T): readonly TimedUnit<T>[] {
    const later = this.#countLater(ptsUs);
    let released: readonly TimedUnit<T>[] = [];
    if (this.#isJump(ptsUs, isKey, later)) released = this.#startAnew(ptsUs);
    else if (later > this.depth) this.#observedDepth = later;
    this.#remember(ptsUs);
    if (this.#held === undefined) {
      return [this.#timed(unit, ptsUs, this.#largest[this.#largest.length - 1 - this.depth]!)];
    }
    this.#held.push({ unit, ptsUs });
    if (this.#held.length <= 2 * this.depth) return released;
    const held = this.#releaseHeld();
    return released.length === 0 ? held : [...released, ...held];
  }

  /** Hands out what is held, at the end of the stream or when it may be waited for no longer. */
  flush(): readonly TimedUnit<T>[] {
    return this.#releaseHeld();
  }

  /** How many units so far are shown after `ptsUs`; those that count are among the largest. */
  #countLater(ptsUs: number): number {
    const largest = this.#largest;
    let count = 0;
    while (count < largest.length && largest[largest.length - 1 - count]! > ptsUs) count += 1;
    return count;
  }

  #isJump(ptsUs: number, isKey: boolean, later: number): boolean {
    const newestUs = this.#largest.at(-1);
    if (newestUs === undefined) return false;
    if (ptsUs - newestUs > FORWARD_JUMP_US || this.#isFarBack(ptsUs)) return true;
    return later > 0 && (isKey || later > this.depth + MAX_GROWTH || later > MAX_DEPTH);
  }

  #isFarBack(ptsUs: number): boolean {
    return this.#lastDtsUs - ptsUs > BACKWARD_JUMP_US;
  }

  #startAnew(ptsUs: number): readonly TimedUnit<T>[] {
    const released = this.#releaseHeld();
    this.counters.jumps += 1;
    this.#largest.length = 0;
    this.#held = [];
    if (this.#isFarBack(ptsUs)) this.#lastDtsUs = -Infinity;
    return released;
  }

  #remember(ptsUs: number): void {
    const largest = this.#largest;
    let at = largest.length;
    while (at > 0 && largest[at - 1]! > ptsUs) at -= 1;
    largest.splice(at, 0, ptsUs);
    if (largest.length > MAX_DEPTH + 1) largest.shift();
  }

  /**
   * The first `depth` decoding times lie before everything that is shown. They keep the distances of the first
   * presentation times, which is what encoders do at their start; where pictures come at a steady rate it is also right
   * for a stream that is joined in the middle.
   */
  #releaseHeld(): readonly TimedUnit<T>[] {
    const held = this.#held ?? [];
    this.#held = held.length === 0 ? this.#held : undefined;
    const { depth } = this;
    const shown = held.map(({ ptsUs }) => ptsUs).sort((a, b) => a - b);
    return held.map(({ unit, ptsUs }, index) =>
      this.#timed(unit, ptsUs, index < depth ? timeBeforeStart(shown, index, depth) : shown[index - depth]!),
    );
  }

  #timed(unit: T, ptsUs: number, dtsUs: number): TimedUnit<T> {
    this.#lastDtsUs = Math.max(dtsUs, this.#lastDtsUs);
    if (ptsUs >= this.#lastDtsUs) return { unit, ptsUs, dtsUs: this.#lastDtsUs };
    this.counters.raisedPresentationTimes += 1;
    return { unit, ptsUs: this.#lastDtsUs, dtsUs: this.#lastDtsUs };
  }
}

/** @param shown presentation times, ascending; only when there are more than 2 x depth is the order of the first ones final */
function timeBeforeStart(shown: readonly number[], index: number, depth: number): number {
  const first = shown[0]!;
  if (shown.length > 2 * depth) return shown[index]! - (shown[depth]! - first);
  const distance = shown.length < 2 ? 0 : (shown.at(-1)! - first) / (shown.length - 1);
  return Math.round(first - (depth - index) * distance);
}

function believed(declaredDepth: number | undefined): number {
  return declaredDepth === undefined || declaredDepth > MAX_DECLARED_DEPTH ? 0 : declaredDepth;
}
