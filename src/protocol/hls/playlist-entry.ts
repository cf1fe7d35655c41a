/** One fragment as a media playlist names it (RFC 8216, section 4.3.2). */
export interface PlaylistEntry {
  /** Relative URI, percent-coded; see `fragmentUri`. */
  readonly uri: string;
  /** `EXTINF`: up to the start of the next fragment, in whole milliseconds. */
  readonly durationMs: number;
  /** `EXT-X-DISCONTINUITY`: times, tracks or encodings do not go on from the fragment before. */
  readonly discontinuity: boolean;
  /** A decoder that knows nothing of earlier fragments can start here. */
  readonly isIndependent: boolean;
  /** `EXT-X-PROGRAM-DATE-TIME`: when the first frame came, in milliseconds since 1970. */
  readonly programDateTimeMs: number;
}

/** The lines of one entry, each with its line feed. lal's, and the date. */
export function serializePlaylistEntry(entry: PlaylistEntry): string {
  const discontinuity = entry.discontinuity ? '#EXT-X-DISCONTINUITY\n' : '';
  const date = new Date(entry.programDateTimeMs).toISOString();
  const seconds = (entry.durationMs / 1000).toFixed(3);
  return `${discontinuity}#EXT-X-PROGRAM-DATE-TIME:${date}\n#EXTINF:${seconds},\n${entry.uri}\n`;
}

/**
 * A file name as a line of a playlist: coded so that it can't be taken for a comment, a query, another folder or a
 * scheme. Ordinary names stay as they are.
 */
export function fragmentUri(fileName: string): string {
  return encodeURIComponent(fileName);
}

/** `EXT-X-TARGETDURATION` for a longest fragment: no `EXTINF`, rounded, may be above it (RFC 8216, 4.3.3.1). */
export function targetDurationSec(longestMs: number): number {
  return Math.max(1, Math.ceil(longestMs / 1000));
}
