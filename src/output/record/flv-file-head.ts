/**
 * The `onMetaData` tag of a recorded FLV file (FLV 10.1, E.5), made so that it can be completed in place when the file
 * ends: duration, file size and an index of key frames (`keyframes`, an extension that all players know).
 *
 * Room for the index is reserved from the start. (The alternative, writing the file anew with an index in front and
 * renaming it, would copy gigabytes when a server stops, and needs the disk space twice.)
 *
 *     body    "onMetaData" | array: duration, filesize, the source's own values | 00 00 09 | filler, a long string
 *                                                                                 ^ end of the array
 *     done    "onMetaData" | array: duration, filesize, the source's own values | 00 09 "keyframes" {…} 00 00 09 | filler
 *
 * The index is written behind the array's end first, where nobody looks. Then the three bytes of the end are replaced
 * by the first three of the property `keyframes`. Each of these bytes may be the last that gets written: the array is
 * well formed before, between and after, so that a process killed at any moment leaves a readable file.
 */
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { flvTagHeaderLength } from '../../container/flv/tag-header.ts';
import { FlvTagType } from '../../container/flv/flv-types.ts';
import { serializeFlvTag } from '../../container/flv/flv-muxer.ts';
import { AmfEcmaArray, AmfObject, type AmfValue } from '../../protocol/amf/amf-value.ts';
import { serializeAmf0 } from '../../protocol/amf/amf0.ts';
import type { IndexEntry } from './key-frame-index.ts';
import type { Patch } from './recording-file.ts';

/** An hour and more with a key frame every two seconds; longer files get a coarser index. 36 KiB of room. */
export const MAX_INDEX_ENTRIES = 2048;

/** More than any encoder says of its stream. What is larger stays a tag of its own behind the head's. */
const MAX_SOURCE_BYTES = 2048;

/** `FlvTag` and `DataOffset` of the file header. */
const FILE_HEADER_BYTES = 13;
const FLAGS_POSITION = 4;

/** Fewer are no index: ffmpeg finds fault with one of a single entry. */
const MIN_INDEX_ENTRIES = 2;

/** Marker and count of an ECMA array. */
const ARRAY_HEADER_BYTES = 5;
const ARRAY_END = [0x00, 0x00, 0x09] as const;
const LONG_STRING = 0x0c;
const FILLER_HEADER_BYTES = 5;
const SPACE = 0x20;

/** Values of the source that describe another file than this one, or that this file has itself. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'duration',
  'filesize',
  'fileSize',
  'keyframes',
  'hasKeyframes',
  'lasttimestamp',
  'lastkeyframetimestamp',
  'lastkeyframelocation',
  'datasize',
  'videosize',
  'audiosize',
  'canSeekToEnd',
]);

/** What the head is completed with. */
export interface FlvFileSummary {
  readonly durationSec: number;
  readonly fileBytes: number;
  readonly index: readonly IndexEntry[];
  readonly audio: boolean;
  readonly video: boolean;
}

/** The first tag of a recorded file. */
export class FlvFileHead {
  /** The whole tag, to be written right behind the file header. */
  readonly tag: Uint8Array;
  /** Position of the array's end in the file. */
  readonly #arrayEnd: number;
  readonly #roomBytes: number;
  /** Number of values without the index. */
  readonly #count: number;

  /**
   * @param source the publisher's `onMetaData`, if it is known
   * @param timestampMs time of the file's first media
   */
  constructor(source: AmfObject | undefined, timestampMs: number) {
    const values = ownValues(source);
    this.#count = values.size;
    const array = serializeAmf0('onMetaData', new AmfEcmaArray(values));
    this.#arrayEnd = FILE_HEADER_BYTES + flvTagHeaderLength + array.length - ARRAY_END.length;
    this.#roomBytes = indexBytes(MAX_INDEX_ENTRIES) + FILLER_HEADER_BYTES;
    const body = new ByteWriter(array.length + this.#roomBytes).bytes(array);
    writeFiller(body, this.#roomBytes);
    this.tag = serializeFlvTag(FlvTagType.script, timestampMs, body.finish());
  }

  /** What to write over the start of the file, in this order. */
  completion({ durationSec, fileBytes, index, audio, video }: FlvFileSummary): Patch[] {
    const values = serializeAmf0(new AmfEcmaArray({ duration: durationSec, filesize: fileBytes }));
    const arrayAt = FILE_HEADER_BYTES + flvTagHeaderLength + serializeAmf0('onMetaData').length;
    const patches: Patch[] = [
      { position: FLAGS_POSITION, bytes: Uint8Array.of((audio ? 0b100 : 0) | (video ? 0b001 : 0)) },
      {
        position: arrayAt + ARRAY_HEADER_BYTES,
        bytes: values.subarray(ARRAY_HEADER_BYTES, values.length - ARRAY_END.length),
      },
    ];
    return index.length < MIN_INDEX_ENTRIES ? patches : [...patches, ...this.#indexPatches(index, arrayAt)];
  }

  #indexPatches(index: readonly IndexEntry[], arrayAt: number): Patch[] {
    const keyframes = serializeIndex(index);
    // Name length and first letter of `keyframes` take the place of the array's end.
    const room = new ByteWriter(this.#roomBytes).bytes(keyframes.subarray(ARRAY_END.length));
    room.bytes(Uint8Array.from(ARRAY_END));
    writeFiller(room, this.#roomBytes - room.length);
    const count = new ByteWriter(4).u32(this.#count + 1).finish();
    return [
      { position: this.#arrayEnd + ARRAY_END.length, bytes: room.finish() },
      { position: arrayAt + 1, bytes: count },
      { position: this.#arrayEnd, bytes: keyframes.subarray(0, ARRAY_END.length) },
    ];
  }
}

function ownValues(source: AmfObject | undefined): Map<string, AmfValue> {
  const own: [string, AmfValue][] = [
    ['duration', 0],
    ['filesize', 0],
  ];
  const others = [...(source?.entries ?? [])].filter(([name]) => name !== '' && !OWN_NAMES.has(name));
  return new Map([...own, ...others]);
}

/** Whether the publisher's metadata can be part of the head: it must leave the values to be changed in the first page. */
export function fitsFlvFileHead(metadata: Uint8Array): boolean {
  return metadata.length <= MAX_SOURCE_BYTES;
}

function serializeIndex(entries: readonly IndexEntry[]): Uint8Array {
  const keyframes = new AmfObject({
    times: entries.map(({ timeMs }) => timeMs / 1000),
    filepositions: entries.map(({ position }) => position),
  });
  const object = serializeAmf0(new AmfObject({ keyframes }));
  // The property alone, without the object around it.
  return object.subarray(1, object.length - ARRAY_END.length);
}

/** Bytes that an index of so many entries takes behind the array's end, with the array's new end. */
function indexBytes(entries: number): number {
  return serializeIndex([]).length + entries * 2 * 9;
}

function writeFiller(writer: ByteWriter, bytes: number): void {
  const length = bytes - FILLER_HEADER_BYTES;
  writer.u8(LONG_STRING).u32(length).bytes(new Uint8Array(length).fill(SPACE));
}
