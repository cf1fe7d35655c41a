/**
 * A program stream (ISO/IEC 13818-1, 2.5; MPEG-1's of ISO/IEC 11172-1 as well) to the packets of its streams. Left out: the
 * system clock reference, the system header, private streams, padding.
 */
import { joinBytes } from '../../bytes/join-bytes.ts';
import { undefinedIfMalformed } from '../../bytes/undefined-if-malformed.ts';
import { newPsDemuxerCounters, type PsDemuxerCounters, type PsEvent } from './demuxer-events.ts';
import { INCOMPLETE, readPacketHeader } from './packet-header.ts';
import {
  MAX_MAP_LENGTH,
  MIN_MAP_LENGTH,
  parseProgramStreamMap,
  type PsMapEntry,
} from './program-stream-map.ts';
import { START_CODE_LENGTH, findStartCode, startCodeBegun } from './start-code.ts';
import { PsStreamId, isAudioStreamId, isVideoStreamId } from './stream-id.ts';

/** What comes next. */
const Mode = {
  /** A start code, somewhere. */
  search: 0,
  /** A start code, here. */
  boundary: 1,
  /** Bytes of the open packet. */
  payload: 2,
  /** Bytes of something that is not read. */
  skip: 3,
} as const;
type Mode = (typeof Mode)[keyof typeof Mode];

const NOTHING: Uint8Array = new Uint8Array(0);
/** Start code and length. */
const PREFIX_LENGTH = 6;
const MPEG2_PACK_LENGTH = 14;
const MPEG1_PACK_LENGTH = 12;

/**
 * Reads a program stream in pieces of any size, from anywhere on. Damage is counted and passed over; nothing is thrown. What is
 * kept from one piece to the next is the beginning of a header at most, below 2 KiB.
 */
export class ProgramStreamDemuxer {
  readonly counters: PsDemuxerCounters = newPsDemuxerCounters();
  #mode: Mode = Mode.search;
  /** The beginning of a header or start code. */
  #rest: Uint8Array = NOTHING;
  /** Of the open packet. */
  #streamId = 0;
  /** Bytes left of what is open; infinite where its end is not told beforehand. */
  #remaining = 0;
  /** Start codes cannot occur in what is open: one that does ends it. */
  #isSearched = false;
  /** The video packet that has just ended, whose length may have been told too small. */
  #endedVideo: number | undefined;
  #streams: readonly PsMapEntry[] | undefined;
  #events: PsEvent[] = [];

  /** @param chunk must stay as it is until the events have been dealt with */
  receive(chunk: Uint8Array): void {
    const data = joinBytes(this.#rest, chunk);
    this.#rest = NOTHING;
    let at = 0;
    while (at < data.length) {
      const next = this.#step(data, at);
      if (next === undefined) break;
      at = next;
    }
    if (at < data.length) this.#rest = data.slice(at);
  }

  /**
   * Whether everything so far is complete, as it is at the end of an access unit: no packet is open, or one whose end only the
   * next start code tells.
   */
  get isBetweenUnits(): boolean {
    if (this.#mode === Mode.payload) return this.#remaining === Infinity;
    return this.#mode === Mode.boundary && this.#rest.length === 0;
  }

  /** An access unit ends here, says somebody who knows: so does the open packet, if that is possible. */
  endUnit(): void {
    if (this.#mode !== Mode.payload || this.#remaining !== Infinity) return;
    const rest = this.#rest;
    this.#rest = NOTHING;
    if (rest.length > 0) this.#push({ type: 'data', streamId: this.#streamId, bytes: rest });
    this.#endPacket();
  }

  /** Bytes are missing before those that come next. */
  lose(): void {
    if (this.#mode === Mode.payload) this.#damage(this.#streamId);
    this.counters.skippedBytes += this.#rest.length;
    this.#rest = NOTHING;
    this.#search();
  }

  /** The stream is over: ends or gives up what is open. */
  end(): void {
    this.endUnit();
    this.lose();
  }

  /** @returns the events since the last call */
  takeEvents(): PsEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #push(event: PsEvent): void {
    this.#events.push(event);
  }

  /** Reads what stands at `at`. @returns where to go on; `undefined`: more bytes are needed */
  #step(data: Uint8Array, at: number): number | undefined {
    switch (this.#mode) {
      case Mode.search:
        return this.#findStart(data, at);
      case Mode.boundary:
        return this.#readStart(data, at);
      default:
        return this.#readOpen(data, at);
    }
  }

  #search(): void {
    this.#mode = Mode.search;
    this.#endedVideo = undefined;
  }

  #findStart(data: Uint8Array, at: number): number | undefined {
    const found = findStartCode(data, at, data.length);
    const next = found >= 0 ? found : data.length - startCodeBegun(data, at, data.length);
    this.counters.skippedBytes += next - at;
    if (found >= 0) this.#mode = Mode.boundary;
    else if (next === at) return undefined;
    return next;
  }

  #readStart(data: Uint8Array, at: number): number | undefined {
    const available = data.length - at;
    if (available > 2 && data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 0) {
      this.counters.skippedBytes += 1; // some muxers fill up with zeros
      return at + 1;
    }
    const isStart =
      data[at] === 0 &&
      (available < 2 || data[at + 1] === 0) &&
      (available < 3 || data[at + 2] === 1) &&
      (available < START_CODE_LENGTH || data[at + 3]! >= PsStreamId.programEnd);
    if (!isStart) return this.#goOnWithoutStart(at);
    if (available < START_CODE_LENGTH) return undefined;
    return this.#readUnit(data, at, data[at + 3]!);
  }

  /** Video goes on up to the next start code, so that a wrong length costs nothing. */
  #goOnWithoutStart(at: number): number {
    const streamId = this.#endedVideo;
    if (streamId === undefined) {
      this.#search();
      return at;
    }
    this.counters.wrongLengths += 1;
    this.#openPacket(streamId, Infinity);
    return at;
  }

  #readUnit(data: Uint8Array, at: number, streamId: number): number | undefined {
    if (streamId === PsStreamId.packHeader) return this.#readPack(data, at);
    if (streamId === PsStreamId.programEnd) {
      this.#endedVideo = undefined;
      return at + START_CODE_LENGTH;
    }
    if (data.length - at < PREFIX_LENGTH) return undefined;
    const length = (data[at + 4]! << 8) | data[at + 5]!;
    if (isVideoStreamId(streamId) || isAudioStreamId(streamId)) {
      return this.#readPacket(data, at, streamId, length);
    }
    if (streamId === PsStreamId.programStreamMap) return this.#readMap(data, at, length);
    const isHeader = streamId === PsStreamId.systemHeader;
    if (!isHeader) this.counters.skippedPackets += 1;
    this.#skip(length, isHeader || streamId === PsStreamId.padding);
    return at + PREFIX_LENGTH;
  }

  #readPack(data: Uint8Array, at: number): number | undefined {
    if (data.length - at <= START_CODE_LENGTH) return undefined;
    const kind = data[at + START_CODE_LENGTH]!;
    const isMpeg2 = kind >>> 6 === 1;
    if (!isMpeg2 && kind >>> 4 !== 2) {
      this.counters.damagedHeaders += 1;
      this.#search();
      return at + START_CODE_LENGTH;
    }
    const length = isMpeg2 ? MPEG2_PACK_LENGTH : MPEG1_PACK_LENGTH;
    if (data.length - at < length) return undefined;
    this.counters.packs += 1;
    this.#skip(isMpeg2 ? data[at + MPEG2_PACK_LENGTH - 1]! & 0x07 : 0, false); // pack_stuffing_length
    return at + length;
  }

  #readMap(data: Uint8Array, at: number, length: number): number | undefined {
    const end = at + PREFIX_LENGTH + length;
    const isPossible = length >= MIN_MAP_LENGTH && length <= MAX_MAP_LENGTH;
    if (isPossible && data.length < end) return undefined;
    const streams = isPossible ? streamsOf(data.subarray(at + PREFIX_LENGTH, end)) : undefined;
    if (streams === undefined) {
      this.counters.damagedHeaders += 1;
      this.#search();
      return at + PREFIX_LENGTH;
    }
    this.#endedVideo = undefined;
    if (this.#streams === undefined || !isSameMap(streams, this.#streams)) {
      this.#streams = streams;
      this.#push({ type: 'map', streams });
    }
    return end;
  }

  #readPacket(data: Uint8Array, at: number, streamId: number, length: number): number | undefined {
    const header = readPacketHeader(data, at + PREFIX_LENGTH);
    if (header === INCOMPLETE) return undefined;
    this.counters.packets += 1;
    if (header === undefined || (length > 0 && header.length > length)) {
      this.#damage(streamId);
      this.#search();
      return at + PREFIX_LENGTH;
    }
    const { ptsTicks, dtsTicks } = header;
    this.#push({ type: 'begin', streamId, ptsTicks, dtsTicks });
    this.#openPacket(streamId, length === 0 ? Infinity : length - header.length);
    return at + PREFIX_LENGTH + header.length;
  }

  #openPacket(streamId: number, remaining: number): void {
    this.#mode = Mode.payload;
    this.#streamId = streamId;
    this.#remaining = remaining;
    this.#isSearched = isVideoStreamId(streamId) || remaining === Infinity;
    if (remaining === 0) this.#endPacket();
  }

  #endPacket(): void {
    this.#push({ type: 'end', streamId: this.#streamId });
    this.#mode = Mode.boundary;
    this.#endedVideo = isVideoStreamId(this.#streamId) ? this.#streamId : undefined;
  }

  #skip(length: number, isSearched: boolean): void {
    this.#mode = length === 0 ? Mode.boundary : Mode.skip;
    this.#endedVideo = undefined;
    this.#remaining = length;
    this.#isSearched = isSearched;
  }

  /** Goes on in what is open, up to its end, to a start code, or as far as there are bytes. */
  #readOpen(data: Uint8Array, at: number): number | undefined {
    const to = Math.min(data.length, at + this.#remaining);
    const start = this.#isSearched ? findStartCode(data, at, to) : -1;
    const isWhole = to - at === this.#remaining;
    const end = start >= 0 ? start : isWhole || !this.#isSearched ? to : to - startCodeBegun(data, at, to);
    if (start < 0 && end === at) return undefined;
    if (start >= 0 && this.#remaining !== Infinity) this.counters.wrongLengths += 1;
    this.#remaining -= end - at;
    const isOver = start >= 0 || isWhole;
    if (this.#mode === Mode.payload) {
      if (end > at) this.#push({ type: 'data', streamId: this.#streamId, bytes: data.subarray(at, end) });
      if (isOver) this.#endPacket();
    } else if (isOver) {
      this.#mode = Mode.boundary;
    }
    return end;
  }

  #damage(streamId: number): void {
    this.counters.damagedPackets += 1;
    this.#push({ type: 'damage', streamId });
  }
}

function streamsOf(body: Uint8Array): PsMapEntry[] | undefined {
  return undefinedIfMalformed(() => parseProgramStreamMap(body));
}

function isSameMap(a: readonly PsMapEntry[], b: readonly PsMapEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      (entry, index) => entry.streamType === b[index]!.streamType && entry.streamId === b[index]!.streamId,
    )
  );
}
