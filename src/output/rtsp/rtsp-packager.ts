import { randomBytes, randomInt } from 'node:crypto';
import type { Packager, PackagerOutput, StreamState } from '../../hub/packager.ts';
import type { Clock } from '../../media/clock.ts';
import type { MediaFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { SenderClock } from '../../protocol/rtp/sender-clock.ts';
import { serializeInterleavedPacket } from '../../protocol/rtsp/interleaved-packet.ts';
import { RtpSender } from './rtp-sender.ts';
import { fitsSlot, type RtspSlot } from './rtsp-slots.ts';

/** A media description, and the channel pair on which the viewers of one variant receive it. */
export interface RtspChannelSlot extends RtspSlot {
  readonly rtpChannel: number;
  readonly rtcpChannel: number;
}

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

/**
 * RTP and RTCP packets, interleaved as RTSP over TCP sends them; UDP viewers get the same ones. A description is given once
 * and holds for the session, so only tracks that fit it are carried. Its clock runs on from one publisher to the next.
 */
export class RtspPackager implements Packager {
  readonly startsAnywhere: boolean;
  readonly #senders: readonly RtpSender[];
  readonly #clock: Clock;
  /** Which slot a track has; kept until the publisher leaves. */
  readonly #byTrack = new Map<number, RtpSender>();
  /** Wall clock less monotonic clock: frames say when they came by the latter. */
  readonly #wallOffsetMs: number;
  #senderClock = new SenderClock();
  /** Added to the stream's times. */
  #shiftUs = 0;
  #isFirst = true;
  /** Someone came before anything was sent, and may begin at a picture that is none of the first packets. */
  #owesReports = false;
  #newestUs = 0;
  #newestArrivedMs: number | undefined;

  constructor({ slots, clock, startsAnywhere }: RtspPackagerOptions) {
    this.#clock = clock;
    this.startsAnywhere = startsAnywhere;
    this.#wallOffsetMs = clock.wallMs() - clock.monotonicMs();
    const canonicalName = randomBytes(NAME_BYTES).toString('hex');
    const ssrcs = distinctNumbers(slots.length);
    this.#senders = slots.map((slot, index) => new RtpSender(slot, ssrcs[index]!, canonicalName));
  }

  carries(track: Track): boolean {
    return this.#senderOf(track) !== undefined;
  }

  fileHeader(): undefined {
    return undefined;
  }

  /** A report for each track, so that a newcomer can align them from its first packet on. */
  writeHeaders(_state: StreamState, _timeUs: number, out: PackagerOutput): void {
    const nowMs = this.#clock.monotonicMs();
    for (const sender of this.#senders) {
      if (sender.hasBegun) sender.writeReport(this.#unixUs(nowMs), this.#senderClock, out);
      else this.#owesReports = true;
    }
  }

  writeTrack(track: Track): void {
    this.#senderOf(track)?.setConfig(track.config);
  }

  writeFrame(frame: MediaFrame, out: PackagerOutput): void {
    const sender = this.#byTrack.get(frame.track.id);
    if (sender === undefined) return;
    if (this.#isFirst) this.#goOnFromLast(frame);
    if (this.#owesReports && frame.isKey && frame.track.kind === 'video') {
      this.#owesReports = false;
      for (const other of this.#senders) other.requestReport();
    }
    const unixUs = this.#unixUs(frame.arrivedMs);
    const dtsUs = frame.dtsUs + this.#shiftUs;
    this.#senderClock.follow(dtsUs, unixUs);
    sender.writeFrame(frame, this.#shiftUs, unixUs, this.#senderClock, out);
    this.#newestUs = Math.max(this.#newestUs, dtsUs);
    this.#newestArrivedMs = frame.arrivedMs;
  }

  finish(): void {
    this.#byTrack.clear();
    this.#isFirst = true;
  }

  /** The last packets of a viewer: a goodbye for each track. */
  goodbye(): Uint8Array {
    const nowMs = this.#clock.monotonicMs();
    const packets = this.#senders.map((sender) => {
      const packet = sender.goodbye(this.#unixUs(nowMs), this.#senderClock);
      return serializeInterleavedPacket(sender.slot.rtcpChannel, packet);
    });
    return Buffer.concat(packets);
  }

  #senderOf(track: Track): RtpSender | undefined {
    const known = this.#byTrack.get(track.id);
    if (known !== undefined) return fitsSlot(track, known.slot) ? known : undefined;
    const taken = new Set(this.#byTrack.values());
    const free = this.#senders.find((sender) => !taken.has(sender) && fitsSlot(track, sender.slot));
    if (free !== undefined) this.#byTrack.set(track.id, free);
    return free;
  }

  /** The next publisher's times begin anywhere; for the viewers they go on after the pause that there really was. */
  #goOnFromLast(frame: MediaFrame): void {
    this.#isFirst = false;
    this.#senderClock = new SenderClock();
    if (this.#newestArrivedMs === undefined) return;
    const pausedUs = Math.round((frame.arrivedMs - this.#newestArrivedMs) * 1000);
    this.#shiftUs = this.#newestUs + Math.max(pausedUs, STEP_US) - frame.dtsUs;
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
