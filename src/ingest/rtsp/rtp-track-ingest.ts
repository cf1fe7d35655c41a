import type { CodecConfig, OpaqueConfig } from '../../codec/codec-config.ts';
import type { PublicationInput } from '../../hub/publication.ts';
import { DecodingTimes, type TimedUnit } from '../../media/decoding-times.ts';
import { reorderDepth } from '../../media/reorder-depth.ts';
import type { Track } from '../../media/track.ts';
import { createDepacketizer } from '../../protocol/rtp/depacketizer/create-depacketizer.ts';
import type {
  Depacketizer,
  DepacketizerCounters,
  RtpAccessUnit,
} from '../../protocol/rtp/depacketizer/depacketizer.ts';
import type { OrderedPacket } from '../../protocol/rtp/reorder-buffer.ts';
import type { RtpFormat } from '../../protocol/rtp/rtp-format.ts';
import type { SourceTrackClock } from '../../protocol/rtp/source-clock.ts';
import type { SenderReport } from '../../protocol/rtp/rtcp/sender-report.ts';
import { RtpTimestampUnwrapper } from '../../protocol/rtp/timestamp-unwrapper.ts';
import { codecConfigOf } from '../../protocol/sdp/codec-config-of.ts';
import type { ReceivedPacket } from './rtp-receiver.ts';

/**
 * The time of a session's first packet. Pictures are decoded before they are shown, and sound may come late, so other
 * units lie before it; FLV has no negative times, and wraps them to 2^32 ms.
 */
const SESSION_START_US = 1_000_000;
const NOTHING_DAMAGED: DepacketizerCounters = { damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 };

/** The packets of one media, in order, become the frames of one track. */
export class RtpTrackIngest {
  readonly #publication: PublicationInput;
  readonly #id: number;
  readonly #format: RtpFormat;
  readonly #clock: SourceTrackClock;
  readonly #depacketizer: Depacketizer | undefined;
  #unwrapper = new RtpTimestampUnwrapper();
  #decodingTimes = new DecodingTimes<RtpAccessUnit>();
  /** What `#decodingTimes` was told the reordering of. */
  #timedConfig: CodecConfig | undefined;
  #ssrc: number | undefined;
  /** The newest one, which may be of the next source. */
  #report: SenderReport | undefined;
  #arrivedMs = 0;
  #unitsWithoutConfig = 0;
  #track: Track | undefined;

  /** @param id of the track @param clock of its own */
  constructor(publication: PublicationInput, id: number, format: RtpFormat, clock: SourceTrackClock) {
    this.#publication = publication;
    this.#id = id;
    this.#format = format;
    this.#clock = clock;
    this.#depacketizer = createDepacketizer(format, codecConfigOf(format));
  }

  get counters(): Readonly<DepacketizerCounters> {
    return this.#depacketizer?.counters ?? NOTHING_DAMAGED;
  }

  get unitsWithoutConfig(): number {
    return this.#unitsWithoutConfig;
  }

  /** Of the newest packet; `undefined` before the first. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  receive({ packet, lostBefore }: OrderedPacket<ReceivedPacket>): void {
    if (packet.ssrc !== this.#ssrc) this.#beginSource(packet);
    this.#arrivedMs = packet.arrivedMs;
    const ticks = this.#unwrapper.unwrap(packet.timestamp);
    const depacketizer = this.#depacketizer;
    if (depacketizer !== undefined) this.#takeUnits(depacketizer.receive(packet, ticks, lostBefore));
    if (depacketizer === undefined || depacketizer.isOpaque) this.#passOn(packet, ticks);
  }

  /** A report of the source that sends, or of one that will. */
  receiveReport(report: SenderReport): void {
    this.#report = report;
    if (report.ssrc === this.#ssrc) this.#clock.receiveReport(report);
  }

  /** Hands on what is held back: no more packets come. */
  end(): void {
    if (this.#depacketizer !== undefined) this.#takeUnits(this.#depacketizer.flush());
    this.#write(this.#decodingTimes.flush());
  }

  /** Another source sends here now: its clock has nothing to do with the one before. */
  #beginSource(packet: ReceivedPacket): void {
    if (this.#ssrc !== undefined) {
      this.end();
      this.#clock.restart();
      this.#unwrapper = new RtpTimestampUnwrapper();
      this.#decodingTimes = new DecodingTimes();
      this.#timedConfig = undefined;
    }
    this.#ssrc = packet.ssrc;
    if (this.#report?.ssrc === packet.ssrc) this.#clock.receiveReport(this.#report);
    // Begins the track's clock with the packet that came first: its unit may be complete much later.
    this.#clock.timeUs(packet.timestamp, packet.arrivedMs);
  }

  #timeUs(ticks: number): number {
    return SESSION_START_US + this.#clock.timeUs(ticks, this.#arrivedMs);
  }

  #takeUnits(units: readonly RtpAccessUnit[]): void {
    for (const unit of units) this.#takeUnit(unit);
  }

  #takeUnit(unit: RtpAccessUnit): void {
    const { config } = unit;
    if (config === undefined) {
      this.#unitsWithoutConfig += 1;
      return;
    }
    const ptsUs = this.#timeUs(unit.timestamp);
    if (config.kind !== 'video') {
      this.#writeUnit(unit, ptsUs, ptsUs);
      return;
    }
    if (config !== this.#timedConfig) {
      this.#timedConfig = config;
      this.#decodingTimes.declareDepth(reorderDepth(config));
    }
    this.#write(this.#decodingTimes.push(ptsUs, unit.isKey, unit));
  }

  #write(units: readonly TimedUnit<RtpAccessUnit>[]): void {
    for (const { unit, dtsUs, ptsUs } of units) this.#writeUnit(unit, dtsUs, ptsUs);
  }

  #writeUnit(unit: RtpAccessUnit, dtsUs: number, ptsUs: number): void {
    const track = this.#trackWith(unit.config!);
    this.#publication.write({ track, dtsUs, ptsUs, isKey: unit.isKey, data: unit.data });
  }

  /** Carries what no codec module knows as it came. */
  #passOn(packet: ReceivedPacket, ticks: number): void {
    const timeUs = this.#timeUs(ticks);
    const track = this.#track?.kind === 'opaque' ? this.#track : this.#trackWith(this.#opaqueConfig());
    this.#publication.write({ track, dtsUs: timeUs, ptsUs: timeUs, isKey: true, data: packet.bytes });
  }

  #opaqueConfig(): OpaqueConfig {
    const { media, encodingName, clockRate, channels, formatParameters } = this.#format;
    return { kind: 'opaque', codec: 'rtp', media, encodingName, clockRate, channels, formatParameters };
  }

  /** The track is there from its first frame on: what was announced and never comes is in no output. */
  #trackWith(config: CodecConfig): Track {
    if (this.#track?.config !== config) {
      this.#track = { id: this.#id, kind: config.kind, config };
      this.#publication.setTrack(this.#track);
    }
    return this.#track;
  }
}
