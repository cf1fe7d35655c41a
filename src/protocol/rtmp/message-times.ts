export type MediaMessageKind = 'audio' | 'video' | 'data';

/** One turn of a 32-bit millisecond counter: 49.7 days. */
const TURN = 2 ** 32;

/**
 * Continues the 32-bit times of RTMP messages beyond their wrap, each kind by itself: a time is taken to lie within
 * 2^31 ms of the one before. A kind's first message is placed next to the latest of the others, so that streams
 * which start around a wrap stay together. Data messages, whose times encoders often leave at 0, are nobody's measure.
 */
export class MessageTimes {
  readonly #latest: Record<MediaMessageKind, number | undefined> = {
    audio: undefined,
    video: undefined,
    data: undefined,
  };

  /** @param timestamp unsigned 32 bits  @returns milliseconds, 0 or more, congruent to `timestamp` */
  unwrap(kind: MediaMessageKind, timestamp: number): number {
    const latest = this.#latest;
    const reference = latest[kind] ?? latest.video ?? latest.audio ?? timestamp;
    // Signed difference; times before the first turn do not exist.
    let time = reference + ((timestamp - reference) | 0);
    if (time < 0) time += TURN;
    latest[kind] = time;
    return time;
  }
}
