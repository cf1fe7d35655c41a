import type { StreamAddress } from '../stream-address.ts';

/**
 * Whether a stream is one of those that `pattern` means: `*` stands for any text, `?` for one character. A pattern with a
 * slash is about `app/stream`, one without about the stream's name alone.
 */
export function matchesPattern(pattern: string, { appName, streamName }: StreamAddress): boolean {
  return matches(pattern, pattern.includes('/') ? `${appName}/${streamName}` : streamName);
}

/** In time of the product of both lengths at most: the last `*` takes one character more when what follows does not fit. */
function matches(pattern: string, text: string): boolean {
  let at = 0;
  let starAt = -1;
  let starEnd = 0;
  let index = 0;
  while (index < text.length) {
    const expected = pattern[at];
    if (expected === '*') {
      starAt = at;
      starEnd = index;
      at += 1;
    } else if (expected === '?' || expected === text[index]) {
      at += 1;
      index += 1;
    } else if (starAt >= 0) {
      at = starAt + 1;
      starEnd += 1;
      index = starEnd;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
