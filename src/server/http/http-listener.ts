import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../media/clock.ts';
import { closeSocket } from '../../session/net/close-socket.ts';
import { isBareRoute, matchRoutes, type HttpRoute } from './http-routes.ts';
import { cleanTarget } from '../request-target.ts';
import { corsHeaders, SERVER_NAME } from './http-headers.ts';
import { listen, type Listener, type ListenerKind } from '../listeners/listener.ts';
import type { ServerContext } from '../server-context.ts';
import type { TlsCertificateSource } from '../tls/certificate-source.ts';

const MAX_HEADER_BYTES = 16 * 1024;
const KEEP_ALIVE_MS = 10_000;

/**
 * One HTTP or HTTPS port with the routes of all sections that share it; WebSockets come in by the same door.
 * @param kind what the port is for, where that is not HTTP
 */
export async function listenHttp(
  address: string,
  routes: readonly HttpRoute[],
  context: ServerContext,
  certificate?: TlsCertificateSource,
  kind?: ListenerKind,
): Promise<Listener> {
  const options = {
    ...httpServerOptions(context),
    // Other offers (HTTP/2, from curl) may be ignored, and the request answered as it stands (RFC 9110, 7.8).
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
  };
  const server =
    certificate === undefined
      ? createServer(options)
      : createSecureServer({
          ...options,
          ...certificate.current,
          handshakeTimeout: context.config.limits.handshake_timeout_ms,
        });
  if ('setSecureContext' in server) certificate!.attach(server);
  server.on('connection', (socket: Socket) => context.guard.admit(socket));
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    dispatchRequest(routes, request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    dispatchUpgrade(routes, request, socket as Socket, head, context.clock);
  });
  return listen(server, kind ?? (certificate === undefined ? 'http' : 'https'), address, context.logger);
}

/** How long a peer may take over a request, and how large its headers may be, on any HTTP port. */
export function httpServerOptions({ config }: ServerContext): ServerOptions {
  const { handshake_timeout_ms: timeoutMs } = config.limits;
  return {
    noDelay: true,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
}

function dispatchRequest(
  routes: readonly HttpRoute[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.url = cleanTarget(request.url ?? '/');
  const path = pathOf(request);
  const query = request.url.slice(path.length);
  if (request.method === 'OPTIONS') {
    response.writeHead(204, { ...corsHeaders, 'Content-Length': 0 }).end();
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    // Closed, so that nobody has to read the body.
    answer(response, 405, { Allow: 'GET, HEAD, OPTIONS', Connection: 'close' });
  } else if (!matchRoutes(routes, path).some((route) => route.request(request, response))) {
    if (isBareRoute(routes, path)) answer(response, 301, { Location: `${path}/${query}` });
    else answer(response, 404);
  }
}

function dispatchUpgrade(
  routes: readonly HttpRoute[],
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  clock: Clock,
): void {
  // Node leaves the socket to us; without a listener an error of it would end the process.
  socket.on('error', () => socket.destroy());
  request.url = cleanTarget(request.url ?? '/');
  if (!matchRoutes(routes, pathOf(request)).some((route) => route.upgrade(request, socket, head))) {
    refuseUpgrade(socket, 404, clock);
  }
}

/** Refuses a WebSocket. Node has let go of the socket by then, so nobody else would close it. */
export function refuseUpgrade(socket: Socket, status: number, clock: Clock): void {
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
  closeSocket(socket, clock);
}

/** Answers with a status and its name as text. */
export function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  const text = `${STATUS_CODES[status]}\n`;
  response.writeHead(status, {
    Server: SERVER_NAME,
    ...corsHeaders,
    'Content-Type': 'text/plain',
    'Content-Length': text.length,
    ...headers,
  });
  response.end(text);
}

function pathOf(request: IncomingMessage): string {
  const target = request.url ?? '/';
  const queryAt = target.indexOf('?');
  return queryAt < 0 ? target : target.slice(0, queryAt);
}
