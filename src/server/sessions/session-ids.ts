/** lal's prefixes of session ids; controllers dispatch on them. */
export type SessionIdPrefix =
  | 'RTMPPUBSUB'
  | 'RTSPPUB'
  | 'RTSPSUB'
  | 'FLVPUBSUB'
  | 'TSPUBSUB'
  | 'HLSSUB'
  | 'PSPUB'
  | 'CUSTOMIZEPUB'
  | 'RTMPPULL'
  | 'RTSPPULL'
  | 'FLVPULL'
  | 'HLSPULL'
  | 'RTMPPUSH'
  | 'RTSPPUSH';

/** Session ids as lal makes them: prefix and decimal counter, one counter per prefix, from 1, never used twice. */
export class SessionIds {
  readonly #counters = new Map<SessionIdPrefix, number>();

  next(prefix: SessionIdPrefix): string {
    const count = (this.#counters.get(prefix) ?? 0) + 1;
    this.#counters.set(prefix, count);
    return `${prefix}${count}`;
  }
}
