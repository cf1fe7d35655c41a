/**
 * Cutting an RTSP connection's bytes into requests, responses and interleaved packets (RFC 2326, 4, 6.1, 7.1, 10.12).
 */
import { ChunkQueue } from '../../bytes/chunk-queue.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { INTERLEAVED_HEADER_BYTES, INTERLEAVED_MARK, MAX_INTERLEAVED_BYTES } from './interleaved-packet.ts';
import { HeadCollector, parseMessageHead, skipLineBreaks } from './message-head.ts';
import type { RtspHeaders } from './rtsp-headers.ts';
import type { RtspRequest, RtspResponse } from './rtsp-message.ts';

/** What comes over an RTSP connection. */
export type RtspReaderItem =
  /** `version` as sent, such as `1.0`. */
  | { readonly type: 'request'; readonly version: string; readonly request: RtspRequest }
  | { readonly type: 'response'; readonly response: RtspResponse }
  | RtspInterleavedPacket;

/** One RTP or RTCP packet between RTSP messages. */
export interface RtspInterleavedPacket {
  readonly type: 'interleaved';
  /** 0 to 255. */
  readonly channel: number;
  /** The packet: a view of what was received where it lies in one piece; never reused. */
  readonly data: Uint8Array;
}

/** What a peer may send at most. */
export interface RtspReaderLimits {
  /** Bytes of a message's body. */
  readonly maxBodyBytes: number;
  /** Bytes of an interleaved packet; its length field ends at 65535. */
  readonly maxInterleavedBytes: number;
}

/** The largest honest bodies are session descriptions, of a few kilobytes. */
export const DEFAULT_RTSP_READER_LIMITS: RtspReaderLimits = {
  maxBodyBytes: 256 * 1024,
  maxInterleavedBytes: MAX_INTERLEAVED_BYTES,
};

const NO_BODY = new Uint8Array(0);
const VERSION = /\sRTSP\/(\d{1,3}\.\d{1,3})$/i;
const STATUS_LINE = /^RTSP\/\d{1,3}\.\d{1,3}\s+(\d{3})(?:\s+(.*))?$/i;
// oxlint-disable-next-line no-control-regex -- what must not be echoed into a header
const CONTROL_CHARACTER = /[\u0000-\u0008\u000a-\u001f\u007f]/;

type MessageStart =
  | { readonly type: 'request'; readonly method: string; readonly uri: string; readonly version: string }
  | { readonly type: 'response'; readonly status: number; readonly reason: string };

/** A message whose head is read and whose body is awaited. */
interface OpenMessage {
  readonly start: MessageStart;
  readonly headers: RtspHeaders;
  readonly bodyLength: number;
}

/** Both sides of a connection read with it. Memory is bounded by the limits and by what the caller lets pile up. */
export class RtspReader {
  #limits: RtspReaderLimits;
  readonly #input = new ChunkQueue();
  readonly #head = new HeadCollector();
  #message: OpenMessage | undefined;

  constructor(limits: RtspReaderLimits = DEFAULT_RTSP_READER_LIMITS) {
    this.#limits = limits;
  }

  /** Bytes received and not read yet. */
  get pendingBytes(): number {
    return this.#input.length;
  }

  /** Holds for what is read from now on. */
  setLimits(limits: RtspReaderLimits): void {
    this.#limits = limits;
  }

  /** @param chunk kept until read; the caller must not change it afterwards */
  receive(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  /**
   * The next message or packet; `undefined` when bytes are missing.
   * @throws ProtocolError `ERR_RTSP_START_LINE`, `ERR_RTSP_START_LINE_TOO_LONG`, `ERR_RTSP_HEAD_TOO_LARGE`, `ERR_RTSP_CONTENT_LENGTH`,
   *   `ERR_RTSP_BODY_TOO_LARGE`, `ERR_RTSP_INTERLEAVED_TOO_LARGE`; nothing can be read after it
   */
  next(): RtspReaderItem | undefined {
    if (this.#message !== undefined) return this.#readBody(this.#message);
    if (this.#head.isEmpty) {
      skipLineBreaks(this.#input);
      if (this.#input.length === 0) return undefined;
      if (this.#input.byteAt(0) === INTERLEAVED_MARK) return this.#readPacket();
    }
    return this.#readHead();
  }

  #readPacket(): RtspInterleavedPacket | undefined {
    const input = this.#input;
    if (input.length < INTERLEAVED_HEADER_BYTES) return undefined;
    const length = (input.byteAt(2) << 8) | input.byteAt(3);
    const limit = this.#limits.maxInterleavedBytes;
    if (length > limit) {
      throw new ProtocolError(
        'ERR_RTSP_INTERLEAVED_TOO_LARGE',
        `interleaved packet of ${length} bytes, ${limit} allowed`,
        { length, limit },
      );
    }
    if (input.length < INTERLEAVED_HEADER_BYTES + length) return undefined;
    const channel = input.byteAt(1);
    input.skip(INTERLEAVED_HEADER_BYTES);
    return { type: 'interleaved', channel, data: input.take(length)! };
  }

  #readHead(): RtspReaderItem | undefined {
    const bytes = this.#head.collect(this.#input);
    if (bytes === undefined) return undefined;
    const { startLine, headers } = parseMessageHead(bytes);
    const start = parseStartLine(startLine);
    this.#message = { start, headers, bodyLength: this.#bodyLengthOf(headers) };
    return this.#readBody(this.#message);
  }

  #bodyLengthOf(headers: RtspHeaders): number {
    const text = headers.get('Content-Length');
    if (text === undefined || text === '') return 0;
    if (!/^\d{1,15}$/.test(text)) {
      throw new ProtocolError('ERR_RTSP_CONTENT_LENGTH', `Content-Length is ${JSON.stringify(text)}`);
    }
    const length = Number(text);
    const limit = this.#limits.maxBodyBytes;
    if (length > limit) {
      throw new ProtocolError('ERR_RTSP_BODY_TOO_LARGE', `body of ${length} bytes, ${limit} allowed`, {
        length,
        limit,
      });
    }
    return length;
  }

  #readBody({ start, headers, bodyLength }: OpenMessage): RtspReaderItem | undefined {
    const body = bodyLength === 0 ? NO_BODY : this.#input.take(bodyLength);
    if (body === undefined) return undefined;
    this.#message = undefined;
    if (start.type === 'response') {
      const { type, status, reason } = start;
      return { type, response: { status, reason, headers, body } };
    }
    const { type, version, method, uri } = start;
    return { type, version, request: { method, uri, headers, body } };
  }
}

function parseStartLine(line: string): MessageStart {
  const start = CONTROL_CHARACTER.test(line) ? undefined : (parseStatusLine(line) ?? parseRequestLine(line));
  if (start !== undefined) return start;
  const found = JSON.stringify(line.slice(0, 60));
  throw new ProtocolError('ERR_RTSP_START_LINE', `neither a request line nor a status line: ${found}`);
}

function parseStatusLine(line: string): MessageStart | undefined {
  const match = STATUS_LINE.exec(line);
  if (match === null) return undefined;
  return { type: 'response', status: Number(match[1]), reason: match[2] ?? '' };
}

/** Method, URI, version. The URI may hold spaces: devices do not escape them. */
function parseRequestLine(line: string): MessageStart | undefined {
  const version = VERSION.exec(line);
  const methodEnd = line.search(/\s/);
  if (version === null || methodEnd >= version.index) return undefined;
  const uri = line.slice(methodEnd, version.index).trim();
  if (uri === '') return undefined;
  return { type: 'request', method: line.slice(0, methodEnd), uri, version: version[1]! };
}
