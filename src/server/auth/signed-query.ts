import { createHmac } from 'node:crypto';
import { equalSecrets } from '../../bytes/equal-secrets.ts';
import { ipInNormalForm } from '../../session/net/address.ts';

/*
 * URLs that are good for a while: `lal_expire=<seconds since 1970>&lal_sign=<signature>`, and `lal_ip=<address>` where only
 * one client may use them. The signature is the hexadecimal HMAC-SHA256 of four lines without an end of the last one:
 *
 *     publish or play
 *     the stream
 *     lal_expire, as in the URL
 *     lal_ip, as in the URL; empty when there is none
 *
 * Names of streams hold no line ends, so no two grants have the same text.
 */

/** What one may do with a signed URL. */
export type SignedAction = 'publish' | 'play';

/** What a signed URL allows. */
export interface SignedGrant {
  readonly action: SignedAction;
  /** The stream's name; `app/name` where the config's `stream_key` is `app_stream`. */
  readonly streamKey: string;
  /** Seconds since 1970, a whole number; from then on nobody is let in any more. */
  readonly expiresSec: number;
  /** The only address that may use it; default: any. */
  readonly ip?: string | undefined;
}

/** A request that may bring a signature. */
export interface SignedRequest {
  readonly action: SignedAction;
  readonly streamKey: string;
  /** The client's address without port, in normal form. */
  readonly remoteHost: string;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

/** Why a signature does not let in; docs/errors.md. */
export type SignatureFault = 'ERR_AUTH_SIGNATURE' | 'ERR_AUTH_EXPIRED' | 'ERR_AUTH_ADDRESS';

/** Longer ones are later than the year 33000. */
const EXPIRE = /^\d{1,12}$/;

/**
 * The parameters to put behind the `?` of a stream's URL.
 * @param key `simple_auth.sign_key` of the config, not empty
 */
export function signedQuery(key: string, { action, streamKey, expiresSec, ip = '' }: SignedGrant): string {
  const expire = String(expiresSec);
  const parameters = [`lal_expire=${expire}`];
  if (ip !== '') parameters.push(`lal_ip=${ip}`);
  parameters.push(`lal_sign=${signatureOf(key, [action, streamKey, expire, ip])}`);
  return parameters.join('&');
}

/** Whether the query claims to be signed. */
export function hasSignature(query: URLSearchParams): boolean {
  return (query.get('lal_sign') ?? '') !== '';
}

/**
 * @param key not empty
 * @returns `undefined` when the signature allows the request; whether it is right is looked at first, so that nothing is
 *   said about what was never signed
 */
export function signatureFaultOf(
  key: string,
  query: URLSearchParams,
  { action, streamKey, remoteHost, wallMs }: SignedRequest,
): SignatureFault | undefined {
  const expire = query.get('lal_expire') ?? '';
  const ip = query.get('lal_ip') ?? '';
  const received = (query.get('lal_sign') ?? '').toLowerCase();
  const isRight = equalSecrets(received, signatureOf(key, [action, streamKey, expire, ip]));
  if (!isRight || !EXPIRE.test(expire)) return 'ERR_AUTH_SIGNATURE';
  if (wallMs >= Number(expire) * 1000) return 'ERR_AUTH_EXPIRED';
  if (ip !== '' && ipInNormalForm(ip) !== remoteHost) return 'ERR_AUTH_ADDRESS';
  return undefined;
}

function signatureOf(key: string, lines: readonly string[]): string {
  return createHmac('sha256', key).update(lines.join('\n')).digest('hex');
}
