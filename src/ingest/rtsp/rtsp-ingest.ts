import { randomBytes } from 'node:crypto';
import type { PublicationInput } from '../../hub/publication.ts';
import type { RtpPacket } from '../../protocol/rtp/rtp-packet.ts';
import { SourceClock, type SourceClockCounters } from '../../protocol/rtp/source-clock.ts';
import { isKnownCodec } from '../../protocol/sdp/known-codec.ts';
import type { SessionDescription } from '../../protocol/sdp/session-description.ts';
import { parsedRtcp, parsedRtp } from './parsed-packets.ts';
import { RtspMediaIngest, type RtspTrackCounters } from './rtsp-media-ingest.ts';

export type { RtspTrackCounters };

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

/** RTP and RTCP of one RTSP session, as publishers and pulled servers send them, become the frames of a publication. */
export class RtspIngest {
  readonly #clock = new SourceClock();
  /** By index in the description. */
  readonly #media = new Map<number, RtspMediaIngest>();

  constructor(publication: PublicationInput, description: SessionDescription, options: RtspIngestOptions) {
    const context = {
      publication,
      clock: this.#clock,
      keepsOrder: options.keepsOrder,
      canonicalName: randomBytes(NAME_BYTES).toString('hex'),
    };
    const announced = { audio: false, video: false };
    for (const index of options.trackIndices) {
      const { rtpFormats } = description.media[index]!;
      const [preferred] = rtpFormats;
      if (preferred === undefined) continue;
      this.#media.set(index, new RtspMediaIngest(context, this.#media.size, rtpFormats));
      if (preferred.media !== 'application' && isKnownCodec(preferred)) announced[preferred.media] = true;
    }
    publication.announce(announced);
  }

  get clockCounters(): Readonly<SourceClockCounters> {
    return this.#clock.counters;
  }

  /** By index in the description; `undefined` for media that were not set up, or cannot be used. */
  countersOf(trackIndex: number): RtspTrackCounters | undefined {
    return this.#media.get(trackIndex)?.counters;
  }

  /** @param bytes one packet, which must not change afterwards @param nowMs monotonic */
  receiveRtp(trackIndex: number, bytes: Uint8Array, nowMs: number): void {
    const packet = parsedRtp(bytes);
    if (packet === undefined) this.#media.get(trackIndex)?.countMalformed();
    else this.#mediaOf(trackIndex, packet)?.receive({ ...packet, bytes, arrivedMs: nowMs });
  }

  /** @param bytes one compound packet @param nowMs monotonic */
  receiveRtcp(trackIndex: number, bytes: Uint8Array, nowMs: number): void {
    const packets = parsedRtcp(bytes);
    if (packets === undefined) this.#media.get(trackIndex)?.countMalformed();
    for (const packet of packets ?? []) {
      if (packet.type !== 'sender-report') continue;
      this.#mediaOfSource(trackIndex, packet.ssrc)?.receiveReport(packet, nowMs);
    }
  }

  /** To be called several times a second where packets may be out of order. */
  tick(nowMs: number): void {
    for (const media of this.#media.values()) media.tick(nowMs);
  }

  /** What the sender is to be told now. */
  takeReports(nowMs: number): RtspReport[] {
    const reports: RtspReport[] = [];
    for (const [trackIndex, media] of this.#media) {
      const bytes = media.takeReport(nowMs);
      if (bytes !== undefined) reports.push({ trackIndex, bytes });
    }
    return reports;
  }

  /** Hands on what is still held back; the publication is not ended. */
  end(): void {
    for (const media of this.#media.values()) media.end();
  }

  /** As lal has it: some senders mix up channels and ports, and the payload type tells. */
  #mediaOf(trackIndex: number, { payloadType }: RtpPacket): RtspMediaIngest | undefined {
    const own = this.#media.get(trackIndex);
    if (own?.hasFormat(payloadType) === true) return own;
    for (const media of this.#media.values()) if (media.hasFormat(payloadType)) return media;
    return own;
  }

  /** Reports go where the packets of their source go. (Some devices give all their sources one number.) */
  #mediaOfSource(trackIndex: number, ssrc: number): RtspMediaIngest | undefined {
    const own = this.#media.get(trackIndex);
    if (own?.ssrc === ssrc) return own;
    for (const media of this.#media.values()) if (media.ssrc === ssrc) return media;
    return own;
  }
}
