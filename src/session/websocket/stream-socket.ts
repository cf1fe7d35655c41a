import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type ServerOptions } from 'ws';
import type { Clock } from '../../media/clock.ts';
import { endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import { CLOSE_GRACE_MS } from '../net/close-socket.ts';
import { StreamSession } from '../net/stream-session.ts';

/** Viewers have nothing to say beyond control frames; longer messages end the session (RFC 6455, 7.4.1, status 1009). */
const MAX_CLIENT_MESSAGE_BYTES = 4096;
/** Pieces that such a message may come in; empty ones cost us as much as others. */
const MAX_CLIENT_FRAGMENTS = 256;

/** The library has one option more than its types. */
interface LimitedServerOptions extends ServerOptions {
  /** How long the other side may take to answer a Close frame. */
  readonly closeTimeout: number;
}

/**
 * Accepts WebSocket viewers. The `ws` library does the handshake, pings and closing; media frames are made by
 * `webSocketFraming` and written to the socket directly, whole frame by whole frame, so the two never mix.
 */
export class WebSocketAcceptor {
  readonly #server: WebSocketServer;
  readonly #clock: Clock;

  /** @param headers response header lines to add to the handshake's answer */
  constructor(headers: readonly string[], clock: Clock) {
    this.#clock = clock;
    const options: LimitedServerOptions = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_CLIENT_MESSAGE_BYTES,
      maxFragments: MAX_CLIENT_FRAGMENTS,
      maxBufferedChunks: MAX_CLIENT_MESSAGE_BYTES,
      closeTimeout: CLOSE_GRACE_MS,
    };
    this.#server = new WebSocketServer(options);
    this.#server.on('headers', (lines) => lines.push(...headers));
  }

  /** @param accepted not called when the handshake is broken: the library has answered 400 then */
  accept(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    accepted: (session: StreamSession) => void,
  ): void {
    socket.setTimeout(0);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const goodbye = (reason: EndReason): void => webSocket.close(closeCodeOf(reason), reason.code);
      const session = new StreamSession(socket, goodbye, this.#clock);
      // The library has sent a Close frame with the fitting status by then; no media may follow it.
      webSocket.on('error', (error) => session.close(endReasonOfError(error)));
      accepted(session);
    });
    // Whoever waited with us may have paused it.
    socket.resume();
  }
}

/** RFC 6455, 7.4.1: 1001 going away, 1008 policy, 1011 internal error. */
function closeCodeOf(reason: EndReason): number {
  if (reason.code === 'internal-error') return 1011;
  return reason.code === 'server-shutdown' ? 1001 : 1008;
}
