/**
 * One clock for all tracks of an RTP session (RFC 3550, 5.1 and 6.4.1). Each track's timestamps count from a random
 * number, so they say how far a track's units are apart, but not how one track lies to another. That is told by the
 * sender reports, which name one moment on the track's clock and on a wall clock that the tracks share; without reports
 * the arrival of the first packets has to do. Senders that neither report nor choose random numbers, as lal, count all
 * tracks from one zero: where that fits the arrival it is believed.
 */
import { unixUsOfNtpTime, type NtpTime } from './ntp-time.ts';

/** What sender reports did to the clock. */
export interface SourceClockCounters {
  /** Reports that were not believed: without a wall clock, or more than 10 s away from what the arrivals say. */
  ignoredReports: number;
  /** Reports that set a track moving, because it was off by more than 20 ms. */
  corrections: number;
}

/** What a sender report says about the clocks (`SenderReport` fits). */
export interface ReportedTime extends NtpTime {
  /** The same moment in the track's RTP timestamps; 32 bits, unsigned. */
  readonly rtpTimestamp: number;
}

/** The clock of one track. */
export interface SourceTrackClock {
  /**
   * The time of one unit, in integer microseconds on the session's clock; below 0 where a track began before the packet
   * that came first. Distances within a track are exact to the rounding, unless the track is being moved.
   * @param ticks unwrapped RTP timestamp
   * @param arrivedMs monotonic time of arrival; only counts for the first unit of the track and after `restart`
   */
  timeUs(ticks: number, arrivedMs: number): number;
  /** Takes a sender report of this track's source, also before the first unit. */
  receiveReport(report: ReportedTime): void;
  /** The source has started anew: timestamps and reports so far say nothing about those that follow. */
  restart(): void;
}

/** Reports that differ by less do not move anything, so that times stay exact; nobody sees or hears so little. */
const TOLERANCE_US = 20_000;
/** Above this the wall clocks of two tracks are not one clock, or none at all. */
const MAX_DISAGREEMENT_US = 10_000_000;
/**
 * Arrivals are not off by more than this, as a rule. Numbers that were chosen at random come as close once in 20 000
 * sessions, and most of those have reports to mend it.
 */
const MAX_ARRIVAL_ERROR_US = 1_000_000;
/** A track that is moved runs faster or slower by 1/20 at most. */
const SLEW_DIVISOR = 20;
const US_PER_SECOND = 1_000_000;

interface Report {
  readonly ticks: number;
  readonly wallUs: number;
}

interface TrackState {
  readonly clockRate: number;
  readonly isVideo: boolean;
  /** The ticks at which the track began, and their time. */
  origin: { readonly ticks: number; readonly us: number } | undefined;
  /** Added to all times, on its way to `targetShiftUs`. */
  shiftUs: number;
  targetShiftUs: number;
  newestTicks: number;
  newestUs: number;
  newestArrivedMs: number;
  /** A report that came before the first unit; its ticks are as on the wire. */
  earlyReport: Report | undefined;
  report: Report | undefined;
  /** The pair of reports (the track's, the reference's) that was looked at last. */
  comparedReport: Report | undefined;
  comparedReference: Report | undefined;
}

/**
 * Makes one clock of the clocks of a session's tracks. Its zero is the first unit of the track that comes first. The
 * first video track, or the first track where there is no video, is the reference: the others are moved to fit it, slowly.
 */
export class SourceClock {
  readonly counters: SourceClockCounters = { ignoredReports: 0, corrections: 0 };
  readonly #tracks: TrackState[] = [];
  #firstArrivedMs: number | undefined;

  /**
   * Adds a track, at the latest before its first unit.
   * @param clockRate ticks a second, above 0
   */
  addTrack(clockRate: number, isVideo: boolean): SourceTrackClock {
    const track = newTrack(clockRate, isVideo);
    this.#tracks.push(track);
    return {
      timeUs: (ticks, arrivedMs) => this.#timeUs(track, ticks, arrivedMs),
      receiveReport: (report) => this.#receiveReport(track, report),
      restart: () => restart(track),
    };
  }

  #timeUs(track: TrackState, ticks: number, arrivedMs: number): number {
    if (track.origin === undefined) this.#begin(track, ticks, arrivedMs);
    const passedUs = durationUs(track, ticks - track.newestTicks);
    if (passedUs > 0) slew(track, passedUs);
    const us = timeOf(track, ticks);
    const isNewest = passedUs >= 0 || passedUs < -MAX_DISAGREEMENT_US; // the second: its clock was set back
    if (isNewest) {
      track.newestTicks = ticks;
      track.newestUs = us;
      track.newestArrivedMs = arrivedMs;
    }
    return us;
  }

  #begin(track: TrackState, ticks: number, arrivedMs: number): void {
    const arrivalUs = this.#timeOfArrival(track, arrivedMs);
    track.newestTicks = ticks;
    if (track.earlyReport !== undefined) {
      const { ticks: timestamp, wallUs } = track.earlyReport;
      track.report = { ticks: unwrapNear(ticks, timestamp), wallUs };
      track.earlyReport = undefined;
    }
    const us = this.#timeByReports(track, ticks, arrivalUs) ?? this.#timeByCount(track, ticks, arrivalUs);
    track.origin = { ticks, us: us ?? arrivalUs };
    this.#compareReports();
  }

  #timeOfArrival(track: TrackState, arrivedMs: number): number {
    if (this.#firstArrivedMs === undefined) {
      this.#firstArrivedMs = arrivedMs;
      return 0;
    }
    if (track.newestArrivedMs === -Infinity) return Math.round((arrivedMs - this.#firstArrivedMs) * 1000);
    // After a restart: where the other tracks are now, or where this one would be.
    const running = this.#tracks.filter(({ origin }) => origin !== undefined);
    const { newestUs, newestArrivedMs } = running[0] ?? track;
    const nowUs = newestUs + Math.round((arrivedMs - newestArrivedMs) * 1000);
    return Math.max(nowUs, track.newestUs);
  }

  /** The time that the reports of this track and of one that runs already give; `undefined` without such reports. */
  #timeByReports(track: TrackState, ticks: number, arrivalUs: number): number | undefined {
    if (track.report === undefined) return undefined;
    const other = this.#tracks.find(({ origin, report }) => origin !== undefined && report !== undefined);
    if (other === undefined) return undefined;
    const us = Math.round(wallTimeOf(track, track.report, ticks) - wallUsOfZero(other, other.report!));
    if (Math.abs(us - arrivalUs) <= MAX_DISAGREEMENT_US) return us;
    this.counters.ignoredReports += 1;
    track.report = undefined;
    return undefined;
  }

  /** The time if this track and one that runs already count from the same zero; `undefined` if they do not seem to. */
  #timeByCount(track: TrackState, ticks: number, arrivalUs: number): number | undefined {
    const other = this.#tracks.find(({ origin }) => origin !== undefined);
    // The same number at both beginnings (0, say) is no common zero: each track counts from its own beginning.
    if (other === undefined || other.origin!.ticks === ticks) return undefined;
    const us = durationUs(track, ticks) - countedUsOfZero(other);
    return Math.abs(us - arrivalUs) <= MAX_ARRIVAL_ERROR_US ? us : undefined;
  }

  #receiveReport(track: TrackState, reported: ReportedTime): void {
    // RFC 3550, 6.4.1: a sender without a wall clock may write 0.
    if (reported.ntpSeconds === 0 && reported.ntpFraction === 0) {
      this.counters.ignoredReports += 1;
      return;
    }
    const wallUs = unixUsOfNtpTime(reported);
    if (track.origin === undefined) {
      track.earlyReport = { ticks: reported.rtpTimestamp, wallUs };
      return;
    }
    track.report = { ticks: unwrapNear(track.newestTicks, reported.rtpTimestamp), wallUs };
    this.#compareReports();
  }

  /**
   * Compares reports in pairs, each used once: when a sender sets its wall clock, the newer reports of both tracks know,
   * and a new one next to an old one would seem to be off.
   */
  #compareReports(): void {
    const reference = this.#tracks.find(({ isVideo }) => isVideo) ?? this.#tracks[0]!;
    const { report: referenceReport } = reference;
    if (reference.origin === undefined || referenceReport === undefined) return;
    for (const track of this.#tracks) {
      const { report } = track;
      if (track === reference || track.origin === undefined || report === undefined) continue;
      if (report === track.comparedReport || referenceReport === track.comparedReference) continue;
      track.comparedReport = report;
      track.comparedReference = referenceReport;
      this.#correct(track, wallUsOfZero(track, report) - wallUsOfZero(reference, referenceReport));
    }
  }

  /** @param offUs how much later the track's times should be than they are */
  #correct(track: TrackState, offUs: number): void {
    if (Math.abs(offUs) > MAX_DISAGREEMENT_US) {
      this.counters.ignoredReports += 1;
    } else if (Math.abs(offUs) > TOLERANCE_US) {
      this.counters.corrections += 1;
      track.targetShiftUs = track.shiftUs + Math.round(offUs);
    } else if (Math.abs(track.targetShiftUs - track.shiftUs) > TOLERANCE_US) {
      // It was on its way to a place that later reports do not confirm.
      track.targetShiftUs = track.shiftUs;
    }
  }
}

function newTrack(clockRate: number, isVideo: boolean): TrackState {
  return {
    clockRate,
    isVideo,
    origin: undefined,
    shiftUs: 0,
    targetShiftUs: 0,
    newestTicks: 0,
    newestUs: 0,
    newestArrivedMs: -Infinity,
    earlyReport: undefined,
    report: undefined,
    comparedReport: undefined,
    comparedReference: undefined,
  };
}

function restart(track: TrackState): void {
  track.origin = undefined;
  track.shiftUs = 0;
  track.targetShiftUs = 0;
  track.earlyReport = undefined;
  track.report = undefined;
}

function slew(track: TrackState, passedUs: number): void {
  const leftUs = track.targetShiftUs - track.shiftUs;
  if (leftUs === 0) return;
  const stepUs = Math.min(Math.abs(leftUs), Math.floor(passedUs / SLEW_DIVISOR));
  track.shiftUs += leftUs > 0 ? stepUs : -stepUs;
}

/** Only for tracks that have begun. */
function timeOf(track: TrackState, ticks: number): number {
  const { ticks: originTicks, us } = track.origin!;
  return us + track.shiftUs + durationUs(track, ticks - originTicks);
}

function wallTimeOf(track: TrackState, report: Report, ticks: number): number {
  return report.wallUs + durationUs(track, ticks - report.ticks);
}

/** What the wall clock of a track that has begun shows at time 0 of the session. */
function wallUsOfZero(track: TrackState, report: Report): number {
  return report.wallUs - timeOf(track, report.ticks);
}

/** What a track that has begun has counted up to time 0 of the session. */
function countedUsOfZero(track: TrackState): number {
  const { ticks, us } = track.origin!;
  return durationUs(track, ticks) - us - track.shiftUs;
}

/** To the nearest microsecond; whole seconds apart, because the product of days of ticks has more than 53 bits. */
function durationUs({ clockRate }: TrackState, ticks: number): number {
  const seconds = Math.floor(ticks / clockRate);
  const rest = ticks - seconds * clockRate;
  return seconds * US_PER_SECOND + Math.round((rest * US_PER_SECOND) / clockRate);
}

/** The ticks nearest to `ticks` that read `timestamp` on the wire. */
function unwrapNear(ticks: number, timestamp: number): number {
  return ticks + ((timestamp - ticks) | 0);
}
