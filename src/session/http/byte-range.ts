/** Part of a body: from `start` to before `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a `Range` header asks of a body of known length (RFC 9110, section 14). */
export type RangeRequest = ByteRange | 'whole' | 'unsatisfiable';

/** Longer numbers are not positions in any file. */
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/**
 * One range is honoured. Several, another unit, or what is not well formed count as no `Range` header at all, as the
 * RFC allows: whoever asks for a thousand overlapping pieces gets the file once.
 */
export function parseRange(header: string | undefined, length: number): RangeRequest {
  const match = header === undefined ? undefined : RANGE.exec(header.trim());
  if (!match || (match[1] === '' && match[2] === '')) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '') {
    const suffixLength = Math.min(Number(last), length);
    return suffixLength === 0 ? 'unsatisfiable' : { start: length - suffixLength, end: length };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= length) return 'unsatisfiable';
  return { start, end: last === '' ? length : Math.min(Number(last) + 1, length) };
}
