import { FlvDemuxer } from '../container/flv/flv-demuxer.ts';
import { FlvTagType, type FlvTag } from '../container/flv/flv-types.ts';
import type { Clock } from '../media/clock.ts';
import type { FlvIngest } from './flv-ingest.ts';

/** Tags this close are sent together: a timer per frame would wake the process for nothing. */
const BATCH_MS = 10;

/**
 * Plays an FLV file into a publication at its own pace, over and over, with times that go on rising. For a loop without
 * a seam the file must begin with a key frame and last a whole number of frames of each track, as the demo stream does.
 */
export class FlvLoop {
  readonly #head: readonly FlvTag[];
  readonly #tags: readonly LoopTag[];
  readonly #durationMs: number;
  readonly #ingest: Pick<FlvIngest, 'receive'>;
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>;
  #startMs = 0;
  #round = 0;
  #next = 0;
  #cancel: (() => void) | undefined;

  /**
   * @param file a whole FLV file with H.264 video; its bytes must not change afterwards
   * @throws {ProtocolError} for another content
   */
  constructor(
    file: Uint8Array,
    ingest: Pick<FlvIngest, 'receive'>,
    clock: Pick<Clock, 'monotonicMs' | 'after'>,
  ) {
    const tags = tagsOf(file);
    this.#head = tags.filter((tag) => isHeader(tag));
    const media = tags.filter((tag) => isMedia(tag));
    this.#durationMs = videoDurationMs(media);
    this.#tags = media.map((tag) => loopTag(tag, this.#durationMs)).sort((a, b) => a.offsetMs - b.offsetMs);
    this.#ingest = ingest;
    this.#clock = clock;
  }

  /** Sends what is due now; the rest follows by the clock. */
  start(): void {
    this.#startMs = this.#clock.monotonicMs();
    for (const tag of this.#head) this.#ingest.receive(tag.type, 0, tag.body);
    this.#sendDue();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #sendDue(): void {
    const nowMs = this.#clock.monotonicMs() - this.#startMs;
    if (nowMs - this.#nextTimeMs() > this.#durationMs) this.#skipAhead(nowMs);
    while (this.#nextTimeMs() <= nowMs) {
      const { tag, isOverhang } = this.#tags[this.#next]!;
      const isFirstRound = this.#round === 0;
      if (!(isOverhang && isFirstRound)) this.#ingest.receive(tag.type, this.#nextTimeMs(), tag.body);
      this.#next += 1;
      if (this.#next === this.#tags.length) {
        this.#next = 0;
        this.#round += 1;
      }
    }
    const waitMs = Math.max(BATCH_MS, this.#nextTimeMs() - nowMs);
    this.#cancel = this.#clock.after(waitMs, () => this.#sendDue());
  }

  /** The machine slept: go on with the present round instead of sending hours of it at once. */
  #skipAhead(nowMs: number): void {
    this.#round = Math.floor(nowMs / this.#durationMs);
    this.#next = 0;
  }

  #nextTimeMs(): number {
    return this.#round * this.#durationMs + this.#tags[this.#next]!.offsetMs;
  }
}

interface LoopTag {
  readonly tag: FlvTag;
  /** From the begin of the round it is played in. */
  readonly offsetMs: number;
  /** Lies past the end of its own round, as the last sounds do, so it is played in the next. */
  readonly isOverhang: boolean;
}

function loopTag(tag: FlvTag, durationMs: number): LoopTag {
  const isOverhang = tag.timestampMs >= durationMs;
  return { tag, offsetMs: isOverhang ? tag.timestampMs - durationMs : tag.timestampMs, isOverhang };
}

function tagsOf(file: Uint8Array): FlvTag[] {
  const demuxer = new FlvDemuxer();
  demuxer.receive(file);
  const tags: FlvTag[] = [];
  for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) tags.push(tag);
  return tags;
}

/** The second byte of AVC and AAC bodies: 0 is the decoder configuration, 1 is media, 2 the end of the sequence. */
function isHeader({ type, body }: FlvTag): boolean {
  return type === FlvTagType.script || body[1] === 0;
}

function isMedia({ type, body }: FlvTag): boolean {
  return type !== FlvTagType.script && body[1] === 1;
}

/** From the first frame to where the first frame of the next round belongs. */
function videoDurationMs(tags: readonly FlvTag[]): number {
  const times = tags.filter(({ type }) => type === FlvTagType.video).map(({ timestampMs }) => timestampMs);
  const [first, second] = times;
  if (first === undefined || second === undefined)
    throw new RangeError('the file has fewer than two video frames');
  return times.at(-1)! - first + (second - first);
}
