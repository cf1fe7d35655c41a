/**
 * lal's `.laldump` files: what a session received, as it came, with the time. One record after the other, each a header of
 * 24 bytes, big endian, and a body.
 */
import { ByteReader } from '../../bytes/byte-reader.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** What a record holds. lal also knows 33 and 34, for media of the application itself. */
export const DumpRecordType = {
  /** RTP packet of GB28181. */
  psRtp: 1,
  /** RTP packet of RTSP. */
  rtspRtp: 17,
  /** Session description of RTSP. */
  rtspSdp: 18,
  /** The first record: which program wrote the file. */
  fileHeader: 49,
} as const;
export type DumpRecordType = (typeof DumpRecordType)[keyof typeof DumpRecordType];

/** One record of a dump. */
export interface DumpRecord {
  /** One of `DumpRecordType`; of files that others wrote, any. */
  readonly type: number;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  readonly body: Uint8Array;
}

const DUMP_VERSION = 3;
const HEADER_LENGTH = 24;
/** "LALD" */
const SIGNATURE = 0x4c_41_4c_44;
const MAX_BODY_BYTES = 1 << 24;

/** Header and body of one record in fresh bytes. */
export function serializeDumpRecord({ type, wallMs, body }: DumpRecord): Uint8Array {
  return new ByteWriter(HEADER_LENGTH + body.length)
    .u32(DUMP_VERSION)
    .u32(type)
    .u32(body.length)
    .u32(Math.floor(wallMs / 2 ** 32))
    .u32(wallMs % 2 ** 32)
    .u32(SIGNATURE)
    .bytes(body)
    .finish();
}

/**
 * The records of a whole file; one that was cut off at the end is left out. Bodies are views.
 * @throws {ProtocolError} `ERR_LALDUMP` for bytes that are no dump
 */
export function parseDump(bytes: Uint8Array): DumpRecord[] {
  const reader = new ByteReader(bytes);
  const records: DumpRecord[] = [];
  while (reader.remaining >= HEADER_LENGTH) {
    const version = reader.u32();
    const type = reader.u32();
    const bodyLength = reader.u32();
    const wallMs = reader.u32() * 2 ** 32 + reader.u32();
    const signature = reader.u32();
    if (version !== DUMP_VERSION || signature !== SIGNATURE || bodyLength > MAX_BODY_BYTES) {
      const details = { version, signature, bodyLength };
      throw new ProtocolError('ERR_LALDUMP', 'not a record of a .laldump file', details);
    }
    if (reader.remaining < bodyLength) break;
    records.push({ type, wallMs, body: reader.view(bodyLength) });
  }
  return records;
}
