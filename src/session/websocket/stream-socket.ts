import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocketServer } from 'ws';
import type { Clock } from '../../media/clock.ts';
import { endReasonOfError, type EndReason } from '../../media/end-reason.ts';
import { StreamSession } from '../net/stream-session.ts';
import { createWebSocketServer, type WebSocketLimits } from './web-socket-server.ts';

/** Viewers have nothing to say beyond control frames. */
const LIMITS: WebSocketLimits = { maxMessageBytes: 4096, maxFragments: 256, maxBufferedChunks: 4096 };

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
    this.#server = createWebSocketServer(LIMITS, headers);
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
