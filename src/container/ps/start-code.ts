/**
 * Start codes of a program stream's own units: `00 00 01` and a stream id. Ids below B9 are those of video streams: within H.264
 * and H.265, whose units begin with a 0 bit, the codes that are looked for here do not occur.
 */
import { PsStreamId } from './stream-id.ts';

/** Bytes of `00 00 01` and the id. */
export const START_CODE_LENGTH = 4;

/** Where the first start code lies whole between `from` and `to`; -1 when there is none. */
export function findStartCode(data: Uint8Array, from: number, to: number): number {
  // The 1 is looked for: where a byte above 1 stands, no code can have its first three bytes on it.
  let at = from + 2;
  const last = to - 1;
  while (at < last) {
    const byte = data[at]!;
    if (byte > 1) {
      at += 3;
    } else if (byte === 1 && data[at - 1] === 0 && data[at - 2] === 0) {
      if (data[at + 1]! >= PsStreamId.programEnd) return at - 2;
      at += 3;
    } else {
      at += 1;
    }
  }
  return -1;
}

/** How many of the last bytes between `from` and `to` may be the beginning of a start code: 0 to 3. */
export function startCodeBegun(data: Uint8Array, from: number, to: number): number {
  const last = to > from ? data[to - 1] : undefined;
  const second = to - 1 > from ? data[to - 2] : undefined;
  const third = to - 2 > from ? data[to - 3] : undefined;
  if (last === 1) return second === 0 && third === 0 ? 3 : 0;
  if (last !== 0) return 0;
  return second === 0 ? 2 : 1;
}
