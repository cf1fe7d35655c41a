/**
 * RTSP requests and responses (RFC 2326, 4 to 7), written as version 1.0. Reading them is `RtspReader`'s business.
 */
import { RtspHeaders } from './rtsp-headers.ts';
import { reasonOfStatus } from './rtsp-status.ts';

/** Methods of RFC 2326, clause 10. Others are legal on the wire. */
export const RtspMethod = {
  options: 'OPTIONS',
  describe: 'DESCRIBE',
  announce: 'ANNOUNCE',
  setup: 'SETUP',
  play: 'PLAY',
  pause: 'PAUSE',
  record: 'RECORD',
  redirect: 'REDIRECT',
  teardown: 'TEARDOWN',
  getParameter: 'GET_PARAMETER',
  setParameter: 'SET_PARAMETER',
} as const;

/** A request of either side (RFC 2326, 6). */
export interface RtspRequest {
  /** As sent; methods are case-sensitive. */
  readonly method: string;
  /** As sent: absolute, `*`, or what else a device believes to be a URI. No control characters. */
  readonly uri: string;
  readonly headers: RtspHeaders;
  /** Empty where there is none. */
  readonly body: Uint8Array;
}

/** A reply (RFC 2326, 7). */
export interface RtspResponse {
  /** Three digits. */
  readonly status: number;
  /** For people; may be empty. */
  readonly reason: string;
  readonly headers: RtspHeaders;
  /** Empty where there is none. */
  readonly body: Uint8Array;
}

const NO_BODY = new Uint8Array(0);

/** A request with its headers in the order given. */
export function rtspRequest(
  method: string,
  uri: string,
  headers: Iterable<readonly [name: string, value: string]> = [],
  body: Uint8Array = NO_BODY,
): RtspRequest {
  return { method, uri, headers: new RtspHeaders(headers), body };
}

/** A response with the usual phrase for its status, and its headers in the order given. */
export function rtspResponse(
  status: number,
  headers: Iterable<readonly [name: string, value: string]> = [],
  body: Uint8Array = NO_BODY,
): RtspResponse {
  return { status, reason: reasonOfStatus(status), headers: new RtspHeaders(headers), body };
}

/**
 * @returns fresh bytes; `Content-Length` is added when there is a body
 * @throws {TypeError} for a method, URI or header with a line break or NUL in it
 */
export function serializeRtspRequest({ method, uri, headers, body }: RtspRequest): Uint8Array {
  return serializeMessage(`${method} ${uri} RTSP/1.0`, headers, body);
}

/**
 * @returns fresh bytes; `Content-Length` is added when there is a body
 * @throws {TypeError} for a reason or header with a line break or NUL in it
 */
export function serializeRtspResponse({ status, reason, headers, body }: RtspResponse): Uint8Array {
  return serializeMessage(`RTSP/1.0 ${status} ${reason}`, headers, body);
}

function serializeMessage(startLine: string, headers: RtspHeaders, body: Uint8Array): Uint8Array {
  let head = `${checkedLine(startLine)}\r\n`;
  for (const [name, value] of headers) head += `${checkedLine(`${name}: ${value}`)}\r\n`;
  if (body.length > 0 && !headers.has('Content-Length')) head += `Content-Length: ${body.length}\r\n`;
  const headBytes = new TextEncoder().encode(`${head}\r\n`);
  if (body.length === 0) return headBytes;
  const bytes = new Uint8Array(headBytes.length + body.length);
  bytes.set(headBytes);
  bytes.set(body, headBytes.length);
  return bytes;
}

/** Whatever breaks a line would add headers, or a second message, that nobody meant to send. */
function checkedLine(line: string): string {
  if (/[\r\n\0]/.test(line)) throw new TypeError(`not one line of RTSP: ${JSON.stringify(line)}`);
  return line;
}
