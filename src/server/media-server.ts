import type { StreamHub } from '../hub/stream-hub.ts';
import { endReason, type EndReason } from '../media/end-reason.ts';
import { securityWarnings } from './auth/default-secrets.ts';
import type { IpBlacklist } from './auth/ip-blacklist.ts';
import type { ConfigError } from './config/config-finding.ts';
import type { ConfigReload } from './config/config-reloader.ts';
import type { ConfigListener, ReloadReport } from './config/config-store.ts';
import type { ServerConfig } from './config/server-config.ts';
import { publishFile, type FilePublisher, type FilePublishOptions } from './file-publisher.ts';
import type { Callbacks } from './hooks/callbacks.ts';
import { addressOf, stopListening, type Listener, type ListenerAddress } from './listeners/listener.ts';
import { openListeners } from './listeners/open-listeners.ts';
import { logSecurityWarning } from './logging/security-log.ts';
import type { RecordService } from './record/record-service.ts';
import type { RelayPullService } from './relay/pull/relay-pull-service.ts';
import type { RelayPushService } from './relay/push/push-service.ts';
import { createParts, type MediaServerOptions, type ServerParts } from './server-parts.ts';
import { shutDown } from './shut-down.ts';
import type { Statistics } from './stats/statistics.ts';

export type { MediaServerOptions } from './server-parts.ts';

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
  readonly #parts: ServerParts;
  readonly #listeners: Listener[] = [];
  #cancelTick: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  /** @param initialConfig copied */
  constructor(initialConfig: ServerConfig, options: MediaServerOptions) {
    const parts = createParts(initialConfig, options);
    this.#parts = parts;
    this.config = parts.context.config;
    this.hub = parts.context.hub;
    this.statistics = parts.statistics;
    this.records = parts.records;
    this.blacklist = parts.blacklist;
    this.relayPushes = parts.relayPushes;
    this.relayPulls = parts.relayPulls;
    this.callbacks = parts.callbacks;
    this.onConfigChange(() => this.#logSecurityWarnings());
  }

  /**
   * Opens every port the config asks for.
   * @throws {ListenError} when one cannot be opened; the others are closed again
   */
  async start(): Promise<void> {
    const { events, records } = this.#parts;
    this.#logSecurityWarnings();
    events.serverStarts();
    try {
      await records.makeFolders();
      for await (const listener of openListeners(this.#parts)) this.#opened(listener);
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#closed !== undefined) return;
    events.serverStarted();
    this.#scheduleTick();
  }

  /**
   * Puts a new config into force, as far as that is possible without a restart; nobody who publishes or plays is
   * disturbed.
   * @param config complete and checked, as `parseConfig` returns it
   * @returns what has changed, and what a restart would change
   */
  reload(config: ServerConfig): ReloadReport {
    return this.#parts.reloader.use(config);
  }

  /**
   * Reads the config again where it came from, and puts it into force like `reload`.
   * @returns why the config cannot be used; nothing has changed then
   */
  reloadFromSource(): ConfigReload | ConfigError {
    return this.#parts.reloader.readAgain();
  }

  /** Calls `listener` after each reload that changed something, such as the `log` section. @returns stops that */
  onConfigChange(listener: ConfigListener): () => void {
    return this.#parts.context.configStore.onChange(listener);
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
    const publisher = await publishFile(this.#parts.context, options);
    if (this.#closed !== undefined && 'close' in publisher) publisher.close(endReason('server-shutdown'));
    return publisher;
  }

  /** Sockets open on all listeners, those included that have not said yet what they want. */
  get openConnections(): number {
    return this.#parts.context.guard.open;
  }

  /** Tells players, ends all sessions and closes all ports. A second call waits for the first. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  #logSecurityWarnings(): void {
    const { logger } = this.#parts.context;
    for (const warning of this.securityWarnings) logSecurityWarning(logger, warning);
  }

  #opened(listener: Listener): void {
    this.#listeners.push(listener);
    // The server was closed while this port was being opened.
    if (this.#closed !== undefined) stopListening(listener);
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#parts.context.clock.after(TICK_MS, () => {
      this.#scheduleTick();
      this.#tick();
    });
  }

  /** A fault in one part must not keep the others from their work, now or later. It goes to whoever handles faults of the process. */
  #tick(): void {
    const faults: unknown[] = [];
    for (const work of this.#ticksOf(this.#parts.context.clock.monotonicMs())) {
      try {
        work();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0)
      throw faults.length === 1 ? faults[0] : new AggregateError(faults, 'several faults');
  }

  #ticksOf(nowMs: number): readonly (() => void)[] {
    const { rtmp, rtsp, hls, gb28181, groupLog, events } = this.#parts;
    return [
      () => rtmp.tick(nowMs),
      () => rtsp.tick(nowMs),
      () => hls?.service.tick(nowMs),
      () => this.relayPulls.tick(),
      () => gb28181.tick(nowMs),
      () => this.hub.tick(nowMs),
      () => this.blacklist.tick(nowMs),
      () => this.statistics.tick(),
      () => this.records.tick(nowMs),
      () => this.relayPushes.tick(),
      () => groupLog.tick(),
      () => events.tick(),
    ];
  }

  async #shutDown(): Promise<void> {
    this.#cancelTick?.();
    for (const listener of this.#listeners) stopListening(listener);
    await shutDown(this.#parts);
  }
}

/** A server for `config`; call `start` to open its ports. */
export function createServer(config: ServerConfig, options: MediaServerOptions): MediaServer {
  return new MediaServer(config, options);
}
