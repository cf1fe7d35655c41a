import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Clock } from '../media/clock.ts';
import type { StreamHub } from '../hub/stream-hub.ts';
import type { SubscriptionLimits } from '../hub/subscription.ts';
import type { UdpPortPool } from '../session/net/udp-port-pool.ts';
import type { ConfigStore } from './config/config-store.ts';
import type { ServerConfig } from './config/server-config.ts';
import type { ConnectionGuard } from './listeners/connection-guard.ts';
import type { SessionIds } from './sessions/session-ids.ts';
import type { SessionRegistry } from './sessions/session-registry.ts';
import type { StreamGate } from './admission/stream-gate.ts';

/** What every protocol's service works with. Made once by `MediaServer`; no globals. */
export interface ServerContext {
  /** The config in force, `configStore.current`: a reload changes values in it, so read them when they are needed. */
  readonly config: ServerConfig;
  readonly configStore: ConfigStore;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly hub: StreamHub;
  readonly gate: StreamGate;
  readonly registry: SessionRegistry;
  readonly ids: SessionIds;
  readonly guard: ConnectionGuard;
  readonly udpPorts: UdpPortPool;
  /** HTTP sockets that carry a stream, or soon will: its answer has no end that another could come after. */
  readonly streamingSockets: WeakSet<Socket>;
}

/** Bounds of an ordinary viewer. */
export function viewerLimits({ limits }: ServerConfig): SubscriptionLimits {
  return {
    maxQueueBytes: limits.viewer_queue_bytes,
    maxQueueMs: limits.viewer_queue_ms,
    maxBehindMs: limits.viewer_stall_timeout_ms,
    idleTimeoutMs: limits.idle_timeout_ms,
    overflow: 'drop',
  };
}
