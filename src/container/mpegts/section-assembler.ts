import { crc32Mpeg } from '../../bytes/crc32-mpeg.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { ContinuityCounter } from './continuity-counter.ts';
import type { MpegTsDemuxerCounters } from './demuxer-events.ts';
import { MAX_SECTION_LENGTH, SECTION_HEADER_LENGTH } from './program-tables.ts';

/** `table_id` that says: the rest of the packet is stuffing. */
const STUFFING = 0xff;

/** Puts the sections of one PID together (ISO/IEC 13818-1, 2.4.4). Damaged ones are counted and left out. */
export class SectionAssembler {
  readonly continuity: ContinuityCounter = new ContinuityCounter();
  readonly #counters: MpegTsDemuxerCounters;
  readonly #onSection: (section: Uint8Array) => void;
  readonly #buffer = new Uint8Array(SECTION_HEADER_LENGTH + MAX_SECTION_LENGTH);
  #filled = 0;
  #isOpen = false;

  /** @param onSection gets a fresh copy of each whole section; its `ProtocolError`s are counted */
  constructor(counters: MpegTsDemuxerCounters, onSection: (section: Uint8Array) => void) {
    this.#counters = counters;
    this.#onSection = onSection;
  }

  lost(): void {
    this.#isOpen = false;
  }

  /** Takes the payload of one packet. */
  receive(bytes: Uint8Array, from: number, to: number, isUnitStart: boolean): void {
    let at = from;
    if (isUnitStart) {
      const start = from + 1 + (bytes[from] ?? 0);
      if (from >= to || start > to) {
        this.#damaged();
        return;
      }
      this.#append(bytes, from + 1, start);
      if (this.#isOpen && this.#filled > 0) this.#damaged();
      this.#filled = 0;
      this.#isOpen = true;
      at = start;
    }
    this.#append(bytes, at, to);
  }

  #append(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    while (this.#isOpen && at < to) {
      if (this.#filled === 0 && bytes[at] === STUFFING) {
        this.#isOpen = false;
        return;
      }
      const take = Math.min(this.#missing(), to - at);
      for (let index = 0; index < take; index += 1) this.#buffer[this.#filled + index] = bytes[at + index]!;
      this.#filled += take;
      at += take;
      if (this.#filled > this.#buffer.length || this.#sectionLength() > this.#buffer.length) this.#damaged();
      else if (this.#missing() === 0) this.#finish();
    }
  }

  /** Bytes up to the end of what can be told by now: first the length, then the section. */
  #missing(): number {
    const end = this.#filled < SECTION_HEADER_LENGTH ? SECTION_HEADER_LENGTH : this.#sectionLength();
    return end - this.#filled;
  }

  #sectionLength(): number {
    if (this.#filled < SECTION_HEADER_LENGTH) return 0;
    return SECTION_HEADER_LENGTH + (((this.#buffer[1]! & 0x0f) << 8) | this.#buffer[2]!);
  }

  #finish(): void {
    const section = this.#buffer.slice(0, this.#filled);
    this.#filled = 0;
    if (crc32Mpeg(section) !== 0) {
      this.#counters.damagedTables += 1;
      return;
    }
    try {
      this.#onSection(section);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#counters.damagedTables += 1;
    }
  }

  #damaged(): void {
    this.#counters.damagedTables += 1;
    this.#isOpen = false;
    this.#filled = 0;
  }
}
