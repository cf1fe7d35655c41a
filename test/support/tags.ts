/** Cutting and changing lists of FLV tags before they are published. */
import type { FlvTag } from './flv-file.ts';

/** True for a coded picture that a decoder can start with, in legacy or enhanced form; not for sequence headers. */
export function isKeyPicture({ type, body }: FlvTag): boolean {
  if (type !== 9 || body.length < 6 || ((body[0]! >> 4) & 7) !== 1) return false;
  const packetType = (body[0]! & 0x80) === 0 ? body[1]! : body[0]! & 15;
  return packetType === 1 || packetType === 3;
}

/** True for a sequence header of audio or video, legacy form. */
export function isSequenceHeader({ type, body }: FlvTag): boolean {
  return body[1] === 0 && ((type === 9 && (body[0]! & 15) === 7) || (type === 8 && body[0]! >> 4 === 10));
}

/** Indices of the key pictures. */
export function keyIndices(tags: readonly FlvTag[]): number[] {
  return tags.flatMap((tag, index) => (isKeyPicture(tag) ? [index] : []));
}

/** The same tags later, times wrapping at 2^32 as they do on the wire; sequence headers and metadata included. */
export function shiftTags(tags: readonly FlvTag[], byMs: number): FlvTag[] {
  return tags.map((tag) => ({ ...tag, timestampMs: (tag.timestampMs + byMs) % 2 ** 32 }));
}

/**
 * H.265 in the enhanced form (`hvc1`) as the legacy code point 12, which Chinese servers and devices use. It has no
 * place for video metadata.
 */
export function asLegacyHevc(tags: readonly FlvTag[]): FlvTag[] {
  return tags.flatMap((tag) => {
    const { type, body } = tag;
    if (type !== 9 || (body[0]! & 0x80) === 0) return [tag];
    const packetType = body[0]! & 15;
    if (packetType === 4) return [];
    const hasTime = packetType === 1;
    const legacyType = packetType === 3 ? 1 : packetType;
    const time = hasTime ? body.subarray(5, 8) : Buffer.alloc(3);
    const head = Buffer.from([(body[0]! & 0x70) | 12, legacyType]);
    return [{ ...tag, body: Buffer.concat([head, time, body.subarray(hasTime ? 8 : 5)]) }];
  });
}
