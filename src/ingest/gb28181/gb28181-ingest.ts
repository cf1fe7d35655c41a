import { randomBytes } from 'node:crypto';
import { START_CODE_LENGTH, findStartCode } from '../../container/ps/start-code.ts';
import { PsStreamId, isAudioStreamId } from '../../container/ps/stream-id.ts';
import type { PublicationInput } from '../../hub/publication.ts';
import type { OrderedPacket, ReorderCounters } from '../../protocol/rtp/reorder-buffer.ts';
import { RtpTimestampUnwrapper } from '../../protocol/rtp/timestamp-unwrapper.ts';
import { parsedRtcp, parsedRtp } from '../rtsp/parsed-packets.ts';
import { RtpReceiver, type ReceivedPacket } from '../rtsp/rtp-receiver.ts';
import { PsIngest, type PsIngestCounters } from './ps-ingest.ts';
import { StreamOrder } from './stream-order.ts';

/** What became of the packets and of what was in them. */
export interface Gb28181IngestCounters extends ReorderCounters, PsIngestCounters {
  /** Neither RTP nor RTCP. */
  readonly malformed: number;
  /** Packets of other sources than the one that is received. */
  readonly strangerPackets: number;
  /** Times that another source took over. */
  readonly sourceChanges: number;
}

/** Options of `Gb28181Ingest`. */
export interface Gb28181IngestOptions {
  /** The transport keeps packets in order (TCP). */
  readonly keepsOrder: boolean;
  /** The only source that is received; `undefined`: the first one that is heard, or another one when that falls silent. */
  readonly ssrc?: number | undefined;
}

/** What a sender means by the marker bit. */
type MarkerHabit = 'unknown' | 'unit-end' | 'nothing';

/** A source that is silent for so long may be followed by another. */
const SOURCE_SILENCE_MS = 2000;
/** Of the timestamps of PS in RTP (GB/T 28181, annex C). */
const CLOCK_RATE = 90_000;
const NAME_BYTES = 8;

/** RTP packets with a program stream in them, as cameras and recorders by GB/T 28181 send them, become the frames of a publication. */
export class Gb28181Ingest {
  readonly #options: Gb28181IngestOptions;
  readonly #ps: PsIngest;
  readonly #canonicalName = randomBytes(NAME_BYTES).toString('hex');
  #order: RtpReceiver | StreamOrder;
  /** What orders of earlier sources counted. */
  #earlier: ReorderCounters | undefined;
  #unwrapper = new RtpTimestampUnwrapper();
  #ssrc: number | undefined;
  #heardMs = -Infinity;
  #markerHabit: MarkerHabit = 'unknown';
  /** The timestamp of the packet before, when that had the marker. */
  #markedTimestamp: number | undefined;
  #malformed = 0;
  #strangerPackets = 0;
  #sourceChanges = 0;

  constructor(publication: PublicationInput, options: Gb28181IngestOptions) {
    this.#options = options;
    this.#ps = new PsIngest(publication);
    this.#ssrc = options.ssrc;
    this.#order = this.#newOrder();
  }

  get counters(): Gb28181IngestCounters {
    return {
      ...sumOf(this.#order.counters, this.#earlier),
      ...this.#ps.counters,
      malformed: this.#malformed,
      strangerPackets: this.#strangerPackets,
      sourceChanges: this.#sourceChanges,
    };
  }

  /**
   * Takes one RTP packet.
   * @param bytes must not change afterwards
   * @param nowMs monotonic
   * @returns whether it is of the source that is received
   */
  receiveRtp(bytes: Uint8Array, nowMs: number): boolean {
    const packet = parsedRtp(bytes);
    if (packet === undefined) {
      this.#malformed += 1;
      return false;
    }
    if (packet.ssrc !== this.#ssrc && !this.#takeSource(packet.ssrc, nowMs)) {
      this.#strangerPackets += 1;
      return false;
    }
    this.#heardMs = nowMs;
    this.#handOn(this.#order.receive({ ...packet, bytes, arrivedMs: nowMs }));
    return true;
  }

  /** @param bytes one compound packet @param nowMs monotonic */
  receiveRtcp(bytes: Uint8Array, nowMs: number): void {
    const packets = parsedRtcp(bytes);
    if (packets === undefined) this.#malformed += 1;
    for (const packet of packets ?? []) {
      if (packet.type !== 'sender-report' || packet.ssrc !== this.#ssrc) continue;
      if (this.#order instanceof RtpReceiver) this.#order.receiveReport(packet, nowMs);
    }
  }

  /** To be called several times a second where packets may be out of order. */
  tick(nowMs: number): void {
    if (this.#order instanceof RtpReceiver) this.#handOn(this.#order.tick(nowMs));
  }

  /** A compound packet for the sender, when it is time for one; only where packets may be lost. */
  takeReport(nowMs: number): Uint8Array | undefined {
    return this.#order instanceof RtpReceiver ? this.#order.takeReport(nowMs) : undefined;
  }

  /** Another connection takes over: whatever it sends has nothing to do with what came before. */
  restart(): void {
    if (this.#options.ssrc === undefined) this.#ssrc = undefined;
    this.#beginSource();
  }

  /** Hands on what is still held back; the publication is not ended. */
  end(): void {
    if (this.#order instanceof RtpReceiver) this.#handOn(this.#order.flush());
    this.#ps.end();
  }

  #newOrder(): RtpReceiver | StreamOrder {
    return this.#options.keepsOrder
      ? new StreamOrder()
      : new RtpReceiver(CLOCK_RATE, false, this.#canonicalName);
  }

  /** @returns false while another source is heard, or is the only one that counts */
  #takeSource(ssrc: number, nowMs: number): boolean {
    if (this.#options.ssrc !== undefined) return false;
    if (this.#ssrc !== undefined) {
      if (nowMs - this.#heardMs < SOURCE_SILENCE_MS) return false;
      this.#beginSource();
    }
    this.#ssrc = ssrc;
    return true;
  }

  #beginSource(): void {
    this.#sourceChanges += 1;
    if (this.#order instanceof RtpReceiver) this.#handOn(this.#order.flush());
    this.#earlier = sumOf(this.#order.counters, this.#earlier);
    this.#order = this.#newOrder();
    this.#unwrapper = new RtpTimestampUnwrapper();
    this.#markerHabit = 'unknown';
    this.#markedTimestamp = undefined;
    this.#ps.restart();
  }

  #handOn(packets: readonly OrderedPacket<ReceivedPacket>[]): void {
    for (const { packet, lostBefore } of packets) {
      if (lostBefore > 0) this.#ps.lose();
      else this.#learnMarker(packet);
      const rtpTicks = this.#unwrapper.unwrap(packet.timestamp);
      this.#ps.receive(packet.payload, { rtpTicks, arrivedMs: packet.arrivedMs });
      this.#markedTimestamp = packet.marker ? packet.timestamp : undefined;
      if (packet.marker && this.#markerHabit === 'unit-end' && this.#ps.isBetweenUnits) this.#ps.endUnit();
    }
  }

  /** A marker stands on the last packet of a frame, so the next packet has another time, or begins one; else it says nothing. */
  #learnMarker({ timestamp, payload }: ReceivedPacket): void {
    if (this.#ps.hasTorn) this.#markerHabit = 'nothing';
    if (this.#markedTimestamp === undefined || this.#markerHabit === 'nothing') return;
    if (timestamp !== this.#markedTimestamp) this.#markerHabit = 'unit-end';
    else if (!beginsFrame(payload)) this.#markerHabit = 'nothing';
  }
}

/** Sound and pictures of one time are frames of their own. */
function beginsFrame(payload: Uint8Array): boolean {
  const streamId = payload[START_CODE_LENGTH - 1] ?? 0;
  const isFirst = streamId === PsStreamId.packHeader || isAudioStreamId(streamId);
  return isFirst && findStartCode(payload, 0, START_CODE_LENGTH) === 0;
}

function sumOf(counters: ReorderCounters, earlier: ReorderCounters | undefined): ReorderCounters {
  if (earlier === undefined) return counters;
  return {
    received: counters.received + earlier.received,
    lost: counters.lost + earlier.lost,
    duplicated: counters.duplicated + earlier.duplicated,
    late: counters.late + earlier.late,
    reordered: counters.reordered + earlier.reordered,
    stray: counters.stray + earlier.stray,
    resyncs: counters.resyncs + earlier.resyncs,
  };
}
