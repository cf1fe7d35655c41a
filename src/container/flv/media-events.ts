import { ProtocolError } from '../../bytes/protocol-error.ts';
import type { SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import { MAX_FLV_BODY_BYTES } from './tag-header.ts';

/**
 * What a publication's tags turn out to be.
 * - `track`: a new track, or an old one with changed codec parameters; always before the frames that need it
 * - `frame`: one access unit, packet or script; `data` is a view of the tag body wherever possible
 * - `announce`: `onMetaData` says which media will come
 */
export type FlvMediaEvent =
  | { readonly type: 'track'; readonly track: Track }
  | { readonly type: 'frame'; readonly frame: SourceFrame }
  | { readonly type: 'announce'; readonly audio: boolean; readonly video: boolean };

/**
 * A frame that fills a 24-bit message has no room left for the header of another form, and 4-byte lengths make it
 * longer than it came.
 */
const MAX_FRAME_BYTES = MAX_FLV_BODY_BYTES - 64;

/**
 * Every viewer gets the record, and in-band parameter sets are collected in it: 255 of 64 KiB would fit. Real ones have
 * some hundred bytes, with an encoder's advertising some thousand.
 */
const MAX_RECORD_BYTES = 1 << 20;

const NO_EVENTS: FlvMediaEvent[] = [];

/** Collects events between two calls of `take`. */
export class FlvEventQueue {
  #events: FlvMediaEvent[] = NO_EVENTS;

  /** @returns the events since the last call; the caller must not change the array */
  take(): FlvMediaEvent[] {
    const events = this.#events;
    this.#events = NO_EVENTS;
    return events;
  }

  push(event: FlvMediaEvent): void {
    if (this.#events === NO_EVENTS) this.#events = [event];
    else this.#events.push(event);
  }

  /** @throws {ProtocolError} `ERR_FLV_RECORD_SIZE`; then nothing is pushed */
  pushTrack(track: Track): void {
    const { config } = track;
    if ('description' in config && config.description.length > MAX_RECORD_BYTES) {
      const length = config.description.length;
      throw new ProtocolError('ERR_FLV_RECORD_SIZE', `codec configuration of ${length} bytes`, {
        length,
        limit: MAX_RECORD_BYTES,
      });
    }
    this.push({ type: 'track', track });
  }

  /** @throws {ProtocolError} `ERR_FLV_FRAME_SIZE`; then nothing is pushed */
  pushFrame(
    track: Track,
    timestampMs: number,
    compositionTimeMs: number,
    isKey: boolean,
    data: Uint8Array,
  ): void {
    if (data.length > MAX_FRAME_BYTES) {
      throw new ProtocolError('ERR_FLV_FRAME_SIZE', `frame of ${data.length} bytes`, {
        length: data.length,
        limit: MAX_FRAME_BYTES,
      });
    }
    const dtsUs = timestampMs * 1000;
    const ptsUs = dtsUs + compositionTimeMs * 1000;
    this.push({ type: 'frame', frame: { track, dtsUs, ptsUs, isKey, data } });
  }
}
