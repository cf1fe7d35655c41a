import type { Socket } from 'node:net';
import pino from 'pino';
import type { Publication } from '../hub/publication.ts';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { LocalStreamDirectory } from '../hub/stream-directory.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import { endReason, type EndReason } from '../media/end-reason.ts';
import { StreamGate } from '../server/admission/stream-gate.ts';
import type { ApiContext } from '../server/api/api-context.ts';
import { listenHttpApi } from '../server/api/api-listener.ts';
import { HttpApi } from '../server/api/http-api.ts';
import { IpBlacklist } from '../server/auth/ip-blacklist.ts';
import { ConfigReloader } from '../server/config/config-reloader.ts';
import { ConfigStore } from '../server/config/config-store.ts';
import { createHls } from '../server/hls/create-hls.ts';
import { parseConfig } from '../server/config/load-config.ts';
import { ConnectionGuard } from '../server/listeners/connection-guard.ts';
import { addressOf, type Listener } from '../server/listeners/listener.ts';
import { streamGopCacheLimits } from '../server/output-options.ts';
import { RelayPullService } from '../server/relay/pull/relay-pull-service.ts';
import { RelayPushService } from '../server/relay/push/push-service.ts';
import { Gb28181Service } from '../server/gb28181/gb28181-service.ts';
import { ServerMetrics } from '../server/metrics/server-metrics.ts';
import { RecordService } from '../server/record/record-service.ts';
import { SessionIds } from '../server/sessions/session-ids.ts';
import type { SessionRecord } from '../server/sessions/session-record.ts';
import { SessionRegistry } from '../server/sessions/session-registry.ts';
import { Statistics } from '../server/stats/statistics.ts';
import { createUdpPorts } from '../server/listeners/udp-ports.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeGb28181Network } from './gb28181-kit.ts';
import { FakeSource } from './fake-pull-source.ts';
import { FakeFileSystem, settle } from './fake-file-system.ts';
import { frameOf, videoTrack } from './hub-kit.ts';

const video = videoTrack();
/** One IDR slice. */
const PICTURE = Uint8Array.of(0, 0, 0, 5, 0x65, 0x88, 0x84, 0x21, 0xa0);

/** An answer of the API: its text as it was sent, and what the text says. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: ApiAnswerBody;
}

/** The keys that every answer may have. */
interface ApiAnswerBody {
  readonly error_code: number;
  readonly desp: string;
  readonly data?: unknown;
  readonly detail?: string;
}

/** The HTTP API on a port of its own, over streams and sessions that the test makes. */
export class ApiBench {
  readonly clock: FakeClock = new FakeClock();
  readonly hub: StreamHub;
  readonly registry: SessionRegistry = new SessionRegistry();
  readonly statistics: Statistics;
  readonly files: FakeFileSystem = new FakeFileSystem();
  readonly context: ApiContext;
  /** Ends of sessions by the API: id and code. */
  readonly ends: string[] = [];
  /** Origins that pulls have called. */
  readonly pullSources: FakeSource[] = [];
  /** Where receivers of GB28181 open their ports. */
  readonly gb28181Network: FakeGb28181Network = new FakeGb28181Network();
  #listener: Listener | undefined;

  /** What callbacks say that they have done; nobody sends any. */
  readonly callbacks = {
    counters: { sent: 0, failed: 0, retried: 0, dropped: 0, queued: 0 },
    decisions: { allowed: 0, refused: 0, undecided: 0, pending: 0 },
  };

  /** What the log says that it has lost. */
  lostLogLines = 0;

  /** The config file, for whoever reads it again. */
  configText = '{}';

  /** @param overrides sections of the config */
  constructor(overrides: object = {}) {
    const configStore = new ConfigStore(parseConfig(JSON.stringify(overrides), 'test config').config);
    const config = configStore.current;
    const { clock, registry } = this;
    const logger = pino({ level: 'silent' });
    this.hub = new StreamHub(new FlushScheduler(clock, 0, 0), { gopCache: streamGopCacheLimits(config) });
    const base = {
      config,
      configStore,
      logger,
      clock,
      hub: this.hub,
      gate: new StreamGate(config, this.hub, new LocalStreamDirectory()),
      registry,
      ids: new SessionIds(),
      guard: new ConnectionGuard(config.limits),
      udpPorts: createUdpPorts(config, logger),
      streamingSockets: new WeakSet<Socket>(),
    };
    const relayPushes = new RelayPushService(base);
    const relayPulls = new RelayPullService(base, (request, target) => {
      const source = new FakeSource(request, target);
      this.pullSources.push(source);
      return source;
    });
    this.statistics = new Statistics(this.hub, registry, clock, (key) => relayPushes.pushesOf(key));
    const blacklist = new IpBlacklist({ registry, clock, logger });
    const services = {
      ...base,
      relayPulls,
      relayPushes,
      gb28181: new Gb28181Service(base, blacklist, this.gb28181Network.open),
      statistics: this.statistics,
      records: new RecordService({ config, clock, hub: this.hub, logger }, this.files),
      blacklist,
      startedMs: clock.wallMs(),
    };
    const hls = createHls(base);
    this.context = {
      ...services,
      configReloader: new ConfigReloader(
        configStore,
        () => parseConfig(this.configText, 'test.json'),
        logger,
      ),
      hls: hls?.output,
      metrics: new ServerMetrics({
        ...services,
        hls,
        callbacks: this.callbacks,
        lostLogLines: () => this.lostLogLines,
      }),
    };
  }

  /** Opens the port, for all calls or for the given ones. */
  async listen(...endpoints: ConstructorParameters<typeof HttpApi>[1][]): Promise<void> {
    const config = {
      ...this.context.config,
      http_api: { ...this.context.config.http_api, addr: '127.0.0.1:0' },
    };
    this.#listener = await listenHttpApi(new HttpApi(this.context, ...endpoints), {
      ...this.context,
      config,
    });
  }

  get port(): number {
    return addressOf(this.#listener!).port;
  }

  async close(): Promise<void> {
    this.#listener?.server.close();
    this.context.relayPulls.close(endReason('server-shutdown'));
    this.context.gb28181.closeSessions(endReason('server-shutdown'));
    this.context.relayPushes.close(endReason('server-shutdown'));
    this.context.guard.destroyAll();
    await this.context.guard.whenEmpty();
  }

  /** Asks with a query. */
  get(
    path: string,
    query: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const search = new URLSearchParams(query).toString();
    return this.fetch(search === '' ? path : `${path}?${search}`, { headers });
  }

  /** Asks with a JSON body. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return this.fetch(path, { method: 'POST', body: JSON.stringify(body), headers });
  }

  async fetch(target: string, init: RequestInit): Promise<ApiAnswer> {
    const response = await fetch(`http://127.0.0.1:${this.port}${target}`, init);
    const text = await response.text();
    const body = JSON.parse(text === '' ? '{}' : text) as ApiAnswerBody;
    return { status: response.status, headers: response.headers, text, body };
  }

  /** Somebody begins to publish video, with no session that would show. */
  publish(streamKey = 'test110'): Publication {
    const publication = this.hub.open(streamKey).publish()!;
    publication.announce({ audio: false, video: true });
    publication.setTrack(video);
    return publication;
  }

  /** A key picture; one second passes. */
  async picture(publication: Publication, timeMs: number): Promise<void> {
    publication.write({ ...frameOf(video, timeMs, { isKey: true }), data: PICTURE });
    this.clock.turn();
    this.clock.advance(1000);
    await settle();
  }

  /** A session of a stream; whoever closes it shows in `ends`. */
  addSession(id: string, options: Partial<SessionRecord> = {}): SessionRecord {
    const record: SessionRecord = {
      id,
      protocol: 'RTMP',
      baseType: 'SUB',
      streamKey: options.streamName ?? 'test110',
      streamName: 'test110',
      appName: 'live',
      urlParam: '',
      remoteAddress: '127.0.0.1:5000',
      startedMs: this.clock.wallMs(),
      url: '',
      bytesRead: () => 1000,
      bytesWritten: () => 2000,
      close: (reason: EndReason) => {
        this.ends.push(`${id} ${reason.code}`);
        this.registry.remove(record, reason);
      },
      ...options,
    };
    this.hub.open(record.streamKey);
    this.registry.add(record);
    return record;
  }
}
