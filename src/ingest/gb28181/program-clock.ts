import { TIMESTAMP_MODULUS } from '../../container/mpegts/timestamp.ts';

/** How a packet came. */
export interface PacketArrival {
  /** Unwrapped ticks of 90 kHz; `undefined` for what did not come by RTP. */
  readonly rtpTicks: number | undefined;
  /** Monotonic. */
  readonly arrivedMs: number;
}

/** The times that a packet names, 33 bits. */
export interface WireTimes {
  readonly ptsTicks: number | undefined;
  readonly dtsTicks: number | undefined;
}

/** Times on the clock of a program, in ticks of 90 kHz. */
export interface ProgramTime {
  readonly ptsTicks: number;
  /** `undefined` when the packet does not name it. */
  readonly dtsTicks: number | undefined;
  /** As the packet came: units of one time do not differ in it. */
  readonly rtpTicks: number | undefined;
}

/** The clock of one stream. */
export interface ProgramTrackClock {
  /**
   * The time of what begins in a packet.
   * @returns `undefined` when the packet names none: nothing begins there, or its time is not known
   */
  timeOf(times: WireTimes, arrival: PacketArrival): ProgramTime | undefined;
}

/** Ticks in a second, and in a millisecond. */
const CLOCK_RATE = 90_000;
const TICKS_PER_MS = CLOCK_RATE / 1000;
/**
 * The time of a session's first packet. Pictures are decoded before they are shown, and sound may come late, so other units lie
 * before it; FLV has no negative times.
 */
const START_TICKS = CLOCK_RATE;
/** Two streams whose times are further apart than they arrive have no clock in common. */
const MAX_DISAGREEMENT_TICKS = 10 * CLOCK_RATE;
/** Packets of different RTP times with one and the same presentation time; after so many it is none. */
const MAX_STUCK_PACKETS = 25;

interface TrackState {
  /** Of the source that its other fields are about. */
  epoch: number;
  /** What its times come from. */
  from: 'nothing' | 'pts' | 'rtp';
  /** From the wire's ticks to those of the clock. */
  shift: number;
  lastWireTicks: number;
  lastRtpTicks: number | undefined;
  /** Packets in a row whose presentation time stood still. */
  stuckPackets: number;
}

/**
 * One clock for all streams of a program. Presentation times of its streams are of one clock, and keep their distances to the
 * tick. Streams without any, and streams whose times cannot be of that clock, lie beside the others as they arrive.
 */
export class ProgramClock {
  /** Streams that got a clock of their own, because what they say does not fit the others. */
  ownClocks = 0;
  /** Counts sources: what is known of an earlier one is of no use. */
  #epoch = 0;
  /** What the program's presentation times are shifted by; `undefined` before the first. */
  #shift: number | undefined;
  /** The newest of the program's presentation times, as on the wire. */
  #newestWireTicks: number | undefined;
  /** The newest time of all, and when it came. */
  #newestTicks = START_TICKS;
  #newestMs: number | undefined;

  addTrack(): ProgramTrackClock {
    const track: TrackState = {
      epoch: this.#epoch,
      from: 'nothing',
      shift: 0,
      lastWireTicks: 0,
      lastRtpTicks: undefined,
      stuckPackets: 0,
    };
    return { timeOf: (times, arrival) => this.#timeOf(track, times, arrival) };
  }

  /** Another source: its times have nothing to do with those so far, and go on by arrival. */
  restart(): void {
    this.#epoch += 1;
    this.#shift = undefined;
    this.#newestWireTicks = undefined;
  }

  #timeOf(track: TrackState, times: WireTimes, arrival: PacketArrival): ProgramTime | undefined {
    if (track.epoch !== this.#epoch) {
      track.epoch = this.#epoch;
      track.from = 'nothing';
      track.stuckPackets = 0;
    }
    const { ptsTicks, dtsTicks } = times;
    const { rtpTicks } = arrival;
    if (ptsTicks !== undefined && !this.#isStuck(track, ptsTicks, rtpTicks)) {
      const wireTicks = this.#followPts(track, ptsTicks, arrival);
      const dts = dtsTicks === undefined ? undefined : nearest(wireTicks, dtsTicks) + track.shift;
      return { ptsTicks: this.#note(wireTicks + track.shift, arrival), dtsTicks: dts, rtpTicks };
    }
    if ((track.from === 'pts' && ptsTicks === undefined) || rtpTicks === undefined) return undefined;
    if (track.from !== 'rtp') track.shift = this.#ticksOfArrival(arrival) - rtpTicks;
    track.from = 'rtp';
    return { ptsTicks: this.#note(rtpTicks + track.shift, arrival), dtsTicks: undefined, rtpTicks };
  }

  /** Whether presentation times are only for show: some devices write one and the same into all packets. */
  #isStuck(track: TrackState, ptsTicks: number, rtpTicks: number | undefined): boolean {
    if (track.stuckPackets >= MAX_STUCK_PACKETS) return true;
    const isSame = track.from === 'pts' && nearest(track.lastWireTicks, ptsTicks) === track.lastWireTicks;
    if (!isSame) track.stuckPackets = 0;
    else if (rtpTicks !== track.lastRtpTicks) track.stuckPackets += 1;
    track.lastRtpTicks = rtpTicks;
    return track.stuckPackets >= MAX_STUCK_PACKETS;
  }

  /** @returns unwrapped ticks */
  #followPts(track: TrackState, ptsTicks: number, arrival: PacketArrival): number {
    const isFirst = track.from !== 'pts';
    const reference = isFirst ? (this.#newestWireTicks ?? ptsTicks) : track.lastWireTicks;
    const wireTicks = nearest(reference, ptsTicks);
    if (isFirst) track.shift = this.#shiftFor(wireTicks, arrival);
    track.from = 'pts';
    track.lastWireTicks = wireTicks;
    if (track.shift === this.#shift) this.#newestWireTicks = wireTicks;
    return wireTicks;
  }

  /** The program's shift, where a stream that begins fits it; else one of its own. */
  #shiftFor(wireTicks: number, arrival: PacketArrival): number {
    const byArrival = this.#ticksOfArrival(arrival) - wireTicks;
    this.#shift ??= byArrival;
    if (Math.abs(this.#shift - byArrival) <= MAX_DISAGREEMENT_TICKS) return this.#shift;
    this.ownClocks += 1;
    return byArrival;
  }

  #ticksOfArrival({ arrivedMs }: PacketArrival): number {
    return this.#newestTicks + Math.round((arrivedMs - (this.#newestMs ?? arrivedMs)) * TICKS_PER_MS);
  }

  #note(ticks: number, { arrivedMs }: PacketArrival): number {
    this.#newestTicks = ticks;
    this.#newestMs = arrivedMs;
    return ticks;
  }
}

/** The ticks nearest to `reference` that read `timestamp` on the wire. */
function nearest(reference: number, timestamp: number): number {
  return timestamp + Math.round((reference - timestamp) / TIMESTAMP_MODULUS) * TIMESTAMP_MODULUS;
}
