import type { MediaFrame } from '../media/media-frame.ts';

/** A longer pause of all audio and video is a gap. */
const GAP_MS = 1000;

/** Share of one frame in the mean lateness of its track: some seconds of a usual stream. */
const LATENESS_WEIGHT = 1 / 64;

/** What is remembered of the first track of a kind. */
interface TrackMeter {
  readonly trackId: number;
  /** Mean of arrival minus decoding time, in milliseconds. */
  latenessMs: number;
}

/**
 * How a publisher is doing, measured frame by frame: a few numbers are updated, nothing is kept. Groups of pictures and
 * lateness are those of the first track of a kind.
 */
export class PublicationMeter {
  #bytes = 0;
  #gaps = 0;
  #longestGapMs = 0;
  #lastArrivedMs: number | undefined;
  #video: TrackMeter | undefined;
  #audio: TrackMeter | undefined;
  #keyArrivedMs: number | undefined;
  #gopStartUs = 0;
  #gopFrames = 0;
  #lastGop: { readonly frames: number; readonly durationMs: number } | undefined;
  #longestGopMs = 0;

  /** Bytes of all frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Pauses of more than a second in which neither audio nor video came. */
  get gaps(): number {
    return this.#gaps;
  }

  get longestGapMs(): number {
    return this.#longestGapMs;
  }

  /** When the newest audio or video came, monotonic. */
  get lastArrivedMs(): number | undefined {
    return this.#lastArrivedMs;
  }

  /** When the newest key picture came, monotonic. */
  get keyArrivedMs(): number | undefined {
    return this.#keyArrivedMs;
  }

  /** The last group of pictures that is complete. */
  get lastGop(): { readonly frames: number; readonly durationMs: number } | undefined {
    return this.#lastGop;
  }

  get longestGopMs(): number {
    return this.#longestGopMs;
  }

  /** By how much sound arrives later than the picture of the same time; negative: earlier. In the mean of the last seconds. */
  get audioOffsetMs(): number | undefined {
    if (this.#audio === undefined || this.#video === undefined) return undefined;
    return this.#audio.latenessMs - this.#video.latenessMs;
  }

  /** Every frame, in the order in which they came. */
  add(frame: MediaFrame): void {
    this.#bytes += frame.data.length;
    const { kind } = frame.track;
    if (kind === 'data') return;
    this.#noteArrival(frame.arrivedMs);
    if (kind === 'video') {
      this.#video ??= meterOf(frame);
      if (this.#video.trackId !== frame.track.id) return;
      measureLateness(this.#video, frame);
      this.#measureGop(frame);
    } else if (kind === 'audio') {
      this.#audio ??= meterOf(frame);
      if (this.#audio.trackId === frame.track.id) measureLateness(this.#audio, frame);
    }
  }

  #noteArrival(arrivedMs: number): void {
    const pauseMs = arrivedMs - (this.#lastArrivedMs ?? arrivedMs);
    this.#lastArrivedMs = arrivedMs;
    if (pauseMs <= GAP_MS) return;
    this.#gaps += 1;
    this.#longestGapMs = Math.max(this.#longestGapMs, pauseMs);
  }

  #measureGop({ isKey, dtsUs, arrivedMs }: MediaFrame): void {
    if (!isKey) {
      this.#gopFrames += 1;
      return;
    }
    if (this.#keyArrivedMs !== undefined) {
      const durationMs = (dtsUs - this.#gopStartUs) / 1000;
      this.#lastGop = { frames: this.#gopFrames, durationMs };
      this.#longestGopMs = Math.max(this.#longestGopMs, durationMs);
    }
    this.#keyArrivedMs = arrivedMs;
    this.#gopStartUs = dtsUs;
    this.#gopFrames = 1;
  }
}

function meterOf(frame: MediaFrame): TrackMeter {
  return { trackId: frame.track.id, latenessMs: latenessMs(frame) };
}

function measureLateness(meter: TrackMeter, frame: MediaFrame): void {
  meter.latenessMs += (latenessMs(frame) - meter.latenessMs) * LATENESS_WEIGHT;
}

function latenessMs({ arrivedMs, dtsUs }: MediaFrame): number {
  return arrivedMs - dtsUs / 1000;
}
