import type { Socket } from 'node:net';
import pino from 'pino';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { LocalStreamDirectory, type StreamClaim, type StreamDirectory } from '../hub/stream-directory.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import { endReason, type EndCode, type EndReason } from '../media/end-reason.ts';
import { StreamGate, type PublishAdmission } from '../server/admission/stream-gate.ts';
import { ConfigStore } from '../server/config/config-store.ts';
import { parseConfig } from '../server/config/load-config.ts';
import { ConnectionGuard } from '../server/listeners/connection-guard.ts';
import { redactJsonLine } from '../server/logging/redact.ts';
import { parsePullUrl } from '../server/relay/pull/pull-url.ts';
import type { PullSettings } from '../server/relay/pull/pull-settings.ts';
import type { PullRequest, PullSource, PullTarget } from '../server/relay/pull/pull-source.ts';
import { RelayPullService } from '../server/relay/pull/relay-pull-service.ts';
import type { ServerContext } from '../server/server-context.ts';
import { SessionIds } from '../server/sessions/session-ids.ts';
import type { SessionRecord } from '../server/sessions/session-record.ts';
import { SessionRegistry } from '../server/sessions/session-registry.ts';
import { createUdpPorts } from '../server/listeners/udp-ports.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeSource } from './fake-pull-source.ts';
import { settled } from './settled.ts';

/** A directory whose answers can be held up, as one of many machines may. */
class SlowDirectory implements StreamDirectory {
  readonly #directory = new LocalStreamDirectory();
  delay: Promise<void> = Promise.resolve();

  async claim(key: string): Promise<StreamClaim | undefined> {
    await this.delay;
    return this.#directory.claim(key);
  }
}

/** A line of the log. */
export interface PullLogLine {
  readonly level: number;
  readonly msg: string;
  readonly session?: string;
  readonly code?: string;
  readonly url?: string;
}

/** The relay pull of a server, with a clock that is turned by hand and origins that do what the test says. */
export class PullBench {
  readonly clock: FakeClock = new FakeClock();
  readonly registry: SessionRegistry = new SessionRegistry();
  readonly directory: SlowDirectory = new SlowDirectory();
  readonly configStore: ConfigStore;
  readonly hub: StreamHub;
  readonly gate: StreamGate;
  readonly service: RelayPullService;
  readonly context: ServerContext;
  /** Every connection so far. */
  readonly sources: FakeSource[] = [];
  readonly log: PullLogLine[] = [];
  /** What the registry told of pulls: `start RTMPPULL1`, `stop RTMPPULL1 kicked`. */
  readonly events: string[] = [];
  readonly #viewers = new Map<string, { record: SessionRecord; letGo: () => void }>();
  #count = 0;

  constructor(overrides: object = {}, open?: (request: PullRequest, target: PullTarget) => PullSource) {
    this.configStore = new ConfigStore(parseConfig(JSON.stringify(overrides), 'test config').config);
    const config = this.configStore.current;
    const { clock, registry } = this;
    const write = (line: string): number => this.log.push(JSON.parse(redactJsonLine(line)) as PullLogLine);
    const logger = pino({ level: 'debug' }, { write });
    this.hub = new StreamHub(new FlushScheduler(clock, 0, 0), {
      gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 1e9 },
      get graceMs() {
        return config.in_session.grace_ms;
      },
    });
    this.gate = new StreamGate(config, this.hub, this.directory);
    registry.observe({
      sessionStarted: ({ id, baseType }) => void (baseType === 'PULL' && this.events.push(`start ${id}`)),
      sessionEnded: ({ id, baseType }, { code }) =>
        void (baseType === 'PULL' && this.events.push(`stop ${id} ${code}`)),
    });
    this.context = {
      config,
      configStore: this.configStore,
      logger,
      clock,
      hub: this.hub,
      gate: this.gate,
      registry,
      ids: new SessionIds(),
      guard: new ConnectionGuard(config.limits),
      udpPorts: createUdpPorts(config, logger),
      streamingSockets: new WeakSet<Socket>(),
    };
    this.service = new RelayPullService(
      this.context,
      open ?? ((request, target) => this.#open(request, target)),
    );
  }

  /** The newest connection. */
  get source(): FakeSource {
    return this.sources.at(-1)!;
  }

  /** URLs that were called, in order. */
  get called(): string[] {
    return this.sources.map(({ request }) => request.url.text);
  }

  /** Orders a pull. @returns the session's id, or the text of the refusal */
  start(overrides: Partial<PullSettings> & { url?: string } = {}, streamName = 'a'): string {
    const { url = 'rtmp://origin/live/a', ...settings } = overrides;
    const result = this.service.start(
      { appName: '', streamName, urlParam: '' },
      {
        origins: [{ url: parsePullUrl(url), verifyCertificate: true, rtspTransport: 'tcp' }],
        timeoutMs: 10_000,
        retryNum: 0,
        autoStopMs: -1,
        dumpPath: undefined,
        ...settings,
      },
    );
    return 'text' in result ? result.text : result.sessionId;
  }

  /** Somebody watches. @returns leaves again */
  view(streamName = 'a', fields: Partial<SessionRecord> = {}): () => void {
    this.#count += 1;
    const id = `FLVPUBSUB${this.#count}`;
    const record = this.#recordOf(id, streamName, { baseType: 'SUB', ...fields });
    this.#viewers.set(id, { record, letGo: this.hub.open(record.streamKey).hold() });
    this.registry.add(record);
    return () => {
      this.registry.remove(record, endReason('peer-closed'));
      this.#viewers.get(id)?.letGo();
      this.#viewers.delete(id);
    };
  }

  /** Somebody publishes, if he may. @returns what ends it; the code when he is refused */
  async publish(streamName = 'a'): Promise<(() => void) | EndCode> {
    this.#count += 1;
    const record = this.#recordOf(`RTMPPUBSUB${this.#count}`, streamName, { baseType: 'PUB' });
    const admission: PublishAdmission | EndReason = await this.gate.publish(record);
    if ('code' in admission) return admission.code;
    this.registry.add(record);
    return () => {
      admission.release();
      this.registry.remove(record, endReason('peer-closed'));
    };
  }

  /** Lets seconds pass, with the server's tick in each. */
  async pass(seconds = 1): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await settled();
      this.clock.advance(1000);
      this.service.tick();
      this.hub.tick(this.clock.monotonicMs());
      await settled();
    }
  }

  #open(request: PullRequest, target: PullTarget): FakeSource {
    const source = new FakeSource(request, target);
    this.sources.push(source);
    return source;
  }

  #recordOf(id: string, streamName: string, fields: Partial<SessionRecord>): SessionRecord {
    const address = { appName: 'live', streamName, urlParam: '', ...fields };
    return {
      ...address,
      id,
      protocol: 'RTMP',
      baseType: 'SUB',
      streamKey: this.gate.streamKeyOf(address),
      remoteAddress: '127.0.0.1:5000',
      startedMs: this.clock.wallMs(),
      url: '',
      bytesRead: () => 0,
      bytesWritten: () => 0,
      close: () => undefined,
      ...fields,
    };
  }
}
