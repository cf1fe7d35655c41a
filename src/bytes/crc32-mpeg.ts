const POLYNOMIAL = 0x04c1_1db7;

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000_0000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL;
  return crc;
});

/**
 * CRC of MPEG-2 sections (ISO/IEC 13818-1, annex A): polynomial 0x04C11DB7, starts at all ones, most significant bit
 * first, not inverted. Over a section with its own CRC at the end it is 0.
 * @param from first byte, @param to behind the last one
 */
export function crc32Mpeg(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  let crc = 0xffff_ffff;
  for (let at = from; at < to; at += 1) crc = (crc << 8) ^ TABLE[(crc >>> 24) ^ bytes[at]!]!;
  return crc >>> 0;
}
