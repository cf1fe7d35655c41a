import type { MediaFrame, SourceFrame } from './media-frame.ts';

/** What the Timeline had to mend; shown with the publisher's health. */
export interface TimelineCounters {
  /** Leaps of the source's clock, forwards or backwards, that were closed. */
  jumpsRepaired: number;
  /** Frames whose decoding time was a little behind the frame before and was raised to it. */
  nonMonotonicFrames: number;
}

/** A step back by more than this is a new clock, not disorder. */
const BACKWARD_JUMP_US = 1_000_000;
/** A step forward by more than this, and by more than the time that really passed, is a new clock. */
const FORWARD_JUMP_US = 10_000_000;
/** Distance to leave after a jump when the track's own frame distance is not known. */
const DEFAULT_STEP_US = 20_000;
const MAX_STEP_US = 100_000;

/** Where a clock stands. */
export interface TimelineEnd {
  /** Its newest decoding time of audio or video, in microseconds. */
  readonly headUs: number;
  /** When that came, monotonic. */
  readonly arrivedMs: number;
}

interface TrackClock {
  /** Added to the source's times. All tracks of a source share its clock, so after a jump they take over one value. */
  shiftUs: number;
  lastDtsUs: number;
  lastArrivedMs: number;
  stepUs: number;
}

/**
 * The clock of one publication. Times pass unchanged, except that a jump of the source's clock is closed (for all
 * tracks by the same amount, so that they stay in sync) and that no track's decoding time goes back.
 * A publication that goes on from another is moved as a whole: its first frame lies behind the other's last by the time
 * that really passed. Wire clocks are unwrapped before they come here.
 */
export class Timeline {
  readonly counters: TimelineCounters = { jumpsRepaired: 0, nonMonotonicFrames: 0 };
  readonly #tracks = new Map<number, TrackClock>();
  /** Where the publication before stopped. */
  readonly #last: TimelineEnd | undefined;
  /** The shift that the last repaired jump introduced, or the one that makes the publication go on from another. */
  #shiftUs = 0;
  /** Newest audio or video time handed out, and when that came; `undefined` before the first. */
  #headUs: number | undefined;
  #headArrivedMs = 0;

  /** @param last where the publication stopped that this one goes on from */
  constructor(last?: TimelineEnd) {
    this.#last = last;
  }

  /** Where the clock stands, be it where the publication before left it; `undefined` when there has been no media. */
  get end(): TimelineEnd | undefined {
    if (this.#headUs === undefined) return this.#last;
    return { headUs: this.#headUs, arrivedMs: this.#headArrivedMs };
  }

  stamp(source: SourceFrame, arrivedMs: number): MediaFrame {
    return source.track.kind === 'data'
      ? this.#stampData(source, arrivedMs)
      : this.#stampMedia(source, arrivedMs);
  }

  #stampMedia(source: SourceFrame, arrivedMs: number): MediaFrame {
    if (this.#headUs === undefined) this.#goOn(source.dtsUs, arrivedMs);
    let clock = this.#tracks.get(source.track.id);
    let discontinuity = false;
    if (clock === undefined) {
      clock = {
        shiftUs: this.#shiftUs,
        lastDtsUs: this.#last?.headUs ?? -Infinity,
        lastArrivedMs: arrivedMs,
        stepUs: DEFAULT_STEP_US,
      };
      this.#tracks.set(source.track.id, clock);
    } else {
      if (this.#followsOthers(clock, source.dtsUs)) {
        clock.shiftUs = this.#shiftUs;
        discontinuity = true;
      }
      if (this.#hasJumped(clock, source.dtsUs, arrivedMs)) {
        this.#closeJump(clock, source.dtsUs, arrivedMs);
        discontinuity = true;
      }
    }
    let dtsUs = source.dtsUs + clock.shiftUs;
    if (dtsUs < clock.lastDtsUs) {
      dtsUs = clock.lastDtsUs;
      this.counters.nonMonotonicFrames += 1;
    }
    const step = dtsUs - clock.lastDtsUs;
    if (step > 0 && step <= MAX_STEP_US) clock.stepUs = step;
    clock.lastDtsUs = dtsUs;
    clock.lastArrivedMs = arrivedMs;
    if (this.#headUs === undefined || dtsUs > this.#headUs) {
      this.#headUs = dtsUs;
      this.#headArrivedMs = arrivedMs;
    }
    return toFrame(source, dtsUs, source.ptsUs + clock.shiftUs, discontinuity, arrivedMs);
  }

  /**
   * Data follows the clock but says nothing about it: metadata often carries time 0 in mid-stream, which after a leap
   * forward lies before the stream's own beginning.
   */
  #stampData(source: SourceFrame, arrivedMs: number): MediaFrame {
    const last = this.#tracks.get(source.track.id)?.lastDtsUs ?? this.#last?.headUs ?? 0;
    const startUs = this.#headUs === undefined ? this.#resumeUs(arrivedMs) : undefined;
    const dtsUs = Math.max(startUs ?? source.dtsUs + this.#shiftUs, last);
    this.#tracks.set(source.track.id, { shiftUs: 0, lastDtsUs: dtsUs, lastArrivedMs: arrivedMs, stepUs: 0 });
    return toFrame(source, dtsUs, dtsUs, false, arrivedMs);
  }

  /** Moves the publication so that its first media lies where the time that passed since the last one puts it. */
  #goOn(sourceDtsUs: number, arrivedMs: number): void {
    const resumeUs = this.#resumeUs(arrivedMs);
    if (resumeUs !== undefined) this.#shiftUs = shiftTo(resumeUs, sourceDtsUs);
  }

  #resumeUs(arrivedMs: number): number | undefined {
    if (this.#last === undefined) return undefined;
    const passedUs = Math.round((arrivedMs - this.#last.arrivedMs) * 1000);
    return this.#last.headUs + Math.max(passedUs, DEFAULT_STEP_US);
  }

  /**
   * Another track has moved to a new clock. This one has moved too when the new clock fits its times better than its
   * old one; tracks whose clocks differ from the start stay on theirs.
   */
  #followsOthers(clock: TrackClock, sourceDtsUs: number): boolean {
    if (clock.shiftUs === this.#shiftUs) return false;
    const expectedUs = clock.lastDtsUs + clock.stepUs;
    const distanceFrom = (shiftUs: number): number => Math.abs(sourceDtsUs + shiftUs - expectedUs);
    return distanceFrom(this.#shiftUs) < distanceFrom(clock.shiftUs);
  }

  #hasJumped(clock: TrackClock, sourceDtsUs: number, arrivedMs: number): boolean {
    const dtsUs = sourceDtsUs + clock.shiftUs;
    if (clock.lastDtsUs - dtsUs > BACKWARD_JUMP_US) return true;
    const ahead = dtsUs - Math.max(clock.lastDtsUs, this.#headUs ?? -Infinity);
    const elapsedUs = (arrivedMs - clock.lastArrivedMs) * 1000;
    return ahead > FORWARD_JUMP_US && ahead - elapsedUs > FORWARD_JUMP_US;
  }

  #closeJump(clock: TrackClock, sourceDtsUs: number, arrivedMs: number): void {
    const headUs = this.#headUs ?? clock.lastDtsUs;
    const elapsedUs = (arrivedMs - clock.lastArrivedMs) * 1000;
    const resumeUs = Math.max(headUs, clock.lastDtsUs + Math.max(clock.stepUs, elapsedUs));
    this.#shiftUs = shiftTo(resumeUs, sourceDtsUs);
    clock.shiftUs = this.#shiftUs;
    this.counters.jumpsRepaired += 1;
  }
}

/** In whole milliseconds, so that formats with a 1 kHz clock stay exact. */
function shiftTo(targetUs: number, sourceUs: number): number {
  return Math.ceil((targetUs - sourceUs) / 1000) * 1000;
}

function toFrame(
  source: SourceFrame,
  dtsUs: number,
  ptsUs: number,
  discontinuity: boolean,
  arrivedMs: number,
): MediaFrame {
  return {
    track: source.track,
    dtsUs,
    ptsUs,
    isKey: source.isKey,
    discontinuity,
    arrivedMs,
    data: source.data,
  };
}
