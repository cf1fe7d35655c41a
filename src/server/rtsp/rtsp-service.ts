import { randomBytes } from 'node:crypto';
import type { LiveStream } from '../../hub/live-stream.ts';
import type { Subscription } from '../../hub/subscription.ts';
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
import { UdpPortPool } from '../../session/rtsp/udp-port-pool.ts';
import type { ServerConfig } from '../config/server-config.ts';
import { SERVER_NAME } from '../http-headers.ts';
import type { ServerContext } from '../server-context.ts';
import type { SessionRecord } from '../session-registry.ts';
import { parseRtspStreamAddress, type StreamAddress } from '../stream-address.ts';
import { RtspStreamPresentation } from './rtsp-player.ts';
import { RtspPublisher } from './rtsp-publisher.ts';
import { StreamWaits } from './stream-waits.ts';

/** What the `Session` header says. */
const SESSION_TIMEOUT_SEC = 60;
/** Clients send their sign of life late, and it may get lost. */
const SILENCE_FACTOR = 1.5;
/**
 * How long players stay without a publisher. One that comes back is watched on; a player of a stream that is over would
 * wait for ever otherwise, since RTP has no other end.
 */
const ORPHANED_MS = 10_000;
const NONCE_KEY_BYTES = 32;

/** A player and its stream. */
interface Player {
  readonly stream: LiveStream;
  readonly record: SessionRecord & { readonly subscription: Subscription };
  /** Since when nobody publishes, and what had been sent by then. */
  orphaned: { readonly sinceMs: number; readonly sentBytes: number } | undefined;
}

/** The way between RTSP sessions and the hub: over TCP, TLS, WebSocket and HTTP tunnels alike. */
export class RtspService implements RtspSessionHandler {
  readonly #context: ServerContext;
  readonly #fronts: RtspFront[] = [];
  readonly #sessions = new Set<RtspServerSession>();
  readonly #publishers = new Map<RtspServerSession, RtspPublisher>();
  readonly #players = new Map<RtspServerSession, Player>();
  readonly #names = new WeakMap<RtspServerSession, string>();
  readonly #waits: StreamWaits;
  readonly #authenticator: RtspAuthenticator;
  readonly #ports: UdpPortPool;
  readonly #limits: RtspSessionLimits;
  #closing: EndReason | undefined;

  constructor(context: ServerContext) {
    const { config, hub, logger } = context;
    this.#context = context;
    this.#waits = new StreamWaits(hub);
    this.#authenticator = authenticatorOf(config);
    this.#limits = sessionLimitsOf(config);
    this.#ports = new UdpPortPool({
      minPort: config.rtsp.udp_port_min,
      maxPort: config.rtsp.udp_port_max,
      onReceiveBufferCapped: ({ message }) => logger.warn(message),
    });
    hub.observe({
      publicationStarted() {},
      publicationEnded: (stream) => {
        for (const player of this.#players.values()) if (player.stream === stream) this.#orphan(player);
      },
    });
  }

  /** The door of a port: sockets that have not said yet what they speak end with the sessions. */
  addFront(front: RtspFront): void {
    this.#fronts.push(front);
  }

  /** A client that has turned out to speak RTSP. */
  accept(transport: RtspServerTransport): void {
    const { clock } = this.#context;
    const connection = new RtspServerConnection({
      serverName: SERVER_NAME,
      wallMs: () => clock.wallMs(),
      sessionTimeoutSec: SESSION_TIMEOUT_SEC,
      allowUdp: transport.name === 'tcp' && !transport.isSecure,
    });
    const session = new RtspServerSession(transport, connection, this, this.#limits, this.#ports, clock);
    this.#sessions.add(session);
    session.start();
    if (this.#closing !== undefined) session.close(this.#closing);
  }

  tick(nowMs: number): void {
    for (const session of this.#sessions) session.tick(nowMs);
    for (const publisher of this.#publishers.values()) publisher.tick(nowMs);
    for (const [session, player] of this.#players) this.#checkOrphan(session, player, nowMs);
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
    const admission = await this.#context.gate.play(address);
    if ('code' in admission) return admission;
    // Nobody would cancel the wait of a client that left meanwhile.
    if (session.isEnded) return endReason('peer-closed');
    const { state } = await this.#waits.untilOpen(admission.open(), session);
    const { localHost } = session;
    const presentation = new RtspStreamPresentation(state, () => admission.open(), localHost, this.#context, {
      started: (subscription, stream) => this.#playerStarted(session, stream, event, address, subscription),
      stopped: (subscription) => this.#playerStopped(session, subscription),
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
    const admission = await this.#context.gate.publish(address);
    if ('code' in admission) return admission;
    const { registry, logger, clock, ids } = this.#context;
    const role = { id: ids.next('RTSPPUB'), baseType: 'PUB', streamKey: admission.streamKey } as const;
    const record = recordOf(session, event, address, role);
    this.#names.set(session, role.id);
    const publisher = new RtspPublisher(session, admission, event.description, clock, ({ code }) => {
      this.#publishers.delete(session);
      registry.remove(record);
      const { counters, frames } = admission.publication;
      const tracks = publisher.trackCounters;
      const { strangerPackets } = session;
      logger.info(
        { session: role.id, code, ...frames, ...counters, tracks, strangerPackets },
        'publish stop',
      );
    });
    this.#publishers.set(session, publisher);
    registry.add(record);
    logger.info({ session: role.id, url: record.url, userAgent: event.userAgent }, 'publish start');
    return publisher;
  }

  ended(session: RtspServerSession, { code, detail, message, cause }: EndReason): void {
    this.#sessions.delete(session);
    this.#waits.cancel(session);
    const level = code === 'internal-error' ? 'error' : 'info';
    this.#context.logger[level](
      { session: this.#names.get(session), remote: session.remoteAddress, code, detail, err: cause },
      `rtsp session ended: ${message}`,
    );
  }

  #challengeTo(
    session: RtspServerSession,
    { method, uri, authorization }: RtspRequestFacts,
    isOn: boolean,
  ): RtspChallenge | undefined {
    if (!isOn) return undefined;
    const client = { clientAddress: session.remoteHost, wallMs: this.#context.clock.wallMs() };
    const result = this.#authenticator.check({ method, uri, authorization, ...client });
    if (result === 'ok') return undefined;
    if (result === 'wrong') {
      this.#context.logger.warn({ remote: session.remoteAddress, method }, 'rtsp: wrong name or password');
    }
    return { wwwAuthenticate: this.#authenticator.challenges(client, result) };
  }

  #playerStarted(
    session: RtspServerSession,
    stream: LiveStream,
    event: RtspDescribeEvent,
    address: StreamAddress,
    subscription: Subscription,
  ): void {
    const { registry, logger, ids } = this.#context;
    const id = this.#names.get(session) ?? ids.next('RTSPSUB');
    this.#names.set(session, id);
    const role = { id, baseType: 'SUB', streamKey: stream.key } as const;
    const record = { ...recordOf(session, event, address, role), subscription };
    const player: Player = { stream, record, orphaned: undefined };
    this.#players.set(session, player);
    if (stream.publication === undefined) this.#orphan(player);
    registry.add(record);
    const { transportName: transport, remoteAddress: remote } = session;
    logger.info(
      { session: id, remote, url: record.url, transport, userAgent: event.userAgent },
      'play start',
    );
  }

  #playerStopped(session: RtspServerSession, { counters }: Subscription): void {
    const player = this.#players.get(session);
    if (player === undefined) return;
    this.#players.delete(session);
    this.#context.registry.remove(player.record);
    this.#context.logger.info({ session: player.record.id, ...counters }, 'play stop');
  }

  #orphan(player: Player): void {
    const { sentBytes } = player.record.subscription.counters;
    player.orphaned = { sinceMs: this.#context.clock.monotonicMs(), sentBytes };
  }

  /** What a next publisher sends may not be what the player was told: then nothing of it reaches him. */
  #checkOrphan(session: RtspServerSession, player: Player, nowMs: number): void {
    const { orphaned, stream, record } = player;
    if (orphaned === undefined) return;
    // What a slow player still gets of the last publisher is no sign of a next one.
    const isFed =
      stream.publication !== undefined && record.subscription.counters.sentBytes > orphaned.sentBytes;
    if (isFed) player.orphaned = undefined;
    else if (nowMs - orphaned.sinceMs > ORPHANED_MS) session.close(endReason('source-ended'));
  }
}

function authenticatorOf({ rtsp }: ServerConfig): RtspAuthenticator {
  return new RtspAuthenticator({
    scheme: rtsp.auth_method === 0 ? 'basic' : 'digest',
    user: rtsp.username,
    password: rtsp.password,
    nonceKey: randomBytes(NONCE_KEY_BYTES),
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

function recordOf(
  session: RtspServerSession,
  { uri }: RtspRequestFacts,
  address: StreamAddress,
  role: Pick<SessionRecord, 'id' | 'baseType' | 'streamKey'>,
): SessionRecord {
  return {
    ...address,
    ...role,
    protocol: 'RTSP',
    remoteAddress: session.remoteAddress,
    startedMs: session.startedMs,
    url: uri,
    bytesRead: () => session.bytesRead,
    bytesWritten: () => session.bytesWritten,
    close: (reason) => session.close(reason),
  };
}
