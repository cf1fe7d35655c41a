/**
 * A transport stream (ISO/IEC 13818-1) to tracks and frames: the first program, with its H.264, H.265, AAC (ADTS), MPEG
 * audio and Opus streams. Left out: other programs, other codecs (LATM among them), the clock reference: frames come as
 * they arrive.
 */
import type { MpegTsEvent, ElementaryStreamReader, ReaderContext } from './demuxer-events.ts';
import { newDemuxerCounters, type MpegTsDemuxerCounters } from './demuxer-events.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { equalBytes } from '../../bytes/equal-bytes.ts';
import { readerOf, type ReaderKind } from './elementary-readers.ts';
import { PacketFramer } from './packet-framer.ts';
import { PesAssembler, type AssembledPes } from './pes-assembler.ts';
import { parsePesHeader } from './pes-header.ts';
import { parseProgramAssociation, parseProgramMap, type ProgramMapEntry } from './program-tables.ts';
import { SectionAssembler } from './section-assembler.ts';
import { TIMESTAMP_MODULUS, TimestampUnwrapper } from './timestamp.ts';
import {
  AdaptationFieldControl,
  AdaptationFlag,
  TS_HEADER_LENGTH,
  TS_PACKET_LENGTH,
  TsPid,
} from './ts-packet.ts';

/** Elementary streams that are read; a map can name 200, and each may fill its buffer. */
const MAX_STREAMS = 8;
/** Largest access unit: an intra picture of 8K at 800 Mbit/s has 4 MiB. */
const MAX_VIDEO_PES_BYTES = 8 << 20;
/** Audio packets say their length in 16 bits; there is room for some that do not. */
const MAX_AUDIO_PES_BYTES = 256 << 10;

const VIDEO_TRACK_ID = 1;
const AUDIO_TRACK_ID = 2;

interface DemuxedStream {
  readonly entry: ProgramMapEntry;
  readonly trackId: number;
  readonly assembler: PesAssembler;
}

/**
 * Reads a transport stream in pieces of any size: packets of 188, 192 or 204 bytes, from anywhere in the stream on.
 * Damage is counted in `counters` and passed over. Timestamps are unwrapped: times grow past 2^33 ticks.
 * Track ids: first video 1, first audio 2, others their PID.
 */
export class MpegTsDemuxer {
  readonly counters: MpegTsDemuxerCounters = newDemuxerCounters();
  readonly #framer = new PacketFramer(this.counters);
  readonly #association = new SectionAssembler(this.counters, (section) => this.#readAssociation(section));
  #map: SectionAssembler | undefined;
  #mapPid: number = TsPid.null;
  #programNumber = 0;
  #mapSection: Uint8Array | undefined;
  /** By PID. */
  #streams = new Map<number, DemuxedStream>();
  readonly #unwrapper = new TimestampUnwrapper();
  #events: MpegTsEvent[] = [];

  /**
   * @param chunk may be reused afterwards
   * @throws {ProtocolError} `ERR_MPEGTS_SYNC` when the bytes so far are no transport stream at all
   */
  receive(chunk: Uint8Array): void {
    this.#framer.receive(chunk);
    this.#readPackets();
  }

  /**
   * What comes next is another file that goes on with the stream, as HLS cuts it: its packets may be counted anew. Packets
   * that are unfinished go on in it.
   */
  nextFile(): void {
    const assemblers = Array.from(this.#streams.values(), ({ assembler }) => assembler);
    for (const { continuity } of [this.#association, ...assemblers]) continuity.reset();
    this.#map?.continuity.reset();
  }

  /**
   * The stream is over: delivers what waited for the beginning of the next packet.
   * @throws {ProtocolError} `ERR_MPEGTS_SYNC` when there was no packet in it
   */
  end(): void {
    this.#framer.end();
    this.#readPackets();
    for (const { assembler } of this.#streams.values()) assembler.finish();
  }

  /** @returns the events since the last call; to be called after each `receive` and `end`, also after one that throws */
  takeEvents(): MpegTsEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #readPackets(): void {
    for (let at = this.#framer.next(); at !== undefined; at = this.#framer.next()) {
      this.#readPacket(this.#framer.bytes, at);
    }
  }

  #readPacket(bytes: Uint8Array, packet: number): void {
    const pid = ((bytes[packet + 1]! & 0x1f) << 8) | bytes[packet + 2]!;
    const target = this.#assemblerOf(pid);
    if (target === undefined) return;
    const control = (bytes[packet + 3]! >>> 4) & 0x03;
    const hasField = (control & AdaptationFieldControl.adaptationField) !== 0;
    const fieldLength = hasField ? bytes[packet + TS_HEADER_LENGTH]! : 0;
    const from = packet + TS_HEADER_LENGTH + (hasField ? 1 + fieldLength : 0);
    const to = packet + TS_PACKET_LENGTH;
    // transport_error_indicator, transport_scrambling_control
    const isUnusable = (bytes[packet + 1]! & 0x80) !== 0 || (bytes[packet + 3]! & 0xc0) !== 0;
    if (isUnusable || control === 0 || from > to) {
      this.counters.unusablePackets += 1;
      return;
    }
    if ((control & AdaptationFieldControl.payload) === 0) return;
    const flags = fieldLength > 0 ? bytes[packet + TS_HEADER_LENGTH + 1]! : 0;
    const isDiscontinuous = (flags & AdaptationFlag.discontinuity) !== 0;
    const continuity = target.continuity.check(bytes[packet + 3]! & 0x0f, isDiscontinuous);
    if (continuity === 'duplicate') {
      this.counters.duplicatePackets += 1;
      // Sections may be read twice; some muxers never count on their tables' PIDs.
      if (target instanceof PesAssembler) return;
    } else if (continuity === 'lost') {
      this.counters.continuityErrors += 1;
      target.lost();
    }
    const isUnitStart = (bytes[packet + 1]! & 0x40) !== 0;
    target.receive(bytes, from, to, isUnitStart, (flags & AdaptationFlag.randomAccess) !== 0);
  }

  #assemblerOf(pid: number): SectionAssembler | PesAssembler | undefined {
    const stream = this.#streams.get(pid);
    if (stream !== undefined) return stream.assembler;
    if (pid === TsPid.pat) return this.#association;
    return pid === this.#mapPid ? this.#map : undefined;
  }

  #readAssociation(section: Uint8Array): void {
    const program = parseProgramAssociation(section)?.[0];
    if (program === undefined) return;
    this.#programNumber = program.programNumber;
    if (program.pmtPid === this.#mapPid) return;
    this.#mapPid = program.pmtPid;
    this.#map = new SectionAssembler(this.counters, (map) => this.#readMap(map));
  }

  #readMap(section: Uint8Array): void {
    if (this.#mapSection !== undefined && equalBytes(section, this.#mapSection)) return;
    const map = parseProgramMap(section);
    if (map === undefined || map.programNumber !== this.#programNumber) return;
    this.#mapSection = section;
    const kinds = map.streams.map((entry) => readerOf(entry)?.kind);
    const [audio, video] = [kinds.includes('audio'), kinds.includes('video')];
    if (audio || video) this.#events.push({ type: 'announce', audio, video });
    const before = this.#streams;
    this.#streams = new Map();
    for (const stream of before.values()) {
      const entry = map.streams.find(({ pid }) => pid === stream.entry.pid);
      if (entry !== undefined && isSameStream(entry, stream.entry)) this.#streams.set(entry.pid, stream);
      else stream.assembler.finish();
    }
    for (const entry of map.streams) this.#addStream(entry);
  }

  #addStream(entry: ProgramMapEntry): void {
    if (this.#streams.has(entry.pid) || this.#streams.size >= MAX_STREAMS) return;
    if (entry.pid === TsPid.pat || entry.pid === this.#mapPid) return;
    const made = readerOf(entry);
    if (made === undefined) return;
    const trackId = this.#trackIdOf(made.kind, entry.pid);
    const context: ReaderContext = {
      trackId,
      counters: this.counters,
      push: (event) => this.#events.push(event),
    };
    const reader = made.create(context);
    const assembler = new PesAssembler(
      this.counters,
      made.kind === 'video' ? MAX_VIDEO_PES_BYTES : MAX_AUDIO_PES_BYTES,
      (pes) => this.#readPes(pes, reader),
      () => reader.lost(),
    );
    this.#streams.set(entry.pid, { entry, trackId, assembler });
  }

  #trackIdOf(kind: ReaderKind['kind'], pid: number): number {
    const id = kind === 'video' ? VIDEO_TRACK_ID : AUDIO_TRACK_ID;
    const isTaken = Array.from(this.#streams.values()).some((stream) => stream.trackId === id);
    return isTaken ? pid : id;
  }

  #readPes({ bytes, isRandomAccess }: AssembledPes, reader: ElementaryStreamReader): void {
    try {
      const { ptsTicks: pts, dtsTicks: dts, payloadOffset } = parsePesHeader(bytes);
      const payload = bytes.subarray(payloadOffset);
      let ptsTicks: number | undefined;
      let dtsTicks: number | undefined;
      if (pts !== undefined) {
        dtsTicks = this.#unwrapper.unwrap(dts ?? pts);
        ptsTicks = dtsTicks + signedDistance(dts ?? pts, pts);
      }
      reader.read({ payload, ptsTicks, dtsTicks, isRandomAccess });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.counters.damagedPes += 1;
      reader.lost();
    }
  }
}

function isSameStream(a: ProgramMapEntry, b: ProgramMapEntry): boolean {
  return a.streamType === b.streamType && equalBytes(a.descriptors, b.descriptors);
}

/** From one 33-bit time to another, the short way round. */
function signedDistance(from: number, to: number): number {
  const distance = to - from;
  return distance - Math.round(distance / TIMESTAMP_MODULUS) * TIMESTAMP_MODULUS;
}
