import { Buffer } from 'node:buffer';

const PACKET_LENGTH = 188;
const PAT_PID = 0;

/**
 * The newest program association and program map tables in `parts`, each of whole transport packets (ISO/IEC 13818-1,
 * 2.4.4). Each table of ours fits into one packet.
 *
 * A fragment that was cut where no random access point was has no tables of its own; it gets those of the fragment
 * before. Being the last packets of their identifiers they are duplicates in the sense of 2.4.3.3, which leave
 * continuity counters as they are.
 * @returns both packets, a fresh copy; empty when there are no tables
 */
export function newestProgramTables(parts: readonly Uint8Array[]): Uint8Array {
  const association = newestPacket(parts, PAT_PID);
  if (association === undefined) return new Uint8Array(0);
  // Header 4, pointer field 1, section up to its first program 8, program number 2.
  const pmtPid = ((association[15]! & 0x1f) << 8) | association[16]!;
  const map = newestPacket(parts, pmtPid);
  return map === undefined ? new Uint8Array(0) : Buffer.concat([association, map]);
}

function newestPacket(parts: readonly Uint8Array[], pid: number): Uint8Array | undefined {
  for (const part of parts.toReversed()) {
    const packet = newestPacketOf(part, pid);
    if (packet !== undefined) return packet;
  }
  return undefined;
}

function newestPacketOf(bytes: Uint8Array, pid: number): Uint8Array | undefined {
  const lastAt = Math.floor(bytes.length / PACKET_LENGTH - 1) * PACKET_LENGTH;
  for (let at = lastAt; at >= 0; at -= PACKET_LENGTH) {
    const isStart = (bytes[at + 1]! & 0x40) !== 0;
    const packetPid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    if (isStart && packetPid === pid) return bytes.subarray(at, at + PACKET_LENGTH);
  }
  return undefined;
}
