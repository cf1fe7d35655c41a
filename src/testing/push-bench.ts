import pino from 'pino';
import { FlushScheduler } from '../hub/flush-scheduler.ts';
import type { LiveStream } from '../hub/live-stream.ts';
import type { StreamState } from '../hub/packager.ts';
import type { Publication } from '../hub/publication.ts';
import { StreamHub } from '../hub/stream-hub.ts';
import type { Subscription } from '../hub/subscription.ts';
import { endReason, type EndReason } from '../media/end-reason.ts';
import { ConfigStore } from '../server/config/config-store.ts';
import { parseConfig } from '../server/config/load-config.ts';
import type {
  OpenPushConnection,
  PushConnection,
  PushConnectionEvents,
  PushConnectionOptions,
} from '../server/relay/push/push-connection.ts';
import { PushFeed, type PushOutlet } from '../server/relay/push/push-feed.ts';
import { RelayPushService } from '../server/relay/push/push-service.ts';
import type { PushStatus } from '../server/relay/push/push-status.ts';
import { SessionIds } from '../server/sessions/session-ids.ts';
import type { SessionProtocol, SessionRecord } from '../server/sessions/session-record.ts';
import { SessionRegistry } from '../server/sessions/session-registry.ts';
import { FakeClock } from './fake-clock.ts';
import { CollectingSink, frameOf, textVariant, videoTrack } from './hub-kit.ts';

const video = videoTrack();

/** What the log says; other fields are of no interest here. */
export interface PushLogLine {
  readonly level: number;
  readonly msg: string;
  readonly session?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly retryMs?: number | string;
  readonly err?: { readonly message: string };
}

/** A connection to a target that does what the test says. */
export class FakePushConnection implements PushConnection {
  readonly options: PushConnectionOptions;
  /** What the target got. */
  readonly sink: CollectingSink = new CollectingSink();
  endedWith: EndReason | undefined;
  /** Other tracks than these need another connection. */
  fitsTracks: (state: StreamState) => boolean = () => true;
  readonly #events: PushConnectionEvents;
  readonly #feed: PushFeed;

  constructor(options: PushConnectionOptions, events: PushConnectionEvents) {
    this.options = options;
    this.#events = events;
    const outlet: PushOutlet = {
      write: (bytes) => this.sink.write(bytes),
      queuedBytes: 0,
      end: (reason) => this.end(reason),
    };
    this.#feed = new PushFeed(options.stream, textVariant(), options.limits, outlet, options.context.clock);
  }

  get bytesRead(): number {
    return 0;
  }

  get bytesWritten(): number {
    return this.sink.text.length;
  }

  get subscription(): Subscription {
    return this.#feed.subscription;
  }

  fits(state: StreamState): boolean {
    return this.fitsTracks(state);
  }

  finish(reason: EndReason): void {
    this.#feed.finish(() => this.end(reason));
  }

  end(reason: EndReason): void {
    if (this.endedWith !== undefined) return;
    this.endedWith = reason;
    this.#feed.close();
    this.#events.ended(reason);
  }

  /** The target accepts. */
  accept(): void {
    this.#events.started();
    this.#feed.open();
  }

  /** The target takes what waited. */
  drain(): void {
    this.sink.isFull = false;
    this.#feed.resume();
  }
}

/** Relay push with a hub, a clock that stands still, and targets that do what the test says. */
export class PushBench {
  readonly clock: FakeClock = new FakeClock();
  readonly log: PushLogLine[] = [];
  readonly registry: SessionRegistry = new SessionRegistry();
  readonly hub: StreamHub;
  readonly service: RelayPushService;
  /** Every connection that was ever made. */
  readonly connections: FakePushConnection[] = [];
  /** Whether a stream in this state has anything for a target. */
  canSend: (state: StreamState) => boolean = ({ tracks }) => tracks.length > 0;
  readonly #inputs = new Map<Publication, SessionRecord>();

  constructor(sections: Record<string, unknown> = {}) {
    const { config } = parseConfig(JSON.stringify(sections), 'test');
    const configStore = new ConfigStore(config);
    const { current } = configStore;
    this.hub = new StreamHub(new FlushScheduler(this.clock, 0), {
      gopCache: { maxGops: 0, maxFramesPerGop: 0, maxBytes: 0 },
      graceMs: current.in_session.grace_ms,
    });
    const open: OpenPushConnection = (options, events) => {
      if (!this.canSend(options.stream.state)) return undefined;
      const connection = new FakePushConnection(options, events);
      this.connections.push(connection);
      return connection;
    };
    this.service = new RelayPushService(
      {
        config: current,
        clock: this.clock,
        logger: pino(
          { level: 'debug' },
          { write: (line: string) => this.log.push(JSON.parse(line) as PushLogLine) },
        ),
        registry: this.registry,
        hub: this.hub,
        ids: new SessionIds(),
      },
      open,
    );
  }

  get last(): FakePushConnection {
    return this.connections.at(-1)!;
  }

  /** Where the connections went. */
  get targets(): string[] {
    return this.connections.map(({ options }) => options.url.shown);
  }

  statuses(streamName = 'test110'): PushStatus[] {
    return this.service.pushesOf(streamName);
  }

  /** The states of a stream's pushes. */
  states(streamName?: string): string[] {
    return this.statuses(streamName).map(({ state }) => state);
  }

  /** A publisher comes, its tracks known. */
  publish(
    options: {
      streamName?: string;
      appName?: string;
      urlParam?: string;
      protocol?: SessionProtocol;
      baseType?: 'PUB' | 'PULL';
      /** The publisher is listed only after its stream has begun. */
      isListedLate?: boolean;
    } = {},
  ): Publication {
    const { streamName = 'test110', appName = 'live', urlParam = '', isListedLate = false } = options;
    const { protocol = 'RTMP', baseType = 'PUB' } = options;
    const publication = this.hub.open(streamName).publish()!;
    const record: SessionRecord = {
      appName,
      streamName,
      urlParam,
      id: `INPUT${this.#inputs.size}`,
      protocol,
      baseType,
      streamKey: streamName,
      remoteAddress: '',
      url: '',
      startedMs: 0,
      bytesRead: () => 0,
      bytesWritten: () => 0,
      close: () => {},
    };
    this.#inputs.set(publication, record);
    if (!isListedLate) this.registry.add(record);
    publication.announce({ audio: false, video: true });
    publication.setTrack(video);
    if (isListedLate) this.registry.add(record);
    return publication;
  }

  /** A picture. @param isKey true unless said */
  send(publication: Publication, timeMs: number, isKey = true, bytes?: number): void {
    publication.write(frameOf(video, timeMs, bytes === undefined ? { isKey } : { isKey, bytes }));
    this.clock.turn();
  }

  unpublish(publication: Publication): void {
    publication.end();
    this.registry.remove(this.#inputs.get(publication)!, endReason('peer-closed'));
  }

  stream(streamName = 'test110'): LiveStream | undefined {
    return this.hub.get(streamName);
  }

  /** A second passes, with the server's tick. */
  second(): void {
    this.clock.advance(1000);
    this.hub.tick(this.clock.monotonicMs());
    this.service.tick();
  }

  lines(msg: string): PushLogLine[] {
    return this.log.filter((line) => line.msg === msg);
  }
}
