import { FlvTagType } from '../../container/flv/flv-types.ts';
import type { PlayAdmission, PublishAdmission } from '../admission/stream-gate.ts';
import { FlvIngest } from '../../ingest/flv-ingest.ts';
import type { EndReason } from '../../media/end-reason.ts';
import { rtmpOutput } from '../../output/rtmp-output.ts';
import { ReadingRounds } from '../../session/net/reading-rounds.ts';
import type { SocketSink } from '../../session/net/socket-sink.ts';
import type { StreamFeed } from '../../session/net/stream-session.ts';
import type {
  RtmpConnectEvent,
  RtmpPlayAdmission,
  RtmpPlayEvent,
  RtmpPublishEvent,
  RtmpPublishTarget,
  RtmpServerSession,
  RtmpSessionHandler,
} from '../../session/rtmp/server-session.ts';
import { flvFormFor, rtmpFanoutOptions } from '../output-options.ts';
import type { RtmpObserver } from './rtmp-observer.ts';
import { viewerLimits, type ServerContext } from '../server-context.ts';
import type { SessionIdentity, SessionRecord } from '../sessions/session-record.ts';

const TAG_TYPE = { audio: FlvTagType.audio, video: FlvTagType.video, data: FlvTagType.script } as const;

/** What the server knows of a connection beyond the session itself. */
interface Client {
  readonly id: string;
  readonly connect: RtmpConnectEvent;
}

/** The way between RTMP sessions and the hub, for RTMP and RTMPS alike. */
export class RtmpService implements RtmpSessionHandler {
  readonly #context: ServerContext;
  readonly #rounds: ReadingRounds;
  readonly #sessions = new Set<RtmpServerSession>();
  readonly #clients = new WeakMap<RtmpServerSession, Client>();
  readonly #observers = new Set<RtmpObserver>();
  /** Set when the server stops: who comes out of a TLS handshake after that is told at once. */
  #closing: EndReason | undefined;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#rounds = new ReadingRounds(context.clock);
  }

  /** Tells `observer` about everybody from now on. @returns stops that */
  observe(observer: RtmpObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** A session that has just been accepted. */
  add(session: RtmpServerSession): void {
    this.#sessions.add(session);
    if (this.#closing !== undefined) session.close(this.#closing);
  }

  tick(nowMs: number): void {
    for (const session of this.#sessions) session.tick(nowMs);
  }

  closeSessions(reason: EndReason): void {
    this.#closing = reason;
    for (const session of this.#sessions) session.close(reason);
  }

  connected(session: RtmpServerSession, connect: RtmpConnectEvent): void {
    const id = this.#context.ids.next('RTMPPUBSUB');
    this.#clients.set(session, { id, connect });
    const { app, tcUrl, flashVer } = connect;
    const { remoteAddress } = session;
    this.#context.logger.info({ session: id, remote: remoteAddress, app, tcUrl, flashVer }, 'rtmp connect');
    for (const observer of this.#observers) {
      observer.connected({ sessionId: id, remoteAddress, app, flashVer, tcUrl });
    }
  }

  async publish(session: RtmpServerSession, event: RtmpPublishEvent): Promise<RtmpPublishTarget | EndReason> {
    const client = this.#clients.get(session)!;
    const admission = await this.#context.gate.publish(identityOf(session, client, event));
    if ('code' in admission) return admission;
    return this.#publishTarget(session, client, event, admission);
  }

  async play(session: RtmpServerSession, event: RtmpPlayEvent): Promise<RtmpPlayAdmission | EndReason> {
    const client = this.#clients.get(session)!;
    const admission = await this.#context.gate.play(identityOf(session, client, event));
    if ('code' in admission) return admission;
    return {
      start: (sink) => this.#startPlay(session, client, event, admission, sink),
      cancel: () => {},
    };
  }

  ended(session: RtmpServerSession, reason: EndReason): void {
    this.#sessions.delete(session);
    const client = this.#clients.get(session);
    const remote = session.remoteAddress;
    const { code, detail, message, cause } = reason;
    const level = code === 'internal-error' ? 'error' : 'info';
    this.#context.logger[level](
      { session: client?.id, remote, code, detail, err: cause },
      `rtmp session ended: ${message}`,
    );
  }

  #publishTarget(
    session: RtmpServerSession,
    client: Client,
    event: RtmpPublishEvent,
    admission: PublishAdmission,
  ): RtmpPublishTarget {
    const { registry, logger, hub } = this.#context;
    const { streamKey } = admission;
    const record = recordOf(session, client, event, { baseType: 'PUB', streamKey });
    const ingest = new FlvIngest(admission.publication);
    registry.add(record);
    logger.info({ session: client.id, url: record.url }, 'publish start');
    return {
      receive: ({ type, timestampMs, payload }) => ingest.receive(TAG_TYPE[type], timestampMs, payload),
      rest: (goOn) => {
        const isWatched = (hub.get(streamKey)?.viewerCount ?? 0) > 0;
        if (!isWatched) this.#rounds.rest(goOn);
        return !isWatched;
      },
      close: (reason) => {
        admission.release();
        registry.remove(record, reason);
        const { counters, frames } = admission.publication;
        const damaged = ingest.damagedMessages;
        const { code } = reason;
        logger.info({ session: client.id, code, ...frames, ...counters, damaged }, 'publish stop');
      },
    };
  }

  #startPlay(
    session: RtmpServerSession,
    client: Client,
    event: RtmpPlayEvent,
    admission: PlayAdmission,
    sink: SocketSink,
  ): StreamFeed {
    const { config, registry, logger, clock } = this.#context;
    const form = flvFormFor(event.urlParam, client.connect.fourCcList, config);
    const variant = rtmpOutput(form, rtmpFanoutOptions(config));
    const subscription = admission.open().attach(variant, sink, viewerLimits(config));
    const base = recordOf(session, client, event, { baseType: 'SUB', streamKey: admission.streamKey });
    const record = { ...base, subscription };
    registry.add(record);
    logger.info({ session: client.id, url: record.url, form }, 'play start');
    return {
      resume: () => subscription.resume(clock.monotonicMs()),
      close: (reason) => {
        subscription.close();
        registry.remove(record, reason);
        logger.info({ session: client.id, code: reason.code, ...subscription.counters }, 'play stop');
      },
    };
  }
}

function identityOf(
  session: RtmpServerSession,
  { id, connect }: Client,
  { streamName, urlParam, rawName }: RtmpPublishEvent | RtmpPlayEvent,
): SessionIdentity {
  return {
    appName: connect.app,
    streamName,
    urlParam,
    id,
    protocol: 'RTMP',
    remoteAddress: session.remoteAddress,
    url: `${connect.tcUrl}/${rawName}`,
  };
}

function recordOf(
  session: RtmpServerSession,
  client: Client,
  event: RtmpPublishEvent | RtmpPlayEvent,
  role: Pick<SessionRecord, 'baseType' | 'streamKey'>,
): SessionRecord {
  return {
    ...identityOf(session, client, event),
    ...role,
    startedMs: session.startedMs,
    bytesRead: () => session.bytesRead,
    bytesWritten: () => session.bytesWritten,
    close: (reason) => session.close(reason),
  };
}
