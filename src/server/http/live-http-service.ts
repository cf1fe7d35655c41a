import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { endReason, type EndReason } from '../../media/end-reason.ts';
import type { OutputVariant } from '../../hub/live-stream.ts';
import type { Framing } from '../../hub/subscription.ts';
import { startStreamResponse } from '../../session/http/stream-response.ts';
import { remoteAddressOf } from '../../session/net/address.ts';
import type { SocketSink } from '../../session/net/socket-sink.ts';
import type { StreamFeed, StreamSession } from '../../session/net/stream-session.ts';
import { webSocketFraming } from '../../session/websocket/framing.ts';
import { EarlyBytes } from '../../session/websocket/early-bytes.ts';
import { WebSocketAcceptor } from '../../session/websocket/stream-socket.ts';
import { answer, refuseUpgrade } from './http-listener.ts';
import { corsHeaders, SERVER_NAME } from './http-headers.ts';
import { statusOfRefusal } from './http-refusal.ts';
import type { HttpRoute } from './http-routes.ts';
import { viewerLimits, type ServerContext } from '../server-context.ts';
import type { SessionIdPrefix } from '../sessions/session-ids.ts';
import type { SessionIdentity, SessionProtocol, SessionRecord } from '../sessions/session-record.ts';
import { parseHttpStreamAddress, type StreamAddress } from '../stream-address.ts';
import type { PlayAdmission } from '../admission/stream-gate.ts';

/** What distinguishes HTTP-FLV from HTTP-TS. */
export interface LiveHttpFormat {
  readonly protocol: SessionProtocol;
  readonly idPrefix: SessionIdPrefix;
  /** Path prefix, with a slash at both ends. */
  readonly pattern: string;
  /** How a stream's path ends: `.flv`. */
  readonly suffix: string;
  readonly contentType: string;
  /** What to do with a stream that nobody publishes. */
  unknownStream(): 'wait' | '404';
  variantFor(viewer: StreamAddress): OutputVariant;
}

/** lal's headers of a live response. */
function responseHeaders(contentType: string): Record<string, string> {
  return {
    Server: SERVER_NAME,
    'Cache-Control': 'no-cache',
    'Content-Type': contentType,
    Connection: 'close',
    Expires: '-1',
    Pragma: 'no-cache',
    ...corsHeaders,
  };
}

/** Viewers of one format over HTTP, HTTPS, WebSocket and WebSocket over TLS. */
export class LiveHttpService implements HttpRoute {
  readonly #context: ServerContext;
  readonly #format: LiveHttpFormat;
  readonly #responseHeaders: Readonly<Record<string, string>>;
  readonly #sessions = new Set<StreamSession>();
  readonly #webSockets: WebSocketAcceptor;
  /** Set when the server stops: who is admitted after that is told at once. */
  #closing: EndReason | undefined;

  constructor(context: ServerContext, format: LiveHttpFormat) {
    this.#context = context;
    this.#format = format;
    this.#responseHeaders = responseHeaders(format.contentType);
    const headers = Object.entries({ Server: SERVER_NAME, ...corsHeaders }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    this.#webSockets = new WebSocketAcceptor(headers, context.clock);
  }

  get pattern(): string {
    return this.#format.pattern;
  }

  request(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    if (this.#context.streamingSockets.has(socket)) {
      socket.destroy(new ProtocolError('ERR_HTTP_PIPELINED', 'a request behind one for a stream'));
      return true;
    }
    const address = parseHttpStreamAddress(request.url ?? '', this.#format.suffix);
    if (address === undefined) return false;
    this.#context.streamingSockets.add(socket);
    const viewer = this.#identityOf(request, address);
    this.#admit(viewer, socket, (admission) => {
      if ('code' in admission) {
        this.#context.streamingSockets.delete(socket);
        if (this.#closing !== undefined) response.shouldKeepAlive = false;
        answer(response, statusOfRefusal(admission));
        return;
      }
      if (request.method === 'HEAD') {
        response.writeHead(200, this.#responseHeaders).end();
        return;
      }
      const session = startStreamResponse(request, response, this.#responseHeaders, this.#context.clock);
      this.#start(session, viewer, admission);
    });
    return true;
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): boolean {
    const address = parseHttpStreamAddress(request.url ?? '', this.#format.suffix);
    if (address === undefined) return false;
    const viewer = this.#identityOf(request, address);
    const early = new EarlyBytes(socket, head);
    this.#admit(viewer, socket, (admission) => {
      const received = early.take();
      if ('code' in admission) {
        refuseUpgrade(socket, statusOfRefusal(admission), this.#context.clock);
        return;
      }
      this.#webSockets.accept(request, socket, received, (session) => {
        this.#start(session, viewer, admission, webSocketFraming);
      });
    });
    return true;
  }

  closeSessions(reason: EndReason): void {
    this.#closing = reason;
    for (const session of this.#sessions) session.close(reason);
  }

  #identityOf(request: IncomingMessage, address: StreamAddress): SessionIdentity {
    const { protocol, idPrefix } = this.#format;
    const id = this.#context.ids.next(idPrefix);
    return { ...address, id, protocol, remoteAddress: remoteAddressOf(request.socket), url: urlOf(request) };
  }

  #admit(
    viewer: SessionIdentity,
    socket: Socket,
    decided: (admission: PlayAdmission | EndReason) => void,
  ): void {
    this.#decide(viewer)
      .then(decided)
      .catch((error: unknown) => {
        this.#context.logger.error({ err: error }, 'http: admission failed');
        socket.destroy();
      });
  }

  /** Who may not play does not learn what there is to play. */
  async #decide(viewer: SessionIdentity): Promise<PlayAdmission | EndReason> {
    const { gate, logger } = this.#context;
    const admission = await gate.play(viewer);
    const isMissing = this.#format.unknownStream() === '404' && !gate.isLive(viewer);
    const decision = 'code' in admission || !isMissing ? admission : endReason('stream-not-found');
    if ('code' in decision) {
      const { id: session, remoteAddress: remote, url } = viewer;
      const { code, detail, message } = decision;
      logger.info({ session, remote, url, code, detail }, `play refused: ${message}`);
    }
    return decision;
  }

  #start(session: StreamSession, viewer: SessionIdentity, admission: PlayAdmission, framing?: Framing): void {
    const { logger } = this.#context;
    const { id, url } = viewer;
    this.#sessions.add(session);
    logger.info(
      { session: id, remote: session.remoteAddress, url, webSocket: framing !== undefined },
      'play start',
    );
    session.start(
      (sink) => this.#attach(sink, session, viewer, admission, framing),
      ({ code, detail, cause }) => {
        this.#sessions.delete(session);
        const level = code === 'internal-error' ? 'error' : 'info';
        logger[level]({ session: id, remote: session.remoteAddress, code, detail, err: cause }, 'play stop');
      },
    );
    if (this.#closing !== undefined) session.close(this.#closing);
  }

  #attach(
    sink: SocketSink,
    session: StreamSession,
    viewer: SessionIdentity,
    admission: PlayAdmission,
    framing: Framing | undefined,
  ): StreamFeed {
    const { config, registry, clock } = this.#context;
    const variant = this.#format.variantFor(viewer);
    const subscription = admission.open().attach(variant, sink, viewerLimits(config), framing);
    const record: SessionRecord = {
      ...viewer,
      baseType: 'SUB',
      streamKey: admission.streamKey,
      startedMs: session.startedMs,
      bytesRead: () => session.bytesRead,
      bytesWritten: () => session.bytesWritten,
      subscription,
      close: (reason) => session.close(reason),
    };
    registry.add(record);
    return {
      resume: () => subscription.resume(clock.monotonicMs()),
      close: (reason) => {
        subscription.close();
        registry.remove(record, reason);
      },
    };
  }
}

/** As lal's events have it: WebSockets too are written with `http(s)`. */
function urlOf(request: IncomingMessage): string {
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  return `${scheme}://${request.headers.host ?? ''}${request.url ?? ''}`;
}
