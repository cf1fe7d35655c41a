import type { Logger } from 'pino';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { LocalStreamDirectory } from '../hub/stream-directory.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import { systemClock, type Clock } from '../media/clock.ts';
import { endReason, type EndReason } from '../media/end-reason.ts';
import { listenHttpApi } from './api/api-listener.ts';
import { HttpApi } from './api/http-api.ts';
import { securityWarnings } from './auth/default-secrets.ts';
import { IpBlacklist } from './auth/ip-blacklist.ts';
import { SimpleAuth } from './auth/simple-auth.ts';
import type { ConfigError } from './config/config-finding.ts';
import { ConfigReloader, type ConfigReload, type ConfigSource } from './config/config-reloader.ts';
import { ConfigStore, type ConfigListener, type ReloadReport } from './config/config-store.ts';
import type { ServerConfig } from './config/server-config.ts';
import { ConnectionGuard } from './connection-guard.ts';
import { publishFile, type FilePublisher, type FilePublishOptions } from './file-publisher.ts';
import { Gb28181Service } from './gb28181/gb28181-service.ts';
import { createHls, type Hls } from './hls/create-hls.ts';
import { Callbacks } from './hooks/callbacks.ts';
import { ServerEvents } from './hooks/server-events.ts';
import type { ServerHooks } from './hooks/server-hooks.ts';
import { GroupLog } from './group-log.ts';
import { HttpPorts } from './http-ports.ts';
import { flvOverHttp, tsOverHttp } from './live-http-formats.ts';
import { LiveHttpService } from './live-http-service.ts';
import { addressOf, stopListening, type Listener, type ListenerAddress } from './listener.ts';
import { streamGopCacheLimits } from './output-options.ts';
import { listenRtmp, listenRtmps } from './rtmp-listener.ts';
import { ServerMetrics } from './metrics/server-metrics.ts';
import { RecordService } from './record-service.ts';
import { RelayPullService } from './relay/pull/relay-pull-service.ts';
import { RelayPushService } from './relay/push-service.ts';
import { RtmpService } from './rtmp-service.ts';
import { listenRtsp, listenRtsps, listenWsRtsp } from './rtsp/rtsp-listener.ts';
import { RtspService } from './rtsp/rtsp-service.ts';
import { listenPprof } from './pprof/pprof-listener.ts';
import { PprofService } from './pprof/pprof-service.ts';
import type { ServerContext } from './server-context.ts';
import { SessionIds } from './sessions/session-ids.ts';
import { SessionRegistry } from './sessions/session-registry.ts';
import { Statistics } from './stats/statistics.ts';
import { StreamGate } from './admission/stream-gate.ts';
import { makesTs, TsLeftOutLog } from './ts-left-out.ts';
import { TlsCertificates } from './tls-certificates.ts';
import { createUdpPorts } from './udp-ports.ts';

/** What a server needs besides its config. */
export interface MediaServerOptions {
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

const TICK_MS = 1000;

/** One complete server in this process. Several can live side by side. */
export class MediaServer {
  /** The config in force; `reload` changes values in it. */
  readonly config: ServerConfig;
  readonly hub: StreamHub;
  readonly statistics: Statistics;
  /** What is being recorded; recordings of single streams are started and stopped here. */
  readonly records: RecordService;
  /** Addresses that are kept out. */
  readonly blacklist: IpBlacklist;
  /** Where streams are sent on to; pushes of single streams are started and stopped here. */
  readonly relayPushes: RelayPushService;
  /** Streams that come from other servers; pulls of single streams are started and stopped here. */
  readonly relayPulls: RelayPullService;
  /** Who is told what happens here, by HTTP or as hooks: what was sent, failed, is pending. */
  readonly callbacks: Callbacks;
  readonly #events: ServerEvents;
  readonly #context: ServerContext;
  readonly #reloader: ConfigReloader;
  readonly #gb28181: Gb28181Service;
  readonly #rtmp: RtmpService;
  readonly #rtsp: RtspService;
  readonly #flv: LiveHttpService;
  readonly #ts: LiveHttpService;
  readonly #hls: Hls | undefined;
  readonly #metrics: ServerMetrics;
  readonly #api: HttpApi;
  readonly #pprof: PprofService;
  readonly #groupLog: GroupLog;
  readonly #certificates: TlsCertificates;
  readonly #listeners: Listener[] = [];
  #cancelTick: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  /** @param initialConfig copied */
  constructor(initialConfig: ServerConfig, options: MediaServerOptions) {
    const { logger, clock = systemClock } = options;
    const configStore = new ConfigStore(initialConfig);
    this.#reloader = new ConfigReloader(configStore, options.configSource, logger);
    const config = configStore.current;
    this.config = config;
    const scheduler = new FlushScheduler(clock, config.fanout.max_flush_window_ms);
    configStore.onChange(() => {
      scheduler.maxWindowMs = config.fanout.max_flush_window_ms;
      this.#logSecurityWarnings();
    });
    this.hub = new StreamHub(scheduler, {
      get gopCache() {
        return streamGopCacheLimits(config);
      },
      get graceMs() {
        return config.in_session.grace_ms;
      },
    });
    const registry = new SessionRegistry();
    const startedMs = clock.wallMs();
    const { hooks, hookTimeoutMs } = options;
    this.callbacks = new Callbacks({ config, logger, clock, startedMs, registry, hooks, hookTimeoutMs });
    this.blacklist = new IpBlacklist({ registry, clock, logger });
    const checks = [this.blacklist, new SimpleAuth(config, clock), ...this.callbacks.checks];
    this.#context = {
      config,
      configStore,
      logger,
      clock,
      hub: this.hub,
      gate: new StreamGate(config, this.hub, new LocalStreamDirectory(), checks),
      registry,
      ids: new SessionIds(),
      guard: new ConnectionGuard(config.limits),
      udpPorts: createUdpPorts(config, logger),
      streamingSockets: new WeakSet(),
    };
    this.relayPushes = new RelayPushService(this.#context);
    this.relayPulls = new RelayPullService(this.#context);
    this.#gb28181 = new Gb28181Service(this.#context);
    this.statistics = new Statistics(this.hub, registry, clock, (key) => this.relayPushes.pushesOf(key));
    this.#events = new ServerEvents({ config, registry, statistics: this.statistics }, this.callbacks.sinks);
    registry.observe(this.#events);
    this.#rtmp = new RtmpService(this.#context);
    this.#rtmp.observe(this.#events);
    this.#rtsp = new RtspService(this.#context);
    this.#flv = new LiveHttpService(this.#context, flvOverHttp(config));
    this.#ts = new LiveHttpService(this.#context, tsOverHttp(config));
    this.#hls = createHls(this.#context, [this.#events]);
    this.hub.observe(new TsLeftOutLog(logger, () => makesTs(config)));
    this.records = new RecordService(this.#context);
    this.#metrics = new ServerMetrics({
      ...this.#context,
      statistics: this.statistics,
      records: this.records,
      relayPushes: this.relayPushes,
      relayPulls: this.relayPulls,
      callbacks: this.callbacks,
      blacklist: this.blacklist,
      hls: this.#hls,
      startedMs,
      lostLogLines: options.lostLogLines ?? (() => 0),
    });
    this.#api = new HttpApi({
      ...this.#context,
      statistics: this.statistics,
      records: this.records,
      relayPulls: this.relayPulls,
      relayPushes: this.relayPushes,
      gb28181: this.#gb28181,
      configReloader: this.#reloader,
      blacklist: this.blacklist,
      hls: this.#hls?.output,
      metrics: this.#metrics,
      startedMs,
    });
    this.#pprof = new PprofService(clock, logger, config.pprof.allow_remote);
    this.#groupLog = new GroupLog(config.debug, logger, this.statistics);
    this.#certificates = new TlsCertificates(logger);
  }

  /**
   * Opens every port the config asks for.
   * @throws {ListenError} when one cannot be opened; the others are closed again
   */
  async start(): Promise<void> {
    this.#logSecurityWarnings();
    this.#events.serverStarts();
    try {
      await this.#listen();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#closed !== undefined) return;
    this.#events.serverStarted();
    this.#scheduleTick();
  }

  /**
   * Puts a new config into force, as far as that is possible without a restart; nobody who publishes or plays is
   * disturbed.
   * @param config complete and checked, as `parseConfig` returns it
   * @returns what has changed, and what a restart would change
   */
  reload(config: ServerConfig): ReloadReport {
    return this.#reloader.use(config);
  }

  /**
   * Reads the config again where it came from, and puts it into force like `reload`.
   * @returns why the config cannot be used; nothing has changed then
   */
  reloadFromSource(): ConfigReload | ConfigError {
    return this.#reloader.readAgain();
  }

  /** Calls `listener` after each reload that changed something, such as the `log` section. @returns stops that */
  onConfigChange(listener: ConfigListener): () => void {
    return this.#context.configStore.onChange(listener);
  }

  /** Secrets of the config that everybody knows, a text each; empty when all is well. The log has them at every start. */
  get securityWarnings(): readonly string[] {
    return securityWarnings(this.config);
  }

  /** Where the open listeners are found; what to ask when the config says port 0. */
  get addresses(): readonly ListenerAddress[] {
    return this.#listeners.filter(({ server }) => server.listening).map(addressOf);
  }

  /**
   * Publishes an FLV file from within the process, until it ends or the server closes.
   * @returns an `EndReason` when the stream may not be published
   */
  async publishFile(options: FilePublishOptions): Promise<FilePublisher | EndReason> {
    const publisher = await publishFile(this.#context, options);
    if (this.#closed !== undefined && 'close' in publisher) publisher.close(endReason('server-shutdown'));
    return publisher;
  }

  /** Sockets open on all listeners, those included that have not said yet what they want. */
  get openConnections(): number {
    return this.#context.guard.open;
  }

  /** Tells players, ends all sessions and closes all ports. A second call waits for the first. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  #logSecurityWarnings(): void {
    for (const warning of this.securityWarnings) this.#context.logger.warn(`SECURITY: ${warning}`);
  }

  async #listen(): Promise<void> {
    const { rtmp, rtsp, pprof } = this.config;
    if (pprof.enable) {
      const listener = await listenPprof(this.#pprof, this.#context);
      if (listener !== undefined) this.#opened(listener);
    }
    await this.records.makeFolders();
    if (rtmp.enable) this.#opened(await listenRtmp(this.#rtmp, this.#context));
    if (rtmp.rtmps_enable) {
      const certificate = await this.#certificates.open(rtmp.rtmps_cert_file, rtmp.rtmps_key_file);
      this.#opened(await listenRtmps(this.#rtmp, this.#context, certificate));
    }
    if (rtsp.enable) this.#opened(await listenRtsp(this.#rtsp, this.#context));
    if (rtsp.rtsps_enable) {
      const certificate = await this.#certificates.open(rtsp.rtsps_cert_file, rtsp.rtsps_key_file);
      this.#opened(await listenRtsps(this.#rtsp, this.#context, certificate));
    }
    if (rtsp.ws_rtsp_enable) this.#opened(await listenWsRtsp(this.#rtsp, this.#context));
    const ports = new HttpPorts(this.#context, this.#certificates);
    ports.add(this.config.httpflv, this.#flv);
    ports.add(this.config.httpts, this.#ts);
    if (this.#hls !== undefined) ports.add(this.config.hls, this.#hls.service);
    for await (const listener of ports.listen()) this.#opened(listener);
    if (this.config.http_api.enable) this.#opened(await listenHttpApi(this.#api, this.#context));
  }

  #opened(listener: Listener): void {
    this.#listeners.push(listener);
    // The server was closed while this port was being opened.
    if (this.#closed !== undefined) stopListening(listener);
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#context.clock.after(TICK_MS, () => {
      this.#tick();
      this.#scheduleTick();
    });
  }

  #tick(): void {
    const nowMs = this.#context.clock.monotonicMs();
    this.#rtmp.tick(nowMs);
    this.#rtsp.tick(nowMs);
    this.#hls?.service.tick(nowMs);
    this.relayPulls.tick();
    this.#gb28181.tick(nowMs);
    this.hub.tick(nowMs);
    this.blacklist.tick(nowMs);
    this.statistics.tick();
    this.records.tick(nowMs);
    this.relayPushes.tick();
    this.#groupLog.tick();
    this.#events.tick();
  }

  /** @param giveUp the server stops at last, even if a disk hangs */
  async #finishFiles(giveUp: Promise<void>): Promise<void> {
    const { clock, config } = this.#context;
    let cancel = (): void => {};
    const patience = new Promise<void>((resolve) => {
      cancel = clock.after(config.limits.shutdown_timeout_ms / 2, resolve);
    });
    // Publishers that are just being ended still have a word to say.
    await Promise.race([this.hub.whenUnpublished(), patience]);
    cancel();
    await Promise.race([
      Promise.all([this.#hls?.output.close(), this.records.close(), this.relayPulls.whenWritten()]),
      giveUp,
    ]);
  }

  async #shutDown(): Promise<void> {
    const { clock, guard, registry, config } = this.#context;
    this.#cancelTick?.();
    for (const listener of this.#listeners) stopListening(listener);
    for (const stream of this.hub.streams.values()) stream.flush();
    const reason = endReason('server-shutdown');
    this.relayPushes.close(reason);
    this.relayPulls.close(reason);
    this.#gb28181.closeSessions(reason);
    this.#rtmp.closeSessions(reason);
    this.#rtsp.closeSessions(reason);
    this.#flv.closeSessions(reason);
    this.#ts.closeSessions(reason);
    this.#hls?.service.closeSessions(reason);
    this.#api.close();
    this.#metrics.close();
    const pprofClosed = this.#pprof.close();
    for (const session of registry.all()) session.close(reason);
    let cancelGiveUp = (): void => {};
    const giveUp = new Promise<void>((resolve) => {
      cancelGiveUp = clock.after(config.limits.shutdown_timeout_ms, () => {
        guard.destroyAll();
        resolve();
      });
    });
    await Promise.all([
      this.#certificates.close(),
      this.#finishFiles(giveUp),
      guard.whenEmpty(),
      pprofClosed,
    ]);
    await this.callbacks.close(giveUp);
    cancelGiveUp();
  }
}

/** A server for `config`; call `start` to open its ports. */
export function createServer(config: ServerConfig, options: MediaServerOptions): MediaServer {
  return new MediaServer(config, options);
}
