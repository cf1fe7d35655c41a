import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../media/clock.ts';
import type { EndReason } from '../../media/end-reason.ts';
import { StreamSession } from '../net/stream-session.ts';

/** Viewers have nothing to say beyond control frames; longer messages end the session (RFC 6455, 7.4.1, status 1009). */
const MAX_CLIENT_MESSAGE_BYTES = 4096;

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
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_CLIENT_MESSAGE_BYTES,
    });
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
      // The session reports errors of the socket; those of the library would crash the process if nobody listened.
      webSocket.on('error', () => {});
      const goodbye = (reason: EndReason): void => webSocket.close(closeCodeOf(reason), reason.code);
      accepted(new StreamSession(socket, goodbye, this.#clock));
    });
  }
}

/** RFC 6455, 7.4.1: 1001 going away, 1008 policy, 1011 internal error. */
function closeCodeOf(reason: EndReason): number {
  if (reason.code === 'internal-error') return 1011;
  return reason.code === 'server-shutdown' ? 1001 : 1008;
}
