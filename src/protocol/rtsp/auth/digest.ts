/**
 * Digest access authentication as RTSP uses it: RFC 2617 and RFC 7616, without `auth-int`, `userhash` and SHA-512-256,
 * which no RTSP software is known to use.
 */
import { createHash } from 'node:crypto';

/** What `algorithm` may say here; a challenge without it means MD5. */
export type DigestAlgorithm = 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess';

/** All of them, the strongest first. */
export const DIGEST_ALGORITHMS: readonly DigestAlgorithm[] = ['SHA-256-sess', 'SHA-256', 'MD5-sess', 'MD5'];

/** Everything that goes into a response. Texts are hashed as UTF-8. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly user: string;
  readonly realm: string;
  readonly password: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  /** Of `qop=auth`: eight hexadecimal digits, as sent. `undefined` for the older form without `qop`. */
  readonly nonceCount: string | undefined;
  /** The client's nonce, for `qop=auth` and for the `-sess` algorithms. */
  readonly cnonce: string;
}

/** @returns `undefined` for an algorithm that is not supported */
export function parseDigestAlgorithm(text: string | undefined): DigestAlgorithm | undefined {
  if (text === undefined || text === '') return 'MD5';
  const name = text.toLowerCase();
  return DIGEST_ALGORITHMS.find((algorithm) => algorithm.toLowerCase() === name);
}

/** The value of `response` (RFC 7616, 3.4.1): hexadecimal, in lower case. */
export function digestResponse(input: DigestInput): string {
  const { algorithm, user, realm, password, nonce, method, uri, nonceCount, cnonce } = input;
  const hash = algorithm.startsWith('SHA-256') ? sha256 : md5;
  let ha1 = hash(`${user}:${realm}:${password}`);
  if (algorithm.endsWith('-sess')) ha1 = hash(`${ha1}:${nonce}:${cnonce}`);
  const ha2 = hash(`${method}:${uri}`);
  if (nonceCount === undefined) return hash(`${ha1}:${nonce}:${ha2}`);
  return hash(`${ha1}:${nonce}:${nonceCount}:${cnonce}:auth:${ha2}`);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
