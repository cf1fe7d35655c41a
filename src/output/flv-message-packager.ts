import {
  flvBodyHeaderLength,
  flvCanCarry,
  flvSequenceHeader,
  flvTagTypeOf,
  flvTimestampMs,
  writeFlvBodyHeader,
} from '../container/flv/body-header.ts';
import { FlvTagType, type FlvForm } from '../container/flv/flv-types.ts';
import { MAX_FLV_BODY_BYTES } from '../container/flv/tag-header.ts';
import type { Packager, PackagerOutput, StreamState } from '../hub/packager.ts';
import type { MediaFrame } from '../media/media-frame.ts';
import type { Track } from '../media/track.ts';

/**
 * The time of metadata that a newcomer begins with. ffmpeg's FLV demuxer takes script data with any other time for a
 * subtitle track; lal too sends it with the publisher's, which is 0 as a rule (test/e2e/late-join.test.ts).
 */
const METADATA_TIMESTAMP_MS = 0;

/** Longest header before the payload of an FLV tag body, with room to spare. */
const MAX_BODY_HEADER_BYTES = 32;

/** How a format wraps one FLV message: an RTMP message in chunks, or a tag of a file. */
export interface FlvMessageFormat {
  fileHeader(state: StreamState): Uint8Array | undefined;
  /** Bytes that `write` needs. */
  messageLength(bodyLength: number, timestampMs: number): number;
  /** @param parts the body in pieces */
  write(
    target: Uint8Array,
    offset: number,
    type: FlvTagType,
    timestampMs: number,
    parts: readonly Uint8Array[],
  ): void;
}

/** What a publisher does about metadata, and a player's stream does not have. */
export interface PublisherMetadata {
  /** Stands before each metadata, and before no other script data. At most 32 bytes. */
  readonly prefix: Uint8Array;
  /** The metadata of a stream whose source gave none, without the prefix. */
  describe(state: StreamState, form: FlvForm): Uint8Array;
}

/** RTMP and FLV carry the same messages; only the wrapping differs. */
export class FlvMessagePackager implements Packager {
  readonly #format: FlvMessageFormat;
  readonly #form: FlvForm;
  readonly #metadata: PublisherMetadata | undefined;
  readonly #bodyHeader = new Uint8Array(MAX_BODY_HEADER_BYTES);

  /** @param metadata for messages that go to another server, as a publisher's */
  constructor(format: FlvMessageFormat, form: FlvForm, metadata?: PublisherMetadata) {
    this.#format = format;
    this.#form = form;
    this.#metadata = metadata;
  }

  fileHeader(state: StreamState): Uint8Array | undefined {
    return this.#format.fileHeader(state);
  }

  /** Metadata first, then the codecs' sequence headers, video before audio: the order that players know from lal. */
  writeHeaders(state: StreamState, timeUs: number, out: PackagerOutput): void {
    const timestampMs = toWireTime(timeUs);
    const sticky = state.stickyFrames.filter((frame) => flvCanCarry(frame.track, this.#form));
    const isScript = (frame: MediaFrame): boolean => flvTagTypeOf(frame.track) === FlvTagType.script;
    const scripts = sticky.filter(isScript);
    for (const frame of scripts) this.#writeFrameAt(frame, METADATA_TIMESTAMP_MS, out);
    if (scripts.length === 0) this.#writeDescription(state, out);
    for (const track of state.tracks) this.writeTrack(track, state, timeUs, out);
    // Video metadata (HDR parameters) refers to the video's sequence header.
    for (const frame of sticky.filter((other) => !isScript(other)))
      this.#writeFrameAt(frame, timestampMs, out);
  }

  writeTrack(track: Track, _state: StreamState, timeUs: number, out: PackagerOutput): void {
    const body = flvSequenceHeader(track, this.#form);
    if (body === undefined || body.length > MAX_FLV_BODY_BYTES) return;
    this.#write(flvTagTypeOf(track), toWireTime(timeUs), [body], out);
  }

  /** Leaves out what the format cannot carry: a codec without a name in it, a body beyond 24 bits of length. */
  writeFrame(frame: MediaFrame, out: PackagerOutput): void {
    if (!flvCanCarry(frame.track, this.#form)) return;
    if (frame.data.length > MAX_FLV_BODY_BYTES - MAX_BODY_HEADER_BYTES) return;
    out.beginUnit(frame);
    this.#writeFrameAt(frame, toWireTime(frame.dtsUs), out);
  }

  #writeDescription(state: StreamState, out: PackagerOutput): void {
    if (this.#metadata === undefined) return;
    const parts = [this.#metadata.prefix, this.#metadata.describe(state, this.#form)];
    this.#write(FlvTagType.script, METADATA_TIMESTAMP_MS, parts, out);
  }

  #writeFrameAt(frame: MediaFrame, timestampMs: number, out: PackagerOutput): void {
    const type = flvTagTypeOf(frame.track);
    this.#write(type, timestampMs, [this.#headerOf(frame, type), frame.data], out);
  }

  /** What stands before the frame's data in the body; valid until the next call. */
  #headerOf(frame: MediaFrame, type: FlvTagType): Uint8Array {
    const isMetadata = type === FlvTagType.script && frame.isKey;
    if (isMetadata && this.#metadata !== undefined) return this.#metadata.prefix;
    const header = this.#bodyHeader.subarray(0, flvBodyHeaderLength(frame, this.#form));
    writeFlvBodyHeader(header, 0, frame, this.#form);
    return header;
  }

  #write(type: FlvTagType, timestampMs: number, parts: readonly Uint8Array[], out: PackagerOutput): void {
    let bodyLength = 0;
    for (const part of parts) bodyLength += part.length;
    const at = out.reserve(this.#format.messageLength(bodyLength, timestampMs));
    this.#format.write(out.bytes, at, type, timestampMs, parts);
  }
}

/** The wire's clock: unsigned milliseconds that wrap at 2^32. */
function toWireTime(timeUs: number): number {
  return flvTimestampMs(timeUs) >>> 0;
}
