/** Supplemental enhancement information of H.264 and H.265 (ISO/IEC 14496-10, 7.3.2.3.1; ISO/IEC 23008-2, 7.3.5). */
import { removeEmulationPrevention } from './emulation-prevention.ts';

/** `payloadType` of the recovery point message, the same in both standards. */
export const SEI_RECOVERY_POINT = 6;

/**
 * Bytes of a SEI NAL unit that are looked at: the messages that matter are short and stand apart from user data, which
 * may have any length.
 */
const MAX_SEARCHED_BYTES = 512;

/**
 * The payload of the first message of a type.
 * @param nal with its NAL unit header, emulation prevention bytes still inside
 * @param headerBytes length of that header: 1 in H.264, 2 in H.265
 * @returns without emulation prevention; shorter than it says where the unit is cut off; `undefined` without such a message
 */
export function seiPayload(nal: Uint8Array, headerBytes: 1 | 2, payloadType: number): Uint8Array | undefined {
  const bytes = removeEmulationPrevention(nal.subarray(headerBytes, headerBytes + MAX_SEARCHED_BYTES));
  let at = 0;
  // Less than type, size and the stop bit is no message.
  while (at + 2 < bytes.length) {
    let type = 0;
    while (bytes[at] === 0xff) {
      type += 0xff;
      at += 1;
    }
    type += bytes[at] ?? 0;
    at += 1;
    let size = 0;
    while (bytes[at] === 0xff) {
      size += 0xff;
      at += 1;
    }
    size += bytes[at] ?? 0;
    at += 1;
    if (type === payloadType) return bytes.subarray(at, at + size);
    at += size;
  }
  return undefined;
}
