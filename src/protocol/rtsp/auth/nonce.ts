import { createHmac } from 'node:crypto';
import { equalSecrets } from '../../../bytes/equal-secrets.ts';

/** Milliseconds since 1970 in hexadecimal digits: enough until the year 10889. */
const TIME_DIGITS = 12;
/** 128 bits. */
const MAC_DIGITS = 32;
/** A nonce from the future comes from a machine whose clock runs ahead; by more than this it is not believed. */
const MAX_CLOCK_SKEW_MS = 10_000;

/**
 * Nonces that need no memory: the time of issue, sealed together with the client's address. Every process that knows
 * the key can check what another one issued, and a nonce that is overheard is of no use from another address.
 */
export class NonceMint {
  readonly #key: Uint8Array;
  readonly #lifetimeMs: number;

  /** @param key secret, 16 bytes or more; the same in all processes of a node */
  constructor(key: Uint8Array, lifetimeMs: number) {
    this.#key = key;
    this.#lifetimeMs = lifetimeMs;
  }

  /** @param wallMs milliseconds since 1970 */
  issue(clientAddress: string, wallMs: number): string {
    const time = Math.floor(wallMs).toString(16).padStart(TIME_DIGITS, '0');
    return time + this.#seal(time, clientAddress);
  }

  /** Whether the nonce was issued to this address and has not expired. */
  isValid(nonce: string, clientAddress: string, wallMs: number): boolean {
    if (nonce.length !== TIME_DIGITS + MAC_DIGITS) return false;
    const time = nonce.slice(0, TIME_DIGITS);
    if (!equalSecrets(nonce.slice(TIME_DIGITS), this.#seal(time, clientAddress))) return false;
    const ageMs = wallMs - Number.parseInt(time, 16);
    return ageMs >= -MAX_CLOCK_SKEW_MS && ageMs < this.#lifetimeMs;
  }

  #seal(time: string, clientAddress: string): string {
    const seal = createHmac('sha256', this.#key).update(`${time}|${clientAddress}`);
    return seal.digest('hex').slice(0, MAC_DIGITS);
  }
}
