import type { IpBlacklist } from '../auth/ip-blacklist.ts';
import type { ConfigReloader } from '../config/config-reloader.ts';
import type { Gb28181Service } from '../gb28181/gb28181-service.ts';
import type { HlsOutput } from '../../output/hls/hls-output.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { RecordService } from '../record/record-service.ts';
import type { RelayPullService } from '../relay/pull/relay-pull-service.ts';
import type { RelayPushService } from '../relay/push/push-service.ts';
import type { ServerContext } from '../server-context.ts';
import type { Statistics } from '../stats/statistics.ts';

/** What calls of the API work with: all services of the server. Made once by `MediaServer`. */
export interface ApiContext extends ServerContext {
  readonly statistics: Statistics;
  readonly records: RecordService;
  readonly relayPulls: RelayPullService;
  readonly relayPushes: RelayPushService;
  readonly gb28181: Gb28181Service;
  readonly configReloader: ConfigReloader;
  readonly blacklist: IpBlacklist;
  /** `undefined` while HLS is off. */
  readonly hls: HlsOutput | undefined;
  readonly metrics: Pick<ServerMetrics, 'text'>;
  /** When the server was started, in milliseconds since 1970. */
  readonly startedMs: number;
}
