import { createReadStream } from 'node:fs';
import { FlvDemuxer } from '../container/flv/flv-demuxer.ts';
import { FlvTagType, type FlvTag } from '../container/flv/flv-types.ts';
import type { Clock } from '../media/clock.ts';
import { sleep } from '../media/sleep.ts';

export interface FlvFilePumpOptions {
  readonly path: string;
  /** Starts again at the end, with times that run on. */
  readonly loop: boolean;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
  /** Stops the pump: `run` resolves. */
  readonly signal?: AbortSignal;
}

/** Later than this (the machine slept, the receiver stood still), the pump goes on from now instead of catching up. */
const MAX_LATE_MS = 5000;
/** Time between the end of one round and the start of the next where a track has no frame distance to go by. */
const DEFAULT_FRAME_MS = 20;

/** Sends an FLV file as if it were live: each tag when its time has come. */
export class FlvFilePump {
  readonly #options: FlvFilePumpOptions;
  /** Added to the file's times in this round. */
  #shiftMs = 0;
  #startedMs: number | undefined;
  #firstMs = 0;
  readonly #ends = new Map<FlvTagType, { lastMs: number; stepMs: number }>();

  constructor(options: FlvFilePumpOptions) {
    this.#options = options;
  }

  /**
   * Resolves at the end of the file, or when the signal fires.
   * @param send takes one tag; the pump waits for a promise it returns. Times run on beyond 2^32.
   * @throws {ProtocolError} the file is no FLV; file system errors as they are
   */
  async run(send: (tag: FlvTag) => Promise<void> | void): Promise<void> {
    let round = 0;
    do {
      let tags = 0;
      for await (const tag of readTags(this.#options.path)) {
        if (this.#isStopped) return;
        // The first round has told everybody; a file's metadata does not change.
        if (tag.type === FlvTagType.script && round > 0) continue;
        tags += 1;
        await this.#pace(tag);
        if (this.#isStopped) return;
        await send({ ...tag, timestampMs: tag.timestampMs + this.#shiftMs });
      }
      if (tags === 0) return;
      round += 1;
      this.#finishRound();
    } while (this.#options.loop);
  }

  get #isStopped(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  async #pace(tag: FlvTag): Promise<void> {
    const timeMs = tag.timestampMs + this.#shiftMs;
    if (tag.type === FlvTagType.script) return;
    const { clock } = this.#options;
    if (this.#startedMs === undefined) {
      this.#startedMs = clock.monotonicMs();
      this.#firstMs = timeMs;
    }
    const end = this.#ends.get(tag.type);
    const stepMs =
      end === undefined || timeMs <= end.lastMs ? (end?.stepMs ?? DEFAULT_FRAME_MS) : timeMs - end.lastMs;
    this.#ends.set(tag.type, { lastMs: timeMs, stepMs });
    const waitMs = timeMs - this.#firstMs - (clock.monotonicMs() - this.#startedMs);
    if (waitMs > 0) await sleep(clock, waitMs, this.#options.signal);
    else if (waitMs < -MAX_LATE_MS) this.#startedMs -= waitMs;
  }

  /** The next round begins where the video ends, or the audio where there is no video. */
  #finishRound(): void {
    const end = this.#ends.get(FlvTagType.video) ?? this.#ends.get(FlvTagType.audio);
    if (end !== undefined) this.#shiftMs = end.lastMs + end.stepMs - this.#firstMs;
  }
}

async function* readTags(path: string): AsyncGenerator<FlvTag> {
  const demuxer = new FlvDemuxer();
  for await (const chunk of createReadStream(path)) {
    demuxer.receive(chunk as Buffer);
    for (let tag = demuxer.nextTag(); tag !== undefined; tag = demuxer.nextTag()) yield tag;
  }
}
