import type { CodecConfig, OpaqueConfig } from '../../codec/codec-config.ts';
import type { Publication } from '../../hub/publication.ts';
import { DecodingTimes } from '../../media/decoding-times.ts';
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
  readonly #publication: Publication;
  readonly #id: number;
  readonly #format: RtpFormat;
  readonly #clock: SourceTrackClock;
  readonly #decodingTimes = new DecodingTimes<RtpAccessUnit>();
  #depacketizer: Depacketizer | undefined;
  #unwrapper = new RtpTimestampUnwrapper();
  #ssrc: number | undefined;
  #track: Track | undefined;

  /** @param id of the track */
  constructor(publication: Publication, id: number, format: RtpFormat, clock: SourceTrackClock) {
    this.#publication = publication;
    this.#id = id;
    this.#format = format;
    this.#clock = clock;
    this.#depacketizer = createDepacketizer(format, codecConfigOf(format));
  }

  get counters(): Readonly<DepacketizerCounters> {
    return this.#depacketizer?.counters ?? NOTHING_DAMAGED;
  }

  receive({ packet, lostBefore }: OrderedPacket<ReceivedPacket>): void {
    if (packet.ssrc !== this.#ssrc) this.#startAnew(packet.ssrc);
    const ticks = this.#unwrapper.unwrap(packet.timestamp);
    for (const unit of this.#depacketizer?.receive(packet, ticks, lostBefore) ?? []) {
      this.#takeUnit(unit, packet.arrivedMs);
    }
    if (this.#depacketizer === undefined || this.#depacketizer.isOpaque) this.#passOn(packet, ticks);
  }

  /** @param arrivedMs when the last packets came */
  end(arrivedMs: number): void {
    for (const unit of this.#depacketizer?.flush() ?? []) this.#takeUnit(unit, arrivedMs);
    this.#write(this.#decodingTimes.flush());
  }

  /** Another source sends here now: its clock has nothing to do with the one before. */
  #startAnew(ssrc: number): void {
    if (this.#ssrc !== undefined) {
      this.#clock.restart();
      this.#unwrapper = new RtpTimestampUnwrapper();
    }
    this.#ssrc = ssrc;
  }

  #timeUs(ticks: number, arrivedMs: number): number {
    return SESSION_START_US + this.#clock.timeUs(ticks, arrivedMs);
  }

  #takeUnit(unit: RtpAccessUnit, arrivedMs: number): void {
    const ptsUs = this.#timeUs(unit.timestamp, arrivedMs);
    const { config } = unit;
    // Nobody could decode it.
    if (config === undefined) return;
    if (config.kind !== 'video') {
      this.#writeUnit(unit, ptsUs, ptsUs);
      return;
    }
    if (config !== this.#track?.config) this.#decodingTimes.declareDepth(reorderDepth(config));
    this.#write(this.#decodingTimes.push(ptsUs, unit.isKey, unit));
  }

  #write(units: ReturnType<DecodingTimes<RtpAccessUnit>['push']>): void {
    for (const { unit, dtsUs, ptsUs } of units) this.#writeUnit(unit, dtsUs, ptsUs);
  }

  #writeUnit(unit: RtpAccessUnit, dtsUs: number, ptsUs: number): void {
    const track = this.#trackWith(unit.config!);
    this.#publication.write({ track, dtsUs, ptsUs, isKey: unit.isKey, data: unit.data });
  }

  /** Carries what no codec module knows as it came. */
  #passOn(packet: ReceivedPacket, ticks: number): void {
    const timeUs = this.#timeUs(ticks, packet.arrivedMs);
    const track = this.#trackWith(
      this.#track?.config.kind === 'opaque' ? this.#track.config : this.#opaqueConfig(),
    );
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
