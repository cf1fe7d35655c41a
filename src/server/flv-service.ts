import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ProtocolError } from '../bytes/protocol-error.ts';
import { endReason, type EndReason } from '../media/end-reason.ts';
import { flvOutput } from '../output/flv-output.ts';
import type { Framing } from '../hub/subscription.ts';
import { startStreamResponse } from '../session/http/stream-response.ts';
import type { SocketSink } from '../session/net/socket-sink.ts';
import type { StreamFeed, StreamSession } from '../session/net/stream-session.ts';
import { webSocketFraming } from '../session/websocket/framing.ts';
import { WebSocketAcceptor } from '../session/websocket/stream-socket.ts';
import { answer, refuseUpgrade } from './http-listener.ts';
import { corsHeaders, SERVER_NAME } from './http-headers.ts';
import type { HttpRoute } from './http-routes.ts';
import { flvFanoutOptions, flvFormFor } from './output-options.ts';
import { viewerLimits, type ServerContext } from './server-context.ts';
import type { SessionRecord } from './session-registry.ts';
import { parseHttpStreamAddress, type StreamAddress } from './stream-address.ts';
import type { PlayAdmission } from './stream-gate.ts';

/** lal's headers of a live response. */
const RESPONSE_HEADERS = {
  Server: SERVER_NAME,
  'Cache-Control': 'no-cache',
  'Content-Type': 'video/x-flv',
  Connection: 'close',
  Expires: '-1',
  Pragma: 'no-cache',
  ...corsHeaders,
};

/** HTTP status of a refusal. */
const STATUS_OF: Partial<Record<EndReason['code'], number>> = {
  'name-refused': 400,
  'stream-not-found': 404,
  'limit-reached': 503,
  'admission-timeout': 503,
};

/** HTTP-FLV, HTTPS-FLV, WS-FLV and WSS-FLV viewers. */
export class FlvService implements HttpRoute {
  readonly pattern: string;
  readonly #context: ServerContext;
  readonly #sessions = new Set<StreamSession>();
  readonly #webSockets: WebSocketAcceptor;
  /** Sockets that carry a stream, or soon will: its answer has no end that another could come after. */
  readonly #streaming = new WeakSet<Socket>();
  /** Set when the server stops: who is admitted after that is told at once. */
  #closing: EndReason | undefined;

  constructor(context: ServerContext) {
    this.#context = context;
    this.pattern = context.config.httpflv.url_pattern;
    const headers = Object.entries({ Server: SERVER_NAME, ...corsHeaders }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    this.#webSockets = new WebSocketAcceptor(headers, context.clock);
  }

  request(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    if (this.#streaming.has(socket)) {
      socket.destroy(new ProtocolError('ERR_HTTP_PIPELINED', 'a request behind one for a stream'));
      return true;
    }
    const address = parseHttpStreamAddress(request.url ?? '', '.flv');
    if (address === undefined) return false;
    this.#streaming.add(socket);
    this.#admit(address, socket, (admission) => {
      if ('code' in admission) {
        this.#streaming.delete(socket);
        answer(response, STATUS_OF[admission.code] ?? 403);
        return;
      }
      if (request.method === 'HEAD') {
        response.writeHead(200, RESPONSE_HEADERS).end();
        return;
      }
      const session = startStreamResponse(request, response, RESPONSE_HEADERS, this.#context.clock);
      this.#start(session, request, address, admission);
    });
    return true;
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): boolean {
    const address = parseHttpStreamAddress(request.url ?? '', '.flv');
    if (address === undefined) return false;
    this.#admit(address, socket, (admission) => {
      if ('code' in admission) {
        refuseUpgrade(socket, STATUS_OF[admission.code] ?? 403, this.#context.clock);
        return;
      }
      this.#webSockets.accept(request, socket, head, (session) => {
        this.#start(session, request, address, admission, webSocketFraming);
      });
    });
    return true;
  }

  closeSessions(reason: EndReason): void {
    this.#closing = reason;
    for (const session of this.#sessions) session.close(reason);
  }

  #admit(
    address: StreamAddress,
    socket: Socket,
    decided: (admission: PlayAdmission | EndReason) => void,
  ): void {
    const { gate, config, logger } = this.#context;
    const isMissing = config.httpflv.unknown_stream === '404' && !gate.isLive(address);
    const decision = isMissing ? Promise.resolve(endReason('stream-not-found')) : gate.play(address);
    decision.then(decided).catch((error: unknown) => {
      logger.error({ err: error }, 'flv: admission failed');
      socket.destroy();
    });
  }

  #start(
    session: StreamSession,
    request: IncomingMessage,
    address: StreamAddress,
    admission: PlayAdmission,
    framing?: Framing,
  ): void {
    const { ids, logger } = this.#context;
    const id = ids.next('FLVPUBSUB');
    const url = urlOf(request);
    this.#sessions.add(session);
    logger.info(
      { session: id, remote: session.remoteAddress, url, webSocket: framing !== undefined },
      'play start',
    );
    session.start(
      (sink) => this.#attach(sink, session, { ...address, id, url }, admission, framing),
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
    viewer: StreamAddress & Pick<SessionRecord, 'id' | 'url'>,
    admission: PlayAdmission,
    framing: Framing | undefined,
  ): StreamFeed {
    const { config, registry, clock } = this.#context;
    const variant = flvOutput(flvFormFor(viewer.urlParam, [], config), flvFanoutOptions(config));
    const subscription = admission.open().attach(variant, sink, viewerLimits(config), framing);
    const record: SessionRecord = {
      ...viewer,
      protocol: 'FLV',
      baseType: 'SUB',
      streamKey: admission.streamKey,
      remoteAddress: session.remoteAddress,
      startedMs: session.startedMs,
      bytesRead: () => session.bytesRead,
      bytesWritten: () => session.bytesWritten,
      subscription,
      close: (reason) => session.close(reason),
    };
    registry.add(record);
    return {
      resume: () => subscription.resume(clock.monotonicMs()),
      close: () => {
        subscription.close();
        registry.remove(record);
      },
    };
  }
}

/** As lal's events have it: WebSockets too are written with `http(s)`. */
function urlOf(request: IncomingMessage): string {
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  return `${scheme}://${request.headers.host ?? ''}${request.url ?? ''}`;
}
