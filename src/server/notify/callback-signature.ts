import { createHmac } from 'node:crypto';

/**
 * Headers by which a receiver knows that a body is ours and not an old one: `X-Lal-Timestamp`, seconds since 1970, and
 * `X-Lal-Signature`, `sha256=` and the hexadecimal HMAC-SHA256 of the timestamp, a dot, and the body.
 */
export function signatureHeaders(key: string, body: string, wallMs: number): Record<string, string> {
  const timestamp = String(Math.floor(wallMs / 1000));
  const digest = createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex');
  return { 'X-Lal-Timestamp': timestamp, 'X-Lal-Signature': `sha256=${digest}` };
}
