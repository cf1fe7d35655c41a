/**
 * The headers `WWW-Authenticate` and `Authorization` (RFC 7235, 2.1 and 4): schemes, each with parameters or one token.
 *
 * Read more tolerantly than the grammar: parameters may lack their commas, quotes may be left out or not be closed,
 * white space may surround the equals sign. Never throws: what makes no sense is left out, and nobody is let in by that.
 */

/** A scheme with its parameters. */
export interface AuthParameters {
  /** In lower case: `basic`, `digest`. */
  readonly scheme: string;
  /** Names in lower case, values without quotes and escapes; of a repeated name the first. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Real headers stay below 1 KiB. */
const MAX_HEADER_LENGTH = 4096;
/** Digest has at most 14. */
const MAX_PARAMETERS = 32;
/** Servers offer one to four. */
const MAX_CHALLENGES = 8;

const BETWEEN = /[\s,]*/y;
const TOKEN = /[^\s,="]+/y;
const EQUALS = /\s*=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)(?:"|$)/sy;
const BARE_VALUE = /[^\s,]*/y;

/** All challenges of all headers of a response, in their order. */
export function parseChallenges(headers: readonly string[]): AuthParameters[] {
  return headers.flatMap(parseAuthParameters).slice(0, MAX_CHALLENGES);
}

/** The schemes of one header. A token without equals sign begins the next one. */
export function parseAuthParameters(header: string): AuthParameters[] {
  if (header.length > MAX_HEADER_LENGTH) return [];
  const cursor = new TextCursor(header);
  const schemes: { scheme: string; parameters: Map<string, string> }[] = [];
  while (!cursor.isAtEnd) {
    cursor.read(BETWEEN);
    const name = cursor.read(TOKEN)?.[0].toLowerCase();
    const isParameter = cursor.read(EQUALS) !== undefined;
    if (!isParameter) {
      if (name !== undefined) schemes.push({ scheme: name, parameters: new Map() });
      else cursor.skip();
      continue;
    }
    const value = cursor.read(QUOTED)?.[1]?.replace(/\\(.)/gs, '$1') ?? cursor.read(BARE_VALUE)?.[0] ?? '';
    const parameters = schemes.at(-1)?.parameters;
    if (name === undefined || parameters === undefined || parameters.has(name)) continue;
    if (parameters.size < MAX_PARAMETERS) parameters.set(name, value);
  }
  return schemes;
}

/** `name="value"` with quotes and backslashes escaped. */
export function quotedParameter(name: string, value: string): string {
  return `${name}="${value.replace(/["\\]/g, '\\$&')}"`;
}

class TextCursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  skip(): void {
    this.#at += 1;
  }

  /** @param pattern sticky */
  read(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }
}
