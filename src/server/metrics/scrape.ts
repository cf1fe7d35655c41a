import type { IpBlacklist } from '../auth/ip-blacklist.ts';
import type { Hls } from '../hls/create-hls.ts';
import type { RecordService } from '../record/record-service.ts';
import type { Callbacks } from '../hooks/callbacks.ts';
import type { RelayPullService } from '../relay/pull/relay-pull-service.ts';
import type { RelayPushService } from '../relay/push/push-service.ts';
import type { ServerContext } from '../server-context.ts';
import type { Statistics } from '../stats/statistics.ts';
import type { EventLoopState } from './event-loop-watch.ts';
import type { PublicationSums } from './publication-totals.ts';
import type { SessionKind } from './session-totals.ts';
import type { ViewerSums } from './viewer-sums.ts';

/** Where values come from: the services of the server. */
export interface MetricSources extends Pick<ServerContext, 'config' | 'hub' | 'registry' | 'guard'> {
  readonly statistics: Statistics;
  readonly records: RecordService;
  readonly relayPushes: RelayPushService;
  readonly relayPulls: Pick<RelayPullService, 'pullCount'>;
  readonly callbacks: Pick<Callbacks, 'counters' | 'decisions'>;
  readonly blacklist: IpBlacklist;
  /** `undefined` while HLS is off. */
  readonly hls: Hls | undefined;
  /** When the server was made, in milliseconds since 1970. */
  readonly startedMs: number;
  /** Lines that the log had no room for, or could not write. */
  readonly lostLogLines: () => number;
}

/** All that one answer is made of, read at one moment. */
export interface Scrape extends MetricSources {
  readonly sessions: readonly SessionKind[];
  readonly publications: PublicationSums;
  readonly viewers: ViewerSums;
  readonly eventLoop: EventLoopState;
  readonly memory: NodeJS.MemoryUsage;
}
