import { equalBytes } from '../../bytes/equal-bytes.ts';
import type { TsPacketOutput } from './pes-packetizer.ts';
import { serializeProgramAssociation, serializeProgramMap, type ProgramMapEntry } from './program-tables.ts';
import {
  AdaptationFieldControl,
  TS_HEADER_LENGTH,
  TS_PACKET_LENGTH,
  TsPid,
  writeTsHeader,
} from './ts-packet.ts';

const TRANSPORT_STREAM_ID = 1;
const PROGRAM_NUMBER = 1;

/**
 * The program association and program map tables of an outgoing stream, one packet each. The map's version counts up
 * whenever its content changes.
 */
export class TableWriter {
  readonly #association: Uint8Array = sectionPacket(
    serializeProgramAssociation(TRANSPORT_STREAM_ID, { programNumber: PROGRAM_NUMBER, pmtPid: TsPid.pmt }),
  );
  #map: Uint8Array = new Uint8Array(0);
  /** The map's section with version 0: tells whether anything but the version has changed. */
  #content: Uint8Array = new Uint8Array(0);
  #version = 0;
  #counter = 0;
  #isNews = false;
  #hasBeenWritten = false;

  /** There is something that has not been written yet. */
  get isNews(): boolean {
    return this.#isNews;
  }

  /** @param streams at most 8, so that the map fits into one packet */
  describe(streams: readonly ProgramMapEntry[], pcrPid: number): void {
    const map = { programNumber: PROGRAM_NUMBER, version: 0, pcrPid, streams };
    const content = serializeProgramMap(map);
    if (equalBytes(content, this.#content)) return;
    this.#content = content;
    // A map that nobody has seen needs no new version.
    if (!this.#isNews && this.#hasBeenWritten) this.#version = (this.#version + 1) & 0x1f;
    this.#map = sectionPacket(serializeProgramMap({ ...map, version: this.#version }));
    this.#isNews = true;
  }

  write(out: TsPacketOutput): void {
    const at = out.reserve(2 * TS_PACKET_LENGTH);
    const { bytes } = out;
    bytes.set(this.#association, at);
    writeTsHeader(bytes, at, TsPid.pat, true, AdaptationFieldControl.payload, this.#counter);
    bytes.set(this.#map, at + TS_PACKET_LENGTH);
    writeTsHeader(
      bytes,
      at + TS_PACKET_LENGTH,
      TsPid.pmt,
      true,
      AdaptationFieldControl.payload,
      this.#counter,
    );
    this.#counter = (this.#counter + 1) & 0x0f;
    this.#isNews = false;
    this.#hasBeenWritten = true;
  }
}

/** A packet with one section, filled up with 0xFF; its header is still to be written. */
function sectionPacket(section: Uint8Array): Uint8Array {
  const packet = new Uint8Array(TS_PACKET_LENGTH).fill(0xff);
  packet[TS_HEADER_LENGTH] = 0; // pointer_field
  packet.set(section, TS_HEADER_LENGTH + 1);
  return packet;
}
