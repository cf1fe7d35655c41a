/** RTCP goodbyes (RFC 3550, 6.6). The reason is for people and is skipped. */
import { ByteReader } from '../../../bytes/byte-reader.ts';
import type { ByteWriter } from '../../../bytes/byte-writer.ts';
import { RtcpPacketType, rtcpTruncated, writeRtcpHeader } from './rtcp-header.ts';

/** These sources send nothing more. */
export interface Goodbye {
  readonly type: 'goodbye';
  readonly ssrcs: readonly number[];
}

const SSRC_BYTES = 4;

/** @throws {ProtocolError} `ERR_RTCP_TRUNCATED` */
export function parseGoodbye(count: number, body: Uint8Array): Goodbye {
  const needed = count * SSRC_BYTES;
  if (body.length < needed) throw rtcpTruncated('goodbye', needed, body.length);
  const reader = new ByteReader(body);
  return { type: 'goodbye', ssrcs: Array.from({ length: count }, () => reader.u32()) };
}

/** @throws {RangeError} for more than 31 sources */
export function writeGoodbye(writer: ByteWriter, goodbye: Goodbye): void {
  const count = goodbye.ssrcs.length;
  writeRtcpHeader(writer, RtcpPacketType.goodbye, count, count * SSRC_BYTES);
  for (const ssrc of goodbye.ssrcs) writer.u32(ssrc);
}
