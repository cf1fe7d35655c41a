/**
 * Program association and program map sections (ISO/IEC 13818-1, 2.4.4.4 and 2.4.4.9). Left out: several sections to
 * one table, program descriptors, other tables.
 */
import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { crc32Mpeg } from '../../bytes/crc32-mpeg.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** `table_id` (table 2-31). */
export const TableId = { programAssociation: 0x00, programMap: 0x02 } as const;

/** Both tables have only 10 bits for the length, and it must stay below 1022 (2.4.4.5, 2.4.4.10). */
export const MAX_SECTION_LENGTH = 1021;
/** table_id, section_syntax_indicator and section_length. */
export const SECTION_HEADER_LENGTH = 3;
const CRC_LENGTH = 4;

/** What a program map table says. */
export interface ProgramMap {
  readonly programNumber: number;
  /** `version_number`, 0 to 31. */
  readonly version: number;
  readonly pcrPid: number;
  readonly streams: readonly ProgramMapEntry[];
}

/** One elementary stream of a program map table. */
export interface ProgramMapEntry {
  readonly streamType: number;
  readonly pid: number;
  /** The `ES_info` descriptors, one after the other. */
  readonly descriptors: Uint8Array;
}

/** One program of a program association table. */
export interface ProgramAssociation {
  /** 1 to 65535; entry 0, the network table, is left out. */
  readonly programNumber: number;
  readonly pmtPid: number;
}

/** A program association section with one program. @returns the whole section, CRC included */
export function serializeProgramAssociation(
  transportStreamId: number,
  program: ProgramAssociation,
): Uint8Array {
  const body = new ByteWriter().u16(program.programNumber).u16(0xe000 | program.pmtPid);
  return section(TableId.programAssociation, transportStreamId, 0, body.finish());
}

/**
 * A program map section.
 * @param map with at most so many streams that the section fits into `MAX_SECTION_LENGTH`
 * @returns the whole section, CRC included
 */
export function serializeProgramMap(map: ProgramMap): Uint8Array {
  const body = new ByteWriter().u16(0xe000 | map.pcrPid).u16(0xf000); // no program descriptors
  for (const { streamType, pid, descriptors } of map.streams) {
    body.u8(streamType);
    body.u16(0xe000 | pid);
    body.u16(0xf000 | descriptors.length);
    body.bytes(descriptors);
  }
  return section(TableId.programMap, map.programNumber, map.version, body.finish());
}

function section(tableId: number, tableIdExtension: number, version: number, body: Uint8Array): Uint8Array {
  const writer = new ByteWriter(body.length + 12);
  writer.u8(tableId);
  writer.u16(0xb000 | (5 + body.length + CRC_LENGTH)); // section_syntax_indicator, '0', reserved
  writer.u16(tableIdExtension);
  writer.u8(0xc1 | (version << 1)); // reserved, current_next_indicator
  writer.u8(0); // section_number
  writer.u8(0); // last_section_number
  writer.bytes(body);
  return writer.u32(crc32Mpeg(writer.finish())).finish();
}

/**
 * Parses a program association section whose CRC has been checked.
 * @returns `undefined` for a table that is not in force yet
 * @throws {ProtocolError} `ERR_MPEGTS_TABLE`
 */
export function parseProgramAssociation(bytes: Uint8Array): ProgramAssociation[] | undefined {
  return readSection(bytes, TableId.programAssociation, (reader) => {
    const programs: ProgramAssociation[] = [];
    while (reader.remaining >= 4) {
      const programNumber = reader.u16();
      const pmtPid = reader.u16() & 0x1fff;
      if (programNumber !== 0) programs.push({ programNumber, pmtPid });
    }
    return programs;
  });
}

/**
 * Parses a program map section whose CRC has been checked.
 * @returns `undefined` for a table that is not in force yet; descriptors are views of `bytes`
 * @throws {ProtocolError} `ERR_MPEGTS_TABLE`
 */
export function parseProgramMap(bytes: Uint8Array): ProgramMap | undefined {
  return readSection(bytes, TableId.programMap, (reader, programNumber, version) => {
    const pcrPid = reader.u16() & 0x1fff;
    reader.skip(reader.u16() & 0x0fff);
    const streams: ProgramMapEntry[] = [];
    while (reader.remaining >= 5) {
      const streamType = reader.u8();
      const pid = reader.u16() & 0x1fff;
      const descriptors = reader.view(reader.u16() & 0x0fff);
      streams.push({ streamType, pid, descriptors });
    }
    return { programNumber, version, pcrPid, streams };
  });
}

function readSection<T>(
  bytes: Uint8Array,
  tableId: number,
  readBody: (reader: ByteReader, tableIdExtension: number, version: number) => T,
): T | undefined {
  if (bytes[0] !== tableId) throw broken('another table than expected', bytes);
  try {
    const reader = new ByteReader(bytes.subarray(0, Math.max(0, bytes.length - CRC_LENGTH)));
    reader.skip(SECTION_HEADER_LENGTH);
    const tableIdExtension = reader.u16();
    const versionAndCurrent = reader.u8();
    reader.skip(2); // section_number, last_section_number
    if ((versionAndCurrent & 1) === 0) return undefined;
    return readBody(reader, tableIdExtension, (versionAndCurrent >>> 1) & 0x1f);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'ERR_TRUNCATED') {
      throw broken('table is cut off', bytes, error);
    }
    throw error;
  }
}

function broken(text: string, bytes: Uint8Array, cause?: Error): ProtocolError {
  const details = { tableId: bytes[0] ?? -1, length: bytes.length };
  return new ProtocolError('ERR_MPEGTS_TABLE', text, details, cause === undefined ? undefined : { cause });
}
