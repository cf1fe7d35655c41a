import { createServer, type Socket } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:tls';
import { RtspFront } from '../../session/rtsp/server-front.ts';
import { RtspWebSocketAcceptor } from '../../session/rtsp/websocket-transport.ts';
import { SERVER_NAME } from '../http/http-headers.ts';
import { listenHttp } from '../http/http-listener.ts';
import type { HttpRoute } from '../http/http-routes.ts';
import { listen, type Listener } from '../listeners/listener.ts';
import type { ServerContext } from '../server-context.ts';
import type { TlsCertificateSource } from '../tls/certificate-source.ts';
import type { RtspService } from './rtsp-service.ts';

/** Halves of HTTP tunnels that may wait for the other half at a time. */
const MAX_WAITING_TUNNELS = 1000;

/** Opens the RTSP port, which takes HTTP tunnels too. */
export async function listenRtsp(service: RtspService, context: ServerContext): Promise<Listener> {
  const front = frontOf(service, context);
  const server = createServer({ noDelay: true }, (socket) => {
    if (context.guard.admit(socket)) front.accept(socket);
  });
  return listen(server, 'rtsp', context.config.rtsp.addr, context.logger);
}

/** Opens the RTSPS port. */
export async function listenRtsps(
  service: RtspService,
  context: ServerContext,
  certificate: TlsCertificateSource,
): Promise<Listener> {
  const front = frontOf(service, context);
  const handshakeTimeout = context.config.limits.handshake_timeout_ms;
  const server = createTlsServer({ ...certificate.current, noDelay: true, handshakeTimeout });
  certificate.attach(server);
  server.on('connection', (socket) => context.guard.admit(socket));
  server.on('secureConnection', (socket) => front.accept(socket));
  server.on('tlsClientError', (error, socket) => {
    socket.destroy();
    const { code } = error as NodeJS.ErrnoException;
    context.logger.debug({ code }, `rtsps: TLS handshake failed: ${error.message}`);
  });
  return listen(server, 'rtsps', context.config.rtsp.rtsps_addr, context.logger);
}

/** Opens the port for RTSP over WebSocket: on any path, as with lal. */
export async function listenWsRtsp(service: RtspService, context: ServerContext): Promise<Listener> {
  const acceptor = new RtspWebSocketAcceptor([`Server: ${SERVER_NAME}`], context.clock);
  const route: HttpRoute = {
    pattern: '/',
    request: () => false,
    upgrade(request: IncomingMessage, socket: Socket, head: Buffer) {
      acceptor.accept(request, socket, head, (transport) => service.accept(transport));
      return true;
    },
  };
  return listenHttp(context.config.rtsp.ws_rtsp_addr, [route], context, undefined, 'ws-rtsp');
}

function frontOf(service: RtspService, { config, clock }: ServerContext): RtspFront {
  const { handshake_timeout_ms: handshakeTimeoutMs } = config.limits;
  const options = {
    serverName: SERVER_NAME,
    handshakeTimeoutMs,
    pairingTimeoutMs: handshakeTimeoutMs,
    maxWaiting: MAX_WAITING_TUNNELS,
  };
  const front = new RtspFront(options, clock, (transport) => service.accept(transport));
  service.addFront(front);
  return front;
}
