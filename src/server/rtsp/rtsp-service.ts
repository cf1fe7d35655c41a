import { randomBytes } from 'node:crypto';
import { endReason, type EndReason } from '../../media/end-reason.ts';
import { RtspAuthenticator } from '../../protocol/rtsp/auth/authenticator.ts';
import { RtspServerConnection } from '../../protocol/rtsp/server-connection.ts';
import type {
  RtspAnnounceEvent,
  RtspDescribeEvent,
  RtspRequestFacts,
} from '../../protocol/rtsp/server-events.ts';
import type {
  RtspChallenge,
  RtspPresentation,
  RtspPublishTarget,
  RtspSessionHandler,
} from '../../session/rtsp/server-handler.ts';
import type { RtspFront } from '../../session/rtsp/server-front.ts';
import { RtspServerSession, type RtspSessionLimits } from '../../session/rtsp/server-session.ts';
import type { RtspServerTransport } from '../../session/rtsp/server-transport.ts';
import type { ServerConfig } from '../config/server-config.ts';
import { SERVER_NAME } from '../http/http-headers.ts';
import type { ServerContext } from '../server-context.ts';
import { rtpReception } from '../sessions/rtp-reception.ts';
import type { SessionIdPrefix } from '../sessions/session-ids.ts';
import type { SessionIdentity, SessionRecord } from '../sessions/session-record.ts';
import { parseRtspStreamAddress, type StreamAddress } from '../stream-address.ts';
import { RtspPlayers } from './rtsp-players.ts';
import { RtspStreamPresentation } from './rtsp-presentation.ts';
import { RtspPublisher } from './rtsp-publisher.ts';
import { StreamWaits } from './stream-waits.ts';

/** What the `Session` header says. */
const SESSION_TIMEOUT_SEC = 60;
/** Clients send their sign of life late, and it may get lost. */
const SILENCE_FACTOR = 1.5;
const NONCE_KEY_BYTES = 32;

/** The way between RTSP sessions and the hub: over TCP, TLS, WebSocket and HTTP tunnels alike. */
export class RtspService implements RtspSessionHandler {
  readonly #context: ServerContext;
  readonly #fronts: RtspFront[] = [];
  readonly #sessions = new Set<RtspServerSession>();
  readonly #publishers = new Map<RtspServerSession, RtspPublisher>();
  readonly #players: RtspPlayers;
  readonly #ids = new WeakMap<RtspServerSession, string>();
  readonly #waits: StreamWaits;
  readonly #nonceKey: Uint8Array = randomBytes(NONCE_KEY_BYTES);
  #closing: EndReason | undefined;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#players = new RtspPlayers(context);
    this.#waits = new StreamWaits(context.hub);
  }

  /** The door of a port: sockets that have not said yet what they speak end with the sessions. */
  addFront(front: RtspFront): void {
    this.#fronts.push(front);
  }

  /** A client that has turned out to speak RTSP. */
  accept(transport: RtspServerTransport): void {
    const { clock, config, udpPorts } = this.#context;
    const connection = new RtspServerConnection({
      serverName: SERVER_NAME,
      wallMs: () => clock.wallMs(),
      sessionTimeoutSec: SESSION_TIMEOUT_SEC,
      allowUdp: transport.name === 'tcp' && !transport.isSecure,
    });
    const limits = sessionLimitsOf(config);
    const session = new RtspServerSession(transport, connection, this, limits, udpPorts, clock);
    this.#sessions.add(session);
    session.start();
    if (this.#closing !== undefined) session.close(this.#closing);
  }

  tick(nowMs: number): void {
    for (const session of this.#sessions) session.tick(nowMs);
    for (const publisher of this.#publishers.values()) publisher.tick(nowMs);
    this.#players.tick(nowMs);
  }

  closeSessions(reason: EndReason): void {
    this.#closing = reason;
    for (const front of this.#fronts) front.close();
    for (const session of this.#sessions) session.close(reason);
  }

  async describe(
    session: RtspServerSession,
    event: RtspDescribeEvent,
  ): Promise<RtspPresentation | RtspChallenge | EndReason> {
    const challenge = this.#challengeTo(session, event, this.#context.config.rtsp.auth_enable);
    if (challenge !== undefined) return challenge;
    const address = parseRtspStreamAddress(event.uri);
    if (address === undefined) return endReason('name-refused');
    const identity = this.#identityOf(session, 'RTSPSUB', event, address);
    const admission = await this.#context.gate.play(identity);
    if ('code' in admission) return admission;
    // Nobody would cancel the wait of a client that left meanwhile.
    if (session.isEnded) return endReason('peer-closed');
    const stream = admission.open();
    this.#players.add(session, identity, stream);
    const { state } = await this.#waits.untilOpen(stream, session);
    const { localHost } = session;
    const { userAgent } = event;
    const presentation = new RtspStreamPresentation(state, stream, localHost, this.#context, {
      started: (subscription) => this.#players.started(session, stream, subscription, userAgent),
      stopped: () => this.#players.stopped(session),
    });
    return presentation.isEmpty
      ? endReason('stream-not-found', undefined, 'the stream has no track that RTP can carry')
      : presentation;
  }

  async announce(
    session: RtspServerSession,
    event: RtspAnnounceEvent,
  ): Promise<RtspPublishTarget | RtspChallenge | EndReason> {
    const challenge = this.#challengeTo(session, event, this.#context.config.rtsp.auth_publish_enable);
    if (challenge !== undefined) return challenge;
    const address = parseRtspStreamAddress(event.uri);
    if (address === undefined) return endReason('name-refused');
    const identity = this.#identityOf(session, 'RTSPPUB', event, address);
    const admission = await this.#context.gate.publish(identity);
    if ('code' in admission) return admission;
    const { registry, logger, clock } = this.#context;
    const record: SessionRecord = {
      ...publisherRecord(session, identity, admission.streamKey),
      rtpReception: () => rtpReception(publisher.trackCounters),
    };
    const publisher = new RtspPublisher(session, admission, event.description, clock, (reason) => {
      this.#publishers.delete(session);
      registry.remove(record, reason);
      const { counters, frames } = admission.publication;
      const tracks = publisher.trackCounters;
      const { strangerPackets } = session;
      const { code } = reason;
      logger.info(
        { session: record.id, code, ...frames, ...counters, tracks, strangerPackets },
        'publish stop',
      );
    });
    this.#publishers.set(session, publisher);
    registry.add(record);
    logger.info({ session: record.id, url: record.url, userAgent: event.userAgent }, 'publish start');
    return publisher;
  }

  ended(session: RtspServerSession, reason: EndReason): void {
    this.#sessions.delete(session);
    this.#waits.cancel(session);
    this.#players.remove(session, reason);
    const { code, detail, message, cause } = reason;
    const level = code === 'internal-error' ? 'error' : 'info';
    this.#context.logger[level](
      { session: this.#ids.get(session), remote: session.remoteAddress, code, detail, err: cause },
      `rtsp session ended: ${message}`,
    );
  }

  /** A session keeps its id, whatever it asks for next. */
  #identityOf(
    session: RtspServerSession,
    prefix: SessionIdPrefix,
    { uri }: RtspRequestFacts,
    address: StreamAddress,
  ): SessionIdentity {
    const id = this.#ids.get(session) ?? this.#context.ids.next(prefix);
    this.#ids.set(session, id);
    return { ...address, id, protocol: 'RTSP', remoteAddress: session.remoteAddress, url: uri };
  }

  #challengeTo(
    session: RtspServerSession,
    { method, uri, authorization }: RtspRequestFacts,
    isOn: boolean,
  ): RtspChallenge | undefined {
    if (!isOn) return undefined;
    const { clock, config } = this.#context;
    const client = { clientAddress: session.remoteHost, wallMs: clock.wallMs() };
    const authenticator = authenticatorOf(config, this.#nonceKey);
    const result = authenticator.check({ method, uri, authorization, ...client });
    if (result === 'ok') return undefined;
    if (result === 'wrong') {
      this.#context.logger.warn({ remote: session.remoteAddress, method }, 'rtsp: wrong name or password');
    }
    return { wwwAuthenticate: authenticator.challenges(client, result) };
  }
}

function authenticatorOf({ rtsp }: ServerConfig, nonceKey: Uint8Array): RtspAuthenticator {
  return new RtspAuthenticator({
    scheme: rtsp.auth_method === 0 ? 'basic' : 'digest',
    user: rtsp.username,
    password: rtsp.password,
    nonceKey,
  });
}

function sessionLimitsOf({ limits }: ServerConfig): RtspSessionLimits {
  return {
    handshakeTimeoutMs: limits.handshake_timeout_ms,
    admissionTimeoutMs: limits.admission_timeout_ms,
    idleTimeoutMs: limits.idle_timeout_ms,
    admissionBufferBytes: limits.admission_buffer_bytes,
    silenceTimeoutMs: SESSION_TIMEOUT_SEC * SILENCE_FACTOR * 1000,
  };
}

function publisherRecord(
  session: RtspServerSession,
  identity: SessionIdentity,
  streamKey: string,
): SessionRecord {
  return {
    ...identity,
    baseType: 'PUB',
    streamKey,
    startedMs: session.startedMs,
    bytesRead: () => session.bytesRead,
    bytesWritten: () => session.bytesWritten,
    close: (reason) => session.close(reason),
  };
}
