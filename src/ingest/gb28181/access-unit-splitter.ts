/**
 * Access units out of the byte stream of a video stream (annex B of H.264 and H.265) and the packets that it comes in. Devices
 * begin a packet with each access unit, or with each NAL unit; muxers of files fill packets without regard to what is in them.
 */
import { nextStartCode } from '../../codec/nal/annex-b.ts';
import type { NalUnitRole } from '../../protocol/rtp/depacketizer/nal-collector.ts';
import { MAX_ACCESS_UNIT_BYTES, PacketPosition } from '../../protocol/rtp/depacketizer/picture-collector.ts';
import type { ProgramTime } from './program-clock.ts';
import type { PsVideoCodec } from './video-codec.ts';

/** Takes what the splitter finds. */
export interface AccessUnitHandler {
  unitStarted(): void;
  /** @param nal valid up to the end of its unit */
  nalUnit(nal: Uint8Array): void;
  /** @param time of the unit; `undefined` when no packet told it */
  unitEnded(time: ProgramTime | undefined): void;
  /** Bytes are missing: the unit that is open, if any, has no end. */
  unitLost(): void;
  /** The stream turns out to be one of the other codec. @returns that */
  codecChanged(): PsVideoCodec;
}

/** A packet that begins in the buffer. */
interface Mark {
  /** Offset in the buffer. */
  at: number;
  /** `undefined`: the packet names none. */
  readonly time: ProgramTime | undefined;
  /** The time has gone to the access unit that it belongs to, the first that begins in the packet. */
  isUsed: boolean;
}

/** What becomes of the NAL unit that is being read. */
const Use = { none: 0, ignored: 1, unit: 2, leading: 3 } as const;
type Use = (typeof Use)[keyof typeof Use];

const START_CODE_LENGTH = 3;
const FIRST_BUFFER_BYTES = 32_768;
/** What is taken in at once: the rest of it is moved when an access unit ends. */
const MAX_STEP_BYTES = 65_536;
/** Parameter sets, SEI and the like between two pictures; more is rubbish. */
const MAX_LEADING_UNITS = 256;

/** See the head of this file. What is read is copied once, and kept up to the end of its access unit. */
export class AccessUnitSplitter {
  /** A unit was once said to end where it did not. */
  hasTorn = false;
  readonly #handler: AccessUnitHandler;
  #codec: PsVideoCodec;
  #buffer: Uint8Array = new Uint8Array(FIRST_BUFFER_BYTES);
  #filled = 0;
  /** Start codes before this place have been dealt with. */
  #scanned = 0;
  #marks: Mark[] = [];
  /** Where the NAL unit that is being read begins, behind its start code. */
  #nalStart = 0;
  #nalUse: Use = Use.none;
  #isOpen = false;
  /** The open unit has a part of a picture. */
  #hasPicture = false;
  #time: ProgramTime | undefined;
  /** The open unit begins where a packet does. */
  #isAligned = false;
  /** What stands behind a picture and before the next, of whichever unit that is. Copies. */
  #leading: Uint8Array[] = [];
  #hasLeading = false;
  #leadingTime: ProgramTime | undefined;
  #isLeadingAligned = false;
  /** An access unit must be seen to begin before anything is taken. */
  #mustFindStart = true;

  constructor(codec: PsVideoCodec, handler: AccessUnitHandler) {
    this.#codec = codec;
    this.#handler = handler;
  }

  /** A packet begins. @param time that it names */
  beginPacket(time: ProgramTime | undefined): void {
    const marks = this.#marks;
    // Of the packets in which everything has been dealt with only the newest matters.
    while (marks.length > 1 && marks[1]!.at <= this.#scanned) marks.shift();
    const last = marks.at(-1);
    if (last?.at !== this.#filled) marks.push({ at: this.#filled, time, isUsed: false });
    else if (time !== undefined) marks[marks.length - 1] = { at: this.#filled, time, isUsed: false };
  }

  /** The next bytes of the stream. @param bytes copied */
  receive(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MAX_STEP_BYTES) {
      const step = bytes.subarray(at, at + MAX_STEP_BYTES);
      if (!this.#append(step)) continue;
      this.#readNalUnits();
      if (!this.#isOpen) this.#forgetScanned();
    }
  }

  /** The access unit that is open ends here, if it has a picture. */
  endUnit(): void {
    this.#readLastStart();
    this.#finishNal(this.#endBefore(this.#filled));
    this.#nalUse = Use.none;
    if (this.#isOpen && !this.#hasPicture) return;
    if (this.#isOpen) {
      this.#takeLeading();
      this.#handler.unitEnded(this.#time);
    }
    this.#isOpen = false;
    this.#hasPicture = false;
    this.#forgetUntil(this.#filled);
  }

  /** Bytes are missing before those that come next. */
  lose(): void {
    this.#handler.unitLost();
    this.#isOpen = false;
    this.#hasPicture = false;
    this.#nalUse = Use.none;
    this.#dropLeading();
    this.#mustFindStart = true;
    this.#marks = [];
    this.#forgetUntil(this.#filled);
  }

  /** @returns false when there is too much */
  #append(bytes: Uint8Array): boolean {
    const filled = this.#filled + bytes.length;
    if (filled > MAX_ACCESS_UNIT_BYTES) {
      this.lose();
      return false;
    }
    if (filled > this.#buffer.length) {
      // NAL units of the open access unit keep the old one.
      const grown = new Uint8Array(Math.max(filled, 2 * this.#buffer.length));
      grown.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled = filled;
    return true;
  }

  /** Between units nothing is kept. */
  #forgetScanned(): void {
    this.#checkTorn(this.#scanned);
    // Zeros at the beginning of a packet do not keep a unit from beginning where the packet does.
    const end = this.#endBefore(this.#scanned);
    for (const mark of this.#marks) if (mark.at >= end) mark.at = Math.max(mark.at, this.#scanned);
    this.#forgetUntil(this.#scanned);
  }

  /** Only while no NAL unit before `offset` is needed any more. */
  #forgetUntil(offset: number): void {
    if (offset === 0) return;
    const left = this.#buffer.subarray(offset, this.#filled);
    // One large picture must not keep its memory for the life of the stream.
    if (this.#buffer.length > 16 * Math.max(this.#filled, FIRST_BUFFER_BYTES)) {
      this.#buffer = new Uint8Array(Math.max(left.length, FIRST_BUFFER_BYTES));
      this.#buffer.set(left);
    } else {
      this.#buffer.copyWithin(0, offset, this.#filled);
    }
    this.#filled -= offset;
    this.#scanned = Math.max(0, this.#scanned - offset);
    this.#nalStart = Math.max(0, this.#nalStart - offset);
    for (const mark of this.#marks) mark.at -= offset;
  }

  #readNalUnits(): void {
    for (;;) {
      const start = nextStartCode(this.#buffer, this.#scanned, this.#filled);
      if (start === this.#filled) {
        // Its last two bytes may be the beginning of a start code.
        this.#scanned = Math.max(this.#scanned, this.#filled - (START_CODE_LENGTH - 1));
        return;
      }
      this.#scanned = start;
      if (this.#filled - start <= START_CODE_LENGTH + this.#codec.nalHeaderBytes) return;
      this.#startNal(start);
    }
  }

  /** A start code behind which there is not all that is needed to know the NAL unit: no more comes. */
  #readLastStart(): void {
    const start = nextStartCode(this.#buffer, this.#scanned, this.#filled);
    if (start < this.#filled) this.#startNal(start);
  }

  #startNal(start: number): void {
    const end = this.#endBefore(start);
    if (!this.#isOpen) this.#checkTorn(start);
    this.#finishNal(end);
    const nalStart = start + START_CODE_LENGTH;
    const firstByte = this.#byteAt(nalStart);
    if (this.#codec.isOther(firstByte, this.#byteAt(nalStart + 1))) this.#changeCodec();
    const { nalHeaderBytes } = this.#codec;
    const role = this.#codec.roleOf(
      firstByte,
      this.#byteAt(nalStart + 1),
      this.#byteAt(nalStart + nalHeaderBytes),
    );
    const mark = this.#markAt(start);
    const isAligned = mark !== undefined && mark.at >= end;
    this.#nalUse = Use.ignored;
    this.#scanned = nalStart;
    this.#nalStart = nalStart;
    if (!this.#codec.isDefined(firstByte)) return;
    if (this.#isOpen) this.#nalUse = this.#goOn(role, firstByte, start, mark, isAligned);
    else if (this.#canBegin(role, mark, isAligned)) this.#nalUse = this.#begin(role, mark, isAligned);
    else if (role.position === PacketPosition.pictureStart) takeTime(mark);
  }

  /**
   * The packet that a start code begins in. The first byte of a unit is the zero before its start code, where there is one: it may
   * be the last byte of the packet before, which then has the unit's time, unless it is the time of the unit that ends there.
   */
  #markAt(start: number): Mark | undefined {
    const index = this.#marks.findLastIndex(({ at }) => at <= start);
    const mark = this.#marks[index];
    const before = this.#marks[index - 1];
    const isInBoth = mark?.at === start && start > 0 && this.#buffer[start - 1] === 0;
    const hasOwnTime = before?.time !== undefined && !before.isUsed && !isSame(before.time, this.#time);
    return isInBoth && hasOwnTime ? before : mark;
  }

  /** What is not there reads as 0. */
  #byteAt(offset: number): number {
    return offset < this.#filled ? this.#buffer[offset]! : 0;
  }

  /** Where what stands before `offset` ends: NAL units never end in zeros, these are of the byte stream. */
  #endBefore(offset: number): number {
    const from = this.#nalUse === Use.none ? 0 : this.#nalStart;
    let end = offset;
    while (end > from && this.#buffer[end - 1] === 0) end -= 1;
    return end;
  }

  #finishNal(end: number): void {
    if (this.#nalUse < Use.unit || end <= this.#nalStart) return;
    const nal = this.#buffer.subarray(this.#nalStart, end);
    if (this.#nalUse === Use.unit) this.#handler.nalUnit(nal);
    else if (this.#leading.length < MAX_LEADING_UNITS) this.#leading.push(nal.slice());
  }

  /** Behind the end of a unit a start code is due; what else stands there is the rest of that unit. */
  #checkTorn(offset: number): void {
    const isDue = this.#nalUse === Use.none && !this.#mustFindStart;
    if (isDue && this.#endBefore(offset) > 0) this.hasTorn = true;
  }

  /** Where no unit is open: whether this NAL unit may be the first of one. */
  #canBegin(role: NalUnitRole, mark: Mark | undefined, isAligned: boolean): boolean {
    const isWithTime = isAligned && mark?.time !== undefined;
    const isFirst = role.position === PacketPosition.unitStart || role.position === PacketPosition.leadingSet;
    if (this.#mustFindStart) return isWithTime || isFirst;
    if (role.position === PacketPosition.inside && !isWithTime) this.hasTorn = true;
    return true;
  }

  #begin(role: NalUnitRole, mark: Mark | undefined, isAligned: boolean): Use {
    this.#open(takeTime(mark), isAligned);
    this.#hasPicture = role.isPicture;
    return Use.unit;
  }

  #open(time: ProgramTime | undefined, isAligned: boolean): void {
    this.#isOpen = true;
    this.#hasPicture = false;
    this.#mustFindStart = false;
    this.#time = time;
    this.#isAligned = isAligned;
    this.#handler.unitStarted();
  }

  /** A NAL unit while a unit is open: of this one, or of the next. */
  #goOn(
    role: NalUnitRole,
    firstByte: number,
    start: number,
    mark: Mark | undefined,
    isAligned: boolean,
  ): Use {
    const time = isAligned ? mark?.time : undefined;
    if (!this.#hasPicture) {
      // Parameter sets that came with a time of their own belong to what follows.
      if (this.#isAligned && time !== undefined) this.#time = takeTime(mark) ?? time;
      this.#hasPicture = role.isPicture;
      return Use.unit;
    }
    const isSameTime = time !== undefined && isSame(time, this.#time);
    const isOtherTime = time !== undefined && !isSameTime;
    if (role.isPicture) {
      // The second field of a picture has the time of the first.
      const isNext = role.position === PacketPosition.pictureStart ? !isSameTime : isOtherTime;
      if (!isNext) {
        this.#takeLeading();
        if (isSameTime) mark!.isUsed = true;
        return Use.unit;
      }
    } else if (!role.isDelimiter && !isOtherTime) {
      if (this.#codec.isTrailing(firstByte) && !this.#hasLeading) return Use.unit;
      this.#noteLeading(mark, isAligned);
      return Use.leading;
    }
    this.#beginNext(start, mark, isAligned);
    this.#hasPicture = role.isPicture;
    return Use.unit;
  }

  #beginNext(start: number, mark: Mark | undefined, isAligned: boolean): void {
    this.#handler.unitEnded(this.#time);
    this.#forgetUntil(start);
    this.#scanned = START_CODE_LENGTH;
    this.#nalStart = START_CODE_LENGTH;
    const own = isAligned || !this.#hasLeading ? takeTime(mark) : undefined;
    const isOwnTime = !this.#hasLeading || (this.#isLeadingAligned && own !== undefined);
    this.#open(isOwnTime ? own : (this.#leadingTime ?? own), isOwnTime ? isAligned : this.#isLeadingAligned);
    this.#takeLeading();
  }

  #noteLeading(mark: Mark | undefined, isAligned: boolean): void {
    if (this.#hasLeading) return;
    this.#hasLeading = true;
    this.#leadingTime = takeTime(mark);
    this.#isLeadingAligned = isAligned;
  }

  /** What stood between two pictures is of the unit that is open. */
  #takeLeading(): void {
    for (const nal of this.#leading) this.#handler.nalUnit(nal);
    this.#dropLeading();
  }

  #dropLeading(): void {
    this.#leading = [];
    this.#hasLeading = false;
    this.#leadingTime = undefined;
  }

  #changeCodec(): void {
    if (this.#hasPicture) {
      this.#dropLeading();
      this.#handler.unitEnded(this.#time);
    } else {
      // What was taken for the beginning of a unit was none: its time is that of what comes.
      for (const mark of this.#marks) mark.isUsed = false;
    }
    this.#isOpen = false;
    this.#hasPicture = false;
    this.#mustFindStart = true;
    this.#codec = this.#handler.codecChanged();
  }
}

/** Of several units that begin in a packet its time is the first one's (ISO/IEC 13818-1, 2.4.3.7). */
function takeTime(mark: Mark | undefined): ProgramTime | undefined {
  if (mark === undefined || mark.isUsed) return undefined;
  mark.isUsed = true;
  return mark.time;
}

function isSame(a: ProgramTime, b: ProgramTime | undefined): boolean {
  return a.ptsTicks === b?.ptsTicks && a.rtpTicks === b.rtpTicks;
}
