import { ProtocolError } from '../../bytes/protocol-error.ts';
import { AudioTagReader } from './audio-tag-reader.ts';
import { FlvTagType } from './flv-types.ts';
import { FlvEventQueue } from './media-events.ts';
import type { FlvMediaEvent } from './media-events.ts';
import { ScriptTagReader } from './script-tag-reader.ts';
import { VideoTagReader } from './video-tag-reader.ts';

/** A tag body with its time after unwrapping. */
export interface TimedFlvTag {
  readonly type: FlvTagType;
  /** Unwrapped milliseconds, may exceed 2^32. */
  readonly timestampMs: number;
  /** Not changed afterwards by anyone: frames are views of it. */
  readonly body: Uint8Array;
}

/**
 * Turns the tags of one publication, from RTMP or from a file, into tracks and frames. Track ids are in `FlvTrackId`.
 * Damaged media never throws: it is counted and skipped.
 */
export class FlvTagToFrames {
  readonly #events = new FlvEventQueue();
  readonly #video = new VideoTagReader(this.#events);
  readonly #audio = new AudioTagReader(this.#events);
  readonly #script = new ScriptTagReader(this.#events);
  #damagedTags = 0;
  #unsupportedPackets = 0;

  /** Tags skipped as broken: cut off, empty, with a broken record, or a frame that came before its sequence header. */
  get damagedTags(): number {
    return this.#damagedTags;
  }

  /** Well-formed packets that are not carried: further tracks of multitrack messages, unknown packet types. */
  get unsupportedPackets(): number {
    return this.#unsupportedPackets;
  }

  /** Reads one tag; what came of it waits in `takeEvents`. An empty body is legal and means nothing. */
  read(tag: TimedFlvTag): void {
    if (tag.body.length === 0) return;
    try {
      if (tag.type === FlvTagType.video) {
        this.#unsupportedPackets += this.#video.read(tag.body, tag.timestampMs);
      } else if (tag.type === FlvTagType.audio) {
        this.#unsupportedPackets += this.#audio.read(tag.body, tag.timestampMs);
      } else {
        this.#script.read(tag.body, tag.timestampMs);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#damagedTags += 1;
    }
  }

  /** What was read since the last call, in order. */
  takeEvents(): FlvMediaEvent[] {
    return this.#events.take();
  }
}
