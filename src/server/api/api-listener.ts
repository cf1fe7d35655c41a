import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { httpServerOptions } from '../http/http-listener.ts';
import { addressOf, listen, type Listener } from '../listeners/listener.ts';
import type { ServerContext } from '../server-context.ts';
import { warnOfExposure } from './exposure.ts';
import type { HttpApi } from './http-api.ts';

/** Opens the port of the HTTP API. */
export async function listenHttpApi(api: HttpApi, context: ServerContext): Promise<Listener> {
  const { http_api: config } = context.config;
  const server = createServer(httpServerOptions(context));
  server.on('connection', (socket: Socket) => context.guard.admit(socket, 'control'));
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void api.handle(request, response);
  });
  const listener = await listen(server, 'http-api', config.addr, context.logger);
  server.once('close', warnOfExposure(context, addressOf(listener).address));
  return listener;
}
