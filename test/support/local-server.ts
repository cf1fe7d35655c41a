import pino from 'pino';
import type { LiveStream } from '../../src/hub/live-stream.ts';
import type { Subscription } from '../../src/hub/subscription.ts';
import { parseConfig } from '../../src/server/config/load-config.ts';
import type { ListenerKind } from '../../src/server/listeners/listener.ts';
import { createServer } from '../../src/server/media-server.ts';
import type { MediaServer, MediaServerOptions } from '../../src/server/media-server.ts';
import type { Scope } from './scope.ts';
import { testConfig } from './server.ts';
import type { ConfigOverrides } from './server.ts';
import { Waiters } from './waiters.ts';

/** One line of the server's log. */
export interface LogRecord {
  readonly level: number;
  readonly msg: string;
  /** Session id. */
  readonly session?: string;
  /** End code and what narrows it down, where the line is about the end of a session. */
  readonly code?: string;
  readonly detail?: string;
  /** Whatever else the line says. */
  readonly [field: string]: unknown;
}

const errorLevel = 50;

/** A server in the test's own process, on ports the system chose: its streams, log and memory can be looked at. */
export class LocalServer {
  readonly log: LogRecord[] = [];
  readonly #waiters = new Waiters(() => this.describe());
  readonly server: MediaServer;

  private constructor(overrides: ConfigOverrides, options: Partial<MediaServerOptions>) {
    const noPorts = { rtmp: 0, rtmps: 0, http: 0, https: 0 };
    const { config } = parseConfig(JSON.stringify(testConfig(noPorts, overrides)), 'test config');
    const logger = pino({ level: 'debug' }, { write: (line: string) => this.#logged(line) });
    this.server = createServer(config, { logger, ...options });
  }

  /** It is closed with the scope at the latest. */
  static async start(
    scope: Scope,
    overrides: ConfigOverrides = {},
    options: Partial<MediaServerOptions> = {},
  ): Promise<LocalServer> {
    const local = new LocalServer(overrides, options);
    await local.server.start();
    scope.defer(() => local.server.close());
    return local;
  }

  port(kind: ListenerKind): number {
    return this.server.addresses.find((address) => address.kind === kind)!.port;
  }

  flvUrl(scheme: 'http' | 'https' | 'ws' | 'wss', streamName: string): string {
    const port = this.port(scheme === 'http' || scheme === 'ws' ? 'http' : 'https');
    return `${scheme}://127.0.0.1:${port}/live/${streamName}.flv`;
  }

  stream(streamName: string): LiveStream | undefined {
    return this.server.hub.get(streamName);
  }

  /** The viewers of a stream in all formats. */
  viewers(streamName: string): Subscription[] {
    const fanouts = this.stream(streamName)?.fanouts.values() ?? [];
    return [...fanouts].flatMap((fanout) => [...fanout.subscriptions]);
  }

  /** The ends of sessions so far: `code`, or `code detail`. */
  get ends(): string[] {
    return this.log
      .filter(
        ({ msg, session }) =>
          msg.includes('session ended') || (msg.includes('play stop') && session!.startsWith('FLV')),
      )
      .map(({ code, detail }) => (detail === undefined ? code! : `${code} ${detail}`));
  }

  /** Lines of level error and worse. */
  get errors(): LogRecord[] {
    return this.log.filter(({ level }) => level >= errorLevel);
  }

  /** Resolves when this many sessions have ended. */
  async untilEnds(count: number, timeoutMs?: number): Promise<void> {
    await this.until(() => this.ends.length >= count, `${count} ends of sessions`, timeoutMs);
  }

  /** Resolves when `condition` holds. The hub tells nobody what it does, so it is also looked at every few milliseconds. */
  async until(condition: () => boolean, what: string, timeoutMs?: number): Promise<void> {
    const look = setInterval(() => this.#waiters.wake(), 5);
    try {
      await this.#waiters.until(condition, what, timeoutMs);
    } finally {
      clearInterval(look);
    }
  }

  /** Resolves when the stream has exactly this many viewers. */
  async untilViewers(streamName: string, count: number): Promise<void> {
    await this.until(() => this.viewers(streamName).length === count, `${count} viewers`);
  }

  /** Resolves when the last socket is closed: that of an ended session may last as long as the server's grace. */
  async untilNoConnections(): Promise<void> {
    await this.until(() => this.server.openConnections === 0, 'the last socket to close', 6_000);
  }

  describe(): string {
    return `log:\n${this.log
      .slice(-20)
      .map((record) => JSON.stringify(record))
      .join('\n')}`;
  }

  #logged(line: string): void {
    this.log.push(JSON.parse(line) as LogRecord);
    this.#waiters.wake();
  }
}
