/** The client's side of authentication: which challenge to answer, and the answers (RFC 7616, 3.4; RFC 7617, 2). */
import { Buffer } from 'node:buffer';
import type { RtspCredentials } from '../rtsp-url.ts';
import { parseChallenges, quotedParameter } from './auth-header.ts';
import type { AuthParameters } from './auth-header.ts';
import { DIGEST_ALGORITHMS, digestResponse, parseDigestAlgorithm } from './digest.ts';
import type { DigestAlgorithm } from './digest.ts';

/** A challenge that can be answered. */
type Challenge = BasicChallenge | DigestChallenge;

interface BasicChallenge {
  readonly scheme: 'basic';
  readonly rank: number;
}

interface DigestChallenge {
  readonly scheme: 'digest';
  /** 0 for the strongest. */
  readonly rank: number;
  readonly algorithm: DigestAlgorithm;
  /** What the server did not name is not named in the answer either: older servers do not expect it. */
  readonly namesAlgorithm: boolean;
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** The server knows `qop=auth`. */
  readonly hasProtection: boolean;
}

/** The challenge that is being answered. */
interface Current {
  readonly challenge: Challenge;
  readonly cnonce: string;
  /** Requests that carried this nonce. */
  nonceCount: number;
  /** The server has let such a request pass. */
  isProven: boolean;
}

/**
 * Answers the challenges of one server. The strongest that can be answered comes first. A digest that is refused is
 * tried again with the next weaker algorithm, since some cameras offer what they cannot check; but a password is never
 * sent in the clear because its digest was refused.
 */
export class RtspClientAuth {
  readonly #credentials: RtspCredentials | undefined;
  readonly #randomHex: () => string;
  #current: Current | undefined;
  /** Of the weakest challenge that was refused. */
  #refusedRank = -1;

  /** @param randomHex makes a client nonce: hexadecimal digits, 64 bits or more */
  constructor(credentials: RtspCredentials | undefined, randomHex: () => string) {
    this.#credentials = credentials;
    this.#randomHex = randomHex;
  }

  /**
   * Takes the challenges of a 401. The caller bounds how often it comes back, since a server may say `stale` for ever.
   * @param headers all values of `WWW-Authenticate`
   * @returns whether it makes sense to send the request once more
   */
  accept(headers: readonly string[]): boolean {
    if (this.#credentials === undefined) return false;
    const challenges = parseChallenges(headers);
    const current = this.#current;
    // A nonce that was good before has expired, whether the server says so or not.
    const isRefusal = current !== undefined && !current.isProven && !challenges.some(isStale);
    if (isRefusal) this.#refusedRank = current.challenge.rank;
    const challenge = challenges
      .map(usableChallenge)
      .filter((usable) => usable !== undefined)
      .filter(({ scheme, rank }) => rank > this.#refusedRank && !(isRefusal && scheme === 'basic'))
      .sort((a, b) => a.rank - b.rank)[0];
    if (challenge === undefined) return false;
    this.#current = { challenge, cnonce: this.#randomHex(), nonceCount: 0, isProven: false };
    return true;
  }

  /** The server has answered a request that carried `authorization`, and not with 401. */
  confirm(): void {
    if (this.#current !== undefined) this.#current.isProven = true;
  }

  /** A challenge was answered, and the server has not said what it thinks of that. */
  get isUnproven(): boolean {
    return this.#current?.isProven === false;
  }

  /** The value of `Authorization`, which counts as one use of the nonce; `undefined` as long as nobody has asked. */
  authorization(method: string, uri: string): string | undefined {
    if (this.#credentials === undefined || this.#current === undefined) return undefined;
    const { challenge, cnonce } = this.#current;
    if (challenge.scheme === 'basic') return basicAuthorization(this.#credentials);
    this.#current.nonceCount += 1;
    const nonceCount = this.#current.nonceCount.toString(16).padStart(8, '0');
    return digestAuthorization(this.#credentials, challenge, method, uri, nonceCount, cnonce);
  }
}

function usableChallenge({ scheme, parameters }: AuthParameters): Challenge | undefined {
  if (scheme === 'basic') return { scheme, rank: DIGEST_ALGORITHMS.length };
  const algorithm = parseDigestAlgorithm(parameters.get('algorithm'));
  const nonce = parameters.get('nonce');
  if (scheme !== 'digest' || algorithm === undefined || nonce === undefined) return undefined;
  return {
    scheme,
    rank: DIGEST_ALGORITHMS.indexOf(algorithm),
    algorithm,
    namesAlgorithm: parameters.has('algorithm'),
    realm: parameters.get('realm') ?? '',
    nonce,
    opaque: parameters.get('opaque'),
    hasProtection: /(?:^|[\s,])auth(?:$|[\s,])/i.test(parameters.get('qop') ?? ''),
  };
}

function isStale({ parameters }: AuthParameters): boolean {
  return parameters.get('stale')?.toLowerCase() === 'true';
}

function basicAuthorization({ user, password }: RtspCredentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function digestAuthorization(
  { user, password }: RtspCredentials,
  challenge: DigestChallenge,
  method: string,
  uri: string,
  nonceCount: string,
  cnonce: string,
): string {
  const { algorithm, namesAlgorithm, realm, nonce, opaque, hasProtection } = challenge;
  const response = digestResponse({
    algorithm,
    user,
    realm,
    password,
    nonce,
    method,
    uri,
    nonceCount: hasProtection ? nonceCount : undefined,
    cnonce,
  });
  const fields = [
    quotedParameter('username', user),
    quotedParameter('realm', realm),
    quotedParameter('nonce', nonce),
    quotedParameter('uri', uri),
    quotedParameter('response', response),
  ];
  if (namesAlgorithm) fields.push(`algorithm=${algorithm}`);
  if (opaque !== undefined) fields.push(quotedParameter('opaque', opaque));
  if (hasProtection) fields.push('qop=auth', `nc=${nonceCount}`);
  if (hasProtection || algorithm.endsWith('-sess')) fields.push(quotedParameter('cnonce', cnonce));
  return `Digest ${fields.join(', ')}`;
}
