import { randomBytes } from 'node:crypto';
import type { Publication } from '../../hub/publication.ts';
import type { RtpFormat } from '../../protocol/rtp/rtp-format.ts';
import {
  SourceClock,
  type SourceClockCounters,
  type SourceTrackClock,
} from '../../protocol/rtp/source-clock.ts';
import { isKnownCodec } from '../../protocol/sdp/known-codec.ts';
import type { SessionDescription } from '../../protocol/sdp/session-description.ts';
import { RtpReceiver, type ReceivedPacket, type RtpReceiverCounters } from './rtp-receiver.ts';
import type { OrderedPacket } from '../../protocol/rtp/reorder-buffer.ts';
import type { DepacketizerCounters } from '../../protocol/rtp/depacketizer/depacketizer.ts';
import { RtpTrackIngest } from './rtp-track-ingest.ts';

/** What became of the packets of one media. */
export interface RtspTrackCounters extends RtpReceiverCounters, DepacketizerCounters {
  /** Packets of a payload type that the description does not name, or that is not used. */
  readonly unknownPayloadType: number;
}

/** A report for the sender of one media. */
export interface RtspReport {
  readonly trackIndex: number;
  /** One compound RTCP packet. */
  readonly bytes: Uint8Array;
}

/** Options of `RtspIngest`. */
export interface RtspIngestOptions {
  /** The transport keeps packets in order (TCP). */
  readonly keepsOrder: boolean;
  /** Indices of the media that were set up. */
  readonly trackIndices: readonly number[];
}

const NAME_BYTES = 8;

interface Media {
  readonly formats: readonly RtpFormat[];
  readonly clock: SourceTrackClock;
  readonly receiver: RtpReceiver;
  /** Made with the first packet: it decides which format is used. */
  ingest: RtpTrackIngest | undefined;
  payloadType: number | undefined;
  unknownPayloadType: number;
  lastArrivedMs: number;
}

/** RTP and RTCP of one RTSP session, as publishers and pulled servers send them, become the frames of a publication. */
export class RtspIngest {
  readonly #publication: Publication;
  readonly #clock = new SourceClock();
  /** By index in the description. */
  readonly #media = new Map<number, Media>();

  constructor(publication: Publication, description: SessionDescription, options: RtspIngestOptions) {
    this.#publication = publication;
    const canonicalName = randomBytes(NAME_BYTES).toString('hex');
    for (const index of options.trackIndices) {
      const { rtpFormats, media } = description.media[index]!;
      const [first] = rtpFormats;
      if (first === undefined) continue;
      this.#media.set(index, {
        formats: rtpFormats,
        clock: this.#clock.addTrack(first.clockRate, media === 'video'),
        receiver: new RtpReceiver(first.clockRate, options.keepsOrder, canonicalName),
        ingest: undefined,
        payloadType: undefined,
        unknownPayloadType: 0,
        lastArrivedMs: 0,
      });
    }
    this.#announce();
  }

  get clockCounters(): Readonly<SourceClockCounters> {
    return this.#clock.counters;
  }

  /** By index in the description; `undefined` for media that were not set up, or cannot be used. */
  countersOf(trackIndex: number): RtspTrackCounters | undefined {
    const media = this.#media.get(trackIndex);
    if (media === undefined) return undefined;
    const { receiver, ingest, unknownPayloadType } = media;
    const none: DepacketizerCounters = { damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 };
    return { ...receiver.counters, ...(ingest?.counters ?? none), unknownPayloadType };
  }

  /** @param bytes one packet, which must not change afterwards @param nowMs monotonic */
  receiveRtp(trackIndex: number, bytes: Uint8Array, nowMs: number): void {
    const media = this.#media.get(this.#trackOf(trackIndex, bytes));
    if (media === undefined) return;
    const accepts = ({ payloadType }: { payloadType: number }): boolean => accept(media, payloadType);
    this.#ingest(media, media.receiver.receive(bytes, nowMs, accepts));
  }

  receiveRtcp(trackIndex: number, bytes: Uint8Array, nowMs: number): void {
    const media = this.#media.get(trackIndex);
    for (const report of media?.receiver.receiveReports(bytes, nowMs) ?? [])
      media!.clock.receiveReport(report);
  }

  /** To be called several times a second where packets may be out of order. */
  tick(nowMs: number): void {
    for (const media of this.#media.values()) this.#ingest(media, media.receiver.tick(nowMs));
  }

  /** What the sender is to be told now. */
  takeReports(nowMs: number): RtspReport[] {
    const reports: RtspReport[] = [];
    for (const [trackIndex, { receiver }] of this.#media) {
      const bytes = receiver.takeReport(nowMs);
      if (bytes !== undefined) reports.push({ trackIndex, bytes });
    }
    return reports;
  }

  /** Hands on what is still held back; the publication is not ended. */
  end(): void {
    for (const media of this.#media.values()) {
      this.#ingest(media, media.receiver.flush());
      media.ingest?.end(media.lastArrivedMs);
    }
  }

  #announce(): void {
    const known = [...this.#media.values()]
      .flatMap(({ formats }) => formats.slice(0, 1))
      .filter(isKnownCodec);
    this.#publication.announce({
      audio: known.some(({ media }) => media === 'audio'),
      video: known.some(({ media }) => media === 'video'),
    });
  }

  /** As lal has it: some senders mix up channels and ports, and the payload type tells. */
  #trackOf(trackIndex: number, bytes: Uint8Array): number {
    const payloadType = (bytes[1] ?? 0) & 0x7f;
    const knows = ({ formats }: Media): boolean =>
      formats.some((format) => format.payloadType === payloadType);
    const own = this.#media.get(trackIndex);
    if (own !== undefined && knows(own)) return trackIndex;
    for (const [index, media] of this.#media) if (knows(media)) return index;
    return trackIndex;
  }

  #ingest(media: Media, packets: readonly OrderedPacket<ReceivedPacket>[]): void {
    for (const ordered of packets) {
      media.lastArrivedMs = ordered.packet.arrivedMs;
      media.ingest ??= this.#ingestOf(media, ordered.packet.payloadType);
      media.ingest.receive(ordered);
    }
  }

  #ingestOf(media: Media, payloadType: number): RtpTrackIngest {
    const format = media.formats.find((candidate) => candidate.payloadType === payloadType)!;
    const id = [...this.#media.values()].indexOf(media);
    return new RtpTrackIngest(this.#publication, id, format, media.clock);
  }
}

/** Of several formats the first one that is sent is taken; others with the same codec in other clothes are rare. */
function accept(media: Media, payloadType: number): boolean {
  if (media.payloadType === undefined && media.formats.some((format) => format.payloadType === payloadType)) {
    media.payloadType = payloadType;
  }
  if (media.payloadType === payloadType) return true;
  media.unknownPayloadType += 1;
  return false;
}
