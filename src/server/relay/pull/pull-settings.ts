import type { PullUrl } from './pull-url.ts';

/** How one stream is pulled. */
export interface PullSettings {
  /** In the order of preference; at least one. */
  readonly origins: readonly PullOrigin[];
  /** To establish the session; 0: as long as it takes. */
  readonly timeoutMs: number;
  /** Further tries after the first; negative: without end. */
  readonly retryNum: number;
  /** How long nobody may watch before it stops; 0: at once, negative: for ever. */
  readonly autoStopMs: number;
  /** File for what RTSP brings; `undefined`: none. */
  readonly dumpPath: string | undefined;
}

/** Where to pull a stream from. */
export interface PullOrigin {
  readonly url: PullUrl;
  /** False takes any certificate. */
  readonly verifyCertificate: boolean;
  readonly rtspTransport: 'tcp' | 'udp';
}

/** Why an order is refused. */
export type PullObjection = 'in-use' | 'auto-stop' | 'limit-reached';

/** lal's texts, but for the last. */
export const PULL_OBJECTION_TEXTS: Readonly<Record<PullObjection, string>> = {
  'in-use': 'lal.logic: in stream already exist at group',
  'auto-stop': 'should auto stop pull',
  'limit-reached': 'limit reached: limits.max_relay_pulls',
};
