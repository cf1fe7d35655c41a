import type { Subscription } from '../../../hub/subscription.ts';
import type { EndReason } from '../../../media/end-reason.ts';
import type { SessionRecord } from '../../sessions/session-record.ts';

/**
 * What a push is at:
 * - `waiting`: for a publisher, or for a track that the target can be sent
 * - `connecting`: the target is called, the stream is held back for it
 * - `pushing`: the target takes the stream
 * - `finishing`: the stream is over, or has changed; what waits is still sent
 * - `pausing`: before the next try
 * - `stopped`: no more tries before the next publisher
 */
type PushState = 'waiting' | 'connecting' | 'pushing' | 'finishing' | 'pausing' | 'stopped';

/** A push as the API and the log show it. */
export interface PushStatus {
  /** For as long as the push lasts, over all its connections. */
  readonly id: string;
  readonly protocol: 'RTMP' | 'RTSP';
  /** `host:port` of the target. */
  readonly remoteAddress: string;
  /** Without secrets. */
  readonly url: string;
  readonly state: PushState;
  /** Milliseconds since 1970: of the present connection, or else of the push. */
  readonly startedMs: number;
  /** Listed in the registry; there while the target takes the stream. */
  readonly record: SessionRecord | undefined;
  /** Has the queue and what was lost, also while connecting. */
  readonly subscription: Subscription | undefined;
  /** Tries that have failed one after the other. */
  readonly failures: number;
  /** How the last connection, or the last try at one, ended. */
  readonly lastEnd: { readonly reason: EndReason; readonly wallMs: number } | undefined;
}
