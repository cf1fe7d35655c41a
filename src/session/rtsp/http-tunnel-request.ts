/**
 * The HTTP side of RTSP tunnels, as QuickTime introduced them ("Tunnelling RTSP and RTP through HTTP", Apple, 1999): a
 * GET whose answer never ends carries what the server says, a POST with the same `x-sessioncookie` what the client says.
 */
import type { MessageHead } from '../../protocol/rtsp/message-head.ts';

/** One half of a tunnel. */
export interface TunnelRequest {
  readonly method: 'GET' | 'POST';
  /** What both halves have in common: made up by the client, and long if it is wise. */
  readonly cookie: string;
}

/** QuickTime's have 22 characters. */
const MAX_COOKIE_LENGTH = 256;
const REQUEST_LINE = /^(GET|POST) \S+ HTTP\/1\.[01]$/;

/** `undefined` for a request that belongs to no tunnel. */
export function parseTunnelRequest({ startLine, headers }: MessageHead): TunnelRequest | undefined {
  const method = REQUEST_LINE.exec(startLine)?.[1];
  const cookie = headers.get('x-sessioncookie') ?? '';
  if (method === undefined || cookie === '' || cookie.length > MAX_COOKIE_LENGTH) return undefined;
  return { method: method === 'GET' ? 'GET' : 'POST', cookie };
}

/** What precedes everything that the server says through a GET. */
export function tunnelResponseHead(serverName: string): string {
  return (
    'HTTP/1.0 200 OK\r\n' +
    `Server: ${serverName}\r\n` +
    'Connection: close\r\n' +
    'Cache-Control: no-store\r\n' +
    'Pragma: no-cache\r\n' +
    'Content-Type: application/x-rtsp-tunnelled\r\n\r\n'
  );
}

/** The answer to a request that gets no tunnel. */
export function tunnelRefusal(status: 400 | 503): string {
  const reason = { 400: 'Bad Request', 503: 'Service Unavailable' }[status];
  return `HTTP/1.0 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}
