import type { PublicationInput } from '../../hub/publication.ts';
import type { DepacketizerCounters } from '../../protocol/rtp/depacketizer/depacketizer.ts';
import type { OrderedPacket, ReorderCounters } from '../../protocol/rtp/reorder-buffer.ts';
import type { SenderReport } from '../../protocol/rtp/rtcp/sender-report.ts';
import type { RtpFormat } from '../../protocol/rtp/rtp-format.ts';
import type { SourceClock } from '../../protocol/rtp/source-clock.ts';
import { RtpReceiver, type ReceivedPacket } from './rtp-receiver.ts';
import { RtpTrackIngest } from './rtp-track-ingest.ts';

/** What became of the packets of one media. */
export interface RtspTrackCounters extends ReorderCounters, DepacketizerCounters {
  /** Neither RTP nor RTCP. */
  readonly malformed: number;
  /** Packets of a payload type that the description does not name, or that is not used. */
  readonly unknownPayloadType: number;
  /** Access units that nobody could decode, because their parameters were not known yet. */
  readonly unitsWithoutConfig: number;
}

/** What the media of one session have in common. */
export interface RtspMediaContext {
  readonly publication: PublicationInput;
  readonly clock: SourceClock;
  /** The transport keeps packets in order (TCP). */
  readonly keepsOrder: boolean;
  /** For reports. */
  readonly canonicalName: string;
}

/** A media whose first packet has come. */
interface RunningMedia {
  readonly payloadType: number;
  readonly receiver: RtpReceiver;
  readonly track: RtpTrackIngest;
}

const NO_COUNTERS: ReorderCounters & DepacketizerCounters = {
  received: 0,
  lost: 0,
  duplicated: 0,
  late: 0,
  reordered: 0,
  stray: 0,
  resyncs: 0,
  damagedUnits: 0,
  droppedUnits: 0,
  ignoredPackets: 0,
};

/**
 * One media of a description. Of several formats the one of the first packet is used: what else comes beside it is, as a
 * rule, the same media in other clothes.
 */
export class RtspMediaIngest {
  readonly #context: RtspMediaContext;
  readonly #trackId: number;
  readonly #formats: ReadonlyMap<number, RtpFormat>;
  #running: RunningMedia | undefined;
  /** A report that came before the first packet. */
  #earlyReport: { readonly report: SenderReport; readonly arrivedMs: number } | undefined;
  #malformed = 0;
  #unknownPayloadType = 0;

  /** @param formats at least one */
  constructor(context: RtspMediaContext, trackId: number, formats: readonly RtpFormat[]) {
    this.#context = context;
    this.#trackId = trackId;
    this.#formats = new Map(formats.map((format) => [format.payloadType, format]));
  }

  get counters(): RtspTrackCounters {
    const running = this.#running;
    return {
      ...NO_COUNTERS,
      ...running?.receiver.counters,
      ...running?.track.counters,
      malformed: this.#malformed,
      unknownPayloadType: this.#unknownPayloadType,
      unitsWithoutConfig: running?.track.unitsWithoutConfig ?? 0,
    };
  }

  /** Of the packets that were handed on last; `undefined` before the first. */
  get ssrc(): number | undefined {
    return this.#running?.track.ssrc;
  }

  hasFormat(payloadType: number): boolean {
    return this.#formats.has(payloadType);
  }

  countMalformed(): void {
    this.#malformed += 1;
  }

  receive(packet: ReceivedPacket): void {
    const running = this.#running ?? this.#start(packet.payloadType);
    if (running?.payloadType === packet.payloadType) this.#handOn(running, running.receiver.receive(packet));
    else this.#unknownPayloadType += 1;
  }

  receiveReport(report: SenderReport, arrivedMs: number): void {
    if (this.#running === undefined) this.#earlyReport = { report, arrivedMs };
    else tellReport(this.#running, report, arrivedMs);
  }

  /** Gives up gaps that were waited for long enough. */
  tick(nowMs: number): void {
    if (this.#running !== undefined) this.#handOn(this.#running, this.#running.receiver.tick(nowMs));
  }

  /** A compound packet for the sender, when it is time for one. */
  takeReport(nowMs: number): Uint8Array | undefined {
    return this.#running?.receiver.takeReport(nowMs);
  }

  /** Hands on what is still held back. */
  end(): void {
    if (this.#running === undefined) return;
    this.#handOn(this.#running, this.#running.receiver.flush());
    this.#running.track.end();
  }

  #start(payloadType: number): RunningMedia | undefined {
    const format = this.#formats.get(payloadType);
    if (format === undefined) return undefined;
    const { publication, clock, keepsOrder, canonicalName } = this.#context;
    const trackClock = clock.addTrack(format.clockRate, format.media === 'video');
    this.#running = {
      payloadType,
      receiver: new RtpReceiver(format.clockRate, keepsOrder, canonicalName),
      track: new RtpTrackIngest(publication, this.#trackId, format, trackClock),
    };
    if (this.#earlyReport !== undefined) {
      tellReport(this.#running, this.#earlyReport.report, this.#earlyReport.arrivedMs);
      this.#earlyReport = undefined;
    }
    return this.#running;
  }

  #handOn({ track }: RunningMedia, packets: readonly OrderedPacket<ReceivedPacket>[]): void {
    for (const ordered of packets) track.receive(ordered);
  }
}

function tellReport({ receiver, track }: RunningMedia, report: SenderReport, arrivedMs: number): void {
  receiver.receiveReport(report, arrivedMs);
  track.receiveReport(report);
}
