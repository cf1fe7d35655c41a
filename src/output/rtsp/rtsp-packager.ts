import { Buffer } from 'node:buffer';
import { randomBytes, randomInt } from 'node:crypto';
import type { Packager, PackagerOutput, StreamState } from '../../hub/packager.ts';
import type { Clock } from '../../media/clock.ts';
import type { MediaFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { SenderClock } from '../../protocol/rtp/sender-clock.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import { RtpSender, type FrameBegins } from './rtp-sender.ts';
import type { RtspChannelSlot } from './rtsp-slots.ts';

/** What the viewers of a variant have in common. */
export interface RtspPackagerOptions {
  readonly slots: readonly RtspChannelSlot[];
  readonly clock: Clock;
  /** Viewers begin where the stream is, not at a key frame. */
  readonly startsAnywhere: boolean;
}

/** Bytes of randomness in the name that the tracks of one stream share. */
const NAME_BYTES = 8;
/** Where the media of a new publisher goes on after that of the last, where nobody waited long. */
const STEP_US = 20_000;
/** RFC 3550, 6.2, asks for 5 s; players align sound and picture by it, and the first one may be lost. */
const REPORT_INTERVAL_US = 3_000_000;

/**
 * RTP and RTCP packets, interleaved as RTSP over TCP sends them; UDP viewers get the same ones. A description is given once
 * and holds for the session, so only tracks that fit it are carried. Its clock runs on from one publisher to the next.
 */
export class RtspPackager implements Packager {
  readonly startsAnywhere: boolean;
  readonly #senders: readonly RtpSender[];
  /** Those that have sent something: others have no place in reports. */
  readonly #begun = new Set<RtpSender>();
  readonly #clock: Clock;
  /** Which slot a track has; kept until the publisher leaves. */
  readonly #byTrack = new Map<number, RtpSender>();
  /** Wall clock less monotonic clock: frames say when they came by the latter. */
  readonly #wallOffsetMs: number;
  readonly #senderClock = new SenderClock();
  #reportedUs: number | undefined;
  /** Added to the stream's times. */
  #shiftUs = 0;
  #isFirst = true;
  #newestUs = -Infinity;

  constructor({ slots, clock, startsAnywhere }: RtspPackagerOptions) {
    this.#clock = clock;
    this.startsAnywhere = startsAnywhere;
    this.#wallOffsetMs = clock.wallMs() - clock.monotonicMs();
    const canonicalName = randomBytes(NAME_BYTES).toString('hex');
    const ssrcs = distinctNumbers(slots.length);
    const begins: FrameBegins = (sender, frame, out) => this.#beginFrame(sender, frame, out);
    this.#senders = slots.map((slot, index) => new RtpSender(slot, ssrcs[index]!, canonicalName, begins));
  }

  carries(track: Track): boolean {
    return this.#senderOf(track) !== undefined;
  }

  fileHeader(): undefined {
    return undefined;
  }

  /**
   * A report for each track, so that a newcomer can align them from its first packet on. It speaks of the moment of that
   * packet, which with cached groups is long ago: players distrust reports that are far ahead of the media.
   */
  writeHeaders(_state: StreamState, timeUs: number, out: PackagerOutput): void {
    const unixUs = this.#senderClock.unixUsAt(timeUs + this.#shiftUs);
    if (unixUs !== undefined) this.#writeReports(unixUs, out);
  }

  writeTrack(track: Track): void {
    this.#senderOf(track)?.setConfig(track.config);
  }

  writeFrame(frame: MediaFrame, out: PackagerOutput): void {
    const sender = this.#byTrack.get(frame.track.id);
    if (sender === undefined) return;
    if (this.#isFirst) this.#goOnFromLast(frame);
    sender.writeFrame(frame, this.#shiftUs, out);
  }

  finish(): void {
    this.#byTrack.clear();
    this.#isFirst = true;
  }

  /** Its own clock then has nothing to add. */
  goOn(): void {
    this.#isFirst = false;
  }

  /** The last packets of a viewer: a goodbye for each track. */
  goodbye(): Uint8Array {
    const unixUs = this.#unixUs(this.#clock.monotonicMs());
    const mediaUs = this.#senderClock.mediaUsAt(unixUs)!; // who has begun has set it
    const packets = [...this.#begun].map((sender) =>
      serializeInterleavedPacket(sender.slot.rtcpChannel, sender.goodbye(unixUs, mediaUs)),
    );
    return Buffer.concat(packets);
  }

  #senderOf(track: Track): RtpSender | undefined {
    const known = this.#byTrack.get(track.id);
    if (known !== undefined) return known.fits(track) ? known : undefined;
    const taken = new Set(this.#byTrack.values());
    const free = this.#senders.find((sender) => !taken.has(sender) && sender.fits(track));
    if (free !== undefined) this.#byTrack.set(track.id, free);
    return free;
  }

  /**
   * The next publisher's times begin anywhere; for the viewers they go on after the pause that there really was. The clock of
   * the reports runs on: players that take their times from it (FFmpeg) would see another one leap, perhaps backwards.
   */
  #goOnFromLast(frame: MediaFrame): void {
    this.#isFirst = false;
    this.#reportedUs = undefined;
    const dueUs = this.#senderClock.mediaUsAt(this.#unixUs(frame.arrivedMs));
    if (dueUs !== undefined) this.#shiftUs = Math.max(dueUs, this.#newestUs + STEP_US) - frame.dtsUs;
  }

  #beginFrame(sender: RtpSender, frame: MediaFrame, out: PackagerOutput): void {
    out.beginUnit(frame);
    this.#newestUs = Math.max(this.#newestUs, frame.dtsUs + this.#shiftUs);
    const unixUs = this.#unixUs(frame.arrivedMs);
    // The newest of all tracks: one that always lags behind must not set the clock back and forth.
    this.#senderClock.follow(this.#newestUs, unixUs);
    if (!this.#begun.has(sender)) {
      this.#begun.add(sender);
      this.#reportedUs = undefined;
    }
    if (this.#reportedUs !== undefined && Math.abs(unixUs - this.#reportedUs) < REPORT_INTERVAL_US) return;
    this.#reportedUs = unixUs;
    this.#writeReports(unixUs, out);
  }

  /** Those of all tracks together, of one moment: whatever becomes of the clock, they lie to each other as the media does. */
  #writeReports(unixUs: number, out: PackagerOutput): void {
    const mediaUs = this.#senderClock.mediaUsAt(unixUs)!;
    for (const sender of this.#begun) sender.writeReport(unixUs, mediaUs, out);
  }

  #unixUs(monotonicMs: number): number {
    return Math.round((monotonicMs + this.#wallOffsetMs) * 1000);
  }
}

function distinctNumbers(count: number): number[] {
  const numbers = new Set<number>();
  while (numbers.size < count) numbers.add(randomInt(1, 0x1_0000_0000));
  return [...numbers];
}
