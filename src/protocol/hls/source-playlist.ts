/**
 * Playlists of other servers (RFC 8216), as far as it takes to receive what they list. Left out: everything that a receiver
 * of whole transport-stream fragments can do without. Refused: what it could not understand, encryption and MP4.
 */
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { parseAttributes } from './attribute-list.ts';

/** A master playlist: the same content in several qualities. */
export interface SourceMasterPlaylist {
  readonly kind: 'master';
  /** As listed; at least one. */
  readonly variants: readonly SourceVariant[];
}

/** One of the qualities. */
export interface SourceVariant {
  /** Absolute. */
  readonly url: string;
  /** Bits per second at their peak; 0 when the list does not say. */
  readonly bandwidth: number;
  /** Of `CODECS`; empty when the list does not say. */
  readonly codecs: readonly string[];
  /** The sound is in a list of its own, and so not in this one. */
  readonly lacksAudio: boolean;
}

/** A media playlist: fragments in their order. */
export interface SourceMediaPlaylist {
  readonly kind: 'media';
  readonly targetDurationMs: number;
  /** Number of the first fragment. */
  readonly mediaSequence: number;
  /** Nothing will be added. */
  readonly isEnded: boolean;
  /** What URIs are relative to. */
  readonly baseUrl: string;
  readonly fragments: readonly SourceFragment[];
}

/** What to fetch. */
export interface SourceFragment {
  /** As listed; see `absoluteUrl`. */
  readonly uri: string;
  readonly durationMs: number;
  /** Times, tracks or encodings do not go on from the fragment before. */
  readonly discontinuity: boolean;
  /** `EXT-X-GAP`: listed, but not there. */
  readonly isGap: boolean;
  /** The part of the resource that is meant; `undefined`: all of it. */
  readonly range: ByteRange | undefined;
}

/** Bytes `offset` up to `offset + length`. */
interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** A week of fragments of six seconds. */
const MAX_FRAGMENTS = 100_000;
/** Real masters have some ten. */
const MAX_VARIANTS = 1000;
/** More digits than these are no count of anything. */
const MAX_DIGITS = 15;
/** Longer ones are no fragments, and would stop the clock of whoever believes them. */
const MAX_DURATION_SEC = 3600;

/**
 * @param text UTF-8 decoded, a byte order mark taken away or not
 * @param baseUrl where it came from, redirects followed
 * @throws {ProtocolError} `ERR_HLS_…`
 */
export function parseSourcePlaylist(
  text: string,
  baseUrl: string,
): SourceMasterPlaylist | SourceMediaPlaylist {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (!lines[0]!.trimEnd().startsWith('#EXTM3U')) {
    throw new ProtocolError('ERR_HLS_PLAYLIST', 'a playlist begins with #EXTM3U');
  }
  const isMaster = lines.some((line) => line.startsWith('#EXT-X-STREAM-INF:'));
  return isMaster ? parseMaster(lines, baseUrl) : new MediaPlaylistReader(baseUrl).read(lines);
}

function parseMaster(lines: readonly string[], baseUrl: string): SourceMasterPlaylist {
  const audioLists = new Set<string>();
  const found: { attributes: ReadonlyMap<string, string>; url: string }[] = [];
  let attributes: ReadonlyMap<string, string> | undefined;
  for (const line of lines) {
    const value = tagValue(line, 'STREAM-INF');
    if (value !== undefined) {
      attributes = parseAttributes(value);
    } else if (line.startsWith('#EXT-X-MEDIA:')) {
      const media = parseAttributes(line);
      if (media.get('TYPE') === 'AUDIO' && media.has('URI')) audioLists.add(media.get('GROUP-ID') ?? '');
    } else if (attributes !== undefined && isUri(line)) {
      if (found.length >= MAX_VARIANTS) throw tooMany('variants', MAX_VARIANTS);
      found.push({ attributes, url: absoluteUrl(line, baseUrl) });
      attributes = undefined;
    }
  }
  const variants = found.map(({ attributes, url }) => ({
    url,
    bandwidth: wholeNumber(attributes.get('BANDWIDTH') ?? '') ?? 0,
    codecs: (attributes.get('CODECS') ?? '').split(',').flatMap((codec) => codec.trim() || []),
    lacksAudio: audioLists.has(attributes.get('AUDIO') ?? ''),
  }));
  if (variants.length === 0)
    throw new ProtocolError('ERR_HLS_PLAYLIST', 'a master playlist without a variant');
  return { kind: 'master', variants };
}

/** Reads one media playlist line by line: tags apply to the URI that follows. */
class MediaPlaylistReader {
  readonly #baseUrl: string;
  readonly #fragments: SourceFragment[] = [];
  #targetDurationMs: number | undefined;
  #mediaSequence = 0;
  #isEnded = false;
  #durationMs = 0;
  #discontinuity = false;
  #isGap = false;
  #range: { length: number; offset: number | undefined } | undefined;

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  read(lines: readonly string[]): SourceMediaPlaylist {
    for (const line of lines) {
      if (line.startsWith('#')) this.#readTag(line);
      else if (isUri(line)) this.#addFragment(line);
    }
    const longestMs = this.#fragments.reduce((longest, { durationMs }) => Math.max(longest, durationMs), 0);
    const targetDurationMs = this.#targetDurationMs ?? longestMs;
    if (targetDurationMs === 0) {
      throw new ProtocolError('ERR_HLS_PLAYLIST', 'a media playlist without EXT-X-TARGETDURATION');
    }
    return {
      kind: 'media',
      targetDurationMs,
      mediaSequence: this.#mediaSequence,
      isEnded: this.#isEnded,
      baseUrl: this.#baseUrl,
      fragments: this.#fragments,
    };
  }

  #readTag(line: string): void {
    const [, name = '', value = ''] = /^#(EXTINF|EXT-X-[A-Z-]+)(?::(.*))?$/.exec(line) ?? [];
    switch (name) {
      case 'EXTINF':
        this.#durationMs = durationMs(value);
        break;
      case 'EXT-X-TARGETDURATION':
        this.#targetDurationMs = durationMs(value);
        break;
      case 'EXT-X-MEDIA-SEQUENCE':
        this.#mediaSequence = wholeNumber(value) ?? 0;
        break;
      case 'EXT-X-DISCONTINUITY':
        this.#discontinuity = true;
        break;
      case 'EXT-X-GAP':
        this.#isGap = true;
        break;
      case 'EXT-X-BYTERANGE':
        this.#range = parseByteRange(value);
        break;
      case 'EXT-X-ENDLIST':
        this.#isEnded = true;
        break;
      case 'EXT-X-KEY':
        refuseEncryption(value);
        break;
      case 'EXT-X-MAP':
        throw new ProtocolError('ERR_HLS_FORMAT', 'fragments of MP4 (EXT-X-MAP) are not supported');
    }
  }

  #addFragment(line: string): void {
    if (this.#fragments.length >= MAX_FRAGMENTS) throw tooMany('fragments', MAX_FRAGMENTS);
    const uri = line.trim();
    this.#fragments.push({
      uri,
      durationMs: this.#durationMs,
      discontinuity: this.#discontinuity,
      isGap: this.#isGap,
      range: this.#rangeOf(uri),
    });
    this.#durationMs = 0;
    this.#discontinuity = false;
    this.#isGap = false;
    this.#range = undefined;
  }

  /** A range without an offset begins where the one before, of the same resource, ends (RFC 8216, 4.3.2.2). */
  #rangeOf(uri: string): ByteRange | undefined {
    if (this.#range === undefined) return undefined;
    const { length, offset } = this.#range;
    if (offset !== undefined) return { length, offset };
    const before = this.#fragments.at(-1);
    const end = before?.range === undefined ? 0 : before.range.offset + before.range.length;
    return { length, offset: before?.uri === uri ? end : 0 };
  }
}

function isUri(line: string): boolean {
  return line.trim() !== '' && !line.startsWith('#');
}

function tagValue(line: string, tag: string): string | undefined {
  const prefix = `#EXT-X-${tag}:`;
  return line.startsWith(prefix) ? line.slice(prefix.length) : undefined;
}

/** Seconds with or without a fraction, and perhaps a title behind a comma. */
function durationMs(value: string): number {
  const seconds = Number.parseFloat(value);
  return seconds > 0 ? Math.round(Math.min(seconds, MAX_DURATION_SEC) * 1000) : 0;
}

function wholeNumber(value: string): number | undefined {
  const digits = /^\s*(\d+)\s*$/.exec(value)?.[1];
  return digits === undefined || digits.length > MAX_DIGITS ? undefined : Number(digits);
}

function parseByteRange(value: string): { length: number; offset: number | undefined } {
  const [, length = '', offset] = /^\s*(\d+)(?:@(\d+))?\s*$/.exec(value) ?? [];
  const range = {
    length: wholeNumber(length),
    offset: offset === undefined ? undefined : wholeNumber(offset),
  };
  if (
    range.length === undefined ||
    range.length === 0 ||
    (offset !== undefined && range.offset === undefined)
  ) {
    throw new ProtocolError('ERR_HLS_PLAYLIST', 'EXT-X-BYTERANGE is no range', { value: value.slice(0, 40) });
  }
  return { length: range.length, offset: range.offset };
}

function refuseEncryption(value: string): void {
  const method = parseAttributes(value).get('METHOD') ?? '';
  if (method === 'NONE') return;
  throw new ProtocolError('ERR_HLS_ENCRYPTED', 'encrypted fragments are not supported', {
    method: method.slice(0, 40),
  });
}

/** @throws {ProtocolError} `ERR_HLS_URI` */
export function absoluteUrl(uri: string, baseUrl: string): string {
  const url = URL.parse(uri.trim(), baseUrl);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url.href;
  throw new ProtocolError('ERR_HLS_URI', 'a URI of the playlist is not of HTTP');
}

function tooMany(what: string, limit: number): ProtocolError {
  return new ProtocolError('ERR_HLS_PLAYLIST', `more than ${limit} ${what}`, { limit });
}
