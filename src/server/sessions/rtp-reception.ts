/** What became of the RTP packets of an input, over all its tracks. */
export interface RtpReception {
  /** All that came, whatever became of them. */
  readonly received: number;
  /** Numbers that were given up, whether or not a packet came late. */
  readonly lost: number;
  /** Dropped: there already. */
  readonly duplicated: number;
  /** Dropped: given up already. */
  readonly late: number;
  /** Came behind a later one, and were put in their place. */
  readonly reordered: number;
  /** Dropped: malformed, of no known type, of another source, or with nothing in them. */
  readonly refused: number;
  /** Access units left out because something in them, or before them, was missing. */
  readonly damagedUnits: number;
}

/** The counters that every way of receiving RTP has, of one track; or a sum. */
export interface RtpTrackReception {
  readonly received: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly late: number;
  readonly reordered: number;
  readonly refused?: number;
  readonly stray?: number;
  readonly malformed?: number;
  readonly unknownPayloadType?: number;
  readonly ignoredPackets?: number;
  readonly damagedUnits?: number;
  readonly droppedUnits?: number;
  readonly unitsWithoutConfig?: number;
}

/** The sum over tracks. */
export function rtpReception(tracks: Iterable<RtpTrackReception | undefined>): RtpReception {
  const sum = { received: 0, lost: 0, duplicated: 0, late: 0, reordered: 0, refused: 0, damagedUnits: 0 };
  for (const track of tracks) {
    if (track === undefined) continue;
    const { refused = 0, stray = 0, malformed = 0, unknownPayloadType = 0, ignoredPackets = 0 } = track;
    const { damagedUnits = 0, droppedUnits = 0, unitsWithoutConfig = 0 } = track;
    sum.received += track.received;
    sum.lost += track.lost;
    sum.duplicated += track.duplicated;
    sum.late += track.late;
    sum.reordered += track.reordered;
    sum.refused += refused + stray + malformed + unknownPayloadType + ignoredPackets;
    sum.damagedUnits += damagedUnits + droppedUnits + unitsWithoutConfig;
  }
  return sum;
}
