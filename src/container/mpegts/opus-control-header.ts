/**
 * The control header before each Opus packet in a PES payload (Opus-in-TS draft of xiph.org, as ffmpeg writes and reads
 * it). Trims are read over and not written: a live stream has no beginning to cut.
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';

/** The 11 bits in front: 0x3FF. The other 5 are flags. */
const PREFIX_BYTE = 0x7f;
const PREFIX_BITS = 0xe0;
const Flag = { startTrim: 0x10, endTrim: 0x08, controlExtension: 0x04 } as const;

/** Bytes of the header for a packet of `packetLength` bytes. */
export function opusControlHeaderLength(packetLength: number): number {
  return 2 + Math.floor(packetLength / 255) + 1;
}

/** Writes the header. @returns bytes written */
export function writeOpusControlHeader(target: Uint8Array, at: number, packetLength: number): number {
  target[at] = PREFIX_BYTE;
  target[at + 1] = PREFIX_BITS;
  let end = at + 2;
  let left = packetLength;
  for (; left >= 255; left -= 255) {
    target[end] = 255;
    end += 1;
  }
  target[end] = left;
  return end + 1 - at;
}

/** Where the packet behind a control header lies. */
export interface OpusControlHeader {
  readonly packetOffset: number;
  readonly packetLength: number;
}

/**
 * Parses the header at `at`.
 * @throws {ProtocolError} `ERR_MPEGTS_OPUS` for another prefix, or when the packet does not end within `bytes`
 */
export function parseOpusControlHeader(bytes: Uint8Array, at: number): OpusControlHeader {
  const flags = bytes[at + 1] ?? 0;
  if (bytes[at] !== PREFIX_BYTE || (flags & PREFIX_BITS) !== PREFIX_BITS) {
    throw new ProtocolError('ERR_MPEGTS_OPUS', 'no Opus control header', { offset: at });
  }
  let end = at + 2;
  let packetLength = 0;
  while (bytes[end] === 255) {
    packetLength += 255;
    end += 1;
  }
  packetLength += bytes[end] ?? 0;
  end += 1;
  if ((flags & Flag.startTrim) !== 0) end += 2;
  if ((flags & Flag.endTrim) !== 0) end += 2;
  if ((flags & Flag.controlExtension) !== 0) end += 1 + (bytes[end] ?? 0);
  if (end + packetLength > bytes.length) {
    throw new ProtocolError('ERR_MPEGTS_OPUS', 'Opus packet is cut off', {
      offset: end,
      needed: packetLength,
      available: bytes.length - end,
    });
  }
  return { packetOffset: end, packetLength };
}
