/**
 * Puts the packets of one RTP source in order, and tells what never came. When the numbers begin anew follows RFC 3550,
 * A.1, except that the first packet behind the leap is kept until the second confirms it.
 */
import type { RtpPacket } from './rtp-packet.ts';
import { MAX_SEQUENCE_DROPOUT, MAX_SEQUENCE_MISORDER, sequenceDistance } from './sequence-number.ts';

/** How long a missing packet is waited for. */
export interface ReorderBufferOptions {
  /** Packets that wait behind a gap. 0 for transports that keep the order (TCP): what is missing there will not come. */
  readonly maxPackets: number;
  /** Milliseconds since the first packet behind the gap came. */
  readonly maxWaitMs: number;
}

/** What the buffer must know of a packet. */
export type SequencedPacket = Pick<RtpPacket, 'sequenceNumber' | 'ssrc'>;

/** One packet in its place. */
export interface OrderedPacket<Packet extends SequencedPacket = RtpPacket> {
  readonly packet: Packet;
  /** Packets missing between this one and the one before. 1 where the numbers began anew: how many is unknown then. */
  readonly lostBefore: number;
}

/**
 * Since the start. Each packet received is either handed on, or waits, or is one of `duplicated`, `late` and `stray`.
 */
export interface ReorderCounters {
  readonly received: number;
  /** Numbers that were given up, whether or not a packet came late. */
  readonly lost: number;
  /** Dropped: the number was there already. */
  readonly duplicated: number;
  /** Dropped: the number was given up already, or is from before the first packet. */
  readonly late: number;
  /** Came behind a packet with a higher number, and in time to be put in its place. */
  readonly reordered: number;
  /** Dropped: far from all other numbers, or of another source, and nothing followed on it. */
  readonly stray: number;
  /** Times that the numbers, or the source, began anew. */
  readonly resyncs: number;
}

interface WaitingPacket<Packet> {
  readonly packet: Packet;
  readonly arrivedMs: number;
}

/** One bit of memory for each of the last numbers, a power of two above MAX_SEQUENCE_MISORDER. */
const HISTORY_LENGTH = 128;
/** Far below half of the numbers, so that each of them means one place only. */
const MAX_SPAN = 16_384;

/**
 * One instance per source. Numbers inside count on over the wraps of the 16 bits. Waiting packets are kept as they are:
 * their bytes must not be reused.
 */
export class ReorderBuffer<Packet extends SequencedPacket = RtpPacket> {
  readonly #options: ReorderBufferOptions;
  readonly #counters: { -readonly [Name in keyof ReorderCounters]: number } = {
    received: 0,
    lost: 0,
    duplicated: 0,
    late: 0,
    reordered: 0,
    stray: 0,
    resyncs: 0,
  };
  #ssrc = 0;
  /** The number that comes next; `undefined` before the first packet. */
  #next: number | undefined;
  /** The highest number received. */
  #highest = 0;
  /** By number, in the order of arrival. */
  readonly #waiting = new Map<number, WaitingPacket<Packet>>();
  /** 1 for numbers below `#next` that were received, by their low bits. */
  readonly #history = new Uint8Array(HISTORY_LENGTH);
  /** A packet far from all others, until the next one shows whether the source began anew. */
  #candidate: Packet | undefined;

  constructor(options: ReorderBufferOptions) {
    this.#options = options;
  }

  get counters(): ReorderCounters {
    return this.#counters;
  }

  /**
   * Takes one packet.
   * @param nowMs of a clock that never steps back
   * @returns what can be handed on now, in order
   */
  receive(packet: Packet, nowMs: number): OrderedPacket<Packet>[] {
    this.#counters.received += 1;
    const out: OrderedPacket<Packet>[] = [];
    if (this.#next === undefined) {
      this.#begin(packet, 0, out);
      return out;
    }
    const ahead = sequenceDistance(this.#highest, packet.sequenceNumber);
    const number = this.#highest + ahead;
    const behind = this.#next - number;
    if (packet.ssrc !== this.#ssrc || ahead >= MAX_SEQUENCE_DROPOUT || behind > MAX_SEQUENCE_MISORDER) {
      this.#receiveStray(packet, out);
    } else if (behind > 0) {
      this.#receivePassed(number);
    } else if (this.#waiting.has(number)) {
      this.#counters.duplicated += 1;
    } else {
      this.#dropCandidate();
      if (ahead < 0) this.#counters.reordered += 1;
      this.#highest = Math.max(this.#highest, number);
      if (behind === 0) this.#handOn(packet, number, 0, out);
      else this.#waiting.set(number, { packet, arrivedMs: nowMs });
      this.#handOnRun(out);
      this.#giveUpBeyondLimits(out);
    }
    this.#giveUpUntil(nowMs, out);
    return out;
  }

  /** Gives up what was waited for too long. @returns what can be handed on now, in order */
  tick(nowMs: number): OrderedPacket<Packet>[] {
    const out: OrderedPacket<Packet>[] = [];
    this.#giveUpUntil(nowMs, out);
    return out;
  }

  /** Milliseconds until `tick` has something to do; `undefined` while nothing waits. */
  nextTimeoutMs(nowMs: number): number | undefined {
    const deadlineMs = this.#deadlineMs();
    return deadlineMs === undefined ? undefined : Math.max(0, deadlineMs - nowMs);
  }

  /** Gives up all that is missing, at the end of the source. @returns what was still waiting, in order */
  flush(): OrderedPacket<Packet>[] {
    const out: OrderedPacket<Packet>[] = [];
    this.#dropCandidate();
    while (this.#waiting.size > 0) this.#giveUpGap(out);
    return out;
  }

  #begin(packet: Packet, lostBefore: number, out: OrderedPacket<Packet>[]): void {
    this.#ssrc = packet.ssrc;
    this.#highest = packet.sequenceNumber;
    this.#history.fill(0);
    this.#handOn(packet, packet.sequenceNumber, lostBefore, out);
  }

  /** A packet whose place is behind what was handed on. */
  #receivePassed(number: number): void {
    const slot = number & (HISTORY_LENGTH - 1);
    if (this.#history[slot] === 1) this.#counters.duplicated += 1;
    else this.#counters.late += 1;
    this.#history[slot] = 1;
  }

  #receiveStray(packet: Packet, out: OrderedPacket<Packet>[]): void {
    const candidate = this.#candidate;
    const distance =
      candidate?.ssrc === packet.ssrc
        ? sequenceDistance(candidate.sequenceNumber, packet.sequenceNumber)
        : undefined;
    if (distance === 0) {
      this.#counters.duplicated += 1;
    } else if (candidate !== undefined && distance === 1) {
      this.#candidate = undefined;
      while (this.#waiting.size > 0) this.#giveUpGap(out);
      this.#counters.resyncs += 1;
      this.#begin(candidate, 1, out);
      this.#highest += 1;
      this.#handOn(packet, this.#highest, 0, out);
    } else {
      this.#dropCandidate();
      this.#candidate = packet;
    }
  }

  #dropCandidate(): void {
    if (this.#candidate === undefined) return;
    this.#counters.stray += 1;
    this.#candidate = undefined;
  }

  #handOn(packet: Packet, number: number, lostBefore: number, out: OrderedPacket<Packet>[]): void {
    this.#history[number & (HISTORY_LENGTH - 1)] = 1;
    this.#next = number + 1;
    out.push({ packet, lostBefore });
  }

  /** Hands on what waits without a gap in front. */
  #handOnRun(out: OrderedPacket<Packet>[]): void {
    if (this.#waiting.size === 0) return;
    let number = this.#next!;
    let waiting = this.#waiting.get(number);
    while (waiting !== undefined) {
      this.#waiting.delete(number);
      this.#handOn(waiting.packet, number, 0, out);
      number += 1;
      waiting = this.#waiting.get(number);
    }
  }

  #giveUpBeyondLimits(out: OrderedPacket<Packet>[]): void {
    while (this.#waiting.size > this.#options.maxPackets || this.#highest - this.#next! > MAX_SPAN) {
      this.#giveUpGap(out);
    }
  }

  #giveUpUntil(nowMs: number, out: OrderedPacket<Packet>[]): void {
    let deadlineMs = this.#deadlineMs();
    while (deadlineMs !== undefined && deadlineMs <= nowMs) {
      this.#giveUpGap(out);
      deadlineMs = this.#deadlineMs();
    }
  }

  /** All that waits is behind the first gap, so the one that came first of it is the one that showed the gap. */
  #deadlineMs(): number | undefined {
    const first = this.#waiting.values().next().value;
    return first === undefined ? undefined : first.arrivedMs + this.#options.maxWaitMs;
  }

  /** Gives up the first gap; something waits behind it. */
  #giveUpGap(out: OrderedPacket<Packet>[]): void {
    let number = Number.POSITIVE_INFINITY;
    for (const waitingNumber of this.#waiting.keys()) number = Math.min(number, waitingNumber);
    const next = this.#next!;
    for (let lost = Math.max(next, number - HISTORY_LENGTH); lost < number; lost += 1) {
      this.#history[lost & (HISTORY_LENGTH - 1)] = 0;
    }
    const { packet } = this.#waiting.get(number)!;
    this.#waiting.delete(number);
    this.#counters.lost += number - next;
    this.#handOn(packet, number, number - next, out);
    this.#handOnRun(out);
  }
}
