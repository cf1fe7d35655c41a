import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import type { VideoConfig } from '../../codec/codec-config.ts';
import { H264PictureOrderCounter } from '../../codec/h264/picture-order-count.ts';
import { parseH264SequenceParameterSet } from '../../codec/h264/sequence-parameter-set.ts';
import { H265PictureOrderCounter } from '../../codec/h265/picture-order-count.ts';
import { parseH265SequenceParameterSet } from '../../codec/h265/sequence-parameter-set.ts';

/** What is known of a picture; times in ticks of 90 kHz. */
export interface UntimedPicture {
  /** Its first slice. */
  readonly slice: Uint8Array;
  /** That it needs. */
  readonly config: VideoConfig;
  /** `undefined`: nobody has told. */
  readonly ptsTicks: number | undefined;
  /** When it is decoded, told or not. */
  readonly decodingTicks: number | undefined;
  /** Distance of pictures. */
  readonly stepTicks: number;
}

interface TimedCount {
  readonly count: number;
  readonly ticks: number;
}

/** Pictures that are further apart than this per count have no steady rate. */
const MAX_TICKS_PER_COUNT = 90_000;
/** As encoders count, until two pictures have told: H.264 by fields. */
const COUNTS_PER_PICTURE: Partial<Record<VideoConfig['codec'], number>> = { h264: 2, h265: 1 };

/**
 * When pictures are shown whose packets do not say so: where they are among those that have a time, by the order that the codec
 * itself writes into each picture. Muxers of files leave out times where several pictures begin in a packet.
 */
export class PictureTimes {
  #config: VideoConfig | undefined;
  #counter: H264PictureOrderCounter | H265PictureOrderCounter | undefined;
  /** The last picture whose time is known, since the last IDR picture. */
  #reference: TimedCount | undefined;
  #ticksPerCount: number | undefined;
  /** How much later than decoded IDR pictures are shown: all of a stream the same. */
  #firstDelayTicks = 0;

  /**
   * Takes the next picture in decoding order.
   * @returns when it is shown, as told or as it has to be; `undefined` when that is not known
   */
  next({ slice, config, ptsTicks, decodingTicks, stepTicks }: UntimedPicture): number | undefined {
    if (config !== this.#config) {
      this.#config = config;
      this.#counter = counterOf(config);
    }
    const order = this.#counter?.next(slice);
    if (order === undefined) return ptsTicks;
    const { count, isFirst } = order;
    if (isFirst) this.#reference = undefined;
    const usualTicks = stepTicks / COUNTS_PER_PICTURE[config.codec]!;
    const ticks = ptsTicks ?? (isFirst ? this.#timeOfFirst(decodingTicks) : this.#timeOf(count, usualTicks));
    if (isFirst && ptsTicks !== undefined) this.#firstDelayTicks = ptsTicks - (decodingTicks ?? ptsTicks);
    if (ptsTicks !== undefined) this.#learn(count, ptsTicks);
    if (ticks !== undefined) this.#reference = { count, ticks };
    return ticks;
  }

  /** Pictures are missing before the next one. */
  lose(): void {
    this.#reference = undefined;
  }

  #timeOfFirst(decodingTicks: number | undefined): number | undefined {
    return decodingTicks === undefined ? undefined : decodingTicks + this.#firstDelayTicks;
  }

  #timeOf(count: number, usualTicks: number): number | undefined {
    if (this.#reference === undefined) return undefined;
    const ticksPerCount = this.#ticksPerCount ?? usualTicks;
    return this.#reference.ticks + Math.round((count - this.#reference.count) * ticksPerCount);
  }

  #learn(count: number, ticks: number): void {
    const reference = this.#reference;
    if (reference === undefined || reference.count === count) return;
    const ticksPerCount = (ticks - reference.ticks) / (count - reference.count);
    if (ticksPerCount > 0 && ticksPerCount < MAX_TICKS_PER_COUNT) this.#ticksPerCount = ticksPerCount;
  }
}

function counterOf(config: VideoConfig): H264PictureOrderCounter | H265PictureOrderCounter | undefined {
  if (config.codec !== 'h264' && config.codec !== 'h265') return undefined;
  const [sps] = config.sequenceParameterSets;
  const [pps] = config.pictureParameterSets;
  if (sps === undefined || pps === undefined) return undefined;
  return undefinedIfMalformed(() =>
    config.codec === 'h264'
      ? new H264PictureOrderCounter(parseH264SequenceParameterSet(sps))
      : new H265PictureOrderCounter(parseH265SequenceParameterSet(sps), pps),
  );
}
