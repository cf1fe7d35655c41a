/** Files of GStreamer's `gdppay`: buffers with their times in nanoseconds. Source: GStreamer Data Protocol 1.0. */
const headerLength = 62;
const bufferType = 1;
const noTime = 2n ** 64n - 1n;

export interface GdpBuffer {
  /** Milliseconds; not a number where the buffer has none. */
  readonly ptsMs: number;
  readonly data: Buffer;
}

/** All whole buffers of a file that may still be written. */
export function readGdp(bytes: Buffer): GdpBuffer[] {
  const buffers: GdpBuffer[] = [];
  for (let at = 0; at + headerLength <= bytes.length;) {
    const type = bytes.readUInt16BE(at + 4);
    const end = at + headerLength + bytes.readUInt32BE(at + 6);
    if (end > bytes.length) break;
    const pts = bytes.readBigUInt64BE(at + 10);
    const ptsMs = pts === noTime ? NaN : Number(pts) / 1e6;
    if (type === bufferType) buffers.push({ ptsMs, data: bytes.subarray(at + headerLength, end) });
    at = end;
  }
  return buffers;
}
