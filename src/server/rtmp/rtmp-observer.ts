/** A client's RTMP `connect`: what it wants to do is not known yet. */
export interface RtmpConnect {
  /** What the session will be called if it publishes or plays. */
  readonly sessionId: string;
  readonly remoteAddress: string;
  /** As sent; may be empty, and may hold `/` and a query. */
  readonly app: string;
  readonly flashVer: string;
  readonly tcUrl: string;
}

/** Learns what clients say before they publish or play, in the same turn. */
export interface RtmpObserver {
  connected(connect: RtmpConnect): void;
}
