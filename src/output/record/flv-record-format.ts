import { ByteReader } from '../../bytes/byte-reader.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { flvTimestampMs } from '../../container/flv/body-header.ts';
import { FlvTagType } from '../../container/flv/flv-types.ts';
import { flvFileHeader, flvTagHeaderLength, flvTagOverhead } from '../../container/flv/tag-header.ts';
import type { StreamState } from '../../hub/packager.ts';
import { AmfObject } from '../../protocol/amf/amf-value.ts';
import { readAmf0 } from '../../protocol/amf/amf0.ts';
import { fitsFlvFileHead, FlvFileHead, MAX_INDEX_ENTRIES } from './flv-file-head.ts';
import { KeyFrameIndex } from './key-frame-index.ts';
import type { FileExtent, FileOpening, RecordContent, RecordFormat } from './record-format.ts';
import type { Patch } from './recording-file.ts';

/** FLV with a head of our own, which gets duration, size and index when the file ends. Times stay the stream's. */
export const flvRecordFormat: RecordFormat = {
  kind: 'flv',
  extension: 'flv',
  begin: (opening) => new FlvRecordContent(opening),
};

/** AMF0 string marker, length and the name: what a metadata tag's body begins with. */
const METADATA_NAME = Uint8Array.of(2, 0, 10, ...new TextEncoder().encode('onMetaData'));

class FlvRecordContent implements RecordContent {
  readonly opening: readonly Uint8Array[];
  readonly #head: FlvFileHead;
  readonly #index = new KeyFrameIndex(MAX_INDEX_ENTRIES);
  /** The publisher's metadata went into the head: its own tag is left out, or players would take it for newer. */
  readonly #hasMerged: boolean;

  constructor({ fileHeader, headers, state, timeUs }: FileOpening) {
    const metadata = metadataOf(state);
    this.#hasMerged = metadata !== undefined;
    this.#head = new FlvFileHead(metadata, wireTimeMs(timeUs));
    const beforeMedia = [fileHeader ?? flvFileHeader(mediaOf(state)), this.#head.tag];
    this.opening = [...beforeMedia, ...this.firstUnits(headers)];
    // Players expect the first entry to be the video's sequence header, and skip it.
    this.#index.add({ timeMs: wireTimeMs(timeUs), position: totalLength(beforeMedia) });
  }

  firstUnits(bytes: Uint8Array): readonly Uint8Array[] {
    return this.#hasMerged ? withoutMetadata(bytes) : [bytes];
  }

  randomAccess(position: number, timeUs: number, unit: Uint8Array): void {
    if (unit[0] === FlvTagType.video) this.#index.add({ timeMs: wireTimeMs(timeUs), position });
  }

  completion({ durationUs, bytes, state }: FileExtent): readonly Patch[] {
    return this.#head.completion({
      durationSec: durationUs / 1e6,
      fileBytes: bytes,
      index: this.#index.entries,
      ...mediaOf(state),
    });
  }
}

/** As tags have it: unsigned milliseconds that wrap at 2^32. */
function wireTimeMs(timeUs: number): number {
  return flvTimestampMs(timeUs) >>> 0;
}

function mediaOf({ tracks }: StreamState): { audio: boolean; video: boolean } {
  return {
    audio: tracks.some((track) => track.kind === 'audio'),
    video: tracks.some((track) => track.kind === 'video'),
  };
}

/** The publisher's `onMetaData`, when there is one that the head can take. */
function metadataOf(state: StreamState): AmfObject | undefined {
  const frame = state.stickyFrames.find(
    ({ track, data }) => track.config.codec === 'script' && isMetadata(data),
  );
  if (frame === undefined || !fitsFlvFileHead(frame.data)) return undefined;
  return undefinedIfMalformed(() => {
    const reader = new ByteReader(frame.data);
    readAmf0(reader);
    const value = readAmf0(reader);
    return value instanceof AmfObject ? value : undefined;
  });
}

function isMetadata(body: Uint8Array): boolean {
  return METADATA_NAME.every((byte, index) => body[index] === byte);
}

/** Whole tags, without those that are metadata; views. */
function withoutMetadata(tags: Uint8Array): Uint8Array[] {
  const kept: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < tags.length;) {
    const bodyLength = (tags[at + 1]! << 16) | (tags[at + 2]! << 8) | tags[at + 3]!;
    const body = tags.subarray(at + flvTagHeaderLength, at + flvTagHeaderLength + bodyLength);
    const end = at + flvTagOverhead + bodyLength;
    if (tags[at] === FlvTagType.script && isMetadata(body)) {
      if (at > from) kept.push(tags.subarray(from, at));
      from = end;
    }
    at = end;
  }
  if (from < tags.length) kept.push(tags.subarray(from));
  return kept;
}

function totalLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
