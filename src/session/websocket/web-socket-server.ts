import { WebSocketServer, type ServerOptions } from 'ws';
import { CLOSE_GRACE_MS } from '../net/close-socket.ts';

/** What a client may send. */
export interface WebSocketLimits {
  /** One message; a longer one ends the session (RFC 6455, 7.4.1, status 1009). */
  readonly maxMessageBytes: number;
  /** Pieces that a message may come in; empty ones cost us as much as others. */
  readonly maxFragments: number;
  /** Reads that a message's bytes may come in. */
  readonly maxBufferedChunks: number;
}

/** The library has one option more than its types. */
interface LimitedServerOptions extends ServerOptions {
  /** How long the other side may take to answer a Close frame. */
  readonly closeTimeout: number;
}

/**
 * The `ws` library as all WebSockets of the server use it: for the handshake, reading, pings and closing. Media are written to the
 * socket as whole frames of ours.
 * @param headers response header lines to add to the handshake's answer
 * @param subProtocol answered to clients that offer it
 */
export function createWebSocketServer(
  { maxMessageBytes, maxFragments, maxBufferedChunks }: WebSocketLimits,
  headers: readonly string[],
  subProtocol?: string,
): WebSocketServer {
  const options: LimitedServerOptions = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    maxFragments,
    maxBufferedChunks,
    closeTimeout: CLOSE_GRACE_MS,
    // Without an offer there must be no answer (RFC 6455, 4.2.2): browsers would fail the connection.
    ...(subProtocol === undefined
      ? {}
      : { handleProtocols: (offered) => (offered.has(subProtocol) ? subProtocol : false) }),
  };
  const server = new WebSocketServer(options);
  server.on('headers', (lines) => lines.push(...headers));
  return server;
}
