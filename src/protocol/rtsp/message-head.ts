/**
 * The head of an RTSP or HTTP message: a start line and header fields up to an empty line (RFC 2326, 4 and 15.1, which
 * takes it from RFC 2068). Read as real devices write it: lines may end in LF alone, long values are folded or simply
 * broken into lines, names have spaces behind them.
 */
import type { ChunkQueue } from '../../bytes/chunk-queue.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { RtspHeaders } from './rtsp-headers.ts';

/** URIs carry tokens of a few kilobytes; nothing honest is longer. */
const MAX_START_LINE_BYTES = 8 * 1024;
/** Start line and all fields; the largest honest ones have a digest or a bearer token in them. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Real messages have fewer than twenty. */
const MAX_HEADER_FIELDS = 100;

const LF = 0x0a;
const CR = 0x0d;
const INITIAL_CAPACITY = 512;

/** A token of RFC 2326, 15.1: what can be the name of a field. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Nothing honest has them, and echoed into a reply they would be somebody's line break. */
// oxlint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/g;

/** A head, taken apart. */
export interface MessageHead {
  readonly startLine: string;
  readonly headers: RtspHeaders;
}

/** Line breaks before a start line mean nothing (RFC 2326, 4): some senders end bodies with them. */
export function skipLineBreaks(input: ChunkQueue): void {
  while (input.length > 0 && (input.byteAt(0) === CR || input.byteAt(0) === LF)) input.skip(1);
}

/** Takes the bytes of heads out of a stream, one head after the other. */
export class HeadCollector {
  #bytes: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  #length = 0;
  #lineStart = 0;

  /** Whether the next byte begins a head. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /**
   * Moves bytes from `input` up to the end of the head.
   * @returns the head without the empty line: a view until the next call; `undefined` when more bytes are needed
   * @throws ProtocolError `ERR_RTSP_START_LINE_TOO_LONG`, `ERR_RTSP_HEAD_TOO_LARGE`
   */
  collect(input: ChunkQueue): Uint8Array | undefined {
    while (input.length > 0) {
      const byte = input.byteAt(0);
      input.skip(1);
      this.#push(byte);
      if (byte === LF && this.#endsLine()) return this.#take();
    }
    return undefined;
  }

  #push(byte: number): void {
    if (this.#length >= (this.#lineStart === 0 ? MAX_START_LINE_BYTES : MAX_HEAD_BYTES)) this.#refuse();
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  #refuse(): never {
    const [code, what, limit] =
      this.#lineStart === 0
        ? (['ERR_RTSP_START_LINE_TOO_LONG', 'start line', MAX_START_LINE_BYTES] as const)
        : (['ERR_RTSP_HEAD_TOO_LARGE', 'head', MAX_HEAD_BYTES] as const);
    throw new ProtocolError(code, `${what} of more than ${limit} bytes`, { limit });
  }

  /** Whether the line that has just ended is the empty one. */
  #endsLine(): boolean {
    const lineLength = this.#length - this.#lineStart - 1;
    if (lineLength === 0 || (lineLength === 1 && this.#bytes[this.#lineStart] === CR)) return true;
    this.#lineStart = this.#length;
    return false;
  }

  #take(): Uint8Array {
    const head = this.#bytes.subarray(0, this.#lineStart);
    this.#length = 0;
    this.#lineStart = 0;
    return head;
  }
}

/**
 * Takes a head apart. Lines that are no fields continue the field before them, as lal reads them.
 * @param bytes of `HeadCollector`; what is no UTF-8 becomes U+FFFD, and control characters in fields become spaces
 * @throws ProtocolError `ERR_RTSP_HEAD_TOO_LARGE` for too many fields
 */
export function parseMessageHead(bytes: Uint8Array): MessageHead {
  const [startLine = '', ...lines] = new TextDecoder().decode(bytes).split(/\r?\n/);
  const headers = new RtspHeaders();
  for (const line of lines) addLine(headers, line);
  return { startLine: startLine.trim(), headers };
}

function addLine(headers: RtspHeaders, rawLine: string): void {
  const line = rawLine.replaceAll(CONTROL_CHARACTERS, ' ');
  const text = line.trim();
  if (text === '') return;
  const isFolded = line.startsWith(' ') || line.startsWith('\t');
  const colonAt = isFolded ? -1 : line.indexOf(':');
  const name = line.slice(0, Math.max(colonAt, 0)).trimEnd();
  if (!FIELD_NAME.test(name)) {
    headers.continueLast(isFolded ? ` ${text}` : text);
    return;
  }
  if (headers.size === MAX_HEADER_FIELDS) {
    throw new ProtocolError('ERR_RTSP_HEAD_TOO_LARGE', `more than ${MAX_HEADER_FIELDS} header fields`, {
      limit: MAX_HEADER_FIELDS,
    });
  }
  headers.append(name, line.slice(colonAt + 1).trim());
}
