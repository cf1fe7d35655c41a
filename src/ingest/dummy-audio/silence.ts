import { aacConfigFromAudioSpecificConfig } from '../../codec/aac/aac-config.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';

/** AAC-LC, 48 kHz, stereo: lal's. One object, so that each publication's silence is the same to those who compare. */
const CONFIG = aacConfigFromAudioSpecificConfig(Uint8Array.of(0x11, 0x90));
const FRAME: Uint8Array = Uint8Array.of(0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c);

/** 1024 samples last 64/3 ms. */
const THREE_FRAMES_US = 64_000;
/** Length of one frame, rounded up to whole microseconds. */
const SILENT_FRAME_US = 21_334;

/** A longer gap between two pictures is a pause in which there is no silence either, or the leap of a clock. */
const MAX_FILLED_GAP_US = 10_000_000;
/** A step back by more than this is the leap of a clock, as for the Timeline; below it, disorder. */
export const BACKWARD_LEAP_US = 1_000_000;

/** A track of silence. */
export function silentTrack(id: number): Track {
  return { id, kind: 'audio', config: CONFIG };
}

/** A run of silent frames beside a video: exactly 1024 samples from one to the next, on the video's clock. */
export class Silence {
  readonly track: Track;
  #startUs: number;
  #frames = 0;
  /** Newest time of the video. */
  #videoUs: number;

  /** @param startUs decoding time of the picture beside which it begins */
  constructor(track: Track, startUs: number) {
    this.track = track;
    this.#startUs = startUs;
    this.#videoUs = startUs;
  }

  /** Where the run ends, and its next frame begins. */
  get endUs(): number {
    return this.#startUs + Math.round((this.#frames * THREE_FRAMES_US) / 3);
  }

  /**
   * The frames that belong before the picture at `dtsUs`. None where the video's clock leaps, or after a long pause: then
   * silence goes on beside that picture.
   */
  before(dtsUs: number): SourceFrame[] {
    const stepUs = dtsUs - this.#videoUs;
    if (stepUs > MAX_FILLED_GAP_US || stepUs < -BACKWARD_LEAP_US) {
      // As far behind the picture as it was before: however little the Timeline leaves of the leap, nothing overlaps.
      this.#startUs = dtsUs + Math.min(Math.max(this.endUs - this.#videoUs, 0), SILENT_FRAME_US);
      this.#frames = 0;
      this.#videoUs = dtsUs;
      return [];
    }
    this.#videoUs = Math.max(this.#videoUs, dtsUs);
    return this.#framesWhile((startUs) => startUs <= dtsUs);
  }

  /** The frames that end by `timeUs`, up to which nothing else is there. None when that is far away. */
  upTo(timeUs: number): SourceFrame[] {
    if (timeUs - this.endUs > BACKWARD_LEAP_US) return [];
    return this.#framesWhile((startUs) => startUs + SILENT_FRAME_US <= timeUs);
  }

  #framesWhile(isWanted: (startUs: number) => boolean): SourceFrame[] {
    const frames: SourceFrame[] = [];
    for (let timeUs = this.endUs; isWanted(timeUs); timeUs = this.endUs) {
      frames.push({ track: this.track, dtsUs: timeUs, ptsUs: timeUs, isKey: true, data: FRAME });
      this.#frames += 1;
    }
    return frames;
  }
}
