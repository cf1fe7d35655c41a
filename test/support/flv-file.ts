/**
 * A reader of FLV that shares nothing with src/, so that a mistake there is not repeated here. It takes a whole FLV
 * byte stream apart into tags, and tags into access units that can be compared.
 * Sources: Adobe "Video File Format Specification" version 10, annex E; Veovera "Enhanced RTMP" version 1 and 2
 * (single track).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { digest, essentialNalUnits, hasNalUnits, splitByLength } from './nal-units.ts';

export interface FlvTag {
  readonly type: number;
  /** Unsigned, 32 bits. */
  readonly timestampMs: number;
  readonly body: Buffer;
  /** When its last byte came in, on the clock of `performance.now()`. */
  readonly arrivedMs: number;
}

/** One picture or one audio packet, reduced to what two recordings must have in common. */
export interface AccessUnit {
  readonly kind: 'video' | 'audio';
  readonly codec: string;
  readonly dtsMs: number;
  readonly ptsMs: number;
  readonly isKey: boolean;
  /** Of the payload; for H.264 and H.265 of its NAL units without delimiters and parameter sets. */
  readonly hash: string;
  readonly bytes: number;
}

/** A sequence header. */
export interface CodecHeader {
  readonly kind: 'video' | 'audio';
  readonly codec: string;
  readonly form: 'legacy' | 'enhanced';
  readonly timestampMs: number;
  readonly description: Buffer;
}

/** A script tag: the AMF0 bytes as they are, and the string they begin with. */
export interface ScriptTag {
  readonly name: string;
  readonly timestampMs: number;
  readonly body: Buffer;
}

export interface Recording {
  /** In the order of arrival, both kinds mixed. */
  readonly units: AccessUnit[];
  readonly headers: CodecHeader[];
  readonly scripts: ScriptTag[];
}

/** Collects bytes and cuts them into tags. */
export class FlvParser {
  /** Byte 4 of the file header: 1 video, 4 audio; undefined before the header is complete. */
  flags: number | undefined;
  readonly tags: FlvTag[] = [];
  #rest: Buffer = Buffer.alloc(0);

  /** Bytes behind the last whole tag. */
  get rest(): number {
    return this.#rest.length;
  }

  push(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.flags === undefined) {
      if (bytes.length < 13) {
        this.#rest = bytes;
        return;
      }
      if (bytes.toString('latin1', 0, 3) !== 'FLV' || bytes[3] !== 1 || bytes.readUInt32BE(5) !== 9) {
        throw new Error(`no FLV header: ${bytes.subarray(0, 13).toString('hex')}`);
      }
      if (bytes.readUInt32BE(9) !== 0) throw new Error('the first previous tag size is not 0');
      this.flags = bytes[4]!;
      bytes = bytes.subarray(13);
    }
    this.#rest = this.#takeTags(bytes);
  }

  #takeTags(bytes: Buffer): Buffer {
    let at = 0;
    while (bytes.length - at >= 11) {
      const bodyLength = bytes.readUIntBE(at + 1, 3);
      const end = at + 11 + bodyLength + 4;
      if (bytes.length < end) break;
      const previousTagSize = bytes.readUInt32BE(end - 4);
      if (previousTagSize !== bodyLength + 11) {
        throw new Error(
          `tag ${this.tags.length}: previous tag size ${previousTagSize}, not ${bodyLength + 11}`,
        );
      }
      if (bytes.readUIntBE(at + 8, 3) !== 0) throw new Error(`tag ${this.tags.length}: stream id is not 0`);
      this.tags.push({
        type: bytes[at]!,
        timestampMs: bytes.readUIntBE(at + 4, 3) + bytes[at + 7]! * 2 ** 24,
        body: Buffer.from(bytes.subarray(at + 11, end - 4)),
        arrivedMs: performance.now(),
      });
      at = end;
    }
    return bytes.subarray(at);
  }
}

const legacyVideoCodecs: Record<number, string> = { 2: 'h263', 4: 'vp6', 7: 'h264', 12: 'h265' };
const legacyAudioCodecs: Record<number, string> = {
  2: 'mp3',
  7: 'g711a',
  8: 'g711u',
  10: 'aac',
  13: 'opus',
  14: 'mp3',
};
const fourCcCodecs: Record<string, string> = {
  avc1: 'h264',
  hvc1: 'h265',
  av01: 'av1',
  vp09: 'vp9',
  mp4a: 'aac',
  Opus: 'opus',
  fLaC: 'flac',
  'ac-3': 'ac3',
  'ec-3': 'eac3',
  '.mp3': 'mp3',
};

/** Takes tags apart; keeps the NAL length size that the last video header announced. */
export class RecordingReader implements Recording {
  readonly units: AccessUnit[] = [];
  readonly headers: CodecHeader[] = [];
  readonly scripts: ScriptTag[] = [];
  #nalLengthSize = 4;

  read(tag: FlvTag): void {
    if (tag.body.length === 0) return;
    if (tag.type === 18) this.#readScript(tag);
    else if (tag.type === 9) this.#readVideo(tag);
    else if (tag.type === 8) this.#readAudio(tag);
    else throw new Error(`FLV tag of unknown type ${tag.type}`);
  }

  #readScript({ timestampMs, body }: FlvTag): void {
    const name = body[0] === 2 ? body.toString('utf8', 3, 3 + body.readUInt16BE(1)) : '';
    this.scripts.push({ name, timestampMs, body });
  }

  #readVideo({ timestampMs, body }: FlvTag): void {
    const first = body[0]!;
    const isKey = ((first >> 4) & 7) === 1;
    if ((first & 0x80) === 0) {
      const codec = legacyVideoCodecs[first & 15] ?? `video id ${first & 15}`;
      if (codec !== 'h264' && codec !== 'h265') {
        this.#addVideo(codec, timestampMs, 0, isKey, body.subarray(1));
      } else if (body[1] === 0) {
        this.#addVideoHeader(codec, 'legacy', timestampMs, body.subarray(5));
      } else if (body[1] === 1) {
        this.#addVideo(codec, timestampMs, body.readIntBE(2, 3), isKey, body.subarray(5));
      }
      return;
    }
    const packetType = first & 15;
    const codec = fourCcCodecs[body.toString('latin1', 1, 5)] ?? body.toString('latin1', 1, 5);
    const hasCompositionTime = packetType === 1 && (codec === 'h264' || codec === 'h265');
    if (packetType === 0) this.#addVideoHeader(codec, 'enhanced', timestampMs, body.subarray(5));
    else if (hasCompositionTime)
      this.#addVideo(codec, timestampMs, body.readIntBE(5, 3), isKey, body.subarray(8));
    else if (packetType === 1 || packetType === 3)
      this.#addVideo(codec, timestampMs, 0, isKey, body.subarray(5));
  }

  #readAudio({ timestampMs, body }: FlvTag): void {
    const format = body[0]! >> 4;
    if (format === 9) {
      const codec = fourCcCodecs[body.toString('latin1', 1, 5)] ?? body.toString('latin1', 1, 5);
      const packetType = body[0]! & 15;
      if (packetType === 0) this.#addAudioHeader(codec, 'enhanced', timestampMs, body.subarray(5));
      else if (packetType === 1) this.#addAudio(codec, timestampMs, body.subarray(5));
      return;
    }
    const codec = legacyAudioCodecs[format] ?? `sound format ${format}`;
    if (codec !== 'aac') this.#addAudio(codec, timestampMs, body.subarray(1));
    else if (body[1] === 0) this.#addAudioHeader(codec, 'legacy', timestampMs, body.subarray(2));
    else this.#addAudio(codec, timestampMs, body.subarray(2));
  }

  #addVideoHeader(codec: string, form: CodecHeader['form'], timestampMs: number, description: Buffer): void {
    if (codec === 'h264' && description.length > 4) this.#nalLengthSize = (description[4]! & 3) + 1;
    if (codec === 'h265' && description.length > 21) this.#nalLengthSize = (description[21]! & 3) + 1;
    this.headers.push({ kind: 'video', codec, form, timestampMs, description });
  }

  #addAudioHeader(codec: string, form: CodecHeader['form'], timestampMs: number, description: Buffer): void {
    this.headers.push({ kind: 'audio', codec, form, timestampMs, description });
  }

  #addVideo(codec: string, dtsMs: number, compositionMs: number, isKey: boolean, payload: Buffer): void {
    if (payload.length === 0) return;
    const parts = contentOf(codec, payload, this.#nalLengthSize);
    const ptsMs = dtsMs + compositionMs;
    this.units.push({ kind: 'video', codec, dtsMs, ptsMs, isKey, ...digest(parts) });
  }

  #addAudio(codec: string, dtsMs: number, payload: Buffer): void {
    if (payload.length === 0) return;
    this.units.push({ kind: 'audio', codec, dtsMs, ptsMs: dtsMs, isKey: true, ...digest([payload]) });
  }
}

/** The parts of an access unit that must arrive unchanged. */
function contentOf(codec: string, payload: Buffer, nalLengthSize: number): Buffer[] {
  if (codec === 'av1') return withoutTemporalDelimiters(payload);
  if (!hasNalUnits(codec)) return [payload];
  return essentialNalUnits(codec, splitByLength(payload, nalLengthSize));
}

/** AV1 in FLV has no temporal delimiter OBU (type 2), yet some writers leave it in. */
function withoutTemporalDelimiters(payload: Buffer): Buffer[] {
  const isDelimiter = payload.length >= 2 && ((payload[0]! >> 3) & 15) === 2 && payload[1] === 0;
  return [isDelimiter ? payload.subarray(2) : payload];
}

/** Takes a list of tags apart. */
export function recordingOf(tags: readonly FlvTag[]): Recording {
  const reader = new RecordingReader();
  for (const tag of tags) reader.read(tag);
  return reader;
}

/** All tags of an FLV file; an incomplete last tag (the writer was stopped in the middle of it) is left out. */
export function readFlvTags(path: string): FlvTag[] {
  const parser = new FlvParser();
  parser.push(readFileSync(path));
  return parser.tags;
}

/** Writes the tags as they are, below a header that announces audio and video. */
export function writeFlvFile(path: string, tags: readonly Omit<FlvTag, 'arrivedMs'>[]): void {
  const parts: Buffer[] = [Buffer.from('464C5601050000000900000000', 'hex')];
  for (const { type, timestampMs, body } of tags) {
    const header = Buffer.alloc(11);
    header.writeUInt8(type, 0);
    header.writeUIntBE(body.length, 1, 3);
    header.writeUIntBE(timestampMs % 2 ** 24, 4, 3);
    header.writeUInt8(Math.floor(timestampMs / 2 ** 24), 7);
    const previousTagSize = Buffer.alloc(4);
    previousTagSize.writeUInt32BE(header.length + body.length);
    parts.push(header, body, previousTagSize);
  }
  writeFileSync(path, Buffer.concat(parts));
}

export function readFlvFile(path: string): Recording {
  return recordingOf(readFlvTags(path));
}
