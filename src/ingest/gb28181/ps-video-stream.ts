import type { VideoConfig } from '../../codec/codec-config.ts';
import { ticksToUs } from '../../container/mpegts/timestamp.ts';
import type { PublicationInput } from '../../hub/publication.ts';
import { DecodingTimes, type TimedUnit } from '../../media/decoding-times.ts';
import { reorderDepth } from '../../media/reorder-depth.ts';
import type { Track } from '../../media/track.ts';
import type {
  CollectedPicture,
  PictureCollector,
} from '../../protocol/rtp/depacketizer/picture-collector.ts';
import { AccessUnitSplitter, type AccessUnitHandler } from './access-unit-splitter.ts';
import { PictureTimes } from './picture-times.ts';
import type { ProgramTime } from './program-clock.ts';
import type { PsStream } from './ps-stream.ts';
import { PS_H264, PS_H265, type PsVideoCodec } from './video-codec.ts';

/** What became of the pictures of a stream. */
export interface PsVideoCounters {
  /** Pictures that began and did not come whole. */
  damagedUnits: number;
  /** Whole pictures that were left out, because what they refer to was lost or never came. */
  droppedUnits: number;
  /** Pictures that nobody could decode, because their parameters were not known yet. */
  unitsWithoutConfig: number;
  /** Pictures whose time no packet told: it comes of the order in which they are shown. */
  untimedUnits: number;
}

/** All counters at 0. */
export function newPsVideoCounters(): PsVideoCounters {
  return { damagedUnits: 0, droppedUnits: 0, unitsWithoutConfig: 0, untimedUnits: 0 };
}

/** A picture with the parameters that it needs. */
interface Picture extends CollectedPicture {
  readonly config: VideoConfig;
}

/** Distance of pictures that nobody told, in ticks: 25 a second. */
const DEFAULT_STEP_TICKS = 3600;
/** What is further apart is no distance of pictures. */
const MAX_STEP_TICKS = 90_000;

/** The packets of a video stream become the frames of a track, from the first key picture with its parameter sets on. */
export class PsVideoStream implements PsStream, AccessUnitHandler {
  readonly #publication: PublicationInput;
  readonly #trackId: number;
  readonly #counters: PsVideoCounters;
  readonly #splitter: AccessUnitSplitter;
  #codec: PsVideoCodec;
  #collector: PictureCollector;
  #isOpen = false;
  #isDamaged = false;
  /** The first slice of the open unit. */
  #slice: Uint8Array | undefined;
  readonly #pictureTimes = new PictureTimes();
  /** What comes next refers to pictures that were lost, or never came. */
  #awaitsResume = true;
  #track: Track | undefined;
  /** Packets have named decoding times: those that name none mean that it is the presentation time. */
  #hasDts = false;
  #decodingTimes = new DecodingTimes<Picture>();
  #timedConfig: VideoConfig | undefined;
  /** Of the picture before: when it is decoded, as far as that is known. */
  #lastTicks: number | undefined;
  #stepTicks = DEFAULT_STEP_TICKS;

  /**
   * @param counters that may be other streams' as well
   * @param codec as far as it is known; the stream's own parameter sets tell better
   */
  constructor(
    publication: PublicationInput,
    trackId: number,
    counters: PsVideoCounters,
    codec: PsVideoCodec,
  ) {
    this.#publication = publication;
    this.#trackId = trackId;
    this.#counters = counters;
    this.#codec = codec;
    this.#collector = codec.newCollector();
    this.#splitter = new AccessUnitSplitter(codec, this);
  }

  get hasTorn(): boolean {
    return this.#splitter.hasTorn;
  }

  beginPacket(time: ProgramTime | undefined): void {
    this.#splitter.beginPacket(time);
  }

  receive(bytes: Uint8Array): void {
    this.#splitter.receive(bytes);
  }

  endPacket(): void {}

  lose(): void {
    this.#splitter.lose();
  }

  endUnit(): void {
    this.#splitter.endUnit();
  }

  end(): void {
    this.#splitter.endUnit();
    this.#write(this.#decodingTimes.flush());
  }

  unitStarted(): void {
    this.#isOpen = true;
    this.#isDamaged = false;
    this.#slice = undefined;
    this.#collector.discard();
  }

  nalUnit(nal: Uint8Array): void {
    const isPicture = this.#codec.roleOf(nal[0]!, nal[1] ?? 0, 0).isPicture;
    if (isPicture) this.#slice ??= nal;
    if (!this.#collector.collect(nal)) this.#isDamaged = true;
  }

  unitEnded(time: ProgramTime | undefined): void {
    const decodingTicks = this.#decodingTicksOf(time);
    const picture = this.#takePicture();
    if (picture === undefined) return;
    const shownTicks = this.#pictureTimes.next({
      slice: this.#slice!,
      config: picture.config,
      ptsTicks: time?.ptsTicks,
      decodingTicks,
      stepTicks: this.#stepTicks,
    });
    const ptsTicks = shownTicks ?? decodingTicks;
    if (time?.dtsTicks !== undefined) this.#useDts();
    if (ptsTicks !== undefined) this.#place(picture, ptsTicks, decodingTicks ?? ptsTicks);
  }

  unitLost(): void {
    this.#awaitsResume = true;
    this.#pictureTimes.lose();
    if (this.#isOpen) this.#counters.damagedUnits += 1;
    this.#isOpen = false;
  }

  codecChanged(): PsVideoCodec {
    this.#codec = this.#codec === PS_H264 ? PS_H265 : PS_H264;
    this.#collector = this.#codec.newCollector();
    this.#isOpen = false;
    this.#awaitsResume = true;
    return this.#codec;
  }

  /** The open unit, if it can be decoded. */
  #takePicture(): Picture | undefined {
    const collector = this.#collector;
    this.#isOpen = false;
    const isTorn = this.#awaitsResume && collector.hasPicture && !collector.hasPictureStart;
    if (!collector.finish() || this.#isDamaged || !collector.hasPicture || isTorn) {
      this.#counters.damagedUnits += 1;
      this.#awaitsResume = true;
      return undefined;
    }
    if (this.#awaitsResume && !collector.canResume) {
      this.#counters.droppedUnits += 1;
      return undefined;
    }
    const { config } = collector;
    if (config === undefined) {
      this.#counters.unitsWithoutConfig += 1;
      return undefined;
    }
    this.#awaitsResume = false;
    return { ...collector.take(), config };
  }

  /** When the open unit is decoded: as told, or at the distance of the units before. */
  #decodingTicksOf(told: ProgramTime | undefined): number | undefined {
    const last = this.#lastTicks;
    if (told === undefined) {
      this.#counters.untimedUnits += 1;
      this.#lastTicks = last === undefined ? undefined : last + this.#stepTicks;
      return this.#lastTicks;
    }
    const ticks = told.dtsTicks ?? told.ptsTicks;
    const step = last === undefined ? 0 : ticks - last;
    if (step > 0 && step < MAX_STEP_TICKS) this.#stepTicks = step;
    this.#lastTicks = ticks;
    return ticks;
  }

  #useDts(): void {
    if (this.#hasDts) return;
    this.#hasDts = true;
    this.#write(this.#decodingTimes.flush());
  }

  #place(picture: Picture, ptsTicks: number, decodingTicks: number): void {
    const ptsUs = ticksToUs(ptsTicks);
    if (this.#hasDts) {
      this.#writeUnit({ unit: picture, ptsUs, dtsUs: Math.min(ptsUs, ticksToUs(decodingTicks)) });
      return;
    }
    if (picture.config !== this.#timedConfig) {
      this.#timedConfig = picture.config;
      this.#decodingTimes.declareDepth(reorderDepth(picture.config));
    }
    this.#write(this.#decodingTimes.push(ptsUs, picture.isKey, picture));
  }

  #write(units: readonly TimedUnit<Picture>[]): void {
    for (const unit of units) this.#writeUnit(unit);
  }

  #writeUnit({ unit: { config, data, isKey }, ptsUs, dtsUs }: TimedUnit<Picture>): void {
    if (this.#track?.config !== config) {
      this.#track = { id: this.#trackId, kind: 'video', config };
      this.#publication.setTrack(this.#track);
    }
    this.#publication.write({ track: this.#track, dtsUs, ptsUs, isKey, data });
  }
}
