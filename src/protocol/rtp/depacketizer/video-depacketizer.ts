/**
 * Access units of video out of RTP packets, whatever the payload format: where a unit begins and ends, and what loss
 * costs. A unit ends with the marker bit or where the timestamp changes (RFC 6184, 5.1; RFC 7798, 4.1; RFC 9628, 4.1; AV1
 * the same).
 */
import type { VideoConfig } from '../../../codec/codec-config.ts';
import type { RtpPacket } from '../rtp-packet.ts';
import {
  NO_UNITS,
  type Depacketizer,
  type DepacketizerCounters,
  type RtpAccessUnit,
} from './depacketizer.ts';
import { PacketPosition, type PictureCollector } from './picture-collector.ts';

/** What a sender means by the marker bit. */
const MarkerHabit = {
  /** Not known yet: the first marked unit waits for the next packet, which tells. */
  unknown: 0,
  /** The last packet of an access unit, as it should be. */
  unitEnd: 1,
  /** Every packet, or every NAL unit. Then only the next timestamp tells that a unit is complete. */
  anyPacket: 2,
} as const;
type MarkerHabit = (typeof MarkerHabit)[keyof typeof MarkerHabit];

/** The depacketizer of every video payload format. */
export class VideoDepacketizer implements Depacketizer {
  readonly counters: DepacketizerCounters = { damagedUnits: 0, droppedUnits: 0, ignoredPackets: 0 };
  readonly isOpaque = false;
  readonly #collector: PictureCollector;
  readonly #passesDamagedPictures: boolean;
  #markerHabit: MarkerHabit = MarkerHabit.unknown;
  /** An access unit has begun and has not ended; its fields follow. */
  #isOpen = false;
  #timestamp = 0;
  #isDamaged = false;
  /** Its beginning may have been lost, or may be in the unit before. */
  #mustHavePictureStart = false;
  /** It has the timestamp of the unit before, which a marker ended. */
  #mayGoOn = false;
  /** It ended with a marker that may not mean anything. */
  #isMarked = false;
  /** The timestamp of the unit before, when a marker ended it. */
  #endedTimestamp: number | undefined;
  /** Packets were lost since the last unit ended, maybe the first ones of the next. */
  #isStartUncertain = false;
  /** What comes next refers to pictures that were lost. */
  #awaitsResume = false;
  #isAfterLoss = false;
  #complete: RtpAccessUnit[] = [];

  /** @param passesDamagedPictures hand out what is left of damaged pictures, and those that refer to lost ones */
  constructor(collector: PictureCollector, passesDamagedPictures: boolean) {
    this.#collector = collector;
    this.#passesDamagedPictures = passesDamagedPictures;
  }

  get config(): VideoConfig | undefined {
    return this.#collector.config;
  }

  receive(packet: RtpPacket, timestamp: number, lostBefore: number): readonly RtpAccessUnit[] {
    const position = this.#collector.positionOf(packet.payload);
    if (lostBefore > 0) this.#lose(timestamp);
    if (position === PacketPosition.nowhere) {
      this.counters.ignoredPackets += 1;
    } else {
      if (this.#isOpen) this.#endBefore(timestamp, position);
      if (!this.#isOpen) this.#open(timestamp, position);
      if (!this.#collector.collect(packet.payload)) this.#isDamaged = true;
      this.#checkPictureStart();
    }
    if (packet.marker && this.#isOpen && timestamp === this.#timestamp) this.#mark();
    return this.#takeComplete();
  }

  flush(): readonly RtpAccessUnit[] {
    if (this.#isOpen) {
      const isCutOff = this.#collector.isInsideFragment || this.#markerHabit === MarkerHabit.unitEnd;
      if (!this.#isMarked && isCutOff) this.#isDamaged = true;
      if (this.#collector.hasPicture || this.#isDamaged) this.#end();
      else this.#collector.discard();
      this.#isOpen = false;
    }
    return this.#takeComplete();
  }

  #takeComplete(): readonly RtpAccessUnit[] {
    if (this.#complete.length === 0) return NO_UNITS;
    const units = this.#complete;
    this.#complete = [];
    return units;
  }

  #lose(timestamp: number): void {
    this.#isAfterLoss = true;
    this.#awaitsResume = !this.#passesDamagedPictures;
    this.#isStartUncertain = true;
    if (!this.#isOpen) return;
    this.#collector.skipHole();
    this.#isDamaged = true;
    if (timestamp === this.#timestamp) {
      this.#isStartUncertain = false;
      return;
    }
    this.#end();
  }

  /** Ends the open unit where this packet belongs to the next one. */
  #endBefore(timestamp: number, position: PacketPosition): void {
    if (timestamp !== this.#timestamp) {
      this.#confirmMarker();
      if (this.#collector.hasPicture || this.#isDamaged) this.#end();
      else this.#timestamp = timestamp; // parameter sets that came with a time of their own belong to what follows
      return;
    }
    if (!this.#isMarked) return;
    const beginsNext = position === PacketPosition.unitStart || position === PacketPosition.pictureStart;
    if (beginsNext) {
      this.#confirmMarker();
      this.#end();
    } else {
      this.#isMarked = false;
      if (position === PacketPosition.inside) this.#markerHabit = MarkerHabit.anyPacket;
    }
  }

  #confirmMarker(): void {
    if (this.#isMarked && this.#markerHabit === MarkerHabit.unknown) this.#markerHabit = MarkerHabit.unitEnd;
  }

  #open(timestamp: number, position: PacketPosition): void {
    this.#isOpen = true;
    this.#isMarked = false;
    this.#timestamp = timestamp;
    const mayBeStart = position === PacketPosition.unitStart || position === PacketPosition.leadingSet;
    this.#isDamaged = this.#isStartUncertain ? !mayBeStart : position === PacketPosition.inside;
    this.#mayGoOn = timestamp === this.#endedTimestamp && !this.#isStartUncertain;
    this.#mustHavePictureStart = this.#isStartUncertain || this.#mayGoOn;
    if (this.#mayGoOn && position === PacketPosition.inside) this.#markerHabit = MarkerHabit.anyPacket;
    this.#isStartUncertain = false;
    this.#endedTimestamp = undefined;
  }

  /** The first part of a picture tells whether the picture begins here, or goes on: then it was lost or torn. */
  #checkPictureStart(): void {
    if (!this.#mustHavePictureStart || !this.#collector.hasPicture) return;
    this.#mustHavePictureStart = false;
    if (this.#collector.hasPictureStart) return;
    this.#isDamaged = true;
    if (this.#mayGoOn) this.#markerHabit = MarkerHabit.anyPacket;
  }

  #mark(): void {
    // Units of parameter sets alone go on: what they belong to follows.
    if (!this.#collector.hasPicture && !this.#isDamaged) return;
    this.#isMarked = true;
    if (this.#markerHabit !== MarkerHabit.unitEnd || this.#collector.isInsideFragment) return;
    this.#end();
    this.#endedTimestamp = this.#timestamp;
  }

  #end(): void {
    const collector = this.#collector;
    this.#isOpen = false;
    if (!collector.finish()) this.#isDamaged = true;
    if (this.#isDamaged) {
      this.counters.damagedUnits += 1;
      this.#isAfterLoss = true;
      this.#awaitsResume = !this.#passesDamagedPictures;
    }
    const isUseless = this.#isDamaged && !(this.#passesDamagedPictures && collector.hasPicture);
    if (isUseless || (this.#awaitsResume && !collector.canResume)) {
      if (!isUseless) this.counters.droppedUnits += 1;
      collector.discard();
      return;
    }
    const { data, isKey } = collector.take();
    if (data.length === 0) return; // of a damaged picture nothing may be left
    this.#complete.push({
      timestamp: this.#timestamp,
      data,
      isKey,
      config: collector.config,
      afterLoss: this.#isAfterLoss,
    });
    this.#isAfterLoss = false;
    this.#awaitsResume = false;
  }
}
