import type { Logger } from 'pino';
import type { Clock } from '../../media/clock.ts';
import { endReason } from '../../media/end-reason.ts';
import { hostOf, ipInNormalForm } from '../../session/net/address.ts';
import type { AdmissionCheck, HlsFetch, Objection } from '../admission/admission-check.ts';
import type { SessionIdentity } from '../sessions/session-record.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';

/** About 10 MB. When it is full, the entry that would end first makes room. */
const MAX_ENTRIES = 65_536;

/** Detail of the reasons of refusals and ends; docs/errors.md. */
const BLACKLISTED = 'ERR_BLACKLISTED';

/** An address that is kept out. */
export interface BlacklistEntry {
  /** In normal form. */
  readonly ip: string;
  /** Seconds, rounded up. */
  readonly remainingSec: number;
}

/** What the blacklist needs of the server. */
export interface IpBlacklistOptions {
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For tests. */
  readonly maxEntries?: number;
}

/**
 * Addresses that may neither publish nor play, each until its time is over. In memory: gone with the process. lal's, which
 * looks at HLS alone.
 */
export class IpBlacklist implements AdmissionCheck {
  readonly #registry: SessionRegistry;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxEntries: number;
  /** Monotonic milliseconds of the end, by address in normal form. */
  readonly #ends = new Map<string, number>();

  constructor({ registry, clock, logger, maxEntries = MAX_ENTRIES }: IpBlacklistOptions) {
    this.#registry = registry;
    this.#clock = clock;
    this.#logger = logger;
    this.#maxEntries = maxEntries;
  }

  /**
   * Keeps an address out from now on; one that is listed gets the new time. Its HLS viewers are closed, as in lal.
   * @param durationSec 0 or less takes it off the list
   * @param options `closeSessions`: close everything else from there too, publishers included
   * @returns false for a text that is no IP address: nothing was done
   */
  add(text: string, durationSec: number, options: { closeSessions?: boolean } = {}): boolean {
    const ip = ipInNormalForm(text);
    if (ip === undefined) return false;
    if (durationSec <= 0) {
      this.remove(ip);
      return true;
    }
    if (!this.#ends.has(ip) && this.#ends.size >= this.#maxEntries) this.#makeRoom();
    this.#ends.set(ip, this.#clock.monotonicMs() + durationSec * 1000);
    this.#logger.info({ ip, durationSec }, 'blacklist: added');
    this.#closeSessions(ip, options.closeSessions === true);
    return true;
  }

  /** @returns whether it was listed; `undefined` for a text that is no IP address */
  remove(text: string): boolean | undefined {
    const ip = ipInNormalForm(text);
    if (ip === undefined) return undefined;
    const wasListed = this.isListed(ip);
    if (this.#ends.delete(ip)) this.#logger.info({ ip }, 'blacklist: removed');
    return wasListed;
  }

  /** In the order in which they were added. */
  list(): BlacklistEntry[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#ends]
      .filter(([, endMs]) => endMs > nowMs)
      .map(([ip, endMs]) => ({ ip, remainingSec: Math.ceil((endMs - nowMs) / 1000) }));
  }

  /** @param host as sockets give it, without port */
  isListed(host: string): boolean {
    return (this.#ends.get(host) ?? 0) > this.#clock.monotonicMs();
  }

  publish(session: SessionIdentity): Objection {
    return this.#objectionTo(hostOf(session.remoteAddress));
  }

  play(session: SessionIdentity): Objection {
    return this.#objectionTo(hostOf(session.remoteAddress));
  }

  /** As in lal, the stream is simply not there. */
  fetchHls({ remoteHost }: HlsFetch): Objection {
    return this.isListed(remoteHost) ? endReason('stream-not-found', BLACKLISTED) : undefined;
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    for (const [ip, endMs] of this.#ends) if (endMs <= nowMs) this.#ends.delete(ip);
  }

  #objectionTo(host: string): Objection {
    return this.isListed(host) ? endReason('refused', BLACKLISTED) : undefined;
  }

  #makeRoom(): void {
    let first: [string, number] = ['', Infinity];
    for (const entry of this.#ends) if (entry[1] < first[1]) first = entry;
    this.#ends.delete(first[0]);
    this.#logger.warn(
      { ip: first[0] },
      'blacklist: full; the address that would be let in first is let in now',
    );
  }

  /** Relays are ours, not theirs. */
  #closeSessions(ip: string, isOfAllProtocols: boolean): void {
    const meant = [...this.#registry.all()].filter(({ baseType, protocol, remoteAddress }) => {
      const isFromOutside = baseType === 'PUB' || baseType === 'SUB';
      return isFromOutside && (isOfAllProtocols || protocol === 'HLS') && hostOf(remoteAddress) === ip;
    });
    for (const record of meant) record.close(endReason('kicked', BLACKLISTED));
  }
}
