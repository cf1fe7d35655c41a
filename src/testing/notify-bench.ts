import pino from 'pino';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import { endReason } from '../media/end-reason.ts';
import { ConfigStore } from '../server/config/config-store.ts';
import { parseConfig } from '../server/config/load-config.ts';
import type { ServerConfig } from '../server/config/server-config.ts';
import { ServerEvents } from '../server/hooks/server-events.ts';
import { CALLBACK_NAMES } from '../server/notify/callback-names.ts';
import { HttpNotify, type HttpNotifyOptions } from '../server/notify/http-notify.ts';
import { SessionRegistry } from '../server/sessions/session-registry.ts';
import type { SessionRecord } from '../server/sessions/session-record.ts';
import { Statistics } from '../server/stats/statistics.ts';
import { FakeCallbackClient, sessionRecord } from './callback-kit.ts';
import { FakeClock } from './fake-clock.ts';
import { settled } from './settled.ts';

/** One line of the log. */
interface NotifyLogLine {
  readonly level: number;
  readonly msg: string;
  readonly code?: string;
  readonly [field: string]: unknown;
}

/** A server without ports: its sessions, its clock, and whoever receives its callbacks, in memory. */
export class NotifyBench {
  readonly clock: FakeClock = new FakeClock();
  readonly client: FakeCallbackClient = new FakeCallbackClient();
  readonly log: NotifyLogLine[] = [];
  readonly registry: SessionRegistry = new SessionRegistry();
  readonly hub: StreamHub;
  readonly config: ServerConfig;
  readonly options: HttpNotifyOptions;
  readonly notify: HttpNotify;
  readonly events: ServerEvents;
  readonly #configStore: ConfigStore;

  /** @param section of `http_notify`; by default each callback has its name as path, at one receiver */
  constructor(section: Record<string, unknown> = {}, other: Record<string, unknown> = {}) {
    const urls = Object.fromEntries(CALLBACK_NAMES.map((name) => [name, `http://receiver/${name}`]));
    const text = JSON.stringify({
      server_id: 's1',
      http_notify: { enable: true, ...urls, ...section },
      ...other,
    });
    this.#configStore = new ConfigStore(parseConfig(text, 'test config').config);
    this.config = this.#configStore.current;
    this.hub = new StreamHub(new FlushScheduler(this.clock, 0), {
      gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 1e9 },
    });
    const write = (line: string): number => this.log.push(JSON.parse(line) as NotifyLogLine);
    const logger = pino({ level: 'info' }, { write });
    const { config, clock, client } = this;
    this.options = { config, logger, clock, client, startedMs: clock.wallMs() };
    this.notify = new HttpNotify(this.options);
    const statistics = new Statistics(this.hub, this.registry, this.clock);
    const sources = { config: this.config, registry: this.registry, statistics };
    this.events = new ServerEvents(sources, [this.notify]);
    this.registry.observe(this.events);
  }

  /** The config is loaded again, with other values of `http_notify`. */
  reload(section: Partial<ServerConfig['http_notify']>): void {
    const { config } = this;
    this.#configStore.apply({ ...config, http_notify: { ...config.http_notify, ...section } });
  }

  /** A session comes. */
  start(id: string, streamKey = 'a', other: Partial<SessionRecord> = {}): SessionRecord {
    const record = sessionRecord(id, streamKey, other);
    this.registry.add(record);
    return record;
  }

  /** A session goes. */
  stop(record: SessionRecord): void {
    this.registry.remove(record, endReason('peer-closed'));
  }

  /** What has been sent so far: the callback's name and the session's id. */
  async sent(): Promise<string[]> {
    await settled();
    return this.client.heard.map(({ path, body }) =>
      `${path} ${(body['session_id'] as string) ?? ''}`.trim(),
    );
  }
}
