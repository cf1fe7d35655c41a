import type { EndReason } from '../../media/end-reason.ts';
import type { SessionIdentity } from '../sessions/session-record.ts';
import type { StreamAddress } from '../stream-address.ts';

/** Why not; `undefined` when nothing speaks against it. */
export type Objection = EndReason | undefined;

/** A request for one of HLS's files, which is decided on by itself: there is no session that it would belong to. */
export interface HlsFetch extends StreamAddress {
  readonly kind: 'playlist' | 'fragment';
  /** The client's address alone. */
  readonly remoteHost: string;
}

/** One rule about who may do what. What it has no method for, it lets pass. */
export interface AdmissionCheck {
  publish?(session: SessionIdentity): Objection | Promise<Objection>;
  play?(session: SessionIdentity): Objection | Promise<Objection>;
  /** At once, because there are many. */
  fetchHls?(request: HlsFetch): Objection;
  /** The server stops: decisions that are being waited for are given up. Whatever comes of them, nobody is let in. */
  close?(): void;
}
