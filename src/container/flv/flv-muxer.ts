import { ByteWriter } from '../../bytes/byte-writer.ts';
import type { MediaFrame, SourceFrame } from '../../media/media-frame.ts';
import type { Track } from '../../media/track.ts';
import {
  flvBodyHeaderLength,
  flvCanCarry,
  flvSequenceHeader,
  flvTagTypeOf,
  flvTimestampMs,
  writeFlvBodyHeader,
} from './body-header.ts';
import type { FlvForm, FlvTagType } from './flv-types.ts';
import { flvFileHeader, flvTagOverhead, writeFlvPreviousTagSize, writeFlvTagHeader } from './tag-header.ts';
import type { FlvFileFlags } from './tag-header.ts';

type Frame = MediaFrame | SourceFrame;

/**
 * Writes frames as a complete FLV file: for files and tests. Live output packs the same bytes for many viewers at once.
 */
export class FlvMuxer {
  readonly #form: FlvForm;
  readonly #tracks = new Map<number, Track>();

  constructor(form: FlvForm = 'source') {
    this.#form = form;
  }

  /** The first bytes of the file. */
  fileHeader(flags: FlvFileFlags): Uint8Array {
    return flvFileHeader(flags);
  }

  /**
   * The tags for one frame, a fresh copy: the sequence header too when its track is new or has changed.
   * Nothing for a codec that FLV has no name for.
   */
  write(frame: Frame): Uint8Array[] {
    const { track } = frame;
    if (!flvCanCarry(track, this.#form)) return [];
    const tags: Uint8Array[] = [];
    if (this.#tracks.get(track.id) !== track) {
      this.#tracks.set(track.id, track);
      const header = flvSequenceHeader(track, this.#form);
      if (header !== undefined) {
        tags.push(serializeFlvTag(flvTagTypeOf(track), flvTimestampMs(frame.dtsUs), header));
      }
    }
    tags.push(
      serializeFlvTag(flvTagTypeOf(track), flvTimestampMs(frame.dtsUs), flvFrameBody(frame, this.#form)),
    );
    return tags;
  }
}

/** A whole FLV file of `frames`, in their order: a fresh copy. Its header flags are those of the tracks it has. */
export function muxFlv(frames: readonly Frame[], form: FlvForm = 'source'): Uint8Array {
  const muxer = new FlvMuxer(form);
  const has = (kind: Track['kind']): boolean => frames.some((frame) => frame.track.kind === kind);
  const parts = [muxer.fileHeader({ audio: has('audio'), video: has('video') })];
  for (const frame of frames) parts.push(...muxer.write(frame));
  const writer = new ByteWriter(parts.reduce((sum, part) => sum + part.length, 0));
  for (const part of parts) writer.bytes(part);
  return writer.finish();
}

/** The whole tag body, or RTMP payload, of a frame: a fresh copy. @throws {TypeError} when `flvCanCarry` says no */
export function flvFrameBody(frame: Frame, form: FlvForm): Uint8Array {
  const headerLength = flvBodyHeaderLength(frame, form);
  const body = new Uint8Array(headerLength + frame.data.length);
  writeFlvBodyHeader(body, 0, frame, form);
  body.set(frame.data, headerLength);
  return body;
}

/** Tag header, body and `PreviousTagSize`: a fresh copy. @throws {RangeError} for a body above 2^24 - 1 bytes */
export function serializeFlvTag(type: FlvTagType, timestampMs: number, body: Uint8Array): Uint8Array {
  const tag = new Uint8Array(flvTagOverhead + body.length);
  const bodyAt = writeFlvTagHeader(tag, 0, type, body.length, timestampMs);
  tag.set(body, bodyAt);
  writeFlvPreviousTagSize(tag, bodyAt + body.length, body.length);
  return tag;
}
