import { createHash } from 'node:crypto';

/** What a file is named after. */
export interface FileNaming {
  readonly streamKey: string;
  /** When the file begins, in milliseconds since 1970. */
  readonly wallMs: number;
  /** Number of the file within the recording, from 0. */
  readonly segment: number;
}

/** lal's names: `test110-1620540712.flv`. */
export const DEFAULT_FILE_NAME = '{stream}-{unix}';

/** With what a template of the longest kind adds, a file name stays below the 255 bytes that file systems take. */
const MAX_STREAM_PART_BYTES = 160;
const MAX_TEMPLATE_LENGTH = 48;

interface Placeholder {
  value(naming: FileNaming): string;
  readonly pattern: string;
}

const PLACEHOLDERS: Readonly<Record<string, Placeholder>> = {
  stream: { value: ({ streamKey }) => safeStreamPath(streamKey), pattern: '.+' },
  unix: { value: ({ wallMs }) => String(Math.floor(wallMs / 1000)), pattern: '\\d{10}' },
  unix_ms: { value: ({ wallMs }) => String(Math.floor(wallMs)), pattern: '\\d{13}' },
  date: { value: ({ wallMs }) => localDate(new Date(wallMs)), pattern: '\\d{8}' },
  time: { value: ({ wallMs }) => localTime(new Date(wallMs)), pattern: '\\d{6}' },
  segment: { value: ({ segment }) => String(segment), pattern: '\\d+' },
};

/** What is wrong with a template, or `undefined`. */
export function fileNameProblemOf(template: string): string | undefined {
  const names = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!);
  const unknown = names.find((name) => !Object.hasOwn(PLACEHOLDERS, name));
  if (unknown !== undefined) return `there is no placeholder {${unknown}}`;
  if (names.filter((name) => name === 'stream').length !== 1) return 'it must have {stream}, once';
  if (template.length > MAX_TEMPLATE_LENGTH) return `it is longer than ${MAX_TEMPLATE_LENGTH} characters`;
  const literal = template.replaceAll(/\{[^{}]*\}/g, 'x');
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[{}\\\u0000-\u001F\u007F:*?"<>|]/.test(literal))
    return 'it has a character that file names cannot have';
  if (literal.split('/').some((part) => part === '' || part.startsWith('.'))) {
    return 'it has a part that is empty or begins with a dot';
  }
  return undefined;
}

/** Makes file names, and knows which it made. */
export class FileNameTemplate {
  readonly #template: string;

  /** @param template one that `fileNameProblemOf` has nothing against */
  constructor(template: string) {
    this.#template = template;
  }

  /** A relative path with `/` and without extension. No part of it leads out of the folder, whatever the stream is called. */
  pathOf(naming: FileNaming): string {
    return this.#template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => PLACEHOLDERS[name]!.value(naming));
  }

  /** Matches the relative paths of this template with that extension, suffixed ones included. */
  pattern(extension: string): RegExp {
    const source = this.#template
      .split(/(\{[^{}]*\})/)
      .map((piece) =>
        piece.startsWith('{')
          ? PLACEHOLDERS[piece.slice(1, -1)]!.pattern
          : piece.replaceAll(/[$()*+.?[\]^|-]/g, '\\$&'),
      )
      .join('');
    return new RegExp(`^${source}(-\\d+)?\\.${extension}$`, 's');
  }
}

/**
 * A stream key as a relative path: its `/` make folders. Ordinary names stay as they are. What a file system would
 * take for something else is percent-encoded, and `%` too, so that no two keys share a path.
 */
function safeStreamPath(streamKey: string): string {
  return streamKey.split('/').map(safePart).join('/');
}

function safePart(part: string): string {
  // Only a key without an app has an empty part; no other part becomes a bare percent sign.
  if (part === '') return '%';
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const encoded = part.replaceAll(/[\u0000-\u001F\u007F%\\:*?"<>|]|^\.|[. ]$/g, percentEncoded);
  return shortened(encoded.toWellFormed());
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Cuts a part that is too long for a file name, and tells it from others with the same beginning by a hash. */
function shortened(part: string): string {
  const bytes = Buffer.from(part);
  if (bytes.length <= MAX_STREAM_PART_BYTES) return part;
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const head = bytes.subarray(0, MAX_STREAM_PART_BYTES - hash.length - 1).toString();
  // A character that was cut in two has become U+FFFD.
  return `${head.replace(/\uFFFD$/, '')}~${hash}`;
}

function localDate(date: Date): string {
  return `${date.getFullYear()}${twoDigits(date.getMonth() + 1)}${twoDigits(date.getDate())}`;
}

function localTime(date: Date): string {
  return twoDigits(date.getHours()) + twoDigits(date.getMinutes()) + twoDigits(date.getSeconds());
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
