/** A media playlist as found on disk, as far as it takes to go on with it. */
export interface PlaylistText {
  readonly targetDurationSec: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** The lines of each entry, from its tags to its URI, line feeds included. */
  readonly entries: readonly string[];
  readonly discontinuities: number;
}

/** Lines that belong to the list, not to the entry that follows. Everything else is kept with its entry, known or not. */
const LIST_TAGS =
  /^#(?:EXTM3U|EXT-X-(?:VERSION|ALLOW-CACHE|TARGETDURATION|MEDIA-SEQUENCE|DISCONTINUITY-SEQUENCE|INDEPENDENT-SEGMENTS|PLAYLIST-TYPE|ENDLIST)\b)/;

/**
 * Reads a playlist of ours, of lal's, or one that was edited by hand.
 * @returns `undefined` for a text without `EXTM3U` or a usable `EXT-X-TARGETDURATION`
 */
export function parsePlaylist(text: string): PlaylistText | undefined {
  const targetDurationSec = tagNumber(text, 'TARGETDURATION');
  if (!text.startsWith('#EXTM3U') || targetDurationSec === undefined) return undefined;
  const entries: string[] = [];
  let discontinuities = 0;
  let entry = '';
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || LIST_TAGS.test(line)) continue;
    entry += `${line}\n`;
    if (line === '#EXT-X-DISCONTINUITY') discontinuities += 1;
    if (line.startsWith('#')) continue;
    entries.push(entry);
    entry = '';
  }
  return {
    targetDurationSec,
    mediaSequence: tagNumber(text, 'MEDIA-SEQUENCE') ?? 0,
    discontinuitySequence: tagNumber(text, 'DISCONTINUITY-SEQUENCE') ?? 0,
    entries,
    discontinuities,
  };
}

/** More digits than these are no count of seconds or fragments. */
function tagNumber(text: string, tag: string): number | undefined {
  const digits = new RegExp(`^#EXT-X-${tag}:(\\d{1,15})\\s*$`, 'm').exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The same list for one tracked viewer: its id is in every fragment's URI, so that requests for them are known as its. */
export function withViewerId(text: string, viewerId: string): string {
  return text.replaceAll(/^([^#\n].*\.ts)$/gm, `$1?session_id=${viewerId}`);
}
