import type { Logger } from 'pino';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { LocalStreamDirectory } from '../hub/stream-directory.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import { systemClock, type Clock } from '../media/clock.ts';
import type { AdmissionCheck } from './admission/admission-check.ts';
import { StreamGate } from './admission/stream-gate.ts';
import { HttpApi } from './api/http-api.ts';
import { IpBlacklist } from './auth/ip-blacklist.ts';
import { SimpleAuth } from './auth/simple-auth.ts';
import { ConfigReloader, type ConfigSource } from './config/config-reloader.ts';
import { ConfigStore } from './config/config-store.ts';
import type { ServerConfig } from './config/server-config.ts';
import { ConnectionGuard } from './listeners/connection-guard.ts';
import { Gb28181Service } from './gb28181/gb28181-service.ts';
import { GroupLog } from './logging/group-log.ts';
import { createHls, type Hls } from './hls/create-hls.ts';
import { Callbacks } from './hooks/callbacks.ts';
import { ServerEvents } from './hooks/server-events.ts';
import type { ServerHooks } from './hooks/server-hooks.ts';
import { flvOverHttp, tsOverHttp } from './http/live-http-formats.ts';
import { LiveHttpService } from './http/live-http-service.ts';
import { ServerMetrics } from './metrics/server-metrics.ts';
import { streamGopCacheLimits } from './output-options.ts';
import { PprofService } from './pprof/pprof-service.ts';
import { RecordService } from './record/record-service.ts';
import { RelayPullService } from './relay/pull/relay-pull-service.ts';
import { RelayPushService } from './relay/push/push-service.ts';
import { RtmpService } from './rtmp/rtmp-service.ts';
import { RtspService } from './rtsp/rtsp-service.ts';
import type { ServerContext } from './server-context.ts';
import { SessionIds } from './sessions/session-ids.ts';
import { SessionRegistry } from './sessions/session-registry.ts';
import { Statistics } from './stats/statistics.ts';
import { TlsCertificates } from './tls/tls-certificates.ts';
import { makesTs, TsLeftOutLog } from './ts-left-out.ts';
import { createUdpPorts } from './listeners/udp-ports.ts';

/** What a server needs besides its config. */
export interface MediaServerOptions {
  /** That of `createLogger` masks the secrets of URLs that it is given; another one gets them as they are. */
  readonly logger: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** How `reloadFromSource` gets at the config; `() => loadConfigFile(path)`. */
  readonly configSource?: ConfigSource;
  /** Functions of the application that decide, or are told what happens. */
  readonly hooks?: ServerHooks;
  /** How long one call of a hook may take; no longer than `limits.admission_timeout_ms`. Default: 3000. */
  readonly hookTimeoutMs?: number;
  /** Lines that the log has lost so far, for the metrics; `OpenLogger.lostLines`. */
  readonly lostLogLines?: () => number;
}

/** Everything that one server consists of. `MediaServer` gives it life, and ends it. */
export interface ServerParts {
  readonly context: ServerContext;
  readonly reloader: ConfigReloader;
  readonly blacklist: IpBlacklist;
  readonly callbacks: Callbacks;
  readonly events: ServerEvents;
  readonly statistics: Statistics;
  readonly records: RecordService;
  readonly relayPushes: RelayPushService;
  readonly relayPulls: RelayPullService;
  readonly gb28181: Gb28181Service;
  readonly rtmp: RtmpService;
  readonly rtsp: RtspService;
  readonly flv: LiveHttpService;
  readonly ts: LiveHttpService;
  /** `undefined` while HLS is off. */
  readonly hls: Hls | undefined;
  readonly metrics: ServerMetrics;
  readonly api: HttpApi;
  readonly pprof: PprofService;
  readonly groupLog: GroupLog;
  readonly certificates: TlsCertificates;
}

/** The one place that sees all. @param initialConfig copied */
export function createParts(initialConfig: ServerConfig, options: MediaServerOptions): ServerParts {
  const { logger, clock = systemClock, hooks, hookTimeoutMs, lostLogLines = () => 0 } = options;
  const configStore = new ConfigStore(initialConfig);
  const config = configStore.current;
  const registry = new SessionRegistry();
  const startedMs = clock.wallMs();
  const callbacks = new Callbacks({ config, logger, clock, startedMs, registry, hooks, hookTimeoutMs });
  const blacklist = new IpBlacklist({ registry, clock, logger });
  const checks = [blacklist, new SimpleAuth(config, clock), ...callbacks.checks];
  const context = createContext(configStore, registry, checks, logger, clock);
  const reloader = new ConfigReloader(configStore, options.configSource, logger);
  const relayPushes = new RelayPushService(context);
  const relayPulls = new RelayPullService(context);
  const gb28181 = new Gb28181Service(context, blacklist);
  const statistics = new Statistics(context.hub, registry, clock, (key) => relayPushes.pushesOf(key));
  const events = new ServerEvents({ config, registry, statistics }, callbacks.sinks);
  registry.observe(events);
  const rtmp = new RtmpService(context);
  rtmp.observe(events);
  const hls = createHls(context, [events]);
  context.hub.observe(new TsLeftOutLog(logger, () => makesTs(config)));
  const records = new RecordService(context);
  const shown = { ...context, statistics, records, relayPushes, relayPulls, blacklist, startedMs };
  const metrics = new ServerMetrics({ ...shown, callbacks, hls, lostLogLines });
  const api = new HttpApi({ ...shown, gb28181, configReloader: reloader, hls: hls?.output, metrics });
  return {
    context,
    reloader,
    blacklist,
    callbacks,
    events,
    statistics,
    records,
    relayPushes,
    relayPulls,
    gb28181,
    rtmp,
    rtsp: new RtspService(context),
    flv: new LiveHttpService(context, flvOverHttp(config)),
    ts: new LiveHttpService(context, tsOverHttp(config)),
    hls,
    metrics,
    api,
    pprof: new PprofService(clock, logger, config.pprof.allow_remote),
    groupLog: new GroupLog(config.debug, logger, statistics),
    certificates: new TlsCertificates(logger),
  };
}

function createContext(
  configStore: ConfigStore,
  registry: SessionRegistry,
  checks: readonly AdmissionCheck[],
  logger: Logger,
  clock: Clock,
): ServerContext {
  const config = configStore.current;
  const hub = createHub(configStore, clock);
  return {
    config,
    configStore,
    logger,
    clock,
    hub,
    gate: new StreamGate(config, hub, new LocalStreamDirectory(), checks),
    registry,
    ids: new SessionIds(),
    guard: new ConnectionGuard(config.limits),
    udpPorts: createUdpPorts(config, logger),
    streamingSockets: new WeakSet(),
  };
}

function createHub(configStore: ConfigStore, clock: Clock): StreamHub {
  const config = configStore.current;
  const scheduler = new FlushScheduler(clock, config.fanout.max_flush_window_ms);
  configStore.onChange(() => {
    scheduler.maxWindowMs = config.fanout.max_flush_window_ms;
  });
  return new StreamHub(scheduler, {
    get gopCache() {
      return streamGopCacheLimits(config);
    },
    get graceMs() {
      return config.in_session.grace_ms;
    },
  });
}
