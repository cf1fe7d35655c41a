import { Buffer } from 'node:buffer';
import { parsePlaylist, type PlaylistText } from './playlist-text.ts';
import { serializePlaylistEntry, targetDurationSec, type PlaylistEntry } from './playlist-entry.ts';
import { TextChunks } from './text-chunks.ts';

const END = Buffer.from('#EXT-X-ENDLIST\n');

/**
 * The list of everything since its file was made (`record.m3u8`). As in lal it always ends with `EXT-X-ENDLIST`, so that
 * players take it for a finished one and start at its beginning. Appending costs the same however long it is.
 */
export class RecordPlaylist {
  #targetSec: number;
  #mediaSequence: number;
  readonly #body = new TextChunks();
  /** Bytes of each entry in `#body`. */
  readonly #lengths: number[] = [];
  #firstEntry = 0;
  #version = 0;

  /** @param earlier what an earlier publisher, or an earlier process, has left */
  constructor(earlier?: PlaylistText) {
    this.#targetSec = earlier?.targetDurationSec ?? 0;
    this.#mediaSequence = earlier?.mediaSequence ?? 0;
    for (const entry of earlier?.entries ?? []) this.#add(entry);
  }

  /** @returns `undefined` for a text that is no media playlist */
  static parse(text: string): RecordPlaylist | undefined {
    const earlier = parsePlaylist(text);
    return earlier === undefined ? undefined : new RecordPlaylist(earlier);
  }

  get entryCount(): number {
    return this.#lengths.length - this.#firstEntry;
  }

  /** Changes whenever the text does. */
  get version(): number {
    return this.#version;
  }

  /** @param fragmentDurationMs the target duration is never shorter */
  append(entry: PlaylistEntry, fragmentDurationMs: number): void {
    this.#add(serializePlaylistEntry(entry));
    const neededSec = targetDurationSec(Math.max(entry.durationMs, fragmentDurationMs));
    this.#targetSec = Math.max(this.#targetSec, neededSec);
    this.#version += 1;
  }

  /** Forgets the oldest entries, whose files are gone. */
  removeOldest(count: number): void {
    const last = Math.min(this.#firstEntry + count, this.#lengths.length);
    let length = 0;
    for (; this.#firstEntry < last; this.#firstEntry += 1) {
      length += this.#lengths[this.#firstEntry]!;
      this.#mediaSequence += 1;
    }
    this.#body.removeStart(length);
    if (this.#firstEntry > 1000) {
      this.#lengths.splice(0, this.#firstEntry);
      this.#firstEntry = 0;
    }
    this.#version += 1;
  }

  /** The text as UTF-8, in pieces that never change and are mostly those of the version before. */
  serializeParts(): Uint8Array[] {
    const head =
      '#EXTM3U\n#EXT-X-VERSION:3\n' +
      `#EXT-X-TARGETDURATION:${this.#targetSec}\n#EXT-X-MEDIA-SEQUENCE:${this.#mediaSequence}\n\n`;
    return [Buffer.from(head), ...this.#body.parts, END];
  }

  #add(text: string): void {
    this.#body.append(text);
    this.#lengths.push(Buffer.byteLength(text));
  }
}
