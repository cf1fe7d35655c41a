/**
 * The program stream map (ISO/IEC 13818-1, 2.5.4). Left out: descriptors; CRC_32, in whose place devices write anything;
 * current_next_indicator, which they leave at 0.
 */
import { ByteReader } from '../../bytes/byte-reader.ts';

/** One elementary stream of a map. */
export interface PsMapEntry {
  readonly streamType: number;
  readonly streamId: number;
}

/** `program_stream_map_length` of a map without streams: all fixed fields behind it. */
export const MIN_MAP_LENGTH = 10;
/** The largest `program_stream_map_length` (2.5.4.2). */
export const MAX_MAP_LENGTH = 1018;
const ENTRY_LENGTH = 4;
const CRC_LENGTH = 4;

/**
 * Parses a map.
 *
 *     current_next_indicator 1, single_extension_stream_flag 1, reserved 1, version 5, reserved 7, marker_bit 1
 *     program_stream_info_length 16, descriptors
 *     elementary_stream_map_length 16
 *     { stream_type 8, elementary_stream_id 8, elementary_stream_info_length 16, descriptors } …
 *     CRC_32 32
 *
 * @param body what `program_stream_map_length` counts, at least `MIN_MAP_LENGTH` bytes
 * @throws {ProtocolError} `ERR_TRUNCATED` when its lengths reach past the end
 */
export function parseProgramStreamMap(body: Uint8Array): PsMapEntry[] {
  const reader = new ByteReader(body.subarray(0, body.length - CRC_LENGTH));
  reader.skip(2); // flags, version
  reader.skip(reader.u16()); // program descriptors
  reader.skip(2); // elementary_stream_map_length: some devices count wrongly, and the map's end tells as well
  const entries: PsMapEntry[] = [];
  while (reader.remaining >= ENTRY_LENGTH) {
    const streamType = reader.u8();
    const streamId = reader.u8();
    reader.skip(reader.u16());
    entries.push({ streamType, streamId });
  }
  return entries;
}
