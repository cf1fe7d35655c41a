/** The server's side of authentication (RFC 7616; RFC 7617; RFC 2326, 10 and D), in the form that lal gives it. */
import { Buffer } from 'node:buffer';
import { equalSecrets } from '../../../bytes/equal-secrets.ts';
import { parseAuthParameters, quotedParameter } from './auth-header.ts';
import type { AuthParameters } from './auth-header.ts';
import { digestResponse, parseDigestAlgorithm } from './digest.ts';
import { NonceMint } from './nonce.ts';

/** Whom to let in, and by which scheme. */
export interface RtspAuthenticatorOptions {
  readonly scheme: 'basic' | 'digest';
  readonly user: string;
  readonly password: string;
  /** Secret behind the nonces of digest: 16 bytes or more, the same in all processes that serve the same port. */
  readonly nonceKey: Uint8Array;
  /**
   * What digest offers, in this order. MD5 alone unless said otherwise: of several challenges some clients take the
   * first (lal), others the last (FFmpeg, live555), and few know SHA-256.
   */
  readonly algorithms?: readonly ('MD5' | 'SHA-256')[] | undefined;
  /** How long a nonce is good; afterwards clients answer a new one without asking anybody. 5 minutes. */
  readonly nonceLifetimeMs?: number | undefined;
  /** `lal`, as lal has it. */
  readonly realm?: string | undefined;
}

/** A request that may need credentials. */
export interface RtspAuthRequest {
  readonly method: string;
  /** Of the request line. */
  readonly uri: string;
  /** The value of `Authorization`; `undefined` when there is none. */
  readonly authorization: string | undefined;
  /** Without port: after a 401 some clients come back on another connection. */
  readonly clientAddress: string;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

/** `stale`: user and password are right, only the nonce is too old or not this client's. */
export type RtspAuthResult = 'ok' | 'missing' | 'wrong' | 'stale';

const DEFAULT_NONCE_LIFETIME_MS = 5 * 60_000;

/** Makes challenges and checks the answers. Keeps no state, so any number of clients may be under way. */
export class RtspAuthenticator {
  readonly #options: RtspAuthenticatorOptions;
  readonly #algorithms: readonly ('MD5' | 'SHA-256')[];
  readonly #realm: string;
  readonly #nonces: NonceMint;

  constructor(options: RtspAuthenticatorOptions) {
    this.#options = options;
    this.#algorithms = options.algorithms ?? ['MD5'];
    this.#realm = options.realm ?? 'lal';
    this.#nonces = new NonceMint(options.nonceKey, options.nonceLifetimeMs ?? DEFAULT_NONCE_LIFETIME_MS);
  }

  /**
   * The values of `WWW-Authenticate` for a 401, one header each.
   * @param result of `check`; `stale` tells the client that it need not ask its user again
   */
  challenges(
    { clientAddress, wallMs }: Pick<RtspAuthRequest, 'clientAddress' | 'wallMs'>,
    result: Exclude<RtspAuthResult, 'ok'>,
  ): string[] {
    const realm = quotedParameter('realm', this.#realm);
    if (this.#options.scheme === 'basic') return [`Basic ${realm}`];
    const nonce = quotedParameter('nonce', this.#nonces.issue(clientAddress, wallMs));
    return this.#algorithms.map((algorithm) => {
      const fields = [realm, nonce];
      // The MD5 form is lal's, and that of RFC 2069: some clients know nothing newer.
      if (algorithm === 'SHA-256') fields.push('algorithm=SHA-256', quotedParameter('qop', 'auth'));
      if (result === 'stale') fields.push('stale=true');
      return `Digest ${fields.join(', ')}`;
    });
  }

  check(request: RtspAuthRequest): RtspAuthResult {
    const { authorization } = request;
    if (authorization === undefined || authorization.trim() === '') return 'missing';
    if (this.#options.scheme === 'basic') return this.#isBasicRight(authorization) ? 'ok' : 'wrong';
    const [digest] = parseAuthParameters(authorization);
    if (digest?.scheme !== 'digest' || !this.#isDigestRight(request, digest)) return 'wrong';
    const nonce = digest.parameters.get('nonce') ?? '';
    return this.#nonces.isValid(nonce, request.clientAddress, request.wallMs) ? 'ok' : 'stale';
  }

  /** User and password are compared as one text, so that a colon in either does no harm. */
  #isBasicRight(authorization: string): boolean {
    const token = /^\s*basic\s+([a-z0-9+/_-]+={0,2})\s*$/i.exec(authorization)?.[1];
    if (token === undefined) return false;
    const { user, password } = this.#options;
    return equalSecrets(Buffer.from(token, 'base64'), `${user}:${password}`);
  }

  /** Whether the answer is right for the nonce that it names, whatever that nonce is worth. */
  #isDigestRight(request: RtspAuthRequest, { parameters }: AuthParameters): boolean {
    const { user, password } = this.#options;
    const algorithm = parseDigestAlgorithm(parameters.get('algorithm'));
    const uri = parameters.get('uri') ?? '';
    const protection = parameters.get('qop');
    if (algorithm === undefined || !this.#algorithms.some((offered) => offered === algorithm)) return false;
    if (protection !== undefined && protection.toLowerCase() !== 'auth') return false;
    if (parameters.get('realm') !== this.#realm || !isSameResource(uri, request.uri)) return false;
    const expected = digestResponse({
      algorithm,
      user,
      realm: this.#realm,
      password,
      nonce: parameters.get('nonce') ?? '',
      method: request.method,
      uri,
      nonceCount: protection === undefined ? undefined : (parameters.get('nc') ?? ''),
      cnonce: parameters.get('cnonce') ?? '',
    });
    const isUser = equalSecrets(parameters.get('username') ?? '', user);
    return equalSecrets((parameters.get('response') ?? '').toLowerCase(), expected) && isUser;
  }
}

/** The same path and query: clients and proxies differ in host, port and the slash at the end. */
function isSameResource(a: string, b: string): boolean {
  return pathOf(a) === pathOf(b);
}

function pathOf(uri: string): string {
  return uri.replace(/^[a-z]+:\/\/[^/?]*/i, '').replace(/\/$/, '');
}
