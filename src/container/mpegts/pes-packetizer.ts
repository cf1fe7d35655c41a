import {
  AdaptationFieldControl,
  AdaptationFlag,
  TS_BODY_LENGTH,
  TS_HEADER_LENGTH,
  TS_PACKET_LENGTH,
  adaptationFieldLength,
  writeAdaptationField,
  writeTsHeader,
} from './ts-packet.ts';
import { pesHeaderLength, writePesHeader } from './pes-header.ts';
import type { PesPayload } from './pes-payload.ts';

/** Where packets go. `Packager` outputs of the hub have this shape. */
export interface TsPacketOutput {
  /** Makes room for `length` bytes in `bytes`, all of which get written. `bytes` may be another block afterwards. */
  reserve(length: number): number;
  readonly bytes: Uint8Array;
}

/** What one PES packet and its first transport packet say, besides the payload. */
export interface PesFields {
  readonly pid: number;
  readonly streamId: number;
  readonly ptsTicks: number;
  readonly dtsTicks: number;
  readonly isRandomAccess: boolean;
  readonly isDiscontinuous: boolean;
  /** Program clock reference to be written; absent for none. */
  readonly pcrTicks: number | undefined;
}

/**
 * Cuts PES packets into transport packets, in place and without allocation: header and payload are written in one piece
 * at the end of the reserved room, then each packet's part is moved forward to its place, packet by packet. A part is
 * never overwritten before it has moved, since everything behind it still needs room for its packet headers.
 * Keeps the continuity counter of each PID.
 */
export class PesPacketizer {
  readonly #nextCounter = new Map<number, number>();

  writePes(fields: PesFields, payload: PesPayload, out: TsPacketOutput): void {
    const headerLength = pesHeaderLength(fields.ptsTicks !== fields.dtsTicks);
    const pesLength = headerLength + payload.length;
    const flags = adaptationFlags(fields);
    const length = packetCount(pesLength, flags) * TS_PACKET_LENGTH;
    const at = out.reserve(length);
    const pesAt = at + length - pesLength;
    writePesHeader(out.bytes, pesAt, fields.streamId, fields.ptsTicks, fields.dtsTicks, payload.length);
    payload.write(out.bytes, pesAt + headerLength);
    this.#spread(out.bytes, at, pesAt, at + length, fields.pid, flags, fields.pcrTicks ?? 0);
  }

  /** A packet with nothing but a program clock reference. */
  writeClock(pid: number, pcrTicks: number, out: TsPacketOutput): void {
    const at = out.reserve(TS_PACKET_LENGTH);
    // Packets without payload do not count: they repeat the counter of the one before (2.4.3.3).
    const counter = (this.#nextCounter.get(pid) ?? 0) - 1;
    writeTsHeader(out.bytes, at, pid, false, AdaptationFieldControl.adaptationField, counter);
    writeAdaptationField(out.bytes, at + TS_HEADER_LENGTH, TS_BODY_LENGTH, AdaptationFlag.pcr, pcrTicks);
  }

  #spread(
    target: Uint8Array,
    start: number,
    pesAt: number,
    end: number,
    pid: number,
    firstFlags: number,
    pcrTicks: number,
  ): void {
    let counter = this.#nextCounter.get(pid) ?? 0;
    let from = pesAt;
    let flags = firstFlags;
    for (let packet = start; packet < end; packet += TS_PACKET_LENGTH) {
      const length = Math.min(TS_BODY_LENGTH - adaptationFieldLength(flags), end - from);
      // The payload stands at the packet's end; what is left before it is adaptation field.
      target.copyWithin(packet + TS_PACKET_LENGTH - length, from, from + length);
      const fieldLength = TS_BODY_LENGTH - length;
      const control = fieldLength === 0 ? AdaptationFieldControl.payload : AdaptationFieldControl.both;
      writeTsHeader(target, packet, pid, packet === start, control, counter);
      writeAdaptationField(target, packet + TS_HEADER_LENGTH, fieldLength, flags, pcrTicks);
      from += length;
      counter += 1;
      flags = 0;
    }
    this.#nextCounter.set(pid, counter & 0x0f);
  }
}

function adaptationFlags(fields: PesFields): number {
  return (
    (fields.isDiscontinuous ? AdaptationFlag.discontinuity : 0) |
    (fields.isRandomAccess ? AdaptationFlag.randomAccess : 0) |
    (fields.pcrTicks === undefined ? 0 : AdaptationFlag.pcr)
  );
}

/** Packets for `pesLength` bytes when the first one has an adaptation field with `flags`. */
function packetCount(pesLength: number, flags: number): number {
  return Math.ceil((pesLength + adaptationFieldLength(flags)) / TS_BODY_LENGTH);
}
